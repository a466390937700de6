"""Harrell's concordance with R's infinitesimal-jackknife standard error.

References: Harrell et al., Stat Med 1996;15:361; R: ``concordance(Surv(time, event) ~ lp, reverse = TRUE, ymax)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.range_counts import weigh_below
from reporter.analysis.kernels.time_index import index_times

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Counts = tuple[Floats, Floats, Floats]

LARGE = 30_000  # rows from which compiled loops repay the import of their compiler


@dataclass(frozen=True)
class Concordance:
    """C = (concordant + tied_risk / 2) / (concordant + discordant + tied_risk); NaN without comparable pairs.

    The counts are sums of the products of case weights.
    """

    estimate: float
    std_error: float
    n_concordant: float
    n_discordant: float
    n_tied_risk: float
    n_tied_time: float
    n_tied_both: float


def count_below(values: Ints, first: Ints, limit: Ints) -> Ints:
    """Count the entries below ``limit[i]`` among the first ``first[i]`` of `values`; all three hold integers >= 0."""
    return weigh_below(values, np.zeros_like(first), first, limit, None).astype(np.int64)


def _tied_pairs(key: Ints, weights: Floats | None) -> float:
    """Sum the weights of the pairs that are equal in the key."""
    if not key.size:
        return 0.0
    index = index_times(key)[1]
    if weights is None:
        sizes = np.bincount(index)
        return float((sizes * (sizes - 1) // 2).sum())
    return float((np.bincount(index, weights=weights) ** 2 - np.bincount(index, weights=weights**2)).sum() / 2)


class _Ordered:
    """Rows in the order of an integer key, to sum weights over runs of it by rank."""

    def __init__(self, key: Ints, rank: Ints, weights: Floats | None) -> None:
        order = np.argsort(key, kind="stable")
        self.key, self.rank = key[order], rank[order]
        self.weights = None if weights is None else weights[order]
        plain = np.ones(key.size) if self.weights is None else self.weights
        self.running = np.concatenate(([0.0], np.cumsum(plain)))

    def sums(self, low: Ints, high: Ints, rank: Ints) -> tuple[Floats, Floats, Floats]:
        """Sum over keys in low..high - 1: of lower rank, of equal rank, of all."""
        first, last = np.searchsorted(self.key, low), np.searchsorted(self.key, high)
        last = np.maximum(first, last)
        below = weigh_below(self.rank, first, last, rank, self.weights)
        not_above = weigh_below(self.rank, first, last, rank + 1, self.weights)
        return below, not_above - below, self.running[last] - self.running[first]


@dataclass(frozen=True)
class _Places:
    """Integer places of the rows in time: 2k for an event at the k-th time, 2k + 1 for a censoring; shape (n,).

    `entered` is the last time at or before the entry (-1: at risk from the start), `base` the first key of the
    stratum, `width` the number of keys of one.
    """

    place: Ints
    entered: Ints | None
    base: Ints
    width: int


def _place(time: Floats, event: NDArray[np.bool_], entry: Floats | None, strata: Ints | None) -> _Places:
    distinct, index = index_times(time)
    place = 2 * index + ~event
    width = 2 * distinct.size + 2
    base = np.zeros_like(place) if strata is None else strata * width
    entered = None if entry is None else np.searchsorted(distinct, entry, side="right").astype(np.int64) - 1
    return _Places(place, entered, base, width)


def _later(at: _Places, cases: Ints, rank: Ints, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Sum over those at risk beyond the time of each case: of lower rank, of equal rank, of all."""
    base, place, top = at.base[cases], at.place[cases], at.width - 1
    later = _Ordered(at.base + top - at.place, rank, weights).sums(base, base + top - place, rank[cases])
    if at.entered is None:
        return later
    # Who enters at or after the time of a case also leaves after it.
    not_yet = _Ordered(at.base + top - 2 * (at.entered + 1), rank, weights)
    absent = not_yet.sums(base, base + top - place - 1, rank[cases])
    below, equal, everybody = (found - less for found, less in zip(later, absent, strict=True))
    return below, equal, everybody


def _earlier(at: _Places, cases: Ints, rank: Ints, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Sum over the cases that each row outlived while at risk: of lower rank, of equal rank, of all."""
    ordered = _Ordered((at.base + at.place)[cases], rank[cases], None if weights is None else weights[cases])
    since = at.base if at.entered is None else at.base + 2 * (at.entered + 1)
    return ordered.sums(since, at.base + at.place, rank)


def concordance(
    time: Floats, event: NDArray[np.bool_], risk: Floats, *, ymax: float | None, entry: Floats | None = None,
    strata: Ints | None = None, weights: Floats | None = None, cluster: Ints | None = None,
) -> Concordance:  # fmt: skip
    """Count pairs in which the shorter time ended in an event (at or before `ymax`).

    An event precedes a censoring at the same time; two events at the same time are not comparable, nor are rows of
    different strata, nor a row with an event before or at its entry. Work is O(n log n), memory O(n).

    Parameters
    ----------
    time, event, risk
        Shape (n,); higher `risk` means shorter survival.
    entry, strata, weights
        Entry times, codes of strata from 0, case weights; a pair weighs the product.
    cluster
        Codes over which the influence is summed for the standard error.
    """
    at = _place(time, event, entry, strata)
    cases = np.flatnonzero(event if ymax is None else event & (time <= ymax))
    mass = None if weights is None else weights[cases]
    if time.size >= LARGE and entry is None and strata is None and weights is None:
        from reporter.analysis.kernels.compiled_counts import count_pairs  # numba is worth its import only here

        later, earlier, both = count_pairs(at.place, cases, risk)
    else:
        rank = index_times(risk)[1]
        later, earlier = _later(at, cases, rank, weights), _earlier(at, cases, rank, weights)
        width = int(rank.max(initial=0)) + 1
        both = _tied_pairs((at.base + at.place)[cases] * width + rank[cases], mass)
    return _estimate(at, cases, later, earlier, both, weights, cluster)


def _estimate(
    at: _Places, cases: Ints, later: Counts, earlier: Counts, both: float, weights: Floats | None, cluster: Ints | None
) -> Concordance:
    """Put the sums over the cases' later rows and over the rows' earlier cases together."""
    mass = None if weights is None else weights[cases]
    below, equal, n_later = later
    case_below, case_equal, n_earlier = earlier
    score = (n_earlier - case_below - case_equal) + 0.5 * case_equal
    score[cases] += below + 0.5 * equal
    pairs = n_earlier
    pairs[cases] += n_later

    concordant, tied, total = (
        float(found.sum() if mass is None else found @ mass) for found in (below, equal, n_later)
    )
    key = (at.base + at.place)[cases]
    counts = (concordant, total - concordant - tied, tied, _tied_pairs(key, mass) - both, both)
    if not total:
        return Concordance(float("nan"), float("nan"), *counts)
    estimate = (concordant + tied / 2) / total
    influence = (score - estimate * pairs) / total
    if weights is not None:
        influence = influence * weights
    if cluster is not None:
        influence = np.bincount(index_times(cluster)[1], weights=influence).astype(np.float64)
    return Concordance(estimate, float(np.sqrt(np.sum(influence**2))), *counts)
