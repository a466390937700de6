"""Ward, k-means and a Gaussian mixture behind one call, without random starts: the last two begin at Ward's clusters.

References: Ward, J Am Stat Assoc 1963;58:236; Lloyd, IEEE Trans Inf Theory 1982;28:129; Fraley & Raftery, J Am Stat
Assoc 2002;97:611 (hierarchical start; model EEE: one covariance matrix of all components).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import joblib  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from sklearn import config_context  # type: ignore[import-untyped]
from sklearn.cluster import KMeans  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Cut = Callable[[int], Integers]
Place = tuple[str, int]

LLOYD_STEPS = 300


@dataclass(frozen=True)
class MixtureControl:
    """When EM stops (steps at most, gain of the mean log-likelihood a row) and what is added to the variances.

    The `ridge` keeps features that determine each other from making the covariance matrix singular.
    """

    steps: int
    gain: float
    ridge: float


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture with one covariance matrix; `log_likelihood` is that of all rows."""

    labels: Integers
    log_likelihood: float
    n_parameters: int

    @property
    def bic(self) -> float:
        """Minus twice the log-likelihood plus log(n) a parameter: small is good."""
        return float(-2 * self.log_likelihood + np.log(self.labels.size) * self.n_parameters)


def ward_cut(distances: Floats) -> Cut:
    """Return the cut of a Ward tree of condensed distances: k -> labels 0..k-1, in any order, shape (n,)."""
    merges = linkage(distances, method="ward")[:, :2].astype(np.int64).tolist()
    n = len(merges) + 1

    def cut(k: int) -> Integers:
        owner = list(range(2 * n - 1))
        for i in range(n - k - 1, -1, -1):
            first, second = merges[i]
            owner[first] = owner[second] = owner[n + i]
        return np.unique(owner[:n], return_inverse=True)[1].astype(np.int64)

    return cut


def _centres(x: Floats, labels: Integers, k: int) -> Floats:
    member = np.eye(k)[labels]
    return np.asarray((member.T @ x) / member.sum(axis=0)[:, None], dtype=np.float64)


@lru_cache(maxsize=1)
def _find_cores() -> int:
    """Let joblib find the physical cores, once a process, before scikit-learn asks it.

    Where the machine does not tell (containers without /sys), joblib warns and counts logical cores. The clusters do
    not depend on it, so no note of the report may.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not find the number of physical cores", category=UserWarning)
        return int(joblib.cpu_count(only_physical_cores=True))


def kmeans_from(x: Floats, start: Integers, k: int) -> Integers:
    """Return Lloyd's k-means from the means of a partition into k clusters, shape (n,)."""
    _find_cores()
    with config_context(skip_parameter_validation=True, assume_finite=True):
        found = KMeans(k, init=_centres(x, start, k), n_init=1, tol=0.0, max_iter=LLOYD_STEPS, algorithm="lloyd").fit(x)
    return np.asarray(found.labels_, dtype=np.int64)


def mixture_from(x: Floats, start: Integers, k: int, control: MixtureControl) -> Mixture:
    """Fit a Gaussian mixture with a common covariance matrix by EM from a partition into k clusters.

    Parameters
    ----------
    x
        Shape (n, p).
    start
        Labels 0..k-1, shape (n,).
    """
    n, p = x.shape
    whole = x.T @ x
    weight = np.eye(k)[start]
    before = -np.inf
    for _step in range(control.steps):
        size = np.maximum(weight.sum(axis=0), np.finfo(float).tiny)
        means = (weight.T @ x) / size[:, None]
        covariance = (whole - (means * size[:, None]).T @ means) / n + control.ridge * np.eye(p)
        inverse = np.linalg.inv(covariance)
        slope = means @ inverse
        constant = np.log(size / n) - 0.5 * (slope * means).sum(axis=1)
        weight = x @ slope.T + constant
        top = weight.max(axis=1, keepdims=True)
        np.exp(weight - top, out=weight)
        total = weight.sum(axis=1, keepdims=True)
        weight /= total
        shared = 0.5 * (p * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + (inverse * whole).sum() / n)
        mean = float((top + np.log(total)).mean() - shared)
        if mean - before < control.gain:
            break
        before = mean
    n_parameters = k - 1 + k * p + p * (p + 1) // 2
    return Mixture(weight.argmax(axis=1).astype(np.int64), mean * n, n_parameters)


def partitions(
    x: Floats, cut: Cut, algorithms: Sequence[str], ks: Sequence[int], control: MixtureControl
) -> tuple[Mapping[Place, Integers], Mapping[int, float]]:
    """Return the labels of each algorithm and k, and the BIC of the mixture by k.

    Parameters
    ----------
    x
        Standardised features, shape (n, p).
    cut
        Ward's clusters of the rows of `x`.
    """
    found: dict[Place, Integers] = {}
    bic: dict[int, float] = {}
    for k in ks:
        ward = cut(k)
        for name in algorithms:
            if name == "ward":
                found[name, k] = ward
            elif name == "kmeans":
                found[name, k] = kmeans_from(x, ward, k)
            else:
                mixture = mixture_from(x, ward, k, control)
                found[name, k], bic[k] = mixture.labels, mixture.bic
    return found, bic
