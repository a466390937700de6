"""Brier score and cumulative/dynamic AUC at a horizon, by inverse probability of censoring weights.

References: Graf et al., Stat Med 1999;18:2529; Uno et al., J Am Stat Assoc 2007;102:527; Blanche et al., Biometrics
2015;71:102. R: ``riskRegression::Score(cens.model = "marginal")``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.uno import censoring_before

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Weighed:
    """Who is known to have had the event by the horizon, or to be free of it; shapes (n,).

    Parameters
    ----------
    time, event
        Of all patients.
    until
        The earlier of `time` and the horizon.
    case
        Event at or before the horizon.
    control
        Followed to the horizon or beyond without an event by then.
    weight
        1 / G(until-), G the reverse Kaplan–Meier estimate in which deaths precede censorings; 0 for the others.
    uncensored
        G just before the horizon.
    """

    time: Floats
    event: Bools
    until: Floats
    case: Bools
    control: Bools
    weight: Floats
    uncensored: float

    @property
    def effective_n(self) -> float:
        """(Σ weight)² / Σ weight²."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())


@dataclass(frozen=True)
class Scored:
    """An estimate with its influences, of shape (n,): the standard error is the root of the sum of their squares."""

    estimate: float
    influence: Floats

    @property
    def std_error(self) -> float:
        """The infinitesimal jackknife, with G estimated."""
        return float(np.sqrt((self.influence**2).sum()))


def weigh(time: Floats, event: Bools, horizon: float) -> Weighed:
    """Weigh the patients whose state at `horizon` is known by the inverse probability of not being censored before.

    Parameters
    ----------
    time, event
        Shape (n,), n >= 1.
    """
    case = event & (time <= horizon)
    control = (time >= horizon) & ~case
    until = np.minimum(time, horizon)
    at = censoring_before(time, event, until)
    known = case | control
    weight = np.where(known, 1 / np.where(known, at, 1.0), 0.0)
    uncensored = float(censoring_before(time, event, np.array([horizon]))[0])
    return Weighed(time, event, until, case, control, weight, uncensored)


def through_censoring(who: Weighed, weighted: Floats) -> Floats:
    """Influence of each patient on Σ `weighted` by way of G; shape (n,).

    Σ over u of dM_j(u) K(u) / (Y(u) - d(u)), K(u) the sum of `weighted` of those beyond u, M_j the martingale of
    censoring, Y(u) those at risk of it (who died at u is not) and d(u) the censored.
    """
    distinct, place = np.unique(who.time, return_inverse=True)
    n_death = np.bincount(place, weights=who.event, minlength=distinct.size)
    n_censor = np.bincount(place, weights=~who.event, minlength=distinct.size)
    n_risk = np.cumsum((n_death + n_censor)[::-1])[::-1] - n_death
    order = np.argsort(who.until, kind="stable")
    beyond = np.concatenate((np.cumsum(weighted[order][::-1])[::-1], [0.0]))
    after = beyond[np.searchsorted(who.until[order], distinct, side="right")]
    left = n_risk - n_censor
    ratio = np.where((n_censor > 0) & (left > 0), after / np.where(left > 0, left, 1.0), 0.0)
    drift = np.concatenate(([0.0], np.cumsum(ratio * n_censor / np.maximum(n_risk, 1.0))))
    return np.where(who.event, -drift[place], ratio[place] - drift[place + 1])


def brier_score(who: Weighed, risk: Floats) -> Scored:
    """Weighted mean of (state - risk)², state 1 for cases and 0 for controls.

    Parameters
    ----------
    risk
        Predicted risk of the event by the horizon, shape (n,), or one number for all.
    """
    n = who.time.size
    weighted = who.weight * (who.case - risk) ** 2
    estimate = float(weighted.sum() / n)
    return Scored(estimate, (weighted - estimate + through_censoring(who, weighted)) / n)


def scaled_brier(score: Scored, null: Scored) -> Scored:
    """1 - Brier / Brier of the same risk for all, the observed one (Kaplan–Meier).

    That risk makes the score of all smallest: its own influence is 0.
    """
    ratio = score.estimate / null.estimate
    return Scored(1 - ratio, -(score.influence - ratio * null.influence) / null.estimate)


def dynamic_auc(who: Weighed, score: Floats) -> Scored:
    """Probability that a case has a higher score than a control, ties half; NaN without cases or controls.

    Parameters
    ----------
    score
        Shape (n,); higher means earlier.
    """
    n_control, weight = int(who.control.sum()), np.where(who.case, who.weight, 0.0)
    if not n_control or not who.case.any():
        return Scored(float("nan"), np.full(who.time.size, np.nan))
    controls = np.sort(score[who.control])
    places = [np.searchsorted(controls, score, side=side) for side in ("left", "right")]
    below = (places[0] + places[1]) / 2 / n_control
    total = float(weight.sum())
    estimate = float((weight * below).sum() / total)
    cases = np.argsort(score, kind="stable")
    mass = np.concatenate(([0.0], np.cumsum(weight[cases])))
    not_above = sum(mass[np.searchsorted(score[cases], score, side=side)] for side in ("left", "right")) / 2
    own = weight * (below - estimate)
    of_control = np.where(who.control, (1 - not_above / total - estimate) / n_control, 0.0)
    return Scored(estimate, (own + through_censoring(who, own)) / total + of_control)
