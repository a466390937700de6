"""Uno's concordance: pairs weighted by the inverse square of the censoring distribution, up to a time tau.

References: Uno et al., Stat Med 2011;30:1105; R: ``concordance(timewt = "n/G2", ymax = tau, reverse = TRUE)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.concordance import LARGE
from reporter.analysis.kernels.range_counts import weigh_below

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


@dataclass(frozen=True)
class _Sums:
    """Of each case, rows at later places of lower and equal risk, and all; of each row, weights of earlier cases."""

    below: Floats
    equal: Floats
    n_later: Floats
    case_below: Floats
    case_equal: Floats


def _count(place: Ints, cases: Ints, risk: Floats, weight: Floats) -> _Sums:
    rank = np.unique(risk, return_inverse=True)[1].astype(np.int64)
    latest_first = np.argsort(-place, kind="stable")
    n_later = np.searchsorted(-place[latest_first], -place[cases], side="left").astype(np.int64)
    nobody = np.zeros_like(n_later)
    below = weigh_below(rank[latest_first], nobody, n_later, rank[cases], None)
    not_above = weigh_below(rank[latest_first], nobody, n_later, rank[cases] + 1, None)
    n_earlier = np.searchsorted(place[cases], place, side="left").astype(np.int64)
    start = np.zeros_like(n_earlier)
    case_below = weigh_below(rank[cases], start, n_earlier, rank, weight)
    case_not_above = weigh_below(rank[cases], start, n_earlier, rank + 1, weight)
    return _Sums(below, not_above - below, n_later.astype(np.float64), case_below, case_not_above - case_below)


def _count_large(place: Ints, cases: Ints, risk: Floats, weight: Floats) -> _Sums:
    """Do the same in compiled loops, which repay the import of their compiler."""
    from reporter.analysis.kernels.compiled_counts import count_pairs
    from reporter.analysis.kernels.compiled_weights import weights_before

    (below, equal, n_later), _earlier, _both = count_pairs(place, cases, risk)
    at_row = np.zeros(place.size)
    at_row[cases] = weight
    return _Sums(below, equal, n_later, *weights_before(place, risk, at_row))


def uno_concordance(time: Floats, event: Bools, risk: Floats, *, tau: float) -> UnoConcordance:
    """Weight each pair by 1 / G(t-)², t the shorter time, which ended in an event at or before `tau`.

    An event precedes a censoring at the same time; two events at the same time are not comparable; equal `risk` counts
    one half.

    Parameters
    ----------
    time, event, risk
        Shape (n,); higher `risk` means shorter survival.
    """
    place = 2 * np.unique(time, return_inverse=True)[1].astype(np.int64) + ~event
    cases = np.flatnonzero(event & (time <= tau))
    if not cases.size:
        return UnoConcordance(float("nan"), float("nan"), float("nan"))
    cases = cases[np.argsort(place[cases], kind="stable")]
    weight = 1.0 / censoring_before(time, event, time[cases]) ** 2
    count = _count_large if time.size >= LARGE else _count
    sums = count(place, cases, risk, weight)

    n_earlier = np.searchsorted(place[cases], place, side="left")
    pairs = np.concatenate(([0.0], np.cumsum(weight)))[n_earlier]
    score = pairs - sums.case_below - 0.5 * sums.case_equal
    concordant = sums.below + 0.5 * sums.equal
    score[cases] += weight * concordant
    pairs[cases] += weight * sums.n_later
    total = float(np.sum(weight * sums.n_later))
    if not total:
        return UnoConcordance(float("nan"), float("nan"), float("nan"))
    estimate = float(np.sum(weight * concordant)) / total
    influence = (score - estimate * pairs) / total
    return UnoConcordance(estimate, float(np.sqrt(np.sum(influence**2))), float(weight[-1]))
