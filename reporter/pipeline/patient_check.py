"""The check of all patients' curves against R, one call a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from reporter.pipeline.patient_input import PatientTable
from reporter.pipeline.patient_predict import Prediction
from reporter.results.patient import PatientCheck
from reporter.verification.patient import check_patients

DATA_FILE = "data_for_r.csv"
SUBSET = "the report was checked on a random subset: the model's own patients are not in its data_for_r.csv"
NO_DATA = "the report has no data_for_r.csv: it is not written where small numbers are hidden"
_WORST_FIRST = ("disagrees", "not_run", "agrees")


def combined(checks: Iterable[PatientCheck]) -> PatientCheck:
    """Return one check for the curves of a patient: the worst state, all points, the largest difference."""
    every = sorted(checks, key=lambda check: _WORST_FIRST.index(check.state))
    same = [check for check in every if check.state == every[0].state]
    differences = [c.largest_difference for c in same if c.largest_difference is not None]
    return every[0].model_copy(
        update={
            "n_points": sum(check.n_points for check in same),
            "largest_difference": max(differences, default=None),
        }
    )


def check_curves(
    report: Path,
    predictions: Sequence[Prediction],
    table: PatientTable,
    rows: Sequence[int],
    *,
    enabled: bool,
    whole: bool = True,
) -> list[PatientCheck]:
    """Return the check of each patient's curves with ``survfit.coxph``, fitted to the development rows of the report.

    Parameters
    ----------
    report
        Folder of the report, with the development rows in ``data_for_r.csv``.
    enabled
        False: nothing is run, and each check says so.
    whole
        False: ``data_for_r.csv`` holds a random subset, on which another model would be fitted; nothing is run.
    """
    if enabled and not whole:
        return [PatientCheck(state="not_run", why_not=SUBSET)] * len(rows)
    if enabled and not (report / DATA_FILE).exists():
        return [PatientCheck(state="not_run", why_not=NO_DATA)] * len(rows)
    if not enabled:
        return [PatientCheck(state="not_run", why_not="it was switched off (--no-verify)")] * len(rows)
    by_model = []
    for prediction in predictions:
        model = prediction.model
        names = tuple(term.column for term in model.terms)
        by_model.append(
            check_patients(
                report / DATA_FILE, endpoint=model.endpoint, terms=model.terms, ties=model.ties,
                conf_type=model.conf_type, conf_level=model.conf_level,
                patients=[table.row(row, names) for row in rows], curves=prediction.curves,
            )
        )  # fmt: skip
    return [combined(checks) for checks in zip(*by_model, strict=True)]
