"""Data without clusters: permuted within variables, and drawn from a Gaussian copula with the observed marginals.

A set of either kind is, for each variable, a permutation of the observed rows, so that every marginal is kept exactly
and the columns of one variable stay together.

References: Nelsen, An Introduction to Copulas, 2006; Cario & Nelson, Modeling and generating random vectors with
arbitrary marginal distributions and correlation matrix, 1997.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TERMS = 80  # of the Hermite series; at |r| = .95 the rest is below .02 of the last term kept
LARGEST = 0.995


@dataclass(frozen=True)
class Variables:
    """The sample that is clustered, and which of its columns belong to which variable.

    Parameters
    ----------
    x
        Standardised features, shape (n, p).
    blocks
        Columns of each variable; together all p.
    scores
        One value a variable that orders the rows (a level by its place in the dictionary), shape (n, variables).
    """

    x: Floats
    blocks: tuple[Integers, ...]
    scores: Floats

    def rearranged(self, rows: Sequence[Integers]) -> Floats:
        """Return x with the rows of each variable taken from `rows`, one index a variable."""
        out = np.empty_like(self.x)
        for block, index in zip(self.blocks, rows, strict=True):
            out[:, block] = self.x[np.ix_(index, block)]
        return out


def permuted(data: Variables, random: np.random.Generator) -> Floats:
    """Return a set in which every variable is permuted by itself, shape (n, p)."""
    return data.rearranged([random.permutation(data.x.shape[0]) for _ in data.blocks])


def _series(score: Floats) -> Floats:
    """Hermite coefficients 1..TERMS of the mid-rank as a function of a standard normal, divided by its sd."""
    ranks = rankdata(score)
    levels, counts = np.unique(ranks, return_counts=True)
    cut = norm.ppf(np.cumsum(counts)[:-1] / ranks.size)
    step = np.diff(levels) * norm.pdf(cut)
    out = np.empty(TERMS)
    before, now = np.zeros_like(cut), np.ones_like(cut)
    for m in range(1, TERMS + 1):
        out[m - 1] = (step * now).sum() / np.sqrt(m)
        before, now = now, (cut * now - np.sqrt(m - 1) * before) / np.sqrt(m)
    return np.asarray(out / ranks.std(), dtype=np.float64)


def copula_correlation(scores: Floats) -> Floats:
    """Return the correlations of the normals behind a Gaussian copula, shape (variables, variables).

    Each is the one at which the mid-ranks of the discretised normals have the observed rank correlation: ties would
    weaken 2 sin(pi r / 6). The nearest correlation matrix (negative eigenvalues set to 0) is returned.
    """
    n_variables = scores.shape[1]
    series = [_series(scores[:, j]) for j in range(n_variables)]
    ranks = np.column_stack([rankdata(scores[:, j]) for j in range(n_variables)])
    observed = np.atleast_2d(np.corrcoef(ranks, rowvar=False))
    power = np.arange(1, TERMS + 1)
    out = np.eye(n_variables)
    for i in range(n_variables):
        for j in range(i):
            product, aim = series[i] * series[j], observed[i, j]

            def gap(r: float, product: Floats = product, aim: float = aim) -> float:
                return float((product * r**power).sum() - aim)

            low, high = gap(-LARGEST), gap(LARGEST)
            r = -LARGEST if low >= 0 else LARGEST if high <= 0 else brentq(gap, -LARGEST, LARGEST)
            out[i, j] = out[j, i] = r
    values, vectors = np.linalg.eigh(out)
    fixed = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = np.sqrt(np.diag(fixed))
    return np.asarray(fixed / np.outer(scale, scale), dtype=np.float64)


def copula_root(correlation: Floats) -> Floats:
    """Return a matrix whose product with its transpose is the correlation, shape (variables, variables)."""
    values, vectors = np.linalg.eigh(correlation)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


def copula_set(data: Variables, root: Floats, random: np.random.Generator) -> Floats:
    """Return a set with the observed marginals and the rank correlations of a Gaussian copula, shape (n, p)."""
    n = data.x.shape[0]
    normal = random.standard_normal((n, len(data.blocks))) @ root.T
    rows = []
    for j in range(len(data.blocks)):
        index = np.empty(n, dtype=np.int64)
        index[np.argsort(normal[:, j], kind="stable")] = np.argsort(data.scores[:, j], kind="stable")
        rows.append(index)
    return data.rearranged(rows)


def uniform_set(x: Floats, random: np.random.Generator) -> Floats:
    """Return rows drawn uniformly from the range of each feature: the reference of the gap statistic."""
    low, high = x.min(axis=0), x.max(axis=0)
    return np.asarray(low + (high - low) * random.random(x.shape), dtype=np.float64)
