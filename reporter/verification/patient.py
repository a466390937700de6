"""The check of predicted curves of single patients against ``survfit.coxph``, all patients in one call of R."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reporter.resources import r_scripts_folder
from reporter.results.patient import PatientCheck, PatientCurve
from reporter.spec.options import ConfType, TermSpec, Ties
from reporter.verification.r.child import ChildError, RChild
from reporter.verification.r.code import SHARED, r_value
from reporter.verification.r.protocol import Floats, Header
from reporter.verification.r.session import Limits, read_answer
from reporter.verification.task import Answer
from reporter.verification.tolerances import Tolerance

COHORT = "development"
FIXED = ("cohort", "endpoint", ".time", ".event")
_FILES = (*SHARED, "patient.R")
_COLUMNS = ("survival", "conf_low", "conf_high")

SURVIVAL = Tolerance(
    "predicted survival", rtol=1e-9, per_scale=1e-12, scale="one",
    why="computed from coefficients that both sides iterate to; a probability near 0 has the digits of 1",
)  # fmt: skip


class DataFileError(Exception):
    """The development rows cannot be read; the message says why."""


def _codes(cells: Sequence[str], term: TermSpec, where: str) -> Floats:
    """Return numbers, or level codes from 1; NaN where empty."""
    if term.levels:
        position = {level: i + 1.0 for i, level in enumerate(term.levels)} | {"": np.nan}
        unknown = next((cell for cell in cells if cell not in position), None)
        if unknown is not None:
            raise DataFileError(f"{where}: '{unknown}' is not a level of {term.column}")
        return np.array([position[cell] for cell in cells])
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError as error:
        raise DataFileError(f"{where}: column {term.column}: {error}") from error


def _message(
    cohort: str, endpoint: str, terms: Sequence[TermSpec], parts: Sequence[Floats]
) -> tuple[Header, list[Floats]]:
    names = [".time", ".event", *(term.column for term in terms)]
    levels: list[list[str]] = [[], [], *(list(term.levels) for term in terms)]
    return {"ask": "frame", "key": f"{cohort}/{endpoint}", "names": names, "levels": levels}, list(parts)


def read_development(file: Path, endpoint: str, terms: Sequence[TermSpec]) -> list[Floats]:
    """Return time, event and the columns of `terms` of the development rows; levels as codes from 1.

    Raises
    ------
    DataFileError
        When the file, a column or the rows of the endpoint are missing.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            header, *table = csv.reader(stream)
    except (OSError, ValueError, csv.Error) as error:
        raise DataFileError(f"{file} cannot be read: {error}") from error
    if tuple(header[: len(FIXED)]) != FIXED:
        raise DataFileError(f"{file} does not begin with the columns {', '.join(FIXED)}")
    # By place: a column of the study may be called cohort.
    place = {name: i for i, name in enumerate(header) if i >= len(FIXED)}
    lost = next((term.column for term in terms if term.column not in place), None)
    if lost is not None:
        raise DataFileError(f"{file} has no column {lost}")
    rows = [row for row in table if row[:2] == [COHORT, endpoint] and len(row) == len(header)]
    if not rows:
        raise DataFileError(f"{file} has no development rows of {endpoint}")
    fixed = [(2, TermSpec(column=".time")), (3, TermSpec(column=".event"))]
    wanted = [*fixed, *((place[term.column], term) for term in terms)]
    return [_codes([row[i] for row in rows], term, str(file)) for i, term in wanted]


def _patients(terms: Sequence[TermSpec], patients: Sequence[Mapping[str, str | float]]) -> list[Floats]:
    zeros = np.zeros(len(patients))
    parts = [zeros, zeros]
    for term in terms:
        values = [patient[term.column] for patient in patients]
        cells = [value if isinstance(value, str) else f"{value:.17g}" for value in values]
        parts.append(_codes(cells, term, "the patients"))
    return parts


def _compare(curve: PatientCurve, answer: Answer, number: int, versions: Mapping[str, str]) -> PatientCheck:
    """Compare one patient's three columns at the curve's own times."""
    largest, agrees, n_points = 0.0, True, 0
    for name in _COLUMNS:
        found = answer.curves[f"patient/{number}/{name}"]
        python = np.array([np.nan if v is None else v for v in getattr(curve, name)], dtype=np.float64)
        r = found.value[np.searchsorted(found.time, np.array(curve.time))]
        agrees &= bool(np.array_equal(np.isnan(python), np.isnan(r)))
        both = ~np.isnan(python) & ~np.isnan(r)
        difference = np.abs(python - r)[both]
        bound = np.maximum(SURVIVAL.rtol * np.abs(r[both]), SURVIVAL.per_scale)
        agrees &= bool((difference <= bound).all())
        largest = max(largest, float(difference.max(initial=0.0)))
        n_points += int(both.sum())
    if not n_points:
        return _not_run("the curve has no value to compare", versions)
    state = "agrees" if agrees else "disagrees"
    return PatientCheck.model_validate(
        {"state": state, "largest_difference": largest, "n_points": n_points, **versions}
    )


def _not_run(why: str, versions: Mapping[str, str]) -> PatientCheck:
    return PatientCheck.model_validate({"state": "not_run", "why_not": why, **versions})


def _ask(
    parts: Sequence[Floats], patients: Sequence[Floats], endpoint: str, terms: Sequence[TermSpec],
    options: Mapping[str, object], limits: Limits,
) -> tuple[Answer, dict[str, str]]:  # fmt: skip
    child = RChild(start_limit_s=limits.start)
    try:
        folder = r_scripts_folder()
        child.ask({"ask": "load", "paths": [str(folder / name) for name in _FILES]}, limit_s=limits.task)
        for cohort, vectors in ((COHORT, parts), ("patients", patients)):
            answer, _ = child.ask(*_message(cohort, endpoint, terms, vectors), limit_s=limits.task)
            if answer["error"]:
                raise ChildError(f"the {cohort} rows could not be handed to R: {answer['error']}")
        task = ["patient", COHORT, endpoint, r_value(options)]
        versions = {"r_version": child.r_version, "survival_version": child.survival_version}
        return read_answer(*child.ask({"ask": "run", "task": task}, limit_s=limits.task)), versions
    finally:
        child.kill()


def check_patients(
    data_file: Path, *, endpoint: str, terms: tuple[TermSpec, ...], ties: Ties, conf_type: ConfType, conf_level: float,
    patients: Sequence[Mapping[str, str | float]], curves: Sequence[PatientCurve], limits: Limits | None = None,
) -> list[PatientCheck]:  # fmt: skip
    """Check each patient's curve against ``survfit.coxph(newdata, stype = 2, ctype = 2 | 1)``.

    Parameters
    ----------
    data_file
        data_for_r.csv of the report, with the development rows.
    patients
        Values by column: a number in the frame's units, or the name of a level.
    curves
        The predicted curves, in the order of `patients`.

    Returns
    -------
    list of PatientCheck
        ``not_run`` with the reason for all of them when R cannot be asked.
    """
    if not patients:
        return []
    times = sorted({time for curve in curves for time in curve.time})
    options = {
        "terms": [term.model_dump() for term in terms], "ties": ties, "conf_type": conf_type, "conf_level": conf_level,
        "times": times,
    }  # fmt: skip
    try:
        development = read_development(data_file, endpoint, terms)
        answer, versions = _ask(development, _patients(terms, patients), endpoint, terms, options, limits or Limits())
    except (ChildError, DataFileError, ValueError) as error:
        return [PatientCheck(state="not_run", why_not=str(error))] * len(patients)
    if answer.not_run:
        return [_not_run(answer.not_run, versions)] * len(patients)
    return [_compare(curve, answer, i + 1, versions) for i, curve in enumerate(curves)]
