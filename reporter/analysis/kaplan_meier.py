"""Kaplan–Meier nodes: curve, S at the horizons and quantiles, overall or by group."""

from __future__ import annotations

from collections.abc import Iterator

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
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Reason, Statistic, statistic
from reporter.spec.options import KaplanMeierOptions

PLATEAU = "plateau reaches the end of follow-up"
NO_FOLLOW_UP = "past the last follow-up"
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


def _horizon_rows(curve: SurvivalCurve, options: KaplanMeierOptions, level: str) -> Iterator[Row]:
    at = survival_at(curve, np.array(options.horizons))
    for i, horizon in enumerate(options.horizons):
        note = NO_FOLLOW_UP if np.isnan(at.estimate[i]) else ""
        names = ("n_event", "estimate", "std_error", "conf_low", "conf_high")
        known = (statistic(name, getattr(at, name)[i], note=note) for name in names)
        yield Row(group=options.group, level=level, time=horizon, stats=(statistic("n_risk", at.n_risk[i]), *known))


def quantile_row(curve: SurvivalCurve, unit: str) -> tuple[Statistic, ...]:
    """Return median, conf_low and conf_high by R's rule, with the note on a plateau that runs to the last time."""
    names = ("median", "conf_low", "conf_high")
    low_enough = curve.estimate[-1] < 0.5 - QUANTILE_TOLERANCE
    note = "" if low_enough or np.isnan(survival_quantile(curve, 0.5)[0]) else PLATEAU
    return tuple(
        statistic(name, value, unit=unit, reason=Reason.NOT_REACHED, note=note if name == "median" else "")
        for name, value in zip(names, survival_quantile(curve, 0.5), strict=True)
    )


def _node(frame: AnalysisFrame, options: KaplanMeierOptions, name: str) -> AnalysisNode:
    return AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, variable=options.group, options=options
    )


def _counts(curve: SurvivalCurve, group: str, level: str) -> Row:
    counts = (("n", curve.n_risk[0]), ("n_event", curve.n_event.sum()), ("n_censor", curve.n_censor.sum()))
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
        curve = estimate_survival(
            frame.time[keep], frame.event[keep], conf_type=options.conf_type, conf_level=options.conf_level
        )
        rows.append(_counts(curve, options.group, level))
        rows.extend(_horizon_rows(curve, options, level))
        stats = quantile_row(curve, frame.time_unit)
        quantiles.append(Row(group=options.group, level=level, stats=stats))
        columns = tuple(CurveColumn(stat=name, values=optional(getattr(curve, name))) for name in _CURVE_COLUMNS)
        curves.append(
            Curve(group=options.group, level=level, time=tuple(float(t) for t in curve.time), columns=columns)
        )
    return (
        _node(frame, options, "kaplan_meier").model_copy(update={"rows": tuple(rows), "notes": tuple(notes)}),
        _node(frame, options, "survival_quantile").model_copy(update={"rows": tuple(quantiles)}),
        _node(frame, options, "kaplan_meier_curve").model_copy(update={"curves": tuple(curves)}),
    )
