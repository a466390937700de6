"""Mean silhouette of partitions of the same rows.

Reference: Rousseeuw, J Comput Appl Math 1987;20:53. s = (b - a) / max(a, b), a the mean distance to the other rows of
the own cluster, b the smallest mean distance to another cluster; 0 for a row alone in its cluster.
R: ``cluster::silhouette``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reporter.phenotype.ward import distance_blocks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def cluster_silhouettes(total: Floats, own: Integers, size: Floats) -> Floats:
    """Return silhouettes of rows from their summed distances to each cluster, shape (rows, k)."""
    rows = np.arange(own.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = total[rows, own] / (size[own] - 1)
        means = total / size
        means[rows, own] = np.inf
        nearest = means.min(axis=1)
        value = (nearest - inside) / np.maximum(nearest, inside)
    return np.where(size[own] == 1, 0.0, value)


def mean_silhouettes(x: Floats, partitions: Sequence[Integers]) -> tuple[float, ...]:
    """Return the mean silhouette of each partition.

    Parameters
    ----------
    x
        Shape (n, p); distances are Euclidean.
    partitions
        Labels 0..k-1, each of shape (n,), with k >= 2. Distances are summed once, over the common refinement.
    """
    if not partitions:
        return ()
    cells, cell = np.unique(np.column_stack(partitions), axis=0, return_inverse=True)
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(cells.shape[0]))
    sizes = [np.bincount(labels).astype(np.float64) for labels in partitions]
    values = np.empty((len(partitions), x.shape[0]))
    for rows, distances in distance_blocks(x):
        fine = np.add.reduceat(distances[:, order], first, axis=1)
        for i, labels in enumerate(partitions):
            total = np.zeros((fine.shape[0], sizes[i].size))
            for j in range(cells.shape[0]):
                total[:, cells[j, i]] += fine[:, j]
            values[i, rows] = cluster_silhouettes(total, labels[rows], sizes[i])
    return tuple(float(value) for value in values.mean(axis=1))
