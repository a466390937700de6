"""What the performance at the horizons may tell of few patients."""

from __future__ import annotations

import pytest

from reporter.results.suppress import suppress_small_cells
from reporter.results.suppress_performance import KIND
from reporter.results.tree import AnalysisNode, Results
from reporter.results.value import Reason

TELLING = ("n_risk", "n_event", "uncensored", "largest_weight", "effective_n", "brier_null")


@pytest.fixture(scope="module")
def hidden(rotterdam: Results) -> Results:
    """The shipped study with a limit for both cohorts."""
    cohorts = tuple(info.model_copy(update={"suppress_below": 11}) for info in rotterdam.cohorts)
    return suppress_small_cells(rotterdam.model_copy(update={"cohorts": cohorts}))


def node(results: Results, analysis: str) -> AnalysisNode:
    (found,) = (n for n in results.nodes(analysis, cohort="validation") if n.options.kind == KIND)
    return found


def test_scores_keep_three_digits_and_no_count(rotterdam: Results, hidden: Results) -> None:
    before, after = node(rotterdam, "performance"), node(hidden, "performance")
    shown = 0
    for row, own in zip(before.rows, after.rows, strict=True):
        if row.group or row.time is None:
            continue
        assert all(own.get(stat).reason is Reason.SUPPRESSED for stat in TELLING if row.get(stat).value is not None)
        found = own.get("auc")
        if found.value is not None:
            shown += 1
            assert found.value == float(f"{row.get('auc').value:.3g}") != row.get("auc").value
            assert own.get("brier").value == float(f"{row.get('brier').value:.3g}")
    assert shown


def test_nothing_is_told_by_threshold(rotterdam: Results, hidden: Results) -> None:
    rows = [row for row in node(hidden, "performance").rows if row.group]
    assert len(rows) == len([row for row in node(rotterdam, "performance").rows if row.group]) > 100
    assert all(found.value is None for row in rows for found in row.stats)


def test_the_curve_and_the_largest_distance_are_gone(rotterdam: Results, hidden: Results) -> None:
    assert node(rotterdam, "calibration_curve").curves and not node(hidden, "calibration_curve").curves
    seen = 0
    for row in node(hidden, "calibration").rows:
        for stat in ("emax", "oe_ratio_events_conf_low", "oe_ratio_events_conf_high"):
            assert row.get(stat).value is None
        seen += row.get("ici").value is not None
    assert seen


def test_a_time_that_no_curve_shows_tells_nothing(rotterdam: Results) -> None:
    cohorts = tuple(info.model_copy(update={"suppress_below": 300}) for info in rotterdam.cohorts)
    found = suppress_small_cells(rotterdam.model_copy(update={"cohorts": cohorts}))
    last = node(found, "performance").find(term="cox", time=5.0)
    assert last is not None and all(s.value is None for s in last.stats)
