"""The keyed outer join of Python's numbers with R's: the ledger."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reporter.results.address import time_text
from reporter.results.ledger import LedgerRow, Verdict
from reporter.results.tree import AnalysisNode, Results
from reporter.verification.compare_curves import compare_column, lost_curve
from reporter.verification.declared import why_not_checkable
from reporter.verification.differences import Witnessed, annotate
from reporter.verification.task import Answer, Task
from reporter.verification.tolerances import Tolerance, of_model, scale_of, tolerance_of

NOT_ASKED = Answer(not_run="R was not asked for this analysis")


@dataclass(frozen=True)
class Compared:
    """Outcome of one comparison: differences, verdict and note."""

    verdict: Verdict
    note: str = ""
    abs_diff: float | None = None
    rel_diff: float | None = None


def present(value: float | None) -> float | None:
    """Return a number, or None for R's NA, NaN and infinities."""
    return value if value is not None and math.isfinite(value) else None


def relative(difference: float, reference: float) -> float | None:
    """Return a difference relative to R's number; None where that is 0 and the difference is not."""
    if not difference:
        return 0.0
    found = difference / abs(reference) if reference else math.inf
    return found if math.isfinite(found) else None


def compare_numbers(
    python: float | None, reason: str, reference: float, tolerance: Tolerance, scale: float
) -> Compared:
    """Compare one number with R's: both within tolerance, both absent, or a disagreement."""
    r = present(reference)
    said = "NA" if math.isnan(reference) else "Inf"
    if python is None and r is None:
        return Compared(Verdict.AGREES, f"absent on both sides: {reason}, R {said}")
    if python is None:
        return Compared(Verdict.DISAGREES, f"R has a value where Python has none ({reason})")
    if r is None:
        return Compared(Verdict.DISAGREES, f"R has {said} where Python has a value")
    difference = abs(python - r)
    verdict = Verdict.AGREES if tolerance.accepts(python, r, scale) else Verdict.DISAGREES
    return Compared(verdict, "", difference, relative(difference, r))


def warned(answer: Answer) -> str:
    """Return R's warnings in words, or nothing."""
    return f"R warned: {'; '.join(answer.warnings)}" if answer.warnings else ""


def join(*notes: str) -> str:
    """Join the notes that are not empty."""
    return "; ".join(note for note in notes if note)


def _numbers(node: AnalysisNode, answer: Answer, n_rows: int) -> Iterator[LedgerRow]:
    for row in node.rows:
        for found in row.stats:
            where = node.address(row, found.stat)
            place = where.rpartition("/")[0]
            tolerance = of_model(tolerance_of(node.analysis, found.stat), node.options).for_rows(n_rows)
            r = answer.values.get(where)
            if r is None:
                verdict, note = without_partner(node, found.stat, answer)
                yield LedgerRow(
                    address=where, python=found.value, r=None, tolerance=tolerance.words, verdict=verdict, note=note
                )
                continue

            def sibling(stat: str, place: str = place) -> float | None:
                return present(answer.values.get(f"{place}/{stat}"))

            reason = str(found.reason or "")
            outcome = compare_numbers(found.value, reason, r, tolerance, scale_of(tolerance, found.stat, sibling))
            yield LedgerRow(
                address=where, python=found.value, r=present(r), abs_diff=outcome.abs_diff, rel_diff=outcome.rel_diff,
                tolerance=tolerance.words, verdict=outcome.verdict, note=join(outcome.note, warned(answer)),
            )  # fmt: skip


def without_partner(node: AnalysisNode, stat: str, answer: Answer) -> tuple[Verdict, str]:
    """Return the verdict on a number that R did not give: declared, not run, or missing."""
    why = why_not_checkable(node.analysis, stat)
    if why:
        return Verdict.NOT_CHECKABLE, why
    if answer.not_run:
        return Verdict.NOT_RUN, answer.not_run
    return Verdict.MISSING_IN_R, join("R gave no number at this address", warned(answer))


def _curves(node: AnalysisNode, answer: Answer, n_rows: int) -> Iterator[LedgerRow]:
    for curve in node.curves:
        for column in curve.columns:
            found = answer.curves.get(node.address(curve, column.stat))
            if found is None:
                verdict, note = without_partner(node, column.stat, answer)
                row = lost_curve(node, curve, column, verdict, note)
            else:
                row = compare_column(node, curve, column, found, answer, n_rows)
            if row is not None:
                yield row.model_copy(update={"note": join(row.note, warned(answer))}) if found else row


def _left_over(answer: Answer, known: set[str], failed: str) -> Iterator[LedgerRow]:
    """Yield what R gave and Python did not."""
    note = f"Python gave no number at this address{f' ({failed})' if failed else ''}"
    for where, value in answer.values.items():
        if where not in known:
            yield LedgerRow(
                address=where, python=None, r=present(value), verdict=Verdict.MISSING_IN_PYTHON,
                tolerance=tolerance_of(where.split("/")[2], where.rpartition("/")[2]).words, note=note,
            )  # fmt: skip
    for key, curve in answer.curves.items():
        if key in known or not curve.time.size:
            continue
        place, _, stat = key.rpartition("/")
        yield LedgerRow(
            address=f"{place}/t={time_text(float(curve.time[-1]))}/{stat}", python=None,
            r=present(float(curve.value[-1])), verdict=Verdict.MISSING_IN_PYTHON,
            tolerance=tolerance_of(place.split("/")[2], stat).words, note=note,
        )  # fmt: skip


def _known(node: AnalysisNode) -> set[str]:
    """Return the addresses of a node; those of curve columns without their time."""
    numbers = {node.address(row, found.stat) for row in node.rows for found in row.stats}
    return numbers | {node.address(curve, column.stat) for curve in node.curves for column in curve.columns}


def compare(
    results: Results,
    answers: Mapping[Task, Answer],
    witnessed: Mapping[str, Witnessed] | None = None,
    n_rows: Mapping[tuple[str, str], int] | None = None,
) -> tuple[LedgerRow, ...]:
    """Join every number of the tree with R's answers, and with lifelines' where it has one.

    Parameters
    ----------
    answers
        What R answered to each task; a task is found by its cohort, endpoint and options.
    witnessed
        What lifelines gave, by address.
    n_rows
        Rows of each frame, with which the rounding of both engines grows.
    """
    rows: list[LedgerRow] = []
    known: dict[Task, set[str]] = {}
    failed: dict[Task, str] = {}
    for node in results.analyses:
        task = Task(node.cohort, node.endpoint, node.options)
        answer = answers.get(task, NOT_ASKED)
        known.setdefault(task, set()).update(_known(node))
        if node.failed:
            failed[task] = node.failed
        n = (n_rows or {}).get((node.cohort, node.endpoint), 0)
        rows += _numbers(node, answer, n)
        rows += _curves(node, answer, n)
    for task, answer in answers.items():
        rows += _left_over(answer, known.get(task, set()), failed.get(task, ""))
    return tuple(annotate(row, (witnessed or {}).get(row.address)) for row in rows)
