"""Ward's hierarchical clustering, merge by merge as R's ``hclust(dist(x), "ward.D2")``.

Whole-numbered features tie many merges, and the order of tied merges changes heights and clusters; so R's
nearest-neighbour algorithm is followed in the order of its operations: of equal distances the pair with the smallest
first row, then the smallest second row, is merged.

References: Ward, J Am Stat Assoc 1963;58:236; Murtagh & Legendre, J Classif 2014;31:274; R 4.2: hclust.f.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK = 64  # rows of distances that stay in the cache


@dataclass(frozen=True)
class WardTree:
    """n - 1 merges in their order; a cluster is named by its smallest row.

    Parameters
    ----------
    kept, absorbed
        The two clusters of each merge, ``kept < absorbed``; shape (n - 1,).
    height
        sqrt of twice the increase of the within-cluster sum of squares; shape (n - 1,).
    """

    kept: Integers
    absorbed: Integers
    height: Floats

    @property
    def n(self) -> int:
        """Number of rows that were clustered."""
        return int(self.height.size) + 1

    def cut(self, k: int) -> Integers:
        """Return labels 0..k-1 in the order of first appearance, shape (n,); R: ``cutree(tree, k) - 1``."""
        owner = np.arange(self.n)
        for kept, absorbed in zip(self.kept[: self.n - k], self.absorbed[: self.n - k], strict=True):
            owner[absorbed] = kept
        while not np.array_equal(owner[owner], owner):
            owner = owner[owner]
        return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def distance_blocks(x: Floats) -> Iterator[tuple[slice, Floats]]:
    """Yield Euclidean distances of blocks of rows to all rows, squares added column by column as R's ``dist``."""
    for start in range(0, x.shape[0], BLOCK):
        rows = slice(start, min(start + BLOCK, x.shape[0]))
        total = np.zeros((rows.stop - start, x.shape[0]))
        for j in range(x.shape[1]):
            total += np.square(x[rows, j, None] - x[None, :, j])
        yield rows, np.sqrt(total)


def _squared_distances(x: Floats) -> Floats:
    """Return the matrix (n, n) of squared distances, infinite on the diagonal."""
    out = np.empty((x.shape[0], x.shape[0]))
    for rows, distances in distance_blocks(x):
        out[rows] = distances * distances
    np.fill_diagonal(out, np.inf)
    return out


class _Agglomeration:
    """The state between merges: distances (infinite to a cluster that is gone), each cluster's nearest later one."""

    def __init__(self, x: Floats) -> None:
        n = x.shape[0]
        self.distance = _squared_distances(x)
        self.name = np.arange(n)
        self.size = np.ones(n)
        self.alive = np.ones(n, dtype=bool)
        self.nearest = np.full(n, -1, dtype=np.int64)
        self.gap = np.full(n, np.inf)
        for i in range(n - 1):
            self._search(i)

    def _search(self, i: int) -> None:
        later = self.distance[i, i + 1 :]
        j = int(later.argmin()) if later.size else -1
        self.gap[i] = later[j] if later.size else np.inf
        self.nearest[i] = i + 1 + j if np.isfinite(self.gap[i]) else -1

    def merge(self) -> tuple[int, int, float]:
        """Merge the nearest two clusters and return their names and the height."""
        i = int(self.gap.argmin())
        j, height = int(self.nearest[i]), float(np.sqrt(self.gap[i]))
        found = int(self.name[i]), int(self.name[j]), height
        self._update(i, j)
        if 2 * int(self.alive.sum()) < self.alive.size:
            self._compact()
        return found

    def _update(self, i: int, j: int) -> None:
        """Lance–Williams step of Ward's method; the sums stand in the order of R's Fortran."""
        distance, size = self.distance, self.size
        new = (size[i] + size) * distance[i] + (size[j] + size) * distance[j] - size * distance[i, j]
        new /= size[i] + size[j] + size
        new[i] = np.inf
        distance[i] = distance[:, i] = new
        distance[:, j] = np.inf
        size[i] += size[j]
        closer = new[:i] < self.gap[:i]
        self.gap[:i][closer], self.nearest[:i][closer] = new[:i][closer], i
        self.nearest[i], self.nearest[j], self.gap[j], self.alive[j] = i, -1, np.inf, False
        for row in np.flatnonzero((self.nearest == i) | (self.nearest == j)):
            self._search(int(row))

    def _compact(self) -> None:
        """Drop the clusters that are gone; the order of the others stays."""
        keep = np.flatnonzero(self.alive)
        place = np.append(np.cumsum(self.alive) - 1, -1)
        self.nearest = place[self.nearest[keep]]
        self.distance = self.distance[np.ix_(keep, keep)]
        self.name, self.size, self.gap = self.name[keep], self.size[keep], self.gap[keep]
        self.alive = np.ones(keep.size, dtype=bool)


def ward_tree(x: Floats) -> WardTree:
    """Cluster the rows of `x`, shape (n, p) with n >= 2; memory 8 n² bytes."""
    state = _Agglomeration(x)
    merges = [state.merge() for _ in range(x.shape[0] - 1)]
    kept, absorbed, height = zip(*merges, strict=True)
    return WardTree(np.array(kept, dtype=np.int64), np.array(absorbed, dtype=np.int64), np.array(height))
