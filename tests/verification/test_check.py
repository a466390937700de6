"""The whole check on real numbers: nothing disagrees, and every kind of tampering is caught as what it is."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.output.stats import stats_csv
from reporter.pipeline.plan import Planned
from reporter.results.ledger import Verdict
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Results, Row
from reporter.results.value import Statistic
from reporter.verification.compare import compare
from reporter.verification.task import Answer, Task
from reporter.verification.tolerances import scale_of, tolerance_of
from tests.verification.small import Checked, Small, make_results, nodes_of

pytestmark = pytest.mark.r

Answers = dict[Task, Answer]


def verdicts(results: Results, answers: Answers) -> Counter[Verdict]:
    return Counter(row.verdict for row in compare(results, answers))


def test_nothing_disagrees_on_the_shipped_study(checked: Checked) -> None:
    verification = checked.results.verification
    assert verification.ran and verification.all_agree
    assert verification.count(Verdict.AGREES) == len(verification.rows) >= 1500
    assert verification.r_version and verification.survival_version and verification.lifelines_version
    assert 0 < (verification.largest_relative_difference or 0) < 1e-8


def test_every_row_of_stats_has_a_ledger_row(checked: Checked) -> None:
    ledger = [row.address for row in checked.results.verification.rows]
    stats = [line.split(",")[0] for line in stats_csv(checked.results).splitlines()[1:]]
    assert sorted(stats) == sorted(ledger) and len(set(ledger)) == len(ledger)


def test_lifelines_stands_beside_and_agrees(checked: Checked) -> None:
    rows = [row for row in checked.results.verification.rows if row.lifelines is not None]
    assert len(rows) > 100
    assert {row.address.split("/")[2] for row in rows} >= {
        "kaplan_meier", "kaplan_meier_curve", "survival_quantile", "log_rank", "cox_univariable", "cox_multivariable",
        "cox_model", "concordance",
    }  # fmt: skip
    assert [row.address for row in rows if "lifelines differs" in row.note] == []


def test_the_small_cohort_agrees(small: Small, answers: Answers) -> None:
    found = verdicts(make_results(nodes_of(small.planned, small.frames)), answers)
    assert set(found) == {Verdict.AGREES} and found.total() > 200


def with_options(nodes: list[AnalysisNode], planned: Planned) -> list[AnalysisNode]:
    return [node.model_copy(update={"options": planned.options}) for node in nodes]


def test_breslow_for_efron_is_caught(small: Small, answers: Answers) -> None:
    for planned in small.of_kind("cox", "concordance", "ph_test", "validation"):
        swapped = planned.options.model_copy(update={"ties": "breslow"})
        nodes = with_options(nodes_of([dataclasses.replace(planned, options=swapped)], small.frames), planned)
        task = Task(planned.cohort, planned.endpoint, planned.options)
        assert verdicts(make_results(nodes), {task: answers[task]})[Verdict.DISAGREES] > 0, planned.options.kind


def test_another_interval_is_caught(small: Small, answers: Answers) -> None:
    for planned in small.of_kind("kaplan_meier", "follow_up"):
        for change in ({"conf_type": "plain"}, {"conf_level": 0.9}):
            swapped = planned.options.model_copy(update=change)
            nodes = with_options(nodes_of([dataclasses.replace(planned, options=swapped)], small.frames), planned)
            task = Task(planned.cohort, planned.endpoint, planned.options)
            assert verdicts(make_results(nodes), {task: answers[task]})[Verdict.DISAGREES] > 0


def test_a_flipped_reference_level_is_caught(small: Small, answers: Answers) -> None:
    def flipped(frame: AnalysisFrame) -> AnalysisFrame:
        column = frame.columns["size"]
        levels = tuple(reversed(column.levels))
        return frame.with_column(dataclasses.replace(column, levels=levels, values=2 - column.values))

    (planned,) = (item for item in small.of_kind("cox") if item.options.analysis == "cox_multivariable")
    first, size = planned.options.terms
    terms = (first, size.model_copy(update={"levels": tuple(reversed(size.levels))}))
    swapped = dataclasses.replace(planned, options=planned.options.model_copy(update={"terms": terms}))
    frames = {key: flipped(frame) for key, frame in small.frames.items()}
    nodes = with_options(nodes_of([swapped], frames), planned)
    task = Task(planned.cohort, planned.endpoint, planned.options)
    found = verdicts(make_results(nodes), {task: answers[task]})
    assert found[Verdict.MISSING_IN_R] >= 8 and found[Verdict.MISSING_IN_PYTHON] >= 8
    assert found[Verdict.DISAGREES] > 0


def without_last_row(frame: AnalysisFrame) -> AnalysisFrame:
    columns = {name: dataclasses.replace(column, values=column.values[:-1]) for name, column in frame.columns.items()}
    return dataclasses.replace(frame, ids=frame.ids[:-1], time=frame.time[:-1], event=frame.event[:-1], columns=columns)


def test_a_dropped_row_is_caught_in_every_analysis(small: Small, answers: Answers) -> None:
    frames = {key: without_last_row(frame) for key, frame in small.frames.items()}
    for planned in small.planned:
        task = Task(planned.cohort, planned.endpoint, planned.options)
        found = verdicts(make_results(nodes_of([planned], frames)), {task: answers[task]})
        assert found[Verdict.DISAGREES] > 0, planned.options.kind


def test_a_row_shifted_by_one_is_caught(small: Small, answers: Answers) -> None:
    def shifted(column: Column) -> Column:
        return dataclasses.replace(column, values=np.roll(column.values, 1))

    frames = {
        key: dataclasses.replace(frame, columns={name: shifted(c) for name, c in frame.columns.items()})
        for key, frame in small.frames.items()
    }
    for planned in small.of_kind("cox", "log_rank", "kaplan_meier", "concordance", "ph_test"):
        task = Task(planned.cohort, planned.endpoint, planned.options)
        found = verdicts(make_results(nodes_of([planned], frames)), {task: answers[task]})
        assert found[Verdict.DISAGREES] > 0, planned.options.kind


def perturbed(found: Statistic, analysis: str, place: str, r: dict[str, float]) -> Statistic:
    """Move a number by ten times its tolerance away from R's."""
    tolerance = tolerance_of(analysis, found.stat)
    reference = r[f"{place}/{found.stat}"]
    width = tolerance.bound(reference, scale_of(tolerance, found.stat, lambda stat: r.get(f"{place}/{stat}")))
    value = reference * np.exp(10 * width) if tolerance.log_scale else reference + 10 * (width or np.spacing(reference))
    return found.model_copy(update={"value": float(value)})


def test_every_number_moved_by_ten_tolerances_disagrees(checked: Checked) -> None:
    nodes = []
    for node in checked.results.analyses:
        r = dict(checked.answers[Task(node.cohort, node.endpoint, node.options)].values)
        rows: list[Row] = []
        for row in node.rows:
            place = node.address(row, "x").removesuffix("/x")
            moved = (s if s.value is None else perturbed(s, node.analysis, place, r) for s in row.stats)
            rows.append(row.model_copy(update={"stats": tuple(moved)}))
        nodes.append(node.model_copy(update={"rows": tuple(rows), "curves": ()}))
    rows = compare(make_results(nodes), checked.answers)
    moved_rows = [row for row in rows if row.python is not None]
    assert len(moved_rows) > 1000
    # Below the smallest normal number a P value has no digits left to move: its logarithm's row disagrees.
    calm = [row for row in moved_rows if row.verdict is not Verdict.DISAGREES]
    assert [row.address for row in calm if not (row.address.endswith("p_value") and abs(row.r or 0) < 1e-307)] == []


def test_every_curve_moved_at_one_point_disagrees(checked: Checked) -> None:
    nodes = []
    for node in checked.results.analyses:
        curves: list[Curve] = []
        for curve in node.curves:
            columns = []
            for column in curve.columns:
                values = list(column.values)
                at = next(i for i in range(len(values) // 2, len(values)) if values[i])
                values[at] += 1e-6 * (1 + abs(values[at]))
                columns.append(CurveColumn(stat=column.stat, values=tuple(values)))
            curves.append(curve.model_copy(update={"columns": tuple(columns)}))
        nodes.append(node.model_copy(update={"rows": (), "curves": tuple(curves)}))
    rows = [row for row in compare(make_results(nodes), checked.answers) if row.python is not None]
    assert len(rows) > 100 and {row.verdict for row in rows} == {Verdict.DISAGREES}
