"""Ward clusters of a frame: number by silhouette, labels ordered by restricted mean survival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment

from reporter.analysis.kernels.kaplan_meier import estimate_survival, restricted_mean
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.phenotype.features import Features, Scaling, make_features, standardise
from reporter.phenotype.silhouette import mean_silhouettes
from reporter.phenotype.ward import WardTree, ward_tree
from reporter.spec.options import PhenotypeOptions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

MAX_PATIENTS = 10_000  # the distances take 8 n² bytes here and as much again in R
SAME_DIGITS = 9  # restricted means that agree in so many digits are a tie


@dataclass(frozen=True)
class Clusters:
    """The chosen partition of the complete cases, n rows, k clusters.

    Parameters
    ----------
    rows
        Complete cases, shape (frame.n,).
    labels
        0 for the smallest restricted mean, shape (n,).
    silhouettes
        Of each k of the options; NaN where k is not below the number of distinct rows.
    rmst, size, events
        By label, shape (k,); `rmst` NaN where the follow-up of the cluster ends before the horizon.
    n_moved
        Patients who change cluster when tied merges are taken in another order.
    """

    rows: Bools
    features: Features
    scaling: Scaling
    tree: WardTree
    labels: Integers
    k: int
    silhouette: float
    silhouettes: tuple[float, ...]
    rmst: Floats
    size: Integers
    events: Integers
    n_moved: int


def _check(frame: AnalysisFrame, rows: Bools, features: Features) -> None:
    n = int(rows.sum())
    if n < 3:
        raise ReporterError(
            f"{n} of {frame.n} patients have a value in every feature; clustering needs at least 3. "
            "Take the feature that is mostly missing out of [phenotypes] features."
        )
    if n > MAX_PATIENTS:
        raise ReporterError(f"{n} patients: Ward clustering is offered up to {MAX_PATIENTS} patients by this version.")
    if not features.names:
        raise ReporterError("no feature varies among the patients with a value in every feature.")


def _choose(x: Floats, tree: WardTree, options: PhenotypeOptions) -> tuple[int, tuple[float, ...]]:
    """Return the k of the largest mean silhouette (the first of equal ones) and the silhouettes of all."""
    distinct = np.unique(x, axis=0).shape[0]
    allowed = [k for k in options.k if k < distinct]
    if not allowed:
        raise ReporterError(
            f"no k of {', '.join(map(str, options.k))} is below the number of distinct patients, which is {distinct}."
        )
    found = dict(zip(allowed, mean_silhouettes(x, [tree.cut(k) for k in allowed]), strict=True))
    best = max(allowed, key=lambda k: found[k])
    return best, tuple(found.get(k, float("nan")) for k in options.k)


def restricted_means(
    time: Floats, event: Bools, labels: Integers, horizon: float, entry: Floats | None = None
) -> Floats:
    """Restricted mean survival up to `horizon` of each label 0..k-1, from `entry` on where patients enter late."""
    out = np.empty(int(labels.max()) + 1)
    for label in range(out.size):
        keep = labels == label
        late = None if entry is None else entry[keep]
        curve = estimate_survival(time[keep], event[keep], conf_type="plain", conf_level=0.95, entry=late)
        out[label] = restricted_mean(curve, horizon)[0]
    return out


def label_order(rmst: Floats, size: Integers) -> Integers:
    """Return the labels by restricted mean, smallest first, unknown ones last; ties by size, then as they come."""
    shown = np.array([float(f"{value:.{SAME_DIGITS}g}") if np.isfinite(value) else np.inf for value in rmst])
    return np.lexsort((np.arange(size.size), -size, shown)).astype(np.int64)


def _moved_by_ties(x: Floats, labels: Integers, k: int) -> int:
    """Patients outside the best match with the clusters that another order of tied merges gives (rows reversed)."""
    other = fcluster(linkage(x[::-1], method="ward"), k, criterion="maxclust")[::-1]
    shared = np.zeros((k, k))
    np.add.at(shared, (labels, other - 1), 1)
    matched = linear_sum_assignment(shared, maximize=True)
    return int(labels.size - shared[matched].sum())


def find_clusters(frame: AnalysisFrame, options: PhenotypeOptions) -> Clusters:
    """Cluster the complete cases of a frame.

    Raises
    ------
    ReporterError
        With too few or too many patients, no feature that varies, or no usable k.
    """
    rows = frame.complete([term.column for term in options.terms])
    features = make_features(options.terms, frame.columns, rows)
    _check(frame, rows, features)
    scaling = standardise(features.transformed)
    x = scaling.apply(features.transformed)
    if not np.isfinite(x).all():
        raise ReporterError("a standardised feature is not finite. Use another transform for it.")
    tree = ward_tree(x)
    k, silhouettes = _choose(x, tree, options)
    cut = tree.cut(k)
    time, event = frame.time[rows], frame.event[rows]
    entry = None if frame.entry is None else frame.entry[rows]
    rmst = restricted_means(time, event, cut, options.horizon, entry)
    order = label_order(rmst, np.bincount(cut))
    labels = np.argsort(order)[cut].astype(np.int64)
    return Clusters(
        rows, features, scaling, tree, labels, k, max(s for s in silhouettes if s == s), silhouettes,
        rmst[order], np.bincount(labels).astype(np.int64), np.bincount(labels[event], minlength=k).astype(np.int64),
        _moved_by_ties(x, labels, k),
    )  # fmt: skip
