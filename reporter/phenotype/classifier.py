"""How well tree and forest recognise the phenotypes, by stratified cross-validation.

In each fold the clusters are made anew from the training patients; the test patients' label is the nearest centroid
in the training scaling (the assignment rule). Accuracy measures recovery of a rule made from the same variables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.phenotype.clusters import Clusters
from reporter.phenotype.features import standardise
from reporter.phenotype.forest import grow_forest, grow_tree
from reporter.phenotype.ward import ward_tree
from reporter.spec.options import PhenotypeOptions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLASSIFIERS = ("tree", "forest")


@dataclass(frozen=True)
class Recognition:
    """Means over the folds, NaN where it could not be done.

    Parameters
    ----------
    accuracy
        Share of test patients given their label.
    balanced_accuracy
        Mean over the labels present in the fold of the share given theirs.
    why_not
        Empty when it was done.
    """

    accuracy: float
    balanced_accuracy: float
    n_folds: int
    why_not: str = ""


def stratified_folds(labels: Integers, folds: int, seed: int) -> Integers:
    """Return the fold of each row, shape (n,): the rows of each label, shuffled, are dealt in turn."""
    random = np.random.default_rng(seed)
    out = np.empty(labels.size, dtype=np.int64)
    dealt = 0
    for label in range(int(labels.max()) + 1):
        rows = random.permutation(np.flatnonzero(labels == label))
        out[rows] = (dealt + np.arange(rows.size)) % folds
        dealt += rows.size
    return out


def nearest_centroid(x: Floats, labels: Integers, new: Floats) -> Integers:
    """Return for each row of `new` the label whose mean is nearest; the first of equally near ones."""
    centroids = np.array([x[labels == label].mean(axis=0) for label in range(int(labels.max()) + 1)])
    distances = np.square(new[:, None, :] - centroids[None, :, :]).sum(axis=2)
    return np.asarray(distances.argmin(axis=1), dtype=np.int64)


def _scores(got: Integers, true: Integers) -> tuple[float, float]:
    hit = got == true
    recalls = [hit[true == label].mean() for label in np.unique(true)]
    return float(hit.mean()), float(np.mean(recalls))


def _one_fold(found: Clusters, test: NDArray[np.bool_], options: PhenotypeOptions) -> list[tuple[float, float]] | None:
    """Return accuracy and balanced accuracy of tree and forest; None when the training rows have too few patterns."""
    train = ~test
    transformed, plain = found.features.transformed, found.features.plain
    varies = (transformed[train] != transformed[train][:1]).any(axis=0)
    scaling = standardise(transformed[train][:, varies])
    x, new = scaling.apply(transformed[train][:, varies]), scaling.apply(transformed[test][:, varies])
    if np.unique(x, axis=0).shape[0] <= found.k:
        return None
    labels = ward_tree(x).cut(found.k)
    true = nearest_centroid(x, labels, new)
    tree = grow_tree(plain[train], labels, min_leaf=options.min_leaf, seed=options.seed)
    forest, _ = grow_forest(plain[train], labels, trees=options.trees, min_leaf=options.min_leaf, seed=options.seed)
    answers = (tree.predict(plain[test]), forest.probabilities(plain[test]).argmax(axis=1))
    return [_scores(np.asarray(answer, dtype=np.int64), true) for answer in answers]


def cross_validate(found: Clusters, options: PhenotypeOptions) -> dict[str, Recognition]:
    """Return the recognition by ``tree`` and ``forest``."""
    none = float("nan")
    if found.size.min() < options.folds:
        why = f"the smallest phenotype has {found.size.min()} patients, fewer than the {options.folds} folds"
        return {name: Recognition(none, none, options.folds, why) for name in CLASSIFIERS}
    fold = stratified_folds(found.labels, options.folds, options.seed)
    scores = [_one_fold(found, fold == i, options) for i in range(options.folds)]
    done = [score for score in scores if score is not None]
    if len(done) < options.folds:
        why = "a fold has no more distinct patients than phenotypes"
        return {name: Recognition(none, none, options.folds, why) for name in CLASSIFIERS}
    means = np.mean(np.array(done), axis=0)
    return {
        name: Recognition(float(means[i, 0]), float(means[i, 1]), options.folds) for i, name in enumerate(CLASSIFIERS)
    }
