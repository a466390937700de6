"""Options of what a frozen model is worth at the horizons, on another cohort."""

from __future__ import annotations

from typing import Literal

from reporter.spec.model_options import ModelOptions


class HorizonPerformanceOptions(ModelOptions):
    """Frozen Cox model at each of `horizons`: AUC, Brier score, slope, smooth calibration, net benefit; Royston's D.

    Parameters
    ----------
    thresholds
        Risks at which the net benefit is asked for, beside those of `grid`.
    grid
        Thresholds of every decision curve.
    min_at_risk, min_uncensored
        AUC and Brier score are not given with fewer patients at risk at the horizon, or where the probability of not
        being censored before it is smaller.
    min_events
        No smooth calibration curve, nor distances from it, with fewer events by the horizon, or with fewer patients
        followed to it.
    knots
        Of the curve: quantiles (R's type 7) of log(-log(1 - predicted risk)).
    """

    kind: Literal["horizon_performance"] = "horizon_performance"
    conf_level: float
    horizons: tuple[float, ...]
    thresholds: tuple[float, ...] = ()
    grid: tuple[float, ...] = (
        0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
    )  # fmt: skip
    min_at_risk: int = 20
    min_uncensored: float = 0.1
    min_events: int = 100
    knots: tuple[float, float, float] = (0.1, 0.5, 0.9)
