"""The node ``phenotype_structure``, and what it adds to the node ``phenotype``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.phenotype.clusters import Clusters
from reporter.phenotype.nodes import PhenotypeAnalysis
from reporter.phenotype.structure import Index, Structure, find_structure, sample_rows, sample_variables
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Reason, Statistic, statistic
from reporter.spec.options import StructureOptions

NAME = "phenotype_structure"
ONE_CLUSTER = "the algorithm leaves a single cluster"


def _index_row(found: Index) -> Row:
    values = {
        "silhouette": found.silhouette,
        "calinski_harabasz": found.calinski_harabasz,
        "davies_bouldin": found.davies_bouldin,
        "gap": found.gap,
        **({"bic": found.bic} if found.algorithm == "gmm" else {}),
        "jaccard": found.jaccard,
        "n_smallest": found.n_smallest,
        "null_median": found.null_median,
        "null_high": found.null_high,
        "permuted_high": found.permuted_high,
        "null_calinski_harabasz": found.null_calinski_harabasz,
        "null_davies_bouldin": found.null_davies_bouldin,
    }
    stats = tuple(statistic(n, v, note="" if np.isfinite(v) else ONE_CLUSTER) for n, v in values.items())
    return Row(group="algorithm", level=found.algorithm, term=f"k={found.k}", stats=stats)


def _rows(found: Structure, options: StructureOptions) -> Iterator[Row]:
    whole = {
        "n": found.n,
        "n_complete": found.n_complete,
        "n_replicates": options.replicates,
        "n_dear": options.dear_replicates,
        "n_resamples": options.resamples,
        "copula_statistic": found.copula_statistic,
        "copula_p_value": found.copula_p_value,
        "permutation_statistic": found.permutation_statistic,
        "permutation_p_value": found.permutation_p_value,
    }
    yield Row(term="GLOBAL", stats=tuple(statistic(name, value) for name, value in whole.items()))
    best = (statistic("k", found.k),)
    yield Row(group="largest", level=found.algorithm, stats=best)
    yield from (_index_row(index) for index in found.indices)
    for one, two, k, ari in found.agreement:
        yield Row(group="agreement", level=f"{one}:{two}", term=f"k={k}", stats=(statistic("ari", ari),))


def _search(
    frame: AnalysisFrame, clusters: Clusters, options: StructureOptions, advance: Callable[[str], None]
) -> Structure:
    n = clusters.labels.size
    take = sample_rows(n, options.sample)
    scores = {term.column: frame.columns[term.column].values[clusters.rows][take] for term in options.terms}
    data = sample_variables(clusters.features.names, clusters.features.transformed[take], scores)
    return find_structure(data, clusters.labels[take], clusters.k, n, options, advance)


def _added(node: AnalysisNode, found: Structure | None) -> AnalysisNode:
    """Return the phenotype node with the answer and the stability of each phenotype."""
    rows = []
    for row in node.rows:
        extra: tuple[Statistic, ...] = ()
        if row.term == "GLOBAL":
            answer = float("nan") if found is None else float(found.found)
            extra = (statistic("structure_found", answer, reason=Reason.FAILED),)
        elif row.group == "phenotype" and found is not None:
            extra = (statistic("jaccard", found.jaccard[int(row.level) - 1], note=""),)
        rows.append(row.model_copy(update={"stats": (*row.stats, *extra)}))
    return node.model_copy(update={"rows": tuple(rows)})


def with_structure(
    found: PhenotypeAnalysis, frame: AnalysisFrame, options: StructureOptions,
    advance: Callable[[str], None] = lambda _words: None,
) -> PhenotypeAnalysis:  # fmt: skip
    """Put the phenotypes of a frame on trial.

    Parameters
    ----------
    found
        What clustering the frame gave; returned as it is when it failed.
    advance
        Told when a part begins.

    Returns
    -------
    PhenotypeAnalysis
        With ``structure_found`` and ``jaccard`` in the node ``phenotype``, and the node ``phenotype_structure``, which
        says why when it could not be done.
    """
    if found.clusters is None:
        return found
    node = AnalysisNode(cohort=frame.cohort, endpoint=frame.endpoint, analysis=NAME, options=options)
    try:
        structure = _search(frame, found.clusters, options, advance)
    except (ReporterError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        failed = node.model_copy(update={"failed": str(error)})
        return replace(found, nodes=(_added(found.nodes[0], None), *found.nodes[1:], failed))
    whole = node.model_copy(update={"rows": tuple(_rows(structure, options))})
    return replace(found, nodes=(_added(found.nodes[0], structure), *found.nodes[1:], whole))
