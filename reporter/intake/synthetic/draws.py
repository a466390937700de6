"""Random draws that give the same rows for the same seed, with little noise around their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


class Draws:
    """A seeded stream of uniform numbers; everything else is made from these by inversion.

    NumPy keeps the stream of doubles of a bit generator, but not those of its distributions (NEP 19).
    """

    def __init__(self, seed: int) -> None:
        self._stream = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, n: int) -> Floats:
        """Return n numbers in (0, 1), shape = (n,)."""
        return np.clip(self._stream.random(n), 1e-12, 1 - 1e-12)

    def even(self, group: NDArray[np.generic]) -> Floats:
        """Return uniform numbers that cover (0, 1) evenly within each group, shape = (n,)."""
        return ranked(self.uniform(group.size), group, self.uniform(group.size))

    def normal(self, n: int) -> Floats:
        """Return n standard normal numbers."""
        return np.asarray(ndtri(self.uniform(n)), dtype=np.float64)

    def flag(self, share: float | Floats, group: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return True for a share of each group."""
        return self.even(group) < share

    def pick(self, shares: Mapping[str, float], group: NDArray[np.generic]) -> Texts:
        """Return a label per row, each label with its share of each group."""
        return np.array(list(shares), dtype=object)[cut(self.even(group), list(shares.values()))]


def ranked(score: Floats, group: NDArray[np.generic], within: Floats | None = None) -> Floats:
    """Return (rank + `within`) / n of a score in each group, in (0, 1); `within` is one half where it is not given."""
    out = np.empty(score.size)
    for name in np.unique(group):
        rows = np.flatnonzero(group == name)
        rank = np.argsort(np.argsort(score[rows], kind="stable"), kind="stable")
        out[rows] = (rank + (0.5 if within is None else within[rows])) / rows.size
    return out


def cut(uniform: Floats, shares: Sequence[float] | Floats) -> Ints:
    """Return the index of the share into which each number falls; shares are scaled to sum to 1."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.searchsorted(edges[:-1] / edges[-1], uniform, side="right").astype(np.int64)
