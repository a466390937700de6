"""Rules of small-cell suppression, each on a case worked by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reporter.results.small_cells import are_safe, hidden_cells, hidden_levels
from reporter.results.suppress import merge_small_steps, suppress_small_cells
from reporter.results.suppress_times import Course, Grid, shared_grid
from reporter.results.suppress_values import quiet
from reporter.results.tree import AttritionStep, Results
from reporter.results.value import Reason

BELOW = 11


def test_zero_and_the_limit_itself_are_not_small() -> None:
    assert are_safe(np.array([0.0, 11.0, -11.0]), BELOW)
    assert not are_safe(np.array([10.0]), BELOW)
    assert not are_safe(np.array([-1.0]), BELOW)


def test_a_small_level_takes_the_smallest_other_with_it() -> None:
    levels = {"a": np.array([5.0]), "b": np.array([40.0]), "c": np.array([30.0])}
    assert hidden_levels(levels, np.array([75.0]), BELOW) == {"a", "c"}


def test_two_small_levels_are_enough_when_they_are_not_few_together() -> None:
    levels = {"a": np.array([5.0]), "b": np.array([8.0]), "c": np.array([30.0])}
    assert hidden_levels(levels, np.array([43.0]), BELOW) == {"a", "b"}


def test_few_without_a_level_hide_the_smallest_level() -> None:
    levels = {"a": np.array([50.0]), "b": np.array([40.0])}
    assert hidden_levels(levels, np.array([93.0]), BELOW) == {"b"}


def test_a_level_is_hidden_for_its_events_too() -> None:
    levels = {"a": np.array([60.0, 4.0, 56.0]), "b": np.array([60.0, 30.0, 30.0]), "c": np.array([99.0, 60.0, 39.0])}
    assert hidden_levels(levels, np.array([219.0, 94.0, 125.0]), BELOW) == {"a", "b"}


@pytest.mark.parametrize("seed", range(30))
def test_a_hidden_cell_could_be_none_or_not_small(seed: int) -> None:
    """By moving along cycles of hidden cells, each small cell reaches 0 and `below` with all totals and cells kept."""
    rng = np.random.default_rng(seed)
    cells = rng.choice([0, 3, 7, 12, 25, 60, 200], size=(int(rng.integers(2, 5)), int(rng.integers(2, 5)))).astype(
        float
    )
    hidden = hidden_cells(cells, BELOW)
    if hidden is None:
        assert ((cells > 0) & (cells < BELOW)).any()
        return
    for i, j in np.argwhere((cells > 0) & (cells < BELOW)):
        assert hidden[i, j]
        reached = set()
        for k, m in itertools.product(range(cells.shape[0]), range(cells.shape[1])):
            if k != i and m != j and hidden[i, m] and hidden[k, j] and hidden[k, m]:
                up = min(cells[i, m], cells[k, j])
                down = min(cells[i, j], cells[k, m])
                reached |= {"up"} if cells[i, j] + up >= BELOW else set()
                reached |= {"down"} if cells[i, j] - down == 0 else set()
        assert reached == {"up", "down"}


def test_without_a_partner_the_whole_table_goes() -> None:
    assert hidden_cells(np.array([[5.0, 0.0], [0.0, 50.0]]), BELOW) is None


def course(events: list[int], censored: list[int]) -> Course:
    """Return a course with one time a month."""
    d, c = np.array(events, dtype=float), np.array(censored, dtype=float)
    left = d + c
    return Course(np.arange(1.0, left.size + 1), d[:, None], c, np.cumsum(left[::-1])[::-1])


def test_months_are_joined_until_enough_had_an_event_and_the_end_is_left_enough() -> None:
    whole = course([6, 6, 3, 12, 2, 3], [0, 0, 0, 0, 0, 40])
    grid = shared_grid([whole], [], "months", BELOW)
    # 12 events by month 2; month 4 would have 15 more, but leave 5 to the end; month 6 has all 20 of them.
    assert grid.times == (2.0, 6.0)


def test_the_number_at_risk_waits_for_enough_censored() -> None:
    whole = course([12, 12, 12, 12, 12], [0, 4, 20, 0, 40])
    grid = shared_grid([whole], [], "months", BELOW)
    assert 3.0 in grid.drawn  # four were censored in month 2
    assert 4.0 in grid.counted or 4.0 in grid.drawn


def test_a_group_shares_the_times_of_its_smallest_level() -> None:
    large, small = course([30, 30, 30, 30], [0, 0, 0, 60]), course([6, 6, 6, 6], [0, 0, 0, 30])
    alone = shared_grid([large], [], "months", BELOW)
    assert alone.times == (1.0, 2.0, 3.0, 4.0)
    assert shared_grid([large, small], [], "months", BELOW, within=alone).times == (2.0, 4.0)


def test_nothing_is_shown_where_few_are_at_risk() -> None:
    whole = course([12, 12, 12], [0, 0, 0])
    assert all(whole.at_risk(np.array([t]))[0] >= BELOW for t in shared_grid([whole], [], "months", BELOW).times)


def test_late_entry_draws_the_estimate_alone() -> None:
    entered = Course(
        np.array([1.0, 2.0, 3.0]), np.array([[20.0], [20.0], [20.0]]), np.zeros(3), np.array([30.0, 40, 20])
    )
    assert entered.late
    assert shared_grid([entered], [], "months", BELOW).counted == ()


def step(name: str, removed: int, left: int) -> AttritionStep:
    """Return a step whose label is its name."""
    return AttritionStep(name=name, label=name, n_removed=removed, n_left=left)


def test_small_steps_of_the_flow_are_joined() -> None:
    found = merge_small_steps([step("a", 3, 97), step("b", 20, 77), step("c", 2, 75)], BELOW)
    assert [(s.label, s.n_removed, s.n_left) for s in found] == [("a; b; c", 25, 75)]
    found = merge_small_steps([step("a", 30, 70), step("b", 0, 70), step("c", 2, 68)], BELOW)
    assert [(s.label, s.n_removed, s.n_left) for s in found] == [("a; b; c", 32, 68)]


def test_notes_with_a_whole_number_are_dropped() -> None:
    assert quiet("3 patients have no value") == ""
    assert quiet("13 patients are left out") == ""
    assert quiet("the largest weight is 1.25") != ""


def test_a_tree_without_a_limit_is_returned_as_it_is(rotterdam: Results) -> None:
    assert suppress_small_cells(rotterdam) is rotterdam


def test_an_analysis_without_a_rule_loses_its_numbers(rotterdam: Results) -> None:
    """What the suppression does not know is hidden, not shown."""
    strange = next(n for n in rotterdam.analyses if n.analysis == "log_rank").model_copy(update={"analysis": "strange"})
    cohorts = tuple(info.model_copy(update={"suppress_below": BELOW}) for info in rotterdam.cohorts)
    tree = rotterdam.model_copy(update={"cohorts": cohorts, "analyses": (*rotterdam.analyses, strange)})
    node = suppress_small_cells(tree).analyses[-1]
    assert {s.reason for row in node.rows for s in row.stats} == {Reason.SUPPRESSED}


def test_it_hides_more_with_a_larger_limit_and_nothing_comes_back(rotterdam: Results) -> None:
    def hidden(below: int) -> set[str]:
        cohorts = tuple(info.model_copy(update={"suppress_below": below}) for info in rotterdam.cohorts)
        tree = suppress_small_cells(rotterdam.model_copy(update={"cohorts": cohorts}))
        return {where for *_, found, where in tree.statistics() if found.reason is Reason.SUPPRESSED}

    assert 0 < len(hidden(11)) < len(hidden(60))


def test_once_suppressed_the_grid_is_empty_when_nothing_fits() -> None:
    assert shared_grid([course([3, 3], [2, 2])], [], "months", BELOW) == Grid()
