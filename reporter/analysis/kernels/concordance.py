"""Harrell's concordance with R's infinitesimal-jackknife standard error.

References: Harrell et al., Stat Med 1996;15:361; R: ``concordance(Surv(time, event) ~ lp, reverse = TRUE, ymax)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Concordance:
    """C = (concordant + tied_risk / 2) / (concordant + discordant + tied_risk); NaN without comparable pairs."""

    estimate: float
    std_error: float
    n_concordant: float
    n_discordant: float
    n_tied_risk: float
    n_tied_time: float
    n_tied_both: float


def count_below(values: Ints, first: Ints, limit: Ints) -> Ints:
    """Count the entries below ``limit[i]`` among the first ``first[i]`` of `values`; all three hold integers >= 0.

    A wavelet matrix: one stable partition of `values` per binary digit, so O((n + queries) log(largest value)).

    Parameters
    ----------
    values
        Shape (n,).
    first, limit
        Shape (n_queries,); ``first`` at most n.
    """
    largest = max(int(values.max(initial=0)), int(limit.max(initial=0)))
    row, low, high = values, np.zeros_like(first), first.copy()
    found = np.zeros_like(first)
    for digit in range(largest.bit_length() - 1, -1, -1):
        ones = (row >> digit) & 1
        n_zero = np.concatenate(([0], np.cumsum(1 - ones)))
        zeros_low, zeros_high = n_zero[low], n_zero[high]
        upper = ((limit >> digit) & 1).astype(bool)
        found += np.where(upper, zeros_high - zeros_low, 0)
        start = int(n_zero[-1])
        low = np.where(upper, start + low - zeros_low, zeros_low)
        high = np.where(upper, start + high - zeros_high, zeros_high)
        row = np.concatenate((row[ones == 0], row[ones == 1]))
    return found


def _n_pairs(*keys: Ints) -> float:
    """Count the pairs that are equal in all keys."""
    if not keys[0].size:
        return 0.0
    _, sizes = np.unique(np.column_stack(keys), axis=0, return_counts=True)
    return float((sizes * (sizes - 1) // 2).sum())


def concordance(time: Floats, event: NDArray[np.bool_], risk: Floats, *, ymax: float | None) -> Concordance:
    """Count pairs in which the shorter time ended in an event (at or before `ymax`).

    An event precedes a censoring at the same time; two events at the same time are not comparable.
    Work is O(n log n), memory O(n).

    Parameters
    ----------
    time, event, risk
        Shape (n,); higher `risk` means shorter survival.
    """
    rank = np.unique(risk, return_inverse=True)[1].astype(np.int64)
    # An event at t comes before a censoring at t: position 2k for events, 2k + 1 for censorings at the k-th time.
    place = 2 * np.unique(time, return_inverse=True)[1].astype(np.int64) + ~event
    cases = np.flatnonzero(event if ymax is None else event & (time <= ymax))

    latest_first = np.argsort(-place, kind="stable")
    n_later = np.searchsorted(-place[latest_first], -place[cases], side="left").astype(np.int64)
    below = count_below(rank[latest_first], n_later, rank[cases])
    not_above = count_below(rank[latest_first], n_later, rank[cases] + 1)

    earliest_first = cases[np.argsort(place[cases], kind="stable")]
    n_earlier = np.searchsorted(place[earliest_first], place, side="left").astype(np.int64)
    case_below = count_below(rank[earliest_first], n_earlier, rank)
    case_not_above = count_below(rank[earliest_first], n_earlier, rank + 1)

    score = (n_earlier - case_not_above) + 0.5 * (case_not_above - case_below)
    score[cases] += below + 0.5 * (not_above - below)
    pairs = n_earlier.astype(np.float64)
    pairs[cases] += n_later

    concordant, tied = float(below.sum()), float((not_above - below).sum())
    total = float(n_later.sum())
    both = _n_pairs(place[cases], rank[cases])
    counts = (concordant, total - concordant - tied, tied, _n_pairs(place[cases]) - both, both)
    if not total:
        return Concordance(float("nan"), float("nan"), *counts)
    estimate = (concordant + tied / 2) / total
    influence = (score - estimate * pairs) / total
    return Concordance(estimate, float(np.sqrt(np.sum(influence**2))), *counts)
