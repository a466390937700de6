"""Tables and methods of what a study asks for beside the curve and the log-rank test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reporter.report.build import build_report
from reporter.report.document import MethodNote, ReportDocument, Section, Table
from reporter.report.language import Language
from reporter.results.tree import Results
from reporter.spec.options import ModelOptions

FURTHER = {"further": True, "groups": ("arm", "centre"), "many_levels": 3, "covariates": ()}
TABLES = ("quantiles_os", "rmst_os", "conditional_os", "differences_os", "tests_os", "pairs_os")


def of(document: ReportDocument, kind: type) -> list:
    return [block for s in document.sections if isinstance(s, Section) for block in s.blocks if isinstance(block, kind)]


def test_tables_stand_only_where_asked(small: Callable[..., Results]) -> None:
    plain = {table.name for table in of(build_report(small(), Language("en")), Table)}
    asked = {table.name for table in of(build_report(small(**FURTHER), Language("en")), Table)}
    assert not plain & set(TABLES) and asked >= set(TABLES)


@pytest.mark.parametrize("late", [False, True])
def test_methods_name_what_was_done(small: Callable[..., Results], late: bool) -> None:
    document = build_report(small(**FURTHER, late_entry=late), Language("en"))
    said = {note.heading: "".join(run.text for run in note.runs) for note in of(document, MethodNote)}
    assert ("Late entry" in said) is late
    assert "S(t−)^0.5 (1 − S(t−))^0.5" in said["Further tests of equal survival"]
    assert "stratified by" in said["Further tests of equal survival"]
    assert "Benjamini–Hochberg" in said["Pairwise comparisons"]
    assert {"Restricted mean survival", "Conditional survival", "Survival at the horizons"} <= set(said)


def test_no_median_follow_up_is_said_in_words(small: Callable[..., Results]) -> None:
    document = build_report(small(late_entry=True), Language("en"))
    assert "the median follow-up is not estimable" in "".join(run.text for run in document.title_page.lead)


@pytest.mark.parametrize("part", ["weights", "cluster"])
def test_weights_and_clusters_are_said_to_be_the_models_alone(small: Callable[..., Results], part: str) -> None:
    results = small()
    nodes = [
        node.model_copy(update={"options": node.options.model_copy(update={part: "w"})})
        if isinstance(node.options, ModelOptions)
        else node
        for node in results.analyses
    ]
    for found, expected in ((results, False), (results.model_copy(update={"analyses": tuple(nodes)}), True)):
        headings = [note.heading for note in of(build_report(found, Language("en")), MethodNote)]
        assert ("Weights and clusters" in headings) is expected


def test_failures_are_said(small: Callable[..., Results]) -> None:
    document = build_report(small(**FURTHER, fail=("rmst", "rank_test")), Language("en"))
    assert "rmst_os" not in {table.name for table in of(document, Table)}
