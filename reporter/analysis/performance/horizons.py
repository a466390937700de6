"""Nodes of what the frozen Cox model is worth at each horizon on another cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.concordance import equal_but_for_rounding
from reporter.analysis.cox import why_unusable
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP, optional
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.ipcw import Scored, Weighed, brier_score, dynamic_auc, scaled_brier, weigh
from reporter.analysis.kernels.royston import SCALE, explained_variation, normal_scores
from reporter.analysis.performance.net_benefit import net_benefit, observed_risk
from reporter.analysis.performance.smooth_calibration import (
    EQUAL,
    NAMES,
    SHARES,
    SmoothCurve,
    smooth_calibration,
)
from reporter.analysis.performance.validation import (
    COMPETING,
    NO_DEVELOPMENT_FOLLOW_UP,
    NO_EVENTS,
    NO_EVENTS_YET,
    SLOPE_INFINITE,
    Predictions,
    predictions,
    slope_statistics,
)
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.address import time_text
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import HorizonPerformanceOptions

Floats = NDArray[np.float64]

THRESHOLD, HORIZON, TREAT_ALL = "threshold", "horizon", "treat_all"
NO_RISK_YET = "the model predicts no event by then"
NO_EVENT_FREE = "nobody is known to be free of the event then"
POSITIVES_LOST = "the follow-up of those at or above the threshold ends before the horizon"
SEPARATED = "all pairs are ranked alike: the data do not say how sure that is"
SAME = 1e-12
_ROYSTON = ("royston_d", "royston_d_std_error", "royston_d_conf_low", "royston_d_conf_high", "royston_r2")


def _z(options: HorizonPerformanceOptions) -> float:
    return float(norm.ppf(1 - (1 - options.conf_level) / 2))


def _unknown(found: Predictions, i: int, horizon: float) -> str:
    """Say why nothing can be said at a horizon; empty when something can."""
    if horizon > found.time.max():
        return NO_FOLLOW_UP
    return "" if np.isfinite(found.risk[:, i]).all() else NO_DEVELOPMENT_FOLLOW_UP


def _not_weighted(found: Predictions, i: int, horizon: float, who: Weighed, options: HorizonPerformanceOptions) -> str:
    """Say why AUC and Brier score are not given at a horizon; empty when they are."""
    why_not = _unknown(found, i, horizon)
    if why_not:
        return why_not
    if (found.time >= horizon).sum() < options.min_at_risk:
        return f"fewer than {options.min_at_risk} patients at risk at the horizon"
    if who.uncensored < options.min_uncensored:
        return f"the probability of not being censored before the horizon is below {options.min_uncensored:g}"
    return ""


def _with_limits(name: str, found: Scored, z: float, low: float, note: str) -> Iterator[Statistic]:
    """Yield an estimate, its standard error and limits, estimate ± z SE, not below `low` nor above 1."""
    half = z * found.std_error
    # max and min of the standard library would let NaN through or not by the order of their arguments.
    limits = np.maximum(found.estimate - half, low), np.minimum(found.estimate + half, 1.0)
    values = (found.estimate, found.std_error, *limits)
    for end, value in zip(("", "_std_error", "_conf_low", "_conf_high"), values, strict=True):
        yield statistic(f"{name}{end}", float(value), note="" if np.isfinite(value) else note)


def _without_certainty(found: Scored) -> Scored:
    """Return an AUC of 0 or 1 without influences: their sum would be a standard error of 0."""
    inside = SAME < found.estimate < 1 - SAME
    return found if inside else Scored(found.estimate, np.full(found.influence.size, np.nan))


def _scores(found: Predictions, i: int, horizon: float, options: HorizonPerformanceOptions) -> Row:
    """AUC, Brier score and scaled Brier score with what their weights are."""
    time, event = found.time, found.event
    who, z = weigh(time, event, horizon), _z(options)
    why_not = _not_weighted(found, i, horizon, who, options)
    nothing = Scored(float("nan"), np.full(1, np.nan))
    auc = score = null = scaled = nothing
    no_cases = NO_EVENTS_YET if not who.case.any() else NO_EVENT_FREE if not who.control.any() else ""
    ranks = equal_but_for_rounding(found.linear_predictor)
    no_auc = why_not or no_cases or (EQUAL if np.ptp(ranks) == 0 else "")
    if not no_auc:
        auc = _without_certainty(dynamic_auc(who, ranks))
    if not why_not:
        score = brier_score(who, found.risk[:, i])
        null = brier_score(who, np.full(time.size, observed_risk(time, event, horizon)))
        scaled = scaled_brier(score, null) if null.estimate > 0 else nothing
    known = float("nan") if why_not else 1.0
    return Row(
        term="cox", time=horizon,
        stats=(
            statistic("n_risk", (time >= horizon).sum()), statistic("n_event", who.case.sum()),
            *_with_limits("auc", auc, z, 0.0, no_auc or SEPARATED),
            *_with_limits("brier", score, z, 0.0, why_not),
            statistic("brier_null", null.estimate, note=why_not),
            *_with_limits("brier_scaled", scaled, z, -np.inf, why_not or no_cases),
            statistic("uncensored", known * who.uncensored, note=why_not),
            statistic("largest_weight", known * who.weight.max(), note=why_not),
            statistic("effective_n", known * (who.effective_n if who.weight.any() else 0.0), note=why_not),
        ),
    )  # fmt: skip


def _royston(found: Predictions, options: HorizonPerformanceOptions) -> Row:
    """D and R²_D over the whole follow-up; nothing without events or with equal predictions."""
    scores = normal_scores(equal_but_for_rounding(found.linear_predictor))
    slope = error = float("nan")
    why_not = NO_EVENTS if not found.event.any() else EQUAL if np.ptp(scores) == 0 else ""
    if not why_not:
        fit = fit_cox(scores[:, None], found.time, found.event, ties=options.ties)
        why_not = SLOPE_INFINITE if why_unusable(fit) or not fit.used.all() else ""
        if not why_not:
            slope, error = float(fit.coef[0]) * SCALE, float(fit.std_error[0]) * SCALE
    half = _z(options) * error
    values = (slope, error, slope - half, slope + half, explained_variation(slope / SCALE))
    return Row(
        term="cox", stats=tuple(statistic(name, v, note=why_not) for name, v in zip(_ROYSTON, values, strict=True))
    )


def _benefits(found: Predictions, i: int, horizon: float, options: HorizonPerformanceOptions) -> Iterator[Row]:
    """Net benefit of the model and of treating all, at each threshold."""
    why_not, everybody = _unknown(found, i, horizon), np.ones(found.time.size)
    for threshold in sorted({*options.grid, *options.thresholds}):
        for term, risk in (("cox", found.risk[:, i]), (TREAT_ALL, everybody)):
            value = float("nan") if why_not else net_benefit(found.time, found.event, risk, horizon, threshold)
            note = why_not or ("" if np.isfinite(value) else POSITIVES_LOST)
            yield Row(
                group=THRESHOLD, level=time_text(threshold), term=term, time=horizon,
                stats=(statistic("net_benefit", value, note=note),),
            )  # fmt: skip


def _ended(found: Predictions, horizon: float) -> Predictions:
    """Return the patients with their follow-up ended at the horizon."""
    return replace(found, time=np.minimum(found.time, horizon), event=found.event & (found.time <= horizon))


def _counted_limits(
    found: Predictions, i: int, horizon: float, options: HorizonPerformanceOptions
) -> Iterator[Statistic]:
    """Limits O/E exp(± z / √d), d the events by the horizon."""
    why_not, n_event = _unknown(found, i, horizon), int((found.event & (found.time <= horizon)).sum())
    why_not = why_not or ("" if n_event else NO_EVENTS_YET)
    predicted = float(found.risk[:, i].mean())
    why_not = why_not or ("" if predicted > 0 else NO_RISK_YET)
    ratio = float("nan") if why_not else observed_risk(found.time, found.event, horizon) / predicted
    spread = _z(options) / np.sqrt(n_event) if n_event else float("nan")
    for end, value in (("low", ratio * np.exp(-spread)), ("high", ratio * np.exp(spread))):
        yield statistic(f"oe_ratio_events_conf_{end}", value, note=why_not)


def _smooth(found: Predictions, i: int, horizon: float, options: HorizonPerformanceOptions) -> SmoothCurve:
    """Return the smooth calibration curve, or why there is none."""
    why_not = _unknown(found, i, horizon)
    if why_not:
        return SmoothCurve(why_not)
    n_event, n_free = (found.event & (found.time <= horizon)).sum(), (found.time >= horizon).sum()
    for count, what in ((n_event, "events by the horizon"), (n_free, "patients followed to the horizon")):
        if count < options.min_events:
            return SmoothCurve(f"fewer than {options.min_events} {what}")
    if not found.hazard[i] > 0:
        return SmoothCurve(NO_RISK_YET)
    # log(-log(1 - p)) = log H0(h) + lp, without the digits that 1 - p loses.
    cloglog, ended = np.log(found.hazard[i]) + found.linear_predictor, _ended(found, horizon)
    return smooth_calibration(
        ended.time, ended.event, cloglog, horizon, knots=options.knots, ties=options.ties,
        conf_level=options.conf_level,
    )  # fmt: skip


def _calibration(
    found: Predictions, i: int, horizon: float, smooth: SmoothCurve, options: HorizonPerformanceOptions
) -> Row:
    """Slope of the follow-up to the horizon, second interval of O/E, distances from the smooth curve."""
    why_not = _unknown(found, i, horizon)
    slope = slope_statistics(_ended(found, horizon), options)
    if why_not == NO_FOLLOW_UP:
        slope = tuple(statistic(s.stat, float("nan"), note=why_not) for s in slope)
    away = (
        statistic(name, value, note=smooth.why_not) for name, value in zip(NAMES, smooth.distances, strict=True)
    )  # fmt: skip
    return Row(term="cox", time=horizon, stats=(*slope, *_counted_limits(found, i, horizon, options), *away))


def _curve(horizon: float, smooth: SmoothCurve) -> Curve:
    """Return the smooth over the share of patients with a lower predicted risk."""
    names = ("predicted", "observed", "conf_low", "conf_high")
    columns = tuple(CurveColumn(stat=name, values=optional(np.array(getattr(smooth, name)))) for name in names)
    return Curve(group=HORIZON, level=time_text(horizon), term="cox", time=SHARES, columns=columns)


def analyse_horizon_performance(
    development: AnalysisFrame, validation: AnalysisFrame, options: HorizonPerformanceOptions
) -> tuple[AnalysisNode, ...]:
    """Fit on `development`, freeze, and measure at each horizon on the complete cases of `validation`.

    Returns nodes ``performance``, ``calibration`` and, where there is a smooth, ``calibration_curve``.

    Raises
    ------
    ReporterError
        With competing events or entry times, when the model cannot be applied, or no patient has every predictor.
    """
    if development.cause is not None or validation.cause is not None:
        raise ReporterError(COMPETING)
    found = predictions(development, validation, options)
    places = tuple(enumerate(options.horizons))
    smooths = [_smooth(found, i, horizon, options) for i, horizon in places]

    def node(name: str, rows: tuple[Row, ...] = (), curves: tuple[Curve, ...] = ()) -> AnalysisNode:
        return AnalysisNode(
            cohort=validation.cohort, endpoint=validation.endpoint, analysis=name, options=options, rows=rows,
            curves=curves,
        )  # fmt: skip

    scores = [_scores(found, i, horizon, options) for i, horizon in places]
    benefits = [row for i, horizon in places for row in _benefits(found, i, horizon, options)]
    calibrated = [_calibration(found, i, h, smooth, options) for (i, h), smooth in zip(places, smooths, strict=True)]
    curves = tuple(_curve(h, s) for h, s in zip(options.horizons, smooths, strict=True) if not s.why_not)
    nodes = (
        node("performance", (_royston(found, options), *scores, *benefits)),
        node("calibration", tuple(calibrated)),
        node("calibration_curve", curves=curves),
    )
    return nodes if curves else nodes[:2]
