"""Pairs of a concordance, counted by walking up the risk over Fenwick trees of the times; compiled, for a large cohort.

A registry has few distinct times, so the trees stay in the processor's cache whatever the number of rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@compiled
def _add(tree: Ints, at: int) -> None:
    """Count one more at place `at`."""
    i = at + 1
    while i < tree.size:
        tree[i] += 1
        i += i & -i


@compiled
def _before(tree: Ints, at: int) -> int:
    """Return how many stand at places before `at`."""
    found = 0
    i = at
    while i > 0:
        found += tree[i]
        i -= i & -i
    return found


@compiled
def _walk(order: Ints, risk: Floats, place: Ints, is_case: Bools, n_places: int, below: Floats, equal: Floats) -> float:
    """Fill `below` and `equal`, shape (2, n), and return the pairs of cases that are equal in risk and place.

    Row 0: for a case, those at later places of lower and of equal risk. Row 1: for each row, the cases before.
    """
    rows, cases = np.zeros(n_places + 1, dtype=np.int64), np.zeros(n_places + 1, dtype=np.int64)
    here = np.zeros(n_places, dtype=np.int64)
    both = 0.0
    n = order.size
    begin = 0
    while begin < n:
        end = begin + 1
        while end < n and risk[order[end]] == risk[order[begin]]:
            end += 1
        for k in range(begin, end):
            i = order[k]
            below[1, i] = _before(cases, place[i])
            if is_case[i]:
                below[0, i] = begin - _before(rows, place[i] + 1)
        for k in range(begin, end):
            i = order[k]
            _add(rows, place[i])
            if is_case[i]:
                _add(cases, place[i])
                both += here[place[i]]
                here[place[i]] += 1
        for k in range(begin, end):
            i = order[k]
            here[place[i]] = 0
            if end > begin + 1:
                equal[1, i] = _before(cases, place[i]) - below[1, i]
                if is_case[i]:
                    equal[0, i] = end - _before(rows, place[i] + 1) - below[0, i]
        begin = end
    return both


def count_pairs(
    place: Ints, cases: Ints, risk: Floats
) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats], float]:
    """Count for each case those at later places, for each row the cases at earlier ones, and the cases tied in both.

    Parameters
    ----------
    place, risk
        Shape (n,).
    cases
        Rows whose event counts.

    Returns
    -------
    Of lower risk, of equal risk and of all, first for the cases, then for all rows; pairs of cases tied in both.
    """
    n, n_places = place.size, int(place.max(initial=0)) + 1
    is_case = np.zeros(n, dtype=bool)
    is_case[cases] = True
    below, equal = np.zeros((2, n)), np.zeros((2, n))
    both = _walk(np.argsort(risk), risk, place, is_case, n_places, below, equal)
    until = np.cumsum(np.bincount(place, minlength=n_places))
    n_later = (n - until[place[cases]]).astype(np.float64)
    at = np.bincount(place[cases], minlength=n_places)
    n_earlier = (np.cumsum(at) - at)[place].astype(np.float64)
    return (below[0, cases], equal[0, cases], n_later), (below[1], equal[1], n_earlier), both
