"""Kaplan–Meier nodes: curve, S at the horizons and quantiles, overall or by group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.kaplan_meier import (
    QUANTILE_TOLERANCE,
    SurvivalCurve,
    estimate_survival,
    survival_at,
    survival_quantile,
)
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import time_text
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Reason, Statistic, statistic
from reporter.spec.options import ConfType, KaplanMeierOptions

PLATEAU = "plateau reaches the end of follow-up"
NO_FOLLOW_UP = "past the last follow-up"
MEDIAN = 0.5
FEW_AT_RISK = 10
_CURVE_COLUMNS = (
    "n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high", "cumulative_hazard",
    "cumulative_n_event",
)  # fmt: skip


def iterate_levels(frame: AnalysisFrame, group: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each level of `group` with its rows, shape (n,); the empty level with all rows when there is no group."""
    if not group:
        yield "", np.ones(frame.n, dtype=bool)
        return
    column = frame.columns[group]
    codes = column.codes
    for code, level in enumerate(column.levels):
        yield level, codes == code


def optional(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    """Return values as a tuple with None for NaN and infinities."""
    return tuple(float(value) if np.isfinite(value) else None for value in values)


class _Limits(Protocol):
    @property
    def conf_level(self) -> float: ...
    @property
    def conf_type(self) -> ConfType: ...


def curve_of(frame: AnalysisFrame, keep: NDArray[np.bool_], options: _Limits) -> SurvivalCurve:
    """Estimate the survival of the rows `keep`, shape (n,), from their entry on where patients enter late."""
    entry = None if frame.entry is None else frame.entry[keep]
    return estimate_survival(
        frame.time[keep], frame.event[keep], conf_type=options.conf_type, conf_level=options.conf_level, entry=entry
    )


def entry_notes(curve: SurvivalCurve, who: str, unit: str) -> tuple[str, ...]:
    """Return what late entry does to the start of a curve: few at risk before most have entered, or S at 0 for good.

    "Early" is before the risk set is at its largest.
    """
    if curve.entry is None:
        return ()
    early = (np.arange(curve.time.size) < int(np.argmax(curve.n_risk))) & (curve.n_event > 0)
    few = early & (curve.n_risk < FEW_AT_RISK)
    notes = []
    if few.any():
        until = f"{curve.time[few][-1]:.4g} {unit}"
        notes.append(f"{who}: fewer than {FEW_AT_RISK} at risk at events up to {until}; the whole curve rests on them")
    empty = (curve.n_event > 0) & (curve.n_event == curve.n_risk)
    if empty[:-1].any():
        at = f"{curve.time[:-1][empty[:-1]][0]:.4g} {unit}"
        notes.append(f"{who}: all at risk died at {at}; the estimate stays 0 though others entered later")
    return tuple(notes)


def _horizon_rows(curve: SurvivalCurve, options: KaplanMeierOptions, level: str) -> Iterator[Row]:
    at = survival_at(curve, np.array(options.horizons))
    for i, horizon in enumerate(options.horizons):
        note = NO_FOLLOW_UP if np.isnan(at.estimate[i]) else ""
        names = ("n_event", "estimate", "std_error", "conf_low", "conf_high")
        known = (statistic(name, getattr(at, name)[i], note=note) for name in names)
        yield Row(group=options.group, level=level, time=horizon, stats=(statistic("n_risk", at.n_risk[i]), *known))


def quantile_row(curve: SurvivalCurve, unit: str, p: float = MEDIAN) -> tuple[Statistic, ...]:
    """Return the time by which a share p has failed, conf_low and conf_high by R's rule; the first is called median.

    It has a note where the plateau at 1 - p runs to the last time.
    """
    first = "median" if p == MEDIAN else "quantile"
    found = survival_quantile(curve, p)
    low_enough = curve.estimate[-1] < 1 - p - QUANTILE_TOLERANCE
    note = "" if low_enough or np.isnan(found[0]) else PLATEAU
    return tuple(
        statistic(name, value, unit=unit, reason=Reason.NOT_REACHED, note=note if name == first else "")
        for name, value in zip((first, "conf_low", "conf_high"), found, strict=True)
    )


def _quantile_rows(curve: SurvivalCurve, options: KaplanMeierOptions, level: str, unit: str) -> Iterator[Row]:
    yield Row(group=options.group, level=level, stats=quantile_row(curve, unit))
    for p in options.quantiles:
        if p != MEDIAN:
            stats = quantile_row(curve, unit, p)
            yield Row(group=options.group, level=level, term=f"p={time_text(p)}", stats=stats)


def _node(frame: AnalysisFrame, options: KaplanMeierOptions, name: str) -> AnalysisNode:
    return AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, variable=options.group, options=options
    )


def _counts(curve: SurvivalCurve, group: str, level: str) -> Row:
    n_event, n_censor = curve.n_event.sum(), curve.n_censor.sum()
    counts = [("n", n_event + n_censor), ("n_event", n_event), ("n_censor", n_censor)]
    if curve.entry is not None:
        counts.append(("n_late_entry", (curve.entry > 0).sum()))
    return Row(group=group, level=level, stats=tuple(statistic(name, value) for name, value in counts))


def analyse_kaplan_meier(frame: AnalysisFrame, options: KaplanMeierOptions) -> tuple[AnalysisNode, ...]:
    """Estimate survival by the levels of ``options.group`` (or overall).

    Returns the nodes ``kaplan_meier``, ``survival_quantile`` and ``kaplan_meier_curve``; a level without patients
    is left out and noted.
    """
    rows: list[Row] = []
    quantiles: list[Row] = []
    curves: list[Curve] = []
    notes: list[str] = []
    for level, keep in iterate_levels(frame, options.group):
        if not keep.any():
            notes.append(f"{options.group} = {level}: no patients")
            continue
        curve = curve_of(frame, keep, options)
        notes += entry_notes(curve, f"{options.group} = {level}" if level else "all patients", frame.time_unit)
        rows.append(_counts(curve, options.group, level))
        rows.extend(_horizon_rows(curve, options, level))
        quantiles.extend(_quantile_rows(curve, options, level, frame.time_unit))
        columns = tuple(CurveColumn(stat=name, values=optional(getattr(curve, name))) for name in _CURVE_COLUMNS)
        curves.append(
            Curve(group=options.group, level=level, time=tuple(float(t) for t in curve.time), columns=columns)
        )
    return (
        _node(frame, options, "kaplan_meier").model_copy(update={"rows": tuple(rows), "notes": tuple(notes)}),
        _node(frame, options, "survival_quantile").model_copy(update={"rows": tuple(quantiles)}),
        _node(frame, options, "kaplan_meier_curve").model_copy(update={"curves": tuple(curves)}),
    )
