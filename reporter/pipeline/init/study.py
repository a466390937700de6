"""A draft from a table, and its trial on the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import Finding, FindingsError
from reporter.intake.read import SourceTable
from reporter.pipeline.init.choose import choose_horizons, choose_model
from reporter.pipeline.init.draft import Draft, Endpoint, Entry, Step
from reporter.pipeline.init.guess import LeftOut, guess_column
from reporter.pipeline.init.outcomes import find_endpoints
from reporter.pipeline.init.profile import Profile, profile, same_partition
from reporter.pipeline.init.registry import read_registry
from reporter.pipeline.init.states import near_misses, outcome_like
from reporter.pipeline.init.text import render
from reporter.pipeline.init.words import HOSPITAL_ID, ID_NAMES
from reporter.spec.load import load_study

LONG_IN_DAYS = 730.0
MOST_TRIALS = 12
FEW_VALUES = 12


@dataclass(frozen=True)
class Tried:
    """A draft that was tried on the data.

    Parameters
    ----------
    draft, text
        As it stands, and the study file.
    findings
        What still stops a run; empty when the file passes ``reporter check``.
    """

    draft: Draft
    text: str
    findings: tuple[Finding, ...]


def _named_id(column: Profile) -> bool:
    return column.name.replace("_", "") in ID_NAMES


def _identifier(columns: Sequence[Profile]) -> Profile | None:
    """Return the column that names the patients: by its header, with a value in all rows, the most different ones."""
    named = [column for column in columns if _named_id(column) and column.n_given == column.n and len(column.words) > 1]
    return max(named, key=lambda column: len(column.words), default=None)


def _intervals(columns: Sequence[Profile]) -> bool:
    """Tell whether rows are intervals of a patient's time (start, stop), which this version does not analyse."""
    names = {column.name for column in columns if column.numbers is not None}
    return bool(names & {"start", "tstart", "time1"} and names & {"stop", "tstop", "time2", "end"})


def _constant_within(ident: Profile, columns: Iterable[Profile]) -> bool:
    """Tell whether columns have one value a patient."""
    return all(
        np.unique(np.stack([ident.index, column.index]), axis=1).shape[1] == len(ident.words) for column in columns
    )


def _one_row_a_patient(columns: Sequence[Profile], ident: Profile, outcome: set[str]) -> Step | None:
    """Return the step that keeps one row of a patient, by a column that tells the rows apart; None without any.

    A visit number or day with many values is used only where the outcome is the same on all rows of a patient.
    """
    if _intervals(columns):
        return None
    outcomes = [column for column in columns if column.header in outcome]
    for column in sorted(columns, key=lambda one: len(one.words)):
        if column is ident or column.n_given < column.n or len(column.words) < 2 or not column.integer:
            continue
        many = len(column.words) > FEW_VALUES
        if column.header in outcome or (many and (outcome_like(column) or not _constant_within(ident, outcomes))):
            continue
        if np.unique(np.stack([ident.index, column.index]), axis=1).shape[1] == ident.n:
            return _first_row(column, ident)
    return None


def _first_row(column: Profile, ident: Profile) -> Step:
    spec = {"label": "One row a patient", "column": column.header, "first_of": ident.header}
    shown = ", ".join(sorted(column.words)[:FEW_VALUES]) if len(column.words) <= FEW_VALUES else "many values"
    check = (
        f"{ident.n} rows of {len(ident.words)} patients: '{column.header}' ({shown}) tells the rows of one patient "
        'apart, and the row with its smallest value stays. For another one write in = ["..."] instead of first_of.'
    )
    return Step(spec, (check,))


def _slug(source: str) -> str:
    name = re.split(r"[/\\:]", source)[-1].split(".")[0]
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")
    return plain or "study"


def make_draft(found: SourceTable, source: str) -> Draft:
    """Return a draft without covariates from a table.

    Parameters
    ----------
    found
        The table as read.
    source
        As ``[data]`` names it.
    """
    columns = [profile(found.table[header]) for header in found.table.columns]
    notes = list(found.notes)
    if found.synthetic:
        notes.append("The file says that its patients are synthetic.")
    draft = Draft(
        _slug(source), source, len(found.table), {}, headers=frozenset(c.header for c in columns), notes=tuple(notes)
    )  # fmt: skip
    if found.origin == "seer":
        offered = read_registry(columns)
        data = {"dictionary": list(offered.dictionaries), **({"id": offered.id} if offered.id else {})}
        problems = () if offered.endpoints else ("the export has no survival months or vital status",)
        return replace(
            draft, data=data, problems=problems, entries=offered.entries, steps=offered.steps,
            endpoints=offered.endpoints, left_out=offered.left_out,
        )  # fmt: skip
    return _of_columns(draft, columns)


def _of_columns(draft: Draft, columns: Sequence[Profile]) -> Draft:
    ident = _identifier(columns)
    endpoints = find_endpoints(columns)
    steps: list[Step] = []
    checks: list[str] = []
    problems: list[str] = []
    data = dict(draft.data)
    if ident is not None:
        data["id"] = ident.header
        if HOSPITAL_ID.search(ident.name):
            checks.append("These may be numbers of a hospital: deidentify = true writes pseudonyms instead.")
        if not ident.unique:
            used = {header for endpoint in endpoints for header in endpoint.headers}
            step = _one_row_a_patient(columns, ident, used)
            steps += [step] if step else []
            if step is None:
                problems.append(
                    f"'{ident.header}' stands on several rows: intervals or visits. Keep one row a patient with the "
                    "whole follow-up, here or by a [[cohort.include]] step"
                )
    else:
        checks.append('No column names the patients; rows are numbered. If there is one, write id = "HEADER".')
    entries, left = _dictionary(columns, endpoints, ident, {str(step.spec["column"]) for step in steps})
    if not endpoints:
        problems.append("no time and event were found; fill in [endpoints.os] and [analysis] in the study file")
        problems += near_misses(columns)
    return replace(
        draft, data=data, data_checks=tuple(checks), entries=tuple(entries), endpoints=tuple(endpoints),
        steps=tuple(steps), left_out=tuple(left), problems=tuple(problems),
    )  # fmt: skip


def _dictionary(
    columns: Sequence[Profile], endpoints: Sequence[Endpoint], ident: Profile | None, used: set[str]
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Return the entries of the dictionary, and the headers that have none with the reason."""
    outcome = {header for endpoint in endpoints for header in endpoint.headers}
    taken = draft_names(columns, endpoints)
    entries: list[Entry] = []
    kept: list[Profile] = []
    left: list[tuple[str, str]] = []
    for column in columns:
        if column is ident or column.header in outcome:
            continue
        try:
            if _named_id(column):
                raise LeftOut("an identifier")
            if column.header in used:
                raise LeftOut("tells the rows of one patient apart")
            if outcome_like(column):
                raise LeftOut("what happened after time zero, or looks like it; never a covariate")
            entry = guess_column(column, taken - {column.header})
            twin = next((other for other in kept if same_partition(other, column)), None)
            if twin is not None:
                raise LeftOut(f"says the same of every patient as '{twin.header}'")
        except LeftOut as reason:
            left.append((column.header, str(reason)))
            continue
        entries.append(entry)
        kept.append(column)
        taken.add(entry.key)
    return entries, left


def draft_names(columns: Sequence[Profile], endpoints: Sequence[Endpoint]) -> set[str]:
    """Return the names that a key may not have: headers, and keys of the endpoints' columns."""
    return {c.header for c in columns} | {entry.key for end in endpoints for entry in end.entries}


class Trial:
    """Tries drafts on the data, beside the study file that is to be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def build(self, text: str) -> tuple[BuiltCohorts | None, tuple[Finding, ...]]:
        """Return the cohorts of a study file, or the findings that stop it."""
        self.path.write_text(text, encoding="utf-8")
        try:
            return build_cohorts(load_study(self.path)), ()
        except FindingsError as error:
            return None, tuple(f for f in error.findings if f.severity == "error") or error.findings
        finally:
            self.path.unlink(missing_ok=True)


def _repaired(draft: Draft, findings: Sequence[Finding]) -> Draft | None:
    """Return the draft without the columns and endpoints that findings name; None when they name none."""
    changed = draft
    for finding in findings:
        words = f"{finding.place} {finding.message}"
        for entry in changed.entries:
            if re.search(rf"columns\.{re.escape(entry.key)}(?![\w])", words) or f"'{entry.key}'" in finding.message:
                changed = changed.without(entry.key, f"cannot be used as it is ({finding.code})")
        kept = [e for e in changed.endpoints if not re.search(rf"endpoints\.{re.escape(e.name)}(?!\w)", words)]
        if len(kept) < len(changed.endpoints) and kept:
            changed = replace(changed, endpoints=tuple(kept))
    return None if changed == draft else changed


def _with_times(draft: Draft, frames: Mapping[tuple[str, str], AnalysisFrame]) -> Draft:
    """Return the draft with the unit of the report and the horizons of each endpoint."""
    endpoints = []
    for endpoint in draft.endpoints:
        frame = frames["development", endpoint.name]
        unit = str(endpoint.spec.get("unit", "days"))
        times, shown = frame.time, unit
        if unit == "days":
            shown = "years" if float(np.max(times, initial=0.0)) > LONG_IN_DAYS else "months"
            frame = replace(frame, time=times / (365.25 if shown == "years" else 365.25 / 12))
        spec = {**endpoint.spec, **({"report_unit": shown} if shown != unit else {})}
        competing = spec.pop("competing", None)
        spec["horizons"] = choose_horizons(frame, shown)
        endpoints.append(replace(endpoint, spec={**spec, **({"competing": competing} if competing else {})}))
    return replace(draft, endpoints=tuple(endpoints))


def try_draft(draft: Draft, trial: Trial) -> Tried:
    """Try a draft on its data, take out what cannot be used, and choose covariates, groups and horizons.

    Parameters
    ----------
    draft
        From `make_draft`.
    trial
        Where it is tried.
    """
    if not draft.endpoints:
        return Tried(draft, render(draft, ()), ())
    built: BuiltCohorts | None = None
    findings: tuple[Finding, ...] = ()
    for _ in range(MOST_TRIALS):
        built, findings = trial.build(render(draft, [endpoint.name for endpoint in draft.endpoints]))
        if built is not None:
            break
        smaller = _repaired(draft, findings)
        if smaller is None:
            break
        draft = smaller
    main = [draft.endpoints[0].name]
    if built is None:
        return Tried(draft, render(draft, main), findings)
    draft = _with_times(draft, built.frames)
    draft = choose_model(draft, built.frames["development", draft.endpoints[0].name])
    _, findings = trial.build(render(draft, main))
    for _ in range(MOST_TRIALS):
        smaller = _fewer(draft, findings)
        if not findings or smaller == draft:
            break
        draft = smaller
        _, findings = trial.build(render(draft, main))
    return Tried(draft, render(draft, main), findings)


def _fewer(draft: Draft, findings: Sequence[Finding]) -> Draft:
    """Return the draft without the covariates and groups that findings name."""
    named = {name for name in (*draft.covariates, *draft.groups) if any(f"'{name}'" in f.message for f in findings)}
    return replace(
        draft, covariates=tuple(name for name in draft.covariates if name not in named),
        groups=tuple(name for name in draft.groups if name not in named),
        not_in_model=(*draft.not_in_model, *((name, "refused by the checks of the data") for name in sorted(named))),
    )  # fmt: skip
