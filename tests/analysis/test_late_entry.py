"""Left truncation: risk sets, curve, log-rank test and follow-up with entry times, by hand and against R."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.follow_up import analyse_follow_up
from reporter.analysis.kaplan_meier import analyse_kaplan_meier
from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.analysis.kernels.log_rank import log_rank, risk_table
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan import Planned
from reporter.results.value import Reason
from reporter.spec.options import FollowUpOptions, KaplanMeierOptions, LogRankOptions

bounded = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def late_cohorts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 20))
    whole = st.lists(st.integers(0, 6), min_size=n, max_size=n)
    entry = np.array(draw(whole), dtype=float) / 2
    time = entry + np.array(draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)), dtype=float) / 2
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    return entry, time, event, np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))


def test_curve_by_hand() -> None:
    # At 2: those from 0 and 1 are in, the third enters at 2 and is not; at 4 and 5 all entered are those left.
    entry, time = np.array([0.0, 1, 2, 3]), np.array([2.0, 4, 5, 6])
    found = estimate_survival(time, np.ones(4, dtype=bool), conf_type="log-log", conf_level=0.95, entry=entry)
    assert found.n_risk.tolist() == [2, 3, 2, 1]
    assert found.estimate.tolist() == pytest.approx([1 / 2, 1 / 2 * 2 / 3, 1 / 6, 0])
    at = survival_at(found, np.array([0.5, 2.5, 3.5, 7]))
    assert at.n_risk.tolist() == [1, 2, 3, 0]


@bounded
@given(late_cohorts())
def test_risk_sets_are_those_counted_one_by_one(cohort) -> None:
    entry, time, event, group = cohort
    curve = estimate_survival(time, event, conf_type="log", conf_level=0.95, entry=entry)
    table = risk_table(time, event, group, 3, entry)
    in_at = [[((entry < t) & (time >= t) & (group == g)).sum() for g in range(3)] for t in curve.time]
    np.testing.assert_array_equal(table.at_risk, in_at)
    np.testing.assert_array_equal(curve.n_risk, np.sum(in_at, axis=1))
    grid = np.arange(0, 7, 0.25)
    at = survival_at(curve, grid)
    np.testing.assert_array_equal(at.n_risk, [((entry < t) & (time >= t)).sum() for t in grid])


@bounded
@given(late_cohorts())
def test_entry_at_nought_changes_nothing(cohort) -> None:
    _, time, event, group = cohort
    zero = np.zeros(time.size)
    with_entry = estimate_survival(time, event, conf_type="log", conf_level=0.95, entry=zero)
    without = estimate_survival(time, event, conf_type="log", conf_level=0.95)
    np.testing.assert_array_equal(with_entry.estimate, without.estimate)
    np.testing.assert_equal(asdict(log_rank(time, event, group, 3, zero)), asdict(log_rank(time, event, group, 3)))


def test_few_at_risk_early_and_a_curve_at_nought_are_said(frame_of) -> None:
    entry = np.array([0.0, *[1.0] * 30])
    frame = replace(frame_of([0.5, *np.linspace(2, 3, 30)], [1] * 31), entry=entry)
    options = KaplanMeierOptions(horizons=(2.5,), conf_level=0.95, conf_type="log-log")
    node = analyse_kaplan_meier(frame, options)[0]
    assert any("fewer than 10 at risk" in note for note in node.notes)
    assert any("stays 0" in note for note in node.notes)
    assert node.find().get("n_late_entry").value == 30
    assert node.find(time=2.5).get("estimate").value == 0


def test_no_median_follow_up_with_entry_times(frame_of) -> None:
    frame = replace(frame_of([2, 3, 4], [1, 0, 0]), entry=np.array([0.0, 1, 1]))
    (node,) = analyse_follow_up(frame, FollowUpOptions(conf_level=0.95, conf_type="log"))
    row = node.rows[0]
    assert row.get("median").reason is Reason.NOT_ESTIMABLE and row.get("median").note
    assert row.get("person_time").value == 7


def late_frame(frame_of, levels, rng: np.random.Generator) -> AnalysisFrame:
    n = int(rng.integers(2, 60))
    entry = rng.integers(0, 6, n).astype(float) if rng.random() < 0.7 else rng.exponential(2, n)
    time = entry + (rng.integers(1, 8, n) if rng.random() < 0.7 else rng.exponential(3, n))
    group = np.where(rng.random(n) < 0.1, -1, rng.integers(0, 3, n))
    frame = frame_of(time, rng.random(n) < rng.choice([0.1, 0.6, 1.0]), {"g": levels(("a", "b", "c"), tuple(group))})
    return replace(frame, entry=entry)


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    rng = np.random.default_rng(31)
    jobs = []
    for _ in range(40):
        frames = {("development", "os"): late_frame(frame_of, levels, rng)}
        kinds = ("log-log", "log", "plain", "logit")
        options = [
            KaplanMeierOptions(
                group=group, horizons=(1.0, 2.5, 6.0), conf_level=0.95, conf_type=str(rng.choice(kinds)),
                quantiles=(0.25, 0.5, 0.75),
            )
            for group in ("", "g")
        ]  # fmt: skip
        options += [LogRankOptions(group="g"), FollowUpOptions(conf_level=0.95, conf_type="log")]
        jobs += [(Planned("development", "os", item), frames) for item in options]
    agree(reference, jobs)


@pytest.mark.r
def test_log_rank_is_the_score_test_of_exact_ties(reference, frame_of, levels) -> None:
    rng = np.random.default_rng(5)
    for i in range(5):
        n = 40
        entry = rng.integers(0, 5, n).astype(float)
        time, event, group = entry + rng.integers(1, 6, n), rng.random(n) < 0.7, rng.integers(0, 3, n)
        frame = replace(frame_of(time, event, {"g": levels(("a", "b", "c"), tuple(group))}), entry=entry)
        code = (
            f"d <- {reference.frame(frame, f'late{i}')}\n"
            'fit <- coxph(Surv(.entry, .time, .event) ~ g, data = d, ties = "exact")\n'
            'cat(sprintf("%.17g", fit$score))'
        )
        assert float(reference.snippet(code)) == pytest.approx(
            log_rank(time, event, group, 3, entry).statistic, rel=1e-9
        )
