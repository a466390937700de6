"""Trees and forests as plain arrays, with scikit-learn's way of walking them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

from reporter.results.tree import DecisionNode
from reporter.results.value import Frozen

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAF = -1
BLOCK = 512
MAX_LEAVES = 8
MIN_GAIN = 1e-3  # a split of the printed tree lowers the Gini impurity of all patients by at least this


class Forest(Frozen):
    """Decision trees in one list of nodes.

    Parameters
    ----------
    roots
        Index of the root of each tree.
    feature
        Column of the split, -1 for a leaf.
    threshold
        Rows with ``float32(value) <= threshold`` go to `low`, the others to `high`; 0 for a leaf.
    low, high
        Indices of nodes; for a leaf `low` is an index into `shares`.
    shares
        Share of each phenotype in each leaf, (n_leaves, k).
    """

    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _paths_end(self) -> Forest:
        size = len(self.feature)
        if not len(self.threshold) == len(self.low) == len(self.high) == size:
            raise ValueError("the columns of the forest differ in length")
        for i, (feature, low, high) in enumerate(zip(self.feature, self.low, self.high, strict=True)):
            fits = 0 <= low < len(self.shares) if feature == LEAF else i < low < size and i < high < size
            if not fits:
                raise ValueError(f"node {i} of the forest leads nowhere")
        return self

    @cached_property
    def _arrays(self) -> tuple[Integers, Integers, Floats, Integers, Integers, Floats]:
        whole = (np.array(part, dtype=np.int64) for part in (self.roots, self.feature, self.low, self.high))
        roots, feature, low, high = whole
        return roots, feature, np.array(self.threshold), low, high, np.array(self.shares)

    def leaves(self, x: Floats) -> Integers:
        """Return the leaf (index into `shares`) of each row in each tree, shape (n, n_trees)."""
        roots, feature, threshold, low, high, _ = self._arrays
        values = x.astype(np.float32)  # as scikit-learn does before it compares
        node = np.repeat(roots[None, :], x.shape[0], axis=0)
        rows = np.arange(x.shape[0])[:, None]
        while (inner := feature[node] != LEAF).any():
            goes_low = values[rows, np.maximum(feature[node], 0)] <= threshold[node]
            node = np.where(inner, np.where(goes_low, low[node], high[node]), node)
        out: Integers = low[node]
        return out

    def probabilities(self, x: Floats) -> Floats:
        """Return the mean of the trees' leaf shares, shape (n, k); scikit-learn: ``predict_proba``."""
        shares = self._arrays[5]
        out = np.zeros((x.shape[0], shares.shape[1]))
        for start in range(0, x.shape[0], BLOCK):
            rows = slice(start, start + BLOCK)
            found = self.leaves(x[rows])
            for tree in range(found.shape[1]):
                out[rows] += shares[found[:, tree]]
        return out / len(self.roots)

    def left_out_probabilities(self, x: Floats, drawn: Sequence[Integers]) -> Floats:
        """Return for each training row the mean over the trees that did not draw it, (n, k); NaN if all did."""
        shares, found = self._arrays[5], self.leaves(x)
        total, trees = np.zeros((x.shape[0], shares.shape[1])), np.zeros((x.shape[0], 1))
        for tree, rows in enumerate(drawn):
            left_out = np.ones(x.shape[0], dtype=bool)
            left_out[rows] = False
            total[left_out] += shares[found[left_out, tree]]
            trees[left_out] += 1
        return np.divide(total, trees, out=np.full_like(total, np.nan), where=trees > 0)


def _as_forest(trees: Sequence[DecisionTreeClassifier]) -> Forest:
    """Copy fitted trees; every tree was given the same classes 0..k-1."""
    roots: list[int] = []
    feature: list[int] = []
    threshold: list[float] = []
    low: list[int] = []
    high: list[int] = []
    shares: list[tuple[float, ...]] = []
    for tree in trees:
        start = len(feature)
        roots.append(start)
        inner = tree.tree_
        for i in range(inner.node_count):
            if inner.children_left[i] < 0:
                feature.append(LEAF)
                threshold.append(0.0)
                low.append(len(shares))
                high.append(LEAF)
                shares.append(tuple(float(share) for share in inner.value[i, 0]))
            else:
                feature.append(int(inner.feature[i]))
                threshold.append(float(inner.threshold[i]))
                low.append(start + int(inner.children_left[i]))
                high.append(start + int(inner.children_right[i]))
    return Forest(
        roots=tuple(roots), feature=tuple(feature), threshold=tuple(threshold), low=tuple(low), high=tuple(high),
        shares=tuple(shares),
    )  # fmt: skip


def grow_forest(
    x: Floats, labels: Integers, *, trees: int, min_leaf: int, seed: int, jobs: int = 1
) -> tuple[Forest, tuple[Integers, ...]]:
    """Grow a random forest for labels 0..k-1; return it and the rows that each tree drew.

    scikit-learn: Gini, sqrt(p) features a split, bootstrap samples of size n. Each tree has its own seed: the number
    of `jobs` does not change the result.
    """
    forest = RandomForestClassifier(
        n_estimators=trees, criterion="gini", min_samples_leaf=min_leaf, max_features="sqrt", bootstrap=True,
        random_state=seed % 2**32, n_jobs=jobs,
    )  # fmt: skip
    forest.fit(x, labels)
    drawn = tuple(np.asarray(rows, dtype=np.int64) for rows in forest.estimators_samples_)
    return _as_forest(forest.estimators_), drawn


def grow_tree(x: Floats, labels: Integers, *, min_leaf: int, seed: int) -> DecisionTreeClassifier:
    """Grow the tree that is printed: best split first, at most 8 leaves, no split that gains less than `MIN_GAIN`."""
    tree = DecisionTreeClassifier(
        criterion="gini", max_leaf_nodes=MAX_LEAVES, min_samples_leaf=min_leaf, min_impurity_decrease=MIN_GAIN,
        random_state=seed % 2**32,
    )  # fmt: skip
    tree.fit(x, labels)
    return tree


def printed_nodes(tree: DecisionTreeClassifier, names: Sequence[str]) -> tuple[DecisionNode, ...]:
    """Return the nodes of a tree; `names` are the columns of its matrix."""
    inner = tree.tree_
    nodes = []
    for i in range(inner.node_count):
        shares = tuple(float(share) for share in inner.value[i, 0])
        n = int(inner.n_node_samples[i])
        if inner.children_left[i] < 0:
            nodes.append(DecisionNode(n=n, shares=shares))
            continue
        nodes.append(
            DecisionNode(
                term=names[inner.feature[i]], threshold=float(inner.threshold[i]), low=int(inner.children_left[i]),
                high=int(inner.children_right[i]), n=n, shares=shares,
            )
        )  # fmt: skip
    return tuple(nodes)
