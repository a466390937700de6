"""Sums over runs of an index, by additions alone: differences of running sums would lose digits by cancellation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def segmented_cumsum(values: Floats, start: Ints, *, backwards: bool = False) -> Floats:
    """Return running sums of `values` (J,) or (J, p) that begin anew in each segment ``start[k]:start[k + 1]``."""
    out = np.empty_like(values)
    for low, high in pairwise(start):
        part = values[low:high]
        out[low:high] = np.cumsum(part[::-1], axis=0)[::-1] if backwards else np.cumsum(part, axis=0)
    return out


class IntervalSums:
    """Rows that cover the indices first..last (none where last < first) of 0..size - 1, as a segment tree.

    Each run is a union of at most 2 log2(size) nodes of a binary tree over the indices; sums go up or down that tree.

    Parameters
    ----------
    first, last
        Shape (n,).
    size
        Number of indices.
    """

    def __init__(self, first: Ints, last: Ints, size: int) -> None:
        self.first, self.size = first, size
        self.leaves = 1 << max(size - 1, 0).bit_length()
        low, high = first + self.leaves, last + self.leaves + 1
        active = low < high
        rows: list[Ints] = []
        nodes: list[Ints] = []
        while active.any():
            odd = np.flatnonzero(active & (low & 1 == 1))
            rows.append(odd)
            nodes.append(low[odd])
            low[odd] += 1
            odd = np.flatnonzero(active & (high & 1 == 1))
            high[odd] -= 1
            rows.append(odd)
            nodes.append(high[odd])
            low >>= 1
            high >>= 1
            active = low < high
        row, node = np.concatenate([*rows, first[:0]]), np.concatenate([*nodes, first[:0]])
        self.by_node = csr_array((np.ones(row.size), (node, row)), shape=(2 * self.leaves, first.size))
        self.by_row = self.by_node.T.tocsr()

    def over_rows(self, values: Floats) -> Floats:
        """Sum `values` (n,) or (n, p) over the rows that cover each index: (size,) or (size, p)."""
        tree: Floats = np.asarray(self.by_node @ values)
        level = 1
        while level < self.leaves:
            tree[2 * level : 4 * level] += np.repeat(tree[level : 2 * level], 2, axis=0)
            level *= 2
        return tree[self.leaves : self.leaves + self.size]

    def over_times(self, values: Floats) -> Floats:
        """Sum `values` (size,) or (size, p) over the indices that each row covers: (n,) or (n, p)."""
        tree = np.zeros((2 * self.leaves, *values.shape[1:]))
        tree[self.leaves : self.leaves + self.size] = values
        level = self.leaves // 2
        while level >= 1:
            tree[level : 2 * level] = tree[2 * level : 4 * level : 2] + tree[2 * level + 1 : 4 * level : 2]
            level //= 2
        out: Floats = np.asarray(self.by_row @ tree)
        return out
