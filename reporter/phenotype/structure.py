"""Is there any structure? The silhouettes of all algorithms and k against sets without clusters, and stability.

The statistic is the largest standardised silhouette over all algorithms and k, chosen anew in every null set; mean and
standard deviation of each algorithm and k are those of the data and the null sets together, so that data without
structure beyond the null rank anywhere among the sets with equal probability.

References: Hennig, Comput Stat Data Anal 2007;52:258; Tibshirani, Walther & Hastie, J R Stat Soc B 2001;63:411;
Westfall & Young, Resampling-Based Multiple Testing, 1993 (largest statistic); Hubert & Arabie, J Classif 1985;2:193.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import (  # type: ignore[import-untyped]
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
)
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from reporter.errors import ReporterError
from reporter.phenotype.algorithms import MixtureControl, Place, partitions, ward_cut
from reporter.phenotype.features import standardise
from reporter.phenotype.nulls import Variables, copula_correlation, copula_root, copula_set, permuted, uniform_set
from reporter.phenotype.silhouette import cluster_silhouettes
from reporter.phenotype.ward import ward_tree
from reporter.spec.options import StructureOptions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Labels = dict[Place, Integers]

EQUAL = 1e-12
PERMUTED, COPULA, UNIFORM, RESAMPLED = range(4)  # streams of random numbers


@dataclass(frozen=True)
class Index:
    """The indices of one algorithm and k, and what sets without clusters have.

    Parameters
    ----------
    jaccard
        Of the least stable cluster.
    bic
        Of the mixture; NaN elsewhere.
    null_median, null_high
        Silhouette of the copula sets: median, and the value that a share alpha of them reaches.
    permuted_high
        That value of the permuted sets.
    null_calinski_harabasz, null_davies_bouldin
        Means over the copula sets for which they were computed.
    """

    algorithm: str
    k: int
    silhouette: float
    calinski_harabasz: float
    davies_bouldin: float
    gap: float
    bic: float
    jaccard: float
    n_smallest: int
    null_median: float
    null_high: float
    permuted_high: float
    null_calinski_harabasz: float
    null_davies_bouldin: float


@dataclass(frozen=True)
class Structure:
    """The answer; `jaccard` is that of each phenotype of the report, in the order of the labels, shape (k,)."""

    n: int
    n_complete: int
    copula_statistic: float
    copula_p_value: float
    permutation_statistic: float
    permutation_p_value: float
    algorithm: str
    k: int
    jaccard: Floats
    indices: tuple[Index, ...]
    agreement: tuple[tuple[str, str, int, float], ...]
    found: bool


def control_of(options: StructureOptions) -> MixtureControl:
    """Return when EM stops."""
    return MixtureControl(options.em_steps, options.em_gain, options.em_ridge)


def sample_rows(n: int, most: int) -> Integers:
    """Return the rows of the subsample: all up to `most`, else `most` of them at equal distances."""
    return np.arange(n) if n <= most else np.floor((np.arange(most) + 0.5) * n / most).astype(np.int64)


def sample_variables(names: Sequence[str], transformed: Floats, scores: dict[str, Floats]) -> Variables:
    """Return the standardised sample without columns that do not vary in it.

    Parameters
    ----------
    names
        Columns, ``age`` or ``size=>50``, length p.
    transformed
        Rows of the sample, shape (m, p).
    scores
        By variable, in the order of the sample.
    """
    varies = (transformed != transformed[:1]).any(axis=0)
    if not varies.any():
        raise ReporterError("no feature varies in the sample in which structure is sought.")
    kept = [name.partition("=")[0] for name, keep in zip(names, varies, strict=True) if keep]
    x = transformed[:, varies]
    variables = list(dict.fromkeys(kept))
    blocks = tuple(np.array([j for j, name in enumerate(kept) if name == v], dtype=np.int64) for v in variables)
    return Variables(standardise(x).apply(x), blocks, np.column_stack([scores[v] for v in variables]))


def mean_by_place(distances: Floats, labels: Labels) -> Floats:
    """Return the mean silhouette of each partition, 0 for one that has a single cluster; shape (places,)."""
    square = squareform(distances)
    out = np.zeros(len(labels))
    for i, found in enumerate(labels.values()):
        used, own = np.unique(found, return_inverse=True)
        if used.size > 1:
            member = np.eye(used.size)[own]
            out[i] = cluster_silhouettes(square @ member, own, member.sum(axis=0)).mean()
    return out


def _labels(x: Floats, distances: Floats, options: StructureOptions, ks: Sequence[int]) -> Labels:
    """Return the partitions of a set; one cluster where it has not more distinct rows than k."""
    distinct = np.unique(x, axis=0).shape[0]
    usable = [k for k in ks if k < distinct]
    found, _ = partitions(x, ward_cut(distances), options.algorithms, usable, control_of(options))
    none = np.zeros(x.shape[0], dtype=np.int64)
    return {(name, k): found.get((name, k), none) for k in ks for name in options.algorithms}


def _silhouettes(x: Floats, options: StructureOptions, ks: Sequence[int]) -> tuple[Floats, Labels]:
    distances = pdist(x)
    labels = _labels(x, distances, options, ks)
    return mean_by_place(distances, labels), labels


@dataclass(frozen=True)
class MaxType:
    """The largest standardised index of the data, its P value, and the place that has it."""

    statistic: float
    p_value: float
    place: int


def max_type(observed: Floats, null: Floats) -> MaxType:
    """Compare the largest standardised index of the data with that of every null set.

    Parameters
    ----------
    observed
        Index by place, shape (c,).
    null
        Of the null sets, shape (B, c).
    """
    pooled = np.vstack([observed, null])
    spread = pooled.std(axis=0)
    steady = np.where(spread > EQUAL, spread, np.inf)
    standard = (pooled - pooled.mean(axis=0)) / steady
    largest = standard.max(axis=1)
    reached = int((largest[1:] >= largest[0] - EQUAL).sum())
    return MaxType(float(largest[0]), (1 + reached) / (1 + null.shape[0]), int(standard[0].argmax()))


def log_within(x: Floats, labels: Integers) -> float:
    """Return the logarithm of the pooled within-cluster sum of squares."""
    member = np.eye(int(labels.max()) + 1)[labels]
    size = np.maximum(member.sum(axis=0), 1.0)
    total = member.T @ x
    within = float((x * x).sum() - (total * total / size[:, None]).sum())
    return float(np.log(max(within, np.finfo(float).tiny)))


def best_jaccard(reference: Integers, drawn: Integers, again: Integers, k: int) -> Floats:
    """Return for each cluster 0..k-1 the largest Jaccard index with a cluster found again; NaN where none is drawn.

    Parameters
    ----------
    reference
        Labels of all rows, shape (n,).
    drawn
        The distinct rows drawn, shape (m,).
    again
        Their labels when clustered by themselves, shape (m,).
    """
    one, two = np.eye(k)[reference[drawn]], np.eye(int(again.max()) + 1)[again]
    shared = one.T @ two
    size = one.sum(axis=0)
    union = size[:, None] + two.sum(axis=0)[None, :] - shared
    best = (shared / np.maximum(union, 1.0)).max(axis=1)
    return np.asarray(np.where(size > 0, best, np.nan), dtype=np.float64)


def _mean(values: Floats) -> Floats:
    """Mean over the resamples in which the cluster was drawn."""
    seen = ~np.isnan(values)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)


class _Sets:
    """One task a set: its random numbers depend on the seed, the kind and the number of the set alone."""

    def __init__(self, data: Variables, options: StructureOptions, ks: Sequence[int]) -> None:
        self.data, self.options, self.ks = data, options, ks
        self.root = copula_root(copula_correlation(data.scores))

    def random(self, kind: int, b: int) -> np.random.Generator:
        """Return the generator of one set."""
        return np.random.default_rng([self.options.seed, kind, b])

    def null(self, kind: int, b: int) -> tuple[Floats, Floats | None]:
        """Return the silhouettes of a null set and, for the first copula sets, Calinski–Harabasz and Davies–Bouldin."""
        random = self.random(kind, b)
        x = permuted(self.data, random) if kind == PERMUTED else copula_set(self.data, self.root, random)
        values, labels = _silhouettes(x, self.options, self.ks)
        dear = kind == COPULA and b < self.options.dear_replicates
        return values, np.array([dear_indices(x, found) for found in labels.values()]) if dear else None

    def uniform(self, b: int) -> Floats:
        """Return the logarithms of the within-cluster sums of squares of a uniform set."""
        x = uniform_set(self.data.x, self.random(UNIFORM, b))
        labels = _labels(x, pdist(x), self.options, self.ks)
        return np.array([log_within(x, found) for found in labels.values()])

    def resampled(self, b: int, references: Sequence[tuple[Place, Integers]]) -> list[Floats]:
        """Return the Jaccard indices of the clusters of each reference in one bootstrap sample without duplicates."""
        n = self.data.x.shape[0]
        drawn = np.unique(self.random(RESAMPLED, b).integers(0, n, n))
        x = self.data.x[drawn]
        labels = _labels(x, pdist(x), self.options, self.ks)
        if not any(name == "ward" for name, _ in labels):
            labels |= _labels(x, pdist(x), self.options.model_copy(update={"algorithms": ("ward",)}), self.ks)
        return [
            best_jaccard(reference, drawn, labels[place], int(reference.max()) + 1) for place, reference in references
        ]


def dear_indices(x: Floats, labels: Integers) -> tuple[float, float]:
    """Return Calinski–Harabasz and Davies–Bouldin, NaN for one cluster."""
    used, own = np.unique(labels, return_inverse=True)
    if used.size < 2:
        return float("nan"), float("nan")
    return float(calinski_harabasz_score(x, own)), float(davies_bouldin_score(x, own))


def _agreement(labels: Labels, options: StructureOptions, ks: Sequence[int]) -> tuple[tuple[str, str, int, float], ...]:
    names = options.algorithms
    return tuple(
        (one, two, k, float(adjusted_rand_score(labels[one, k], labels[two, k])))
        for k in ks
        for i, one in enumerate(names)
        for two in names[i + 1 :]
    )


@dataclass(frozen=True)
class _Drawn:
    """What the random sets gave: silhouettes by kind (B, c), dear indices (D, c, 2), logarithms of W (D, c)."""

    nulls: dict[int, Floats]
    dear: Floats
    uniform: Floats
    stable: list[Floats]


def _draw(
    sets: _Sets, references: Sequence[tuple[Place, Integers]], options: StructureOptions, advance: Callable[[str], None]
) -> _Drawn:
    """Cluster all random sets, on all cores.

    In threads: the sets are small, and a process would first load the libraries.
    """
    nulls: dict[int, Floats] = {}
    dear = np.empty(0)
    with Parallel(n_jobs=os.cpu_count() or 1, backend="threading") as run:
        for kind, words in ((PERMUTED, "Clustering permuted sets"), (COPULA, "Clustering copula sets")):
            advance(words)
            done = run(delayed(sets.null)(kind, b) for b in range(options.replicates))
            nulls[kind] = np.array([values for values, _ in done])
            dear = np.array([values for _, values in done if values is not None])
        advance("Clustering resamples")
        uniform = np.array(run(delayed(sets.uniform)(b) for b in range(options.dear_replicates)))
        drawn = run(delayed(sets.resampled)(b, references) for b in range(options.resamples))
    return _Drawn(nulls, dear, uniform, [_mean(np.array([one[i] for one in drawn])) for i in range(len(references))])


def _indices(
    data: Variables, labels: Labels, bic: Mapping[int, float], drawn: _Drawn, alpha: float
) -> tuple[Index, ...]:
    own = mean_by_place(pdist(data.x), labels)
    out = []
    for i, ((algorithm, k), found) in enumerate(labels.items()):
        calinski, davies = dear_indices(data.x, found)
        copula, permutation = drawn.nulls[COPULA][:, i], drawn.nulls[PERMUTED][:, i]
        index = Index(
            algorithm=algorithm,
            k=k,
            silhouette=float(own[i]),
            calinski_harabasz=calinski,
            davies_bouldin=davies,
            gap=float(drawn.uniform[:, i].mean() - log_within(data.x, found)),
            bic=bic[k] if algorithm == "gmm" else float("nan"),
            jaccard=float(drawn.stable[i].min()),
            n_smallest=int(np.bincount(found, minlength=k).min()),
            null_median=float(np.median(copula)),
            null_high=float(np.quantile(copula, 1 - alpha)),
            permuted_high=float(np.quantile(permutation, 1 - alpha)),
            null_calinski_harabasz=float(drawn.dear[:, i, 0].mean()),
            null_davies_bouldin=float(drawn.dear[:, i, 1].mean()),
        )
        out.append(index)
    return tuple(out)


def find_structure(
    data: Variables, reported: Integers, k: int, n_complete: int, options: StructureOptions,
    advance: Callable[[str], None] = lambda _words: None,
) -> Structure:  # fmt: skip
    """Put the clusters of a sample on trial.

    Parameters
    ----------
    data
        The sample, m rows.
    reported
        Ward's phenotypes of the report in the sample, 0..k-1, shape (m,).
    n_complete
        Patients that the phenotypes were made of.
    advance
        Told when a part begins.

    Raises
    ------
    ReporterError
        When no k is below the number of distinct patients in the sample.
    """
    distinct = np.unique(data.x, axis=0).shape[0]
    ks = [value for value in options.k if value < distinct]
    if k not in ks:
        raise ReporterError(
            f"the sample in which structure is sought has {distinct} distinct patients, too few for {k}."
        )
    sets = _Sets(data, options, ks)
    with threadpool_limits(1):  # sums in one order, whatever the machine
        found, bic = partitions(data.x, ward_tree(data.x).cut, options.algorithms, ks, control_of(options))
        labels = dict(found)
        observed, _ = _silhouettes(data.x, options, ks)
        drawn = _draw(sets, [*labels.items(), (("ward", k), reported)], options, advance)
        indices = _indices(data, labels, bic, drawn, options.alpha)
    copula, permutation = (max_type(observed, drawn.nulls[kind]) for kind in (COPULA, PERMUTED))
    jaccard = np.full(k, np.nan)
    jaccard[: drawn.stable[-1].size] = drawn.stable[-1]
    beaten = copula.p_value <= options.alpha and permutation.p_value <= options.alpha
    best = indices[copula.place]
    return Structure(
        data.x.shape[0], n_complete, copula.statistic, copula.p_value, permutation.statistic, permutation.p_value,
        best.algorithm, best.k, jaccard, indices, _agreement(labels, options, ks),
        bool(beaten and (jaccard >= options.stable).all()),
    )  # fmt: skip
