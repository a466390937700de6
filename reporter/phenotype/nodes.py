"""Phenotype nodes: clusters, Ward heights, and how well tree and forest recognise them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.concordance import concordance
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.phenotype.classifier import cross_validate
from reporter.phenotype.clusters import Clusters, find_clusters
from reporter.phenotype.forest import grow_forest, grow_tree, printed_nodes
from reporter.phenotype.model import PhenotypeModel, describe_feature
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, DecisionNode, Row
from reporter.results.value import Reason, statistic
from reporter.spec.options import PhenotypeOptions

Floats = NDArray[np.float64]

NAME, LABEL = "phenotype", "Phenotype"
FEW_EVENTS = 10
LEAK = 0.9  # of max(C, 1 - C)
RECOVERY = "accuracy measures recovery of a rule made from the same variables; it is not evidence of validity"
FOLD_RULE = (
    "in each fold the clusters are made anew from the training patients; a test patient's label is the nearest "
    "centroid in the training scaling"
)


@dataclass(frozen=True)
class PhenotypeAnalysis:
    """What clustering gave; `column` and `model` are None when it could not be done, and the node says why.

    Parameters
    ----------
    column
        Phenotype of each patient of the frame, missing where a feature is.
    tree
        The printed decision tree.
    probability
        Probability of the assigned phenotype by the trees that did not draw the patient, shape (frame.n,); NaN
        where a feature is missing.
    clusters
        What `analyse_recognition` works on.
    """

    nodes: tuple[AnalysisNode, ...]
    column: Column | None
    model: PhenotypeModel | None
    tree: tuple[DecisionNode, ...]
    probability: Floats | None = None
    clusters: Clusters | None = None


def _phenotype_rows(frame: AnalysisFrame, found: Clusters, options: PhenotypeOptions) -> Iterator[Row]:
    n = int(found.rows.sum())
    whole = (("n", n), ("n_missing", frame.n - n), ("k", found.k), ("silhouette", found.silhouette))
    yield Row(term="GLOBAL", stats=tuple(statistic(name, value) for name, value in whole))
    for k, value in zip(options.k, found.silhouettes, strict=True):
        note = "" if np.isfinite(value) else "not below the number of distinct patients"
        yield Row(term=f"k={k}", stats=(statistic("silhouette", value, note=note),))
    for i in range(found.k):
        note = "" if np.isfinite(found.rmst[i]) else f"follow-up ends before {options.horizon:g} {frame.time_unit}"
        stats = (
            statistic("n", found.size[i]),
            statistic("n_event", found.events[i]),
            statistic("rmst", found.rmst[i], unit=frame.time_unit, note=note),
        )
        yield Row(group=NAME, level=str(i + 1), stats=stats)


def _notes(frame: AnalysisFrame, found: Clusters, options: PhenotypeOptions) -> Iterator[str]:
    missing = frame.n - int(found.rows.sum())
    if missing:
        yield f"{missing} patients with a missing feature have no phenotype"
    for name in found.features.dropped:
        yield f"{name} does not vary among the patients with all features; left out"
    for k, value in zip(options.k, found.silhouettes, strict=True):
        if not np.isfinite(value):
            yield f"k = {k} is not below the number of distinct patients; not tried"
    for i in np.flatnonzero(found.events < FEW_EVENTS):
        yield f"phenotype {i + 1} has {found.events[i]} events, fewer than {FEW_EVENTS}"
    yield from _leaks(frame, found)
    if found.n_moved:
        yield f"another order of tied merges puts {found.n_moved} patients in another phenotype"


def _leaks(frame: AnalysisFrame, found: Clusters) -> Iterator[str]:
    """Name features that rank survival as only the outcome itself would."""
    rows = found.rows
    entry = None if frame.entry is None else frame.entry[rows]
    for j, name in enumerate(found.features.names):
        ranked = concordance(frame.time[rows], frame.event[rows], found.features.plain[:, j], ymax=None, entry=entry)
        if np.isfinite(ranked.estimate) and max(ranked.estimate, 1 - ranked.estimate) > LEAK:
            yield f"{name} alone ranks survival almost perfectly: is it the outcome under another name?"


def _height_curve(found: Clusters) -> Curve:
    heights = tuple(float(height) for height in found.tree.height)
    index = tuple(float(i + 1) for i in range(len(heights)))
    return Curve(time=index, columns=(CurveColumn(stat="height", values=heights),))


def _classifier_rows(found: Clusters, options: PhenotypeOptions) -> Iterator[Row]:
    for name, done in cross_validate(found, options).items():
        stats = (
            statistic("n", found.labels.size),
            statistic("n_folds", done.n_folds),
            statistic("accuracy", done.accuracy, reason=Reason.NOT_ESTIMABLE, note=done.why_not),
            statistic("balanced_accuracy", done.balanced_accuracy, reason=Reason.NOT_ESTIMABLE, note=done.why_not),
        )
        yield Row(term=name, stats=stats)


def _model(frame: AnalysisFrame, found: Clusters, options: PhenotypeOptions) -> tuple[PhenotypeModel, Floats]:
    """Grow forest and tree on all complete cases; return the model and the left-out probabilities (n, k)."""
    plain = found.features.plain
    forest, drawn = grow_forest(plain, found.labels, trees=options.trees, min_leaf=options.min_leaf, seed=options.seed)
    tree = grow_tree(plain, found.labels, min_leaf=options.min_leaf, seed=options.seed)
    model = PhenotypeModel(
        endpoint=frame.endpoint, labels=tuple(str(i + 1) for i in range(found.k)), options=options,
        n=found.labels.size, n_missing=frame.n - found.labels.size, names=found.features.names,
        centre=tuple(float(v) for v in found.scaling.centre), scale=tuple(float(v) for v in found.scaling.scale),
        forest=forest, tree=printed_nodes(tree, found.features.names),
        features=tuple(describe_feature(frame.columns[term.column], found.rows) for term in options.terms),
    )  # fmt: skip
    return model, forest.left_out_probabilities(plain, drawn)


def _column(levels: tuple[str, ...], values: Floats) -> Column:
    return Column(name=NAME, label=LABEL, unit="", kind="categorical", levels=levels, values=values)


def analyse_phenotypes(frame: AnalysisFrame, options: PhenotypeOptions) -> PhenotypeAnalysis:
    """Cluster the complete cases of the frame, order the clusters by restricted mean survival, learn to recognise them.

    Nodes: ``phenotype`` and ``ward_height_curve`` (time = number of the merge); when the clustering cannot be done,
    one ``phenotype`` node that says why.
    """

    def node(name: str) -> AnalysisNode:
        return AnalysisNode(cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, options=options)

    try:
        found = find_clusters(frame, options)
    except ReporterError as error:
        return PhenotypeAnalysis((node(NAME).model_copy(update={"failed": str(error)}),), None, None, ())
    model, left_out = _model(frame, found, options)
    values, probability = np.full(frame.n, np.nan), np.full(frame.n, np.nan)
    values[found.rows] = found.labels
    probability[found.rows] = left_out[np.arange(found.labels.size), found.labels]
    rows = tuple(_phenotype_rows(frame, found, options))
    nodes = (
        node(NAME).model_copy(update={"rows": rows, "notes": tuple(_notes(frame, found, options))}),
        node("ward_height_curve").model_copy(update={"curves": (_height_curve(found),)}),
    )
    return PhenotypeAnalysis(nodes, _column(model.labels, values), model, model.tree, probability, found)


def analyse_recognition(found: PhenotypeAnalysis) -> tuple[AnalysisNode, ...]:
    """Return the node ``phenotype_classifier`` (cross-validated accuracy of tree and forest), none without clusters."""
    if found.clusters is None or found.model is None:
        return ()
    rows = tuple(_classifier_rows(found.clusters, found.model.options))
    update = {"analysis": "phenotype_classifier", "rows": rows, "notes": (FOLD_RULE, RECOVERY)}
    return (found.nodes[0].model_copy(update=update),)


def assign_phenotypes(model: PhenotypeModel, frame: AnalysisFrame) -> Column:
    """Return the phenotypes of another frame by the frozen forest; missing where a feature is."""
    assigned, _ = model.predict(frame.columns)
    return _column(model.labels, np.where(assigned < 0, np.nan, assigned))


def carry_phenotypes(found: PhenotypeAnalysis, home: AnalysisFrame, frame: AnalysisFrame) -> Column:
    """Return the phenotypes of the development patients in the frame of another endpoint.

    Who was clustered keeps the cluster; the forest assigns the others.
    """
    if found.column is None or found.model is None:
        raise ReporterError("there are no phenotypes to carry over.")
    known = dict(zip(home.ids, found.column.values, strict=True))
    column = assign_phenotypes(found.model, frame)
    values = np.array([known.get(i, value) for i, value in zip(frame.ids, column.values, strict=True)])
    return _column(column.levels, values)
