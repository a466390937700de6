"""Counts of smaller values in ranges of a sequence, in O((n + queries) log n)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def weigh_below(values: Ints, low: Ints, high: Ints, limit: Ints, weights: Floats | None) -> Floats:
    """Sum the weights of the entries below ``limit[i]`` in ``values[low[i]:high[i]]``; None: count them.

    A wavelet matrix: one stable partition of `values` per binary digit.

    Parameters
    ----------
    values, weights
        Shape (n,); integers >= 0.
    low, high, limit
        Shape (n_queries,).
    """
    largest = max(int(values.max(initial=0)), int(limit.max(initial=0)))
    row, weight = values, weights
    found = np.zeros(low.size)
    for digit in range(largest.bit_length() - 1, -1, -1):
        ones = (row >> digit) & 1
        n_zero = np.concatenate(([0], np.cumsum(1 - ones)))
        zeros_low, zeros_high = n_zero[low], n_zero[high]
        upper = ((limit >> digit) & 1).astype(bool)
        if weight is None:
            found += np.where(upper, zeros_high - zeros_low, 0)
        else:
            weighed = np.concatenate(([0.0], np.cumsum(weight * (1 - ones))))
            found += np.where(upper, weighed[high] - weighed[low], 0.0)
            weight = np.concatenate((weight[ones == 0], weight[ones == 1]))
        start = int(n_zero[-1])
        low = np.where(upper, start + low - zeros_low, zeros_low)
        high = np.where(upper, start + high - zeros_high, zeros_high)
        row = np.concatenate((row[ones == 0], row[ones == 1]))
    return found
