"""Comparison of the columns of a curve: one ledger row a column, at its last point, with the worst point named."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.results.address import time_text
from reporter.results.ledger import LedgerRow, Verdict
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, last_point
from reporter.verification.task import Answer, CurveAnswer
from reporter.verification.tolerances import Tolerance, tolerance_of

Floats = NDArray[np.float64]

TIME_RTOL = 1e-12


def _as_array(values: tuple[float | None, ...]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def lost_curve(node: AnalysisNode, curve: Curve, column: CurveColumn, verdict: Verdict, note: str) -> LedgerRow | None:
    """Return the row of a column without a partner; None when the column has no value at all."""
    last = last_point(column.values)
    if last is None:
        return None
    return LedgerRow(
        address=node.address(curve, column.stat, curve.time[last]), python=column.values[last], r=None,
        tolerance=tolerance_of(node.analysis, column.stat).words, verdict=verdict, note=note,
    )  # fmt: skip


def same_times(python: Floats, reference: Floats) -> bool:
    """Return whether two curves have the same times, to 1e-12 relative or of the last time."""
    if python.shape != reference.shape:
        return False
    largest = float(np.abs(reference).max(initial=0.0))
    return bool(np.all(np.abs(python - reference) <= TIME_RTOL * np.maximum(np.abs(reference), largest)))


def at_kept_times(found: CurveAnswer, time: Floats) -> CurveAnswer:
    """Return the points of a curve that are nearest to the times that a thinned curve keeps."""
    if not found.time.size:
        return found
    after = np.searchsorted(found.time, time).clip(max=found.time.size - 1)
    before = (after - 1).clip(min=0)
    nearer = np.abs(found.time[before] - time) < np.abs(found.time[after] - time)
    index = np.where(nearer, before, after)
    return CurveAnswer(found.time[index], found.value[index])


def _bounds(tolerance: Tolerance, stat: str, reference: Floats, where: str, answer: Answer) -> Floats:
    """Return the largest difference allowed at each point, shape (n,)."""
    if tolerance.exact:
        return np.zeros(reference.size)
    bounds = tolerance.rtol * np.abs(reference)
    if tolerance.scale == "largest":
        return np.maximum(bounds, tolerance.per_scale * float(np.nanmax(np.abs(reference), initial=0.0)))
    if tolerance.scale == "band":
        place = where.removesuffix(stat)
        low, high = (answer.curves.get(f"{place}{name}") for name in ("conf_low", "conf_high"))
        if low is not None and high is not None:
            return np.maximum(bounds, tolerance.per_scale * (high.value - low.value) / 2)
    return np.asarray(bounds, dtype=np.float64)


def _worst(python: Floats, reference: Floats, bounds: Floats) -> int:
    """Index of the point that is furthest out of its bound."""
    difference = np.abs(python - reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference > 0, difference / bounds, 0.0)
    return int(np.nanargmax(np.where(np.isnan(ratio), -1.0, ratio)))


def compare_column(
    node: AnalysisNode, curve: Curve, column: CurveColumn, found: CurveAnswer, answer: Answer, n_rows: int = 0
) -> LedgerRow | None:
    """Compare one column point by point; None when neither side has any value.

    Parameters
    ----------
    found
        R's column.
    answer
        The whole answer, for the band that gives a smooth its scale.
    n_rows
        Rows of the frame.
    """
    tolerance = tolerance_of(node.analysis, column.stat).for_rows(n_rows)
    python, time = _as_array(column.values), np.array(curve.time, dtype=np.float64)
    found = at_kept_times(found, time) if curve.thinned is not None else found
    reference = np.where(np.isfinite(found.value), found.value, np.nan)
    last = last_point(column.values)
    if last is None and np.isnan(reference).all():
        return None
    at = len(curve.time) - 1 if last is None else last

    def row(verdict: Verdict, note: str, r: float, worst: int | None = None) -> LedgerRow:
        difference = None if worst is None else float(abs(python[worst] - reference[worst]))
        size = 0.0 if worst is None else float(abs(reference[worst]))
        return LedgerRow(
            address=node.address(curve, column.stat, curve.time[at]), python=column.values[at],
            r=None if np.isnan(r) else float(r), abs_diff=difference,
            rel_diff=0.0 if difference == 0 else difference / size if difference and size else None,
            tolerance=tolerance.words, verdict=verdict, note=note,
        )  # fmt: skip

    if not same_times(time, found.time):
        note = f"the curves have other times: {time.size} points here, {found.time.size} in R"
        return row(Verdict.DISAGREES, note, float("nan"))
    odd = np.flatnonzero(np.isnan(python) != np.isnan(reference))
    if odd.size:
        side = "R" if np.isnan(python[odd[0]]) else "Python"
        note = f"only {side} has a value at t={time_text(float(time[odd[0]]))} ({odd.size} such points)"
        return row(Verdict.DISAGREES, note, float(reference[at]))
    bounds = _bounds(tolerance, column.stat, reference, node.address(curve, column.stat), answer)
    worst = _worst(python, reference, bounds)
    absent = int(np.isnan(reference).sum())
    note = f"{time.size} points, worst at t={time_text(float(time[worst]))}"
    note += f"; {absent} points absent on both sides" if absent else ""
    off = int((np.abs(python - reference) > bounds).sum())
    verdict = Verdict.DISAGREES if off else Verdict.AGREES
    return row(verdict, note + (f"; {off} points outside the tolerance" if off else ""), float(reference[at]), worst)
