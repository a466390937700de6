"""The outcome is no feature, and where it helped to form the phenotypes nothing tests them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from reporter.analysis.log_rank import analyse_log_rank
from reporter.cohort.build import build_cohorts
from reporter.errors import ReporterError
from reporter.phenotype.nodes import analyse_phenotypes
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.phenotypes import add_phenotypes
from reporter.pipeline.plan import Planned, plan_by_phenotype, plan_phenotypes, plan_structure
from reporter.results.value import Reason
from reporter.spec.load import load_study
from reporter.spec.options import GrayTestOptions, LogRankOptions, TermSpec
from reporter.verification.lifelines import witness
from tests.analysis.test_competing_risks import competing_frame
from tests.phenotype.test_phenotypes import options, planted

USED = "outcome_used_in_grouping"


@pytest.fixture
def written(tmp_path: Path, rotterdam: Path):
    """Write the Rotterdam study with other phenotypes and return its path."""
    for name in ("rotterdam.csv", "gbsg.csv"):
        shutil.copy(rotterdam.parent / name, tmp_path)

    def write(features: str, more: str = "", columns: str = "") -> Path:
        text = rotterdam.read_text(encoding="utf-8")
        before, _, after = text.partition("[phenotypes]\n")
        after = after[after.index("[validation]") :]
        asked = f'[phenotypes]\nfeatures = {features}\nalgorithms = ["ward"]\nk = [2]\nhorizon = 3\n{more}\n'
        (tmp_path / "study.toml").write_text(f"{before}{columns}{asked}{after}", encoding="utf-8")
        return tmp_path / "study.toml"

    return write


@pytest.mark.parametrize(
    ("features", "columns", "name"),
    [
        ('["age", "dtime"]', '[columns.dtime]\nkind = "numeric"\n', "dtime"),
        ('["age", "died"]', '[columns.died]\nkind = "numeric"\nsource = "death"\n', "died"),
    ],
    ids=["by its name", "by another name"],
)
def test_the_outcome_is_refused_as_a_feature(written, features: str, columns: str, name: str) -> None:
    with pytest.raises(ReporterError) as refused:
        load_study(written(features, columns=columns))
    said = " ".join(str(found.message) for found in refused.value.findings)
    assert f"'{name}' is the outcome (endpoints.rfs)" in said
    assert load_study(written(features, "supervised = true", columns)).phenotypes.supervised


@pytest.mark.parametrize(
    ("more", "used"), [("", ""), ("features_chosen_with_outcome = true", USED), ("supervised = true", USED)]
)
def test_what_the_study_says_reaches_the_tests(written, more: str, used: str) -> None:
    study = load_study(written('["age", "nodes"]', more))
    frames = dict(build_cohorts(study).frames)
    clustering = plan_phenotypes(study, frames)
    assert clustering.options.outcome_used == bool(used)
    add_phenotypes(clustering, frames)
    tests = [item for item in plan_by_phenotype(study, frames) if isinstance(item.options, LogRankOptions)]
    assert {item.cohort: item.options.withheld for item in tests} == {"development": used, "validation": ""}


def test_structure_can_be_left_out(written) -> None:
    study = load_study(written('["age", "nodes"]', "structure = false"))
    clustering = plan_phenotypes(study, dict(build_cohorts(study).frames))
    assert plan_structure(study, clustering) is None
    asked = load_study(written('["age", "nodes"]', "null_replicates = 299"))
    assert plan_structure(asked, clustering).options.replicates == 299
    with pytest.raises(ReporterError):
        load_study(written('["age", "nodes"]', "null_replicates = 99"))


def _grouped(frame_of, levels):
    random = np.random.default_rng(2)
    group = levels(("1", "2"), tuple(random.integers(0, 2, 60)))
    return frame_of(random.exponential(1, 60), random.random(60) < 0.7, {"phenotype": group})


def test_no_test_where_the_outcome_was_used(frame_of, levels) -> None:
    frame = _grouped(frame_of, levels)
    (node,) = analyse_log_rank(frame, LogRankOptions(group="phenotype", withheld=USED))
    (open_node,) = analyse_log_rank(frame, LogRankOptions(group="phenotype"))
    for stat in ("statistic", "p_value", "log_p_value"):
        found = node.rows[0].get(stat)
        assert (found.value, found.reason) == (None, Reason.OUTCOME_USED)
        assert open_node.rows[0].get(stat).value is not None
    assert node.rows[0].get("df").value == 1
    assert node.rows[1:] == open_node.rows[1:]


@pytest.mark.r
def test_r_withholds_the_same(frame_of, levels, tmp_path) -> None:
    from tests.analysis.conftest import Reference

    frame = _grouped(frame_of, levels)
    frames = {("development", frame.endpoint): frame}
    asked = LogRankOptions(group="phenotype", withheld=USED)
    (answer,) = Reference(tmp_path).answers([(Planned("development", frame.endpoint, asked), frames)])
    where = f"development/{frame.endpoint}/log_rank/phenotype"
    assert all(np.isnan(answer.rows[f"{where}/{stat}"]) for stat in ("statistic", "p_value", "log_p_value"))
    assert answer.rows[f"{where}/df"] == 1


def test_the_second_witness_says_nothing_either(frame_of, levels) -> None:
    frame = _grouped(frame_of, levels)
    frames = {("development", frame.endpoint): frame}
    for used, n in ((USED, 0), ("", 2)):
        planned = Planned("development", frame.endpoint, LogRankOptions(group="phenotype", withheld=used))
        assert len(witness(frames, [planned])) == n


def test_a_feature_that_is_the_outcome_is_flagged(frame_of) -> None:
    random = np.random.default_rng(4)
    frame, _ = planted(frame_of, n=40, secret=random.normal(size=120))
    frame.columns["secret"].values[:] = -frame.time + random.normal(0, 0.01, 120)
    terms = (*options().terms, TermSpec(column="secret"))
    leaked = [n for n in analyse_phenotypes(frame, options(terms=terms)).nodes[0].notes if "under another name" in n]
    assert leaked == ["secret alone ranks survival almost perfectly: is it the outcome under another name?"]
    clean = analyse_phenotypes(frame, options()).nodes[0].notes
    assert not any("under another name" in note for note in clean)


@pytest.mark.r
def test_grays_test_is_withheld_on_both_sides(tmp_path) -> None:
    from tests.analysis.conftest import Reference

    frame = competing_frame(3, 80)
    asked = GrayTestOptions(group="arm", causes=("os", "death"), withheld=USED)
    planned = Planned("development", "os", asked)
    (answer,) = Reference(tmp_path).answers([(planned, {("development", "os"): frame})])
    (node,) = run_planned(planned, {("development", "os"): frame})
    assert not answer.error
    for row in node.rows:
        for found in row.stats:
            reference = answer.rows.pop(node.address(row, found.stat))
            assert np.isnan(reference) if found.value is None else found.value == pytest.approx(reference, rel=1e-12)
    tests = [row for row in node.rows if not row.level]
    assert [[s.stat for s in row.stats if s.value is not None] for row in tests] == [["df"], ["df"]]
    assert answer.rows == {}
