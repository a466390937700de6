"""Samples without clusters, and with three, for the search for structure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from reporter.phenotype.nulls import Variables
from reporter.phenotype.structure import Structure, find_structure, mean_by_place, sample_variables
from reporter.phenotype.ward import ward_tree
from reporter.spec.options import StructureOptions

Floats = NDArray[np.float64]
KS = (2, 3, 4, 5)


def options(**change: object) -> StructureOptions:
    given = {"terms": (), "algorithms": ("ward", "kmeans", "gmm"), "k": KS, "seed": 1, "replicates": 199}
    return StructureOptions.model_validate({**given, **change})


def variables(values: Floats) -> Variables:
    """Return columns v0, v1, … as a standardised sample."""
    names = [f"v{j}" for j in range(values.shape[1])]
    return sample_variables(names, values, dict(zip(names, values.T, strict=True)))


def search(values: Floats, asked: StructureOptions) -> tuple[Structure, NDArray[np.int64], int]:
    """Return the answer for Ward's clusters with the largest silhouette, those clusters, and their number."""
    data = variables(values)
    tree, distances = ward_tree(data.x), pdist(data.x)
    found = {("ward", k): tree.cut(k) for k in asked.k}
    k = asked.k[int(mean_by_place(distances, found).argmax())]
    return find_structure(data, tree.cut(k), k, values.shape[0], asked), tree.cut(k), k


def _correlated(random: np.random.Generator, n: int, p: int = 4) -> Floats:
    return random.multivariate_normal(np.zeros(p), 0.5 * np.eye(p) + 0.5, n)


def one_gaussian(random: np.random.Generator, n: int) -> Floats:
    return random.normal(size=(n, 4))


def correlated(random: np.random.Generator, n: int) -> Floats:
    return _correlated(random, n)


def skewed(random: np.random.Generator, n: int) -> Floats:
    return np.exp(_correlated(random, n))


def mixed(random: np.random.Generator, n: int) -> Floats:
    """A number, a skewed number, a grade of three levels and a yes or no, correlated."""
    z = _correlated(random, n)
    return np.column_stack([z[:, 0], np.exp(z[:, 1]), np.digitize(z[:, 2], [-0.3, 0.8]), z[:, 3] > 0.4]).astype(float)


def registry(random: np.random.Generator, n: int) -> Floats:
    """Ages, sizes, grades and node counts as a registry has them, each drawn by itself."""
    age = np.clip(np.round(random.normal(55, 13, n)), 24, 90)
    nodes = np.where(random.random(n) < 0.45, 0, np.minimum(random.geometric(0.2, n), 34))
    size, grade = random.choice(3, n, p=[0.46, 0.43, 0.11]), random.random(n) < 0.73
    return np.column_stack([age, size, grade, nodes]).astype(float)


KINDS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "one Gaussian": one_gaussian, "correlated": correlated, "skewed": skewed, "mixed": mixed, "registry": registry,
}  # fmt: skip


def planted(random: np.random.Generator, n: int, separation: float, p: int = 4) -> tuple[Floats, NDArray[np.int64]]:
    """Three groups, each `separation` SD above the others in a feature of its own, and who is where."""
    truth = random.permutation(np.arange(n) % 3)
    centres = np.zeros((3, p))
    centres[[0, 1, 2], [0, 1, 2]] = separation
    return random.normal(size=(n, p)) + centres[truth], truth
