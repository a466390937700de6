"""Node of the nomogram: points of each covariate, total points and survival. R: ``rms::nomogram``.

Points of a covariate are its part of the linear predictor above its lowest on the axis, times a common factor that
gives the longest axis `largest` points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.cox import DEPENDENT, FittedModel, fit_model, why_unusable
from reporter.analysis.design import make_design
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.results.address import time_text
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import NomogramOptions, TermSpec

Floats = NDArray[np.float64]

NO_POINTS = "no covariate changes the predictor along its axis"
TOTAL, SURVIVAL = "total_points", "survival"
MOST_TICKS = 10
SMALLEST = 1e-200  # a range whose steps are still numbers
TAIL, LEAST_ROWS = 10, 200  # an axis leaves out the 10 lowest and highest of 200 or more patients, as rms does


def axis_values(values: Floats, term: TermSpec) -> tuple[float, ...]:
    """Return round values between the quantiles 10 / max(n, 200) and 1 less that; up to the winsorized value."""
    values = values[np.isfinite(values)]
    if not values.size:
        return ()
    share = TAIL / max(values.size, LEAST_ROWS)
    low, high = (float(v) for v in np.quantile(values, [share, 1 - share]))
    if term.winsorize is not None:
        low, high = min(low, term.winsorize), min(high, term.winsorize)
    span = high - low
    power = 10.0 ** np.floor(np.log10(span / MOST_TICKS)) if span > SMALLEST else 1.0
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if span / (m * power) <= MOST_TICKS)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    ticks = (float(f"{i * step:.12g}") for i in range(first, max(last, first + 1) + 1))
    return tuple(dict.fromkeys(ticks))


def refused(frame: AnalysisFrame, options: NomogramOptions) -> str:
    """Say for which models there is no nomogram; empty for the others."""
    if options.interactions:
        return "with an interaction the points of one covariate depend on another"
    for key in ("strata", "cluster", "weights", "offset"):
        if getattr(options, key):
            return f"not offered for a model with {key}"
    if options.ties == "exact":
        return "not offered for a model with exact ties"
    if frame.entry is not None:
        return "not offered with entry times"
    return "with competing events 1 minus survival from one model is no risk" if frame.cause is not None else ""


@dataclass(frozen=True)
class _Axis:
    """Values of a covariate as levels of rows, with their parts of the linear predictor, shape (k,)."""

    column: str
    levels: tuple[str, ...]
    part: Floats


def _axes(model: FittedModel, frame: AnalysisFrame, options: NomogramOptions) -> list[_Axis]:
    found = []
    for term, values in zip(options.terms, options.axes, strict=True):
        at = np.arange(len(term.levels), dtype=np.float64) if term.levels else np.array(values, dtype=np.float64)
        old = frame.columns[term.column]
        column = Column(term.column, old.label, old.unit, old.kind, old.levels, at)
        design = make_design((term,), {term.column: column}, np.ones(at.size, dtype=bool))
        levels = term.levels or tuple(time_text(value) for value in values)
        coef = model.fit.coef[model.design.columns_of(term.column)]
        found.append(_Axis(term.column, tuple(levels), design.matrix @ coef))
    return found


@dataclass(frozen=True)
class _Scale:
    """Points for a unit of the linear predictor, the predictor less its centre at 0 points, and the most points."""

    unit: float
    start: float
    most: float

    def survival(self, total: Floats, hazard: float) -> Floats:
        return np.exp(-hazard * np.exp(total / self.unit + self.start))

    def total(self, survival: float, hazard: float) -> float:
        return self.unit * float(np.log(-np.log(survival) / hazard) - self.start)


def _scale(axes: Sequence[_Axis], centre: float, largest: float) -> _Scale | None:
    ranges = np.array([np.ptp(axis.part) for axis in axes])
    if not ranges.max() > 0:
        return None
    unit = largest / float(ranges.max())
    return _Scale(unit, sum(float(axis.part.min()) for axis in axes) - centre, unit * float(ranges.sum()))


def _by_horizon(scale: _Scale, hazard: float, time: float, options: NomogramOptions) -> Iterator[Row]:
    """Yield baseline survival, survival by total points, and total points by survival where the axis has them."""
    yield Row(term="GLOBAL", time=time, stats=(statistic("baseline_survival", float(np.exp(-hazard))),))
    totals = np.arange(0.0, scale.most + options.step, options.step)
    for total, value in zip(totals, scale.survival(totals, hazard), strict=True):
        yield Row(group=TOTAL, level=time_text(float(total)), time=time, stats=(statistic("survival", value),))
    for survival in options.survival:
        points = scale.total(survival, hazard) if hazard > 0 else float("nan")
        if 0 <= points <= scale.most:
            yield Row(group=SURVIVAL, level=time_text(survival), time=time, stats=(statistic("total_points", points),))


def _rows(model: FittedModel, frame: AnalysisFrame, options: NomogramOptions) -> Iterator[Row]:
    axes = _axes(model, frame, options)
    centre = float(model.fit.centre @ model.fit.coef)
    scale = _scale(axes, centre, options.largest)
    if scale is None:
        return
    whole = {
        "points_per_unit": scale.unit, "predictor_at_zero": scale.start, "most_points": scale.most,
        "predictor_centre": centre,
    }  # fmt: skip
    yield Row(term="GLOBAL", stats=tuple(statistic(name, value) for name, value in whole.items()))
    for axis in axes:
        for level, part in zip(axis.levels, axis.part, strict=True):
            points = scale.unit * (part - axis.part.min())
            yield Row(group=axis.column, level=level, stats=(statistic("points", points),))
    baseline = baseline_hazard(model.fit)
    for time in options.horizons:
        if time <= model.time.max():
            at = int(np.searchsorted(baseline.time, time, side="right"))
            yield from _by_horizon(scale, float(np.concatenate(([0.0], baseline.hazard))[at]), time, options)


def analyse_nomogram(frame: AnalysisFrame, options: NomogramOptions) -> tuple[AnalysisNode, ...]:
    """Return points, total points and survival; a node without rows says in its note why there is no nomogram."""
    why_not = refused(frame, options)
    rows: tuple[Row, ...] = ()
    if not why_not:
        model = fit_model(frame, options)
        why_not = why_unusable(model.fit) or ("" if model.fit.used.all() else f"a covariate is {DEPENDENT}")
        rows = () if why_not else tuple(_rows(model, frame, options))
        why_not = why_not or ("" if rows else NO_POINTS)
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="nomogram", options=options, rows=rows,
        notes=(f"no nomogram: {why_not}",) if why_not else (),
    )  # fmt: skip
    return (node,)
