"""What the report says of structure: found, not found, not lasting, not sought, not possible."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.phenotype.structure import Index, Structure
from reporter.phenotype.structure_nodes import NAME, _added, _rows
from reporter.report.build import build_report
from reporter.report.document import Figure, Table
from reporter.report.language import Language
from reporter.results.suppress_models import structure as hide_structure
from reporter.results.suppress_values import hide_row
from reporter.results.tree import AnalysisNode, Results
from reporter.spec.options import StructureOptions
from tests.report.test_report import bare_numerals, blocks, page, tag, text_of

EN = Language("en")
ALGORITHMS = ("ward", "kmeans", "gmm")
OPTIONS = StructureOptions(terms=(), algorithms=ALGORITHMS, k=(2, 3), seed=1, replicates=199)


def index(algorithm: str, k: int) -> Index:
    bic = 812.4 if algorithm == "gmm" else float("nan")
    return Index(algorithm, k, 0.41, 120.3, 0.91, 0.37, bic, 0.62, 17, 0.31, 0.36, 0.3, 101.2, 1.12)


def structure(n_phenotypes: int, *, p: float, jaccard: float, found: bool) -> Structure:
    agreement = tuple((one, two, k, 0.5) for k in (2, 3) for one, two in (("ward", "kmeans"), ("ward", "gmm")))
    indices = tuple(index(algorithm, k) for k in (2, 3) for algorithm in ALGORITHMS)
    stable = np.full(n_phenotypes, 0.95)
    stable[0] = jaccard
    return Structure(200, 220, 3.4, p, 5.6, 0.005, "kmeans", 2, stable, indices, agreement, found)


@pytest.fixture
def told(small):
    """Return a maker of results with an answer in them."""

    def make(found: Structure | None, failed: str = "") -> Results:
        results = small(phenotypes=True)
        (first,) = results.nodes("phenotype")
        node = AnalysisNode(cohort=first.cohort, endpoint=first.endpoint, analysis=NAME, options=OPTIONS, failed=failed)
        rows = () if found is None else tuple(_rows(found, OPTIONS))
        node = node.model_copy(update={"rows": rows})
        nodes = tuple(_added(n, found) if n is first else n for n in results.analyses)
        return results.model_copy(update={"analyses": (*nodes, node)})

    return make


def k_of(small) -> int:
    (node,) = small(phenotypes=True).nodes("phenotype")
    return int(node.find(term="GLOBAL").get("k").value)


@pytest.mark.parametrize(
    ("p", "jaccard", "found", "said"),
    [
        (0.435, 0.95, False, "No phenotype structure was found: data without clusters give clusters as clear"),
        (0.005, 0.41, False, "No phenotype structure was found that lasts"),
        (0.005, 0.81, True, "Phenotype structure was found: the clusters are clearer"),
    ],
)
def test_the_answer_comes_first(told, small, p: float, jaccard: float, found: bool, said: str) -> None:
    document = build_report(told(structure(k_of(small), p=p, jaccard=jaccard, found=found)), EN)
    text = text_of(document)
    assert said in text
    assert "not tested against noise" not in text
    assert ("exploratory" in text) is not found
    assert f"smallest Jaccard index {jaccard:.2f}" in text or p == 0.435
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []


def test_figure_tables_method_and_works_are_there(told, small) -> None:
    document = build_report(told(structure(k_of(small), p=0.435, jaccard=0.9, found=False)), EN)
    found = {b.name: b for b in blocks(document) if isinstance(b, (Table, Figure))}
    table = found["phenotype_agreement"]
    assert [len(table.head), len(table.rows)] == [3, 2]
    assert "Search for phenotype structure" in text_of(document)
    for work in ("Hennig C", "Tibshirani R", "Hubert L", "Westfall PH", "Nelsen RB"):
        assert work in text_of(document)
    names = [type(b) for b in blocks(document) if getattr(b, "name", "") == "phenotype_structure"]
    assert set(names) == {Table, Figure}


def test_what_was_not_sought_or_not_possible_is_exploratory(told, small) -> None:
    assert "Exploratory: not tested against noise" in text_of(build_report(small(phenotypes=True), EN))
    text = text_of(build_report(told(None, "the sample has 3 distinct patients"), EN))
    assert "Exploratory: not tested against noise" in text
    assert "the sample has 3 distinct patients" in text


def test_under_suppression_the_answer_stays_and_the_indices_go(told, small) -> None:
    (node,) = told(structure(k_of(small), p=0.435, jaccard=0.9, found=False)).nodes(NAME)
    hidden = hide_structure(node, None)
    left = {s.stat for row in hidden.rows for s in row.stats if s.value is not None}
    assert left == {"copula_p_value", "permutation_p_value", "n_replicates", "n_dear", "n_resamples"}
    results = told(structure(k_of(small), p=0.435, jaccard=0.9, found=False))
    text = text_of(build_report(replaced(results, hidden), EN))
    assert "data without clusters give clusters as clear" in text
    nothing = hidden.model_copy(update={"rows": tuple(hide_row(row) for row in hidden.rows)})
    assert "is not shown (few patients)" in text_of(build_report(replaced(results, nothing), EN))


def replaced(results: Results, node: AnalysisNode) -> Results:
    nodes = tuple(node if n.analysis == NAME else n for n in results.analyses)
    return results.model_copy(update={"analyses": nodes})
