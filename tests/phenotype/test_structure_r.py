"""The deterministic indices against R."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.phenotype.nodes import analyse_phenotypes
from reporter.phenotype.structure_nodes import with_structure
from reporter.pipeline.plan import Planned
from reporter.spec.options import StructureOptions, TermSpec
from reporter.verification.declared import why_not_checkable
from reporter.verification.tolerances import tolerance_of
from tests.analysis.conftest import Reference
from tests.phenotype.test_phenotypes import options as phenotype_options

pytestmark = pytest.mark.r
TERMS = (
    TermSpec(column="age", per=10),
    TermSpec(column="nodes", transform="log1p"),
    TermSpec(column="size", levels=("a", "b", "c")),
)


@pytest.mark.parametrize(("n", "sample"), [(90, 500), (301, 120)])
def test_r_computes_the_same_indices(frame_of, levels, tmp_path, n: int, sample: int) -> None:
    random = np.random.default_rng(n)
    group = random.integers(0, 3, n)
    columns = {
        "age": random.normal(50, 4, n) + 15 * (group == 1),
        "nodes": random.poisson(np.where(group == 2, 15, 2)).astype(float),
        "size": levels(("a", "b", "c"), tuple((group + random.integers(0, 2, n)) % 3)),
    }
    frame = frame_of(random.exponential(2, n), random.random(n) < 0.7, columns)
    before = analyse_phenotypes(frame, phenotype_options(terms=TERMS, k=(2, 3, 4)))
    asked = StructureOptions(
        terms=TERMS,
        algorithms=("ward", "kmeans", "gmm"),
        k=(2, 3, 4),
        seed=1,
        replicates=25,
        resamples=5,
        sample=sample,
    )
    node = with_structure(before, frame, asked).nodes[-1]
    planned = Planned("development", frame.endpoint, asked)
    (answer,) = Reference(tmp_path).answers([(planned, {("development", frame.endpoint): frame})])
    assert not answer.error
    checked = 0
    for row in node.rows:
        for found in row.stats:
            if why_not_checkable(node.analysis, found.stat):
                continue
            reference = answer.rows.pop(node.address(row, found.stat))
            scale = 1.0 if tolerance_of(node.analysis, found.stat).scale == "one" else 0.0
            assert tolerance_of(node.analysis, found.stat).accepts(found.value, reference, scale), (
                row,
                found,
                reference,
            )
            checked += 1
    assert checked == 2 + 9 * 4 + 3 + 9
    assert answer.rows == {}
