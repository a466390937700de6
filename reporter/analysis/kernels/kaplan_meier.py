"""Kaplan–Meier, Nelson–Aalen, quantiles and restricted mean, as R's ``survfit`` computes them.

References: Kaplan & Meier, J Am Stat Assoc 1958;53:457; Therneau, R package survival 3.5-3 (survfit,
quantile.survfit, survmean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.kernels.time_index import index_times
from reporter.spec.options import ConfType

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

QUANTILE_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class SurvivalCurve:
    """A product-limit estimate at every distinct time; all arrays have shape (n_times,), NaN where R prints NA.

    Parameters
    ----------
    time
        Distinct times, censored ones included, ascending.
    n_risk, n_event, n_censor
        Counts; `n_risk` counts T >= time.
    estimate, std_error
        S(t) and Greenwood's standard error of S(t).
    conf_low, conf_high
        Pointwise limits.
    cumulative_hazard
        Nelson–Aalen, sum of d/n.
    entry
        Ascending times at which patients came under observation; None when all were from 0.
    """

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_censor: Floats
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    cumulative_hazard: Floats
    entry: Floats | None = None

    @property
    def cumulative_n_event(self) -> Floats:
        """Events up to each time."""
        return np.cumsum(self.n_event).astype(np.float64)

    @property
    def greenwood(self) -> Floats:
        """Increments d / (n (n - d)) of the variance of log S; infinite where all at risk die."""
        left = self.n_risk - self.n_event
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.n_event > 0, self.n_event / (self.n_risk * left), 0.0)


@dataclass(frozen=True)
class SurvivalAt:
    """S at given times; shape (n_times,), NaN past the last follow-up."""

    time: Floats
    n_risk: Floats
    n_event: Floats
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats


def confidence_limits(
    estimate: Floats, se_log: Floats, conf_type: ConfType, conf_level: float
) -> tuple[Floats, Floats]:
    """Limits of S from the standard error of log S, with R's rule at S = 0 and S = 1 for each type.

    R: ``survfit_confint(p, se, logse = TRUE, conf.type, conf.int)``.
    """
    z = float(norm.ppf(1 - (1 - conf_level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "plain":
            half = se_log * estimate * z
            return np.maximum(estimate - half, 0.0), np.minimum(estimate + half, 1.0)
        inside = np.where(estimate == 0, np.nan, estimate)
        if conf_type == "log":
            middle = np.log(inside)
            return np.exp(middle - z * se_log), np.minimum(np.exp(middle + z * se_log), 1.0)
        if conf_type == "log-log":
            inside = np.where(estimate == 1, np.nan, inside)
            half = z * se_log / np.log(inside)
            middle = np.log(-np.log(inside))
            return np.exp(-np.exp(middle - half)), np.exp(-np.exp(middle + half))
        half = z * se_log * (1 + inside / (1 - inside))
        middle = np.log(inside / (1 - inside))
        return 1 - 1 / (1 + np.exp(middle - half)), 1 - 1 / (1 + np.exp(middle + half))


def count_events(time: Floats, event: Bools, entry: Floats | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Return distinct times, number at risk (entry < t <= T), events and censorings; each of shape (n_times,)."""
    distinct, index = index_times(time)
    n_event = np.bincount(index, weights=event.astype(np.float64), minlength=distinct.size)
    n_all: Floats = np.bincount(index, minlength=distinct.size).astype(np.float64)
    n_risk: Floats = np.cumsum(n_all[::-1])[::-1].astype(np.float64)
    if entry is not None:
        n_risk = n_risk - (entry.size - np.searchsorted(np.sort(entry), distinct, side="left"))
    return distinct, n_risk, n_event.astype(np.float64), n_all - n_event


def _curve(
    time: Floats,
    n_risk: Floats,
    n_event: Floats,
    n_censor: Floats,
    conf_type: ConfType,
    conf_level: float,
    entry: Floats | None = None,
) -> SurvivalCurve:
    with np.errstate(divide="ignore", invalid="ignore"):
        cumulative: Floats = np.cumsum(np.where(n_event > 0, n_event / n_risk, 0.0)).astype(np.float64)
        terms = np.where(n_event > 0, n_event / (n_risk * (n_risk - n_event)), 0.0)
        estimate: Floats = np.cumprod(np.where(n_event > 0, (n_risk - n_event) / n_risk, 1.0)).astype(np.float64)
        se_log = np.sqrt(np.cumsum(terms))
        low, high = confidence_limits(estimate, se_log, conf_type, conf_level)
        std_error = estimate * se_log
    return SurvivalCurve(time, n_risk, n_event, n_censor, estimate, std_error, low, high, cumulative, entry)


def estimate_survival(
    time: Floats, event: Bools, *, conf_type: ConfType, conf_level: float, entry: Floats | None = None
) -> SurvivalCurve:
    """Kaplan–Meier estimate, S(t) = prod over t_i <= t of (1 - d_i / n_i); R: ``survfit(Surv(time, event) ~ 1)``.

    With `entry` the risk set at t holds those with entry < t <= time; R: ``survfit(Surv(entry, time, event) ~ 1)``.
    Once all at risk die S is 0 and stays 0, however many enter later.

    Parameters
    ----------
    time, event
        Shape (n,), n >= 1; near-equal times already merged.
    entry
        Shape (n,), each before its time; None when all were observed from 0.
    """
    counts = count_events(time, event, entry)
    return _curve(*counts, conf_type, conf_level, None if entry is None else np.sort(entry))


def estimate_follow_up(time: Floats, event: Bools, *, conf_type: ConfType, conf_level: float) -> SurvivalCurve:
    """Reverse Kaplan–Meier estimate of the censoring distribution.

    Deaths precede censorings: who died at t is not at risk of censoring at t.
    R: ``prodlim(Hist(time, event) ~ 1, reverse = TRUE)``. Schemper & Smith, Control Clin Trials 1996;17:343.
    """
    distinct, n_risk, n_event, n_censor = count_events(time, event)
    return _curve(distinct, n_risk - n_event, n_censor, n_event, conf_type, conf_level)


def survival_at(curve: SurvivalCurve, times: Floats) -> SurvivalAt:
    """S and n at risk at given times; R: ``summary(survfit, times = times)``, which omits times past follow-up."""
    wanted = np.asarray(times, dtype=np.float64)
    last = np.searchsorted(curve.time, wanted, side="right") - 1
    first = np.searchsorted(curve.time, wanted, side="left")
    past = wanted > curve.time[-1]

    def pick(values: Floats, before: float) -> Floats:
        return np.where(past, np.nan, np.where(last < 0, before, values[np.maximum(last, 0)]))

    at_risk = np.append(curve.n_risk, 0.0)[first]
    if curve.entry is not None:
        following = np.append(curve.time, np.inf)[first]
        entered = np.searchsorted(curve.entry, following, side="left") - np.searchsorted(
            curve.entry, wanted, side="left"
        )
        at_risk = np.where(past, 0.0, at_risk - entered)
    return SurvivalAt(
        wanted,
        at_risk,
        pick(np.cumsum(curve.n_event), 0.0),
        pick(curve.estimate, 1.0),
        pick(curve.std_error, 0.0),
        pick(curve.conf_low, 1.0),
        pick(curve.conf_high, 1.0),
    )


def _crossing(time: Floats, failed: Floats, p: float) -> float:
    """Time at which the step function `failed` reaches p; the middle of the plateau when it stays at p.

    R: ``survival:::findq``. A band need not be monotone; as in R its values are searched in their own order.
    """
    times, values = np.concatenate(([0.0], time)), np.concatenate(([0.0], failed))
    _, first = np.unique(values, return_index=True)
    order = first[~np.isnan(values[first])]
    steps = values[order]
    if steps[-1] < p:
        return float("nan")
    start = times[order[np.searchsorted(steps + QUANTILE_TOLERANCE, p)]]
    last = values[np.sort(first)[-1]]
    if abs(p - last) < QUANTILE_TOLERANCE:
        return float((start + time[-1]) / 2)
    above = int(np.searchsorted(steps - QUANTILE_TOLERANCE, p))
    return float((start + times[order[above]]) / 2) if above < order.size else float("nan")


def survival_quantile(curve: SurvivalCurve, p: float) -> tuple[float, float, float]:
    """Return the time by which a share p has failed and its limits; NaN where not reached.

    R: ``quantile(survfit, probs = p)``: the middle of a plateau within sqrt(eps) of 1 - p; limits by the same rule on
    the bands.
    """
    return (
        _crossing(curve.time, 1 - curve.estimate, p),
        _crossing(curve.time, 1 - curve.conf_low, p),
        _crossing(curve.time, 1 - curve.conf_high, p),
    )


def restricted_mean(curve: SurvivalCurve, tau: float) -> tuple[float, float]:
    """Return the area under S up to `tau` and its standard error; R: ``summary(survfit, rmean = tau)``.

    NaN when `tau` lies past the last time and S is not 0 there.
    """
    if tau > curve.time[-1] and curve.estimate[-1] > 0:
        return float("nan"), float("nan")
    inside = curve.time < tau
    edges = np.concatenate(([0.0], curve.time[inside], [tau]))
    heights = np.concatenate(([1.0], curve.estimate[inside]))
    areas = np.diff(edges) * heights
    remaining = (areas.sum() - np.cumsum(areas))[: int(inside.sum())]
    # Where S has reached 0 the term is infinite and no area is left but rounding error.
    terms = np.where((remaining > 0) & (curve.estimate[inside] > 0), curve.greenwood[inside], 0.0)
    return float(areas.sum()), float(np.sqrt(np.sum(remaining**2 * terms)))
