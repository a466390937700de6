"""Weights of earlier cases by rank of risk, summed over a Fenwick tree of the times; compiled, for a large cohort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def _add_weight(tree: Floats, at: int, weight: float) -> None:
    """Add a weight at place `at`."""
    i = at + 1
    while i < tree.size:
        tree[i] += weight
        i += i & -i


@compiled
def _weight_before(tree: Floats, at: int) -> float:
    """Return the weight at places before `at`."""
    found = 0.0
    i = at
    while i > 0:
        found += tree[i]
        i -= i & -i
    return found


@compiled
def _walk_weights(order: Ints, risk: Floats, place: Ints, weight: Floats, below: Floats, equal: Floats) -> None:
    """Fill, for each row, the weights at earlier places of lower and of equal risk."""
    tree = np.zeros(place.max() + 2)
    n = order.size
    begin = 0
    while begin < n:
        end = begin + 1
        while end < n and risk[order[end]] == risk[order[begin]]:
            end += 1
        for k in range(begin, end):
            below[order[k]] = _weight_before(tree, place[order[k]])
        for k in range(begin, end):
            if weight[order[k]] > 0.0:
                _add_weight(tree, place[order[k]], weight[order[k]])
        for k in range(begin, end):
            equal[order[k]] = _weight_before(tree, place[order[k]]) - below[order[k]]
        begin = end


def weights_before(place: Ints, risk: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Sum for each row the weights of rows at earlier places, of lower and of equal risk; shape (n,) each."""
    below, equal = np.zeros(place.size), np.zeros(place.size)
    _walk_weights(np.argsort(risk), risk, place, weight, below, equal)
    return below, equal
