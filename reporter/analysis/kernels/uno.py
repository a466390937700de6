"""Uno's concordance: pairs weighted by the inverse square of the censoring distribution, up to a time tau.

References: Uno et al., Stat Med 2011;30:1105; R: ``concordance(timewt = "n/G2", ymax = tau, reverse = TRUE)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.concordance import count_below

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class UnoConcordance:
    """C = Σ (concordant + tied / 2) / Σ pairs, weighted; NaN without comparable pairs.

    Parameters
    ----------
    std_error
        Infinitesimal jackknife with the censoring distribution treated as known.
    largest_weight
        1 / G(t-)² of the last event counted.
    """

    estimate: float
    std_error: float
    largest_weight: float


def censoring_before(time: Floats, event: Bools, at: Floats) -> Floats:
    """Return G(t-) at each of `at`: the reverse Kaplan–Meier estimate in which deaths precede censorings.

    Who dies at t is not at risk of being censored at t; G(t-) takes the censorings before t.
    """
    distinct, place = np.unique(time, return_inverse=True)
    n_death = np.bincount(place, weights=event, minlength=distinct.size)
    n_censor = np.bincount(place, weights=~event, minlength=distinct.size)
    n_risk = np.cumsum((n_death + n_censor)[::-1])[::-1] - n_death
    factor = np.where(n_censor > 0, 1 - n_censor / np.maximum(n_risk, 1), 1.0)
    before = np.concatenate(([1.0], np.cumprod(factor)))
    return np.asarray(before[np.searchsorted(distinct, at, side="left")], dtype=np.float64)


def _weight_below(rank: Ints, weight: Floats, first: Ints, limit: Ints) -> Floats:
    """Sum the weights of those of the first ``first[i]`` cases whose rank is below ``limit[i]``.

    The first f cases are one block of each size 2^b that stands in f's binary digits; each block is kept sorted by
    rank with running sums, so O((cases + queries) log² n), memory O(n).

    Parameters
    ----------
    rank, weight
        Of the cases, shape (n_cases,).
    first, limit
        Shape (n_queries,).
    """
    found = np.zeros(first.size)
    span = int(max(rank.max(), limit.max())) + 1
    position = np.arange(rank.size)
    order = position
    width = 1
    while width <= rank.size:
        key = position // width * span + rank[order]
        running = np.concatenate(([0.0], np.cumsum(weight[order])))
        asked = np.flatnonzero(first & width)
        start = first[asked] // (2 * width) * (2 * width)
        place = np.searchsorted(key, start // width * span + limit[asked], side="left")
        found[asked] += running[place] - running[start]
        width *= 2
        order = order[np.argsort(position // width * span + rank[order], kind="stable")]
    return found


def uno_concordance(time: Floats, event: Bools, risk: Floats, *, tau: float) -> UnoConcordance:
    """Weight each pair by 1 / G(t-)², t the shorter time, which ended in an event at or before `tau`.

    An event precedes a censoring at the same time; two events at the same time are not comparable; equal `risk` counts
    one half.

    Parameters
    ----------
    time, event, risk
        Shape (n,); higher `risk` means shorter survival.
    """
    rank = np.unique(risk, return_inverse=True)[1].astype(np.int64)
    place = 2 * np.unique(time, return_inverse=True)[1].astype(np.int64) + ~event
    cases = np.flatnonzero(event & (time <= tau))
    if not cases.size:
        return UnoConcordance(float("nan"), float("nan"), float("nan"))
    cases = cases[np.argsort(place[cases], kind="stable")]
    weight = 1.0 / censoring_before(time, event, time[cases]) ** 2

    latest_first = np.argsort(-place, kind="stable")
    n_later = np.searchsorted(-place[latest_first], -place[cases], side="left").astype(np.int64)
    below = count_below(rank[latest_first], n_later, rank[cases])
    not_above = count_below(rank[latest_first], n_later, rank[cases] + 1)

    n_earlier = np.searchsorted(place[cases], place, side="left").astype(np.int64)
    total_before = np.concatenate(([0.0], np.cumsum(weight)))[n_earlier]
    both = _weight_below(rank[cases], weight, np.tile(n_earlier, 2), np.concatenate((rank, rank + 1)))
    case_below, case_not_above = both[: time.size], both[time.size :]

    score = (total_before - case_not_above) + 0.5 * (case_not_above - case_below)
    score[cases] += weight * (below + 0.5 * (not_above - below))
    pairs = total_before.copy()
    pairs[cases] += weight * n_later
    total = float(np.sum(weight * n_later))
    if not total:
        return UnoConcordance(float("nan"), float("nan"), float("nan"))
    estimate = float(np.sum(weight * (below + 0.5 * (not_above - below)))) / total
    influence = (score - estimate * pairs) / total
    return UnoConcordance(estimate, float(np.sqrt(np.sum(influence**2))), float(weight[-1]))
