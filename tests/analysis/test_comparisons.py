"""RMST, conditional survival, rank tests, pairs and differences at a time: by hand and against R."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from reporter.analysis.conditional_survival import analyse_conditional_survival
from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.kernels.rank_tests import adjusted_p_values, rank_test
from reporter.analysis.kernels.survival_difference import cloglog_test
from reporter.analysis.rank_tests import analyse_pairwise, analyse_rank_tests
from reporter.analysis.rmst import analyse_rmst
from reporter.analysis.survival_difference import analyse_survival_difference
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan import Planned
from reporter.results.value import Reason
from reporter.spec.options import (
    ConditionalOptions,
    DifferenceOptions,
    Options,
    PairwiseOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
)

bounded = settings(max_examples=60, deadline=None, derandomize=True)
FAMILY = (
    RankTest(name="log_rank"),
    RankTest(name="gehan"),
    RankTest(name="tarone_ware"),
    RankTest(name="peto_peto"),
    RankTest(name="fleming_harrington", rho=1.0),
    RankTest(name="fleming_harrington", gamma=1.0),
    RankTest(name="fleming_harrington", rho=0.5, gamma=0.5),
    RankTest(name="trend", scores=(0.0, 1.0, 2.0)),
)


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 20))
    time = draw(st.lists(st.integers(0, 6).map(float), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    group = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return np.array(time), np.array(event), np.array(group)


def test_weighted_test_by_hand() -> None:
    # Time 1: 2 + 2 at risk, a death in the first group. Time 2: 1 + 2 at risk, a death in each. n = 4, 3.
    time, event, group = np.array([1.0, 2, 2, 3]), np.array([1, 1, 1, 0], dtype=bool), np.array([0, 0, 1, 1])
    difference = 4 * (1 - 1 / 2) + 3 * (1 - 2 / 3)
    variance = 16 * 1 / 4 + 9 * 2 * (1 / 3) * (2 / 3) * (1 / 2)
    found = rank_test(RankTest(name="gehan"), time, event, group, 2)
    assert found.statistic == pytest.approx(difference**2 / variance, rel=1e-14)
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=1e-13)


@bounded
@given(cohorts(), st.sampled_from(FAMILY))
def test_every_test_is_a_number_or_absent(cohort, test) -> None:
    found = rank_test(test, *cohort, 3)
    assert np.isnan(found.statistic) or (found.statistic >= 0 and 0 <= found.p_value <= 1)


@bounded
@given(cohorts())
def test_weight_one_is_the_log_rank_test(cohort) -> None:
    plain = log_rank(*cohort, 3)
    for test in (RankTest(name="log_rank"), RankTest(name="fleming_harrington")):
        assert rank_test(test, *cohort, 3).statistic == pytest.approx(plain.statistic, rel=1e-12, nan_ok=True)


@bounded
@given(cohorts())
def test_trend_over_two_groups_is_the_log_rank_test(cohort) -> None:
    time, event, group = cohort
    two = group % 2
    trend = rank_test(RankTest(name="trend", scores=(1.0, 5.0)), time, event, two, 2)
    assert trend.statistic == pytest.approx(log_rank(time, event, two, 2).statistic, rel=1e-9, nan_ok=True)


def test_a_stratum_with_one_group_adds_nothing() -> None:
    rng = np.random.default_rng(3)
    time, event, group = rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.7, rng.integers(0, 2, 40)
    alone = np.concatenate((np.zeros(40, dtype=int), np.ones(5, dtype=int)))
    test = RankTest(name="gehan")
    found = rank_test(
        test,
        np.concatenate((time, np.arange(1.0, 6))),
        np.concatenate((event, np.ones(5, dtype=bool))),
        np.concatenate((group, np.zeros(5, dtype=int))),
        2,
        stratum=alone,
    )
    assert found.statistic == pytest.approx(rank_test(test, time, event, group, 2).statistic, rel=1e-12)


def test_adjusted_p_values_by_hand() -> None:
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.5])
    np.testing.assert_allclose(adjusted_p_values(p, "bonferroni"), [0.04, 0.16, 0.12, np.nan, 1])
    np.testing.assert_allclose(adjusted_p_values(p, "holm"), [0.04, 0.09, 0.09, np.nan, 0.5])
    np.testing.assert_allclose(adjusted_p_values(p, "bh"), [0.04, 0.16 / 3, 0.16 / 3, np.nan, 0.5])
    assert adjusted_p_values(np.array([]), "holm").size == 0


def test_cloglog_test_by_hand() -> None:
    estimate, error = np.array([0.5, 0.7]), np.array([0.1, 0.08])
    scale = np.log(-np.log(estimate))
    variance = (error / estimate / np.log(estimate)) ** 2
    found = cloglog_test(estimate, error)
    assert found.statistic == pytest.approx((scale[0] - scale[1]) ** 2 / variance.sum(), rel=1e-14)
    for value in (0.0, 1.0, np.nan):
        assert np.isnan(cloglog_test(np.array([value, 0.7]), error).statistic)


def test_rmst_is_the_mean_when_nobody_is_censored(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3, 2, 4, 6], [1] * 6, {"g": levels(("a", "b"), (0, 0, 0, 1, 1, 1))})
    means, differences = analyse_rmst(frame, RmstOptions(group="g", tau=10.0, conf_level=0.95))
    assert [row.get("estimate").value for row in means.rows] == pytest.approx([2, 4])
    row = differences.find(group="g", level="b", term="g=a", time=10.0)
    assert row.get("estimate").value == pytest.approx(2)
    # The variance of a mean with divisor n, as Greenwood's.
    assert row.get("std_error").value == pytest.approx(np.sqrt(2 / 9 + 8 / 9))
    half = 1.959963984540054 * np.sqrt(10 / 9)
    assert [row.get(f"conf_{end}").value for end in ("low", "high")] == pytest.approx([2 - half, 2 + half])


def test_nothing_past_the_last_follow_up(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3, 4], [1, 0, 1, 0], {"g": levels(("a", "b"), (0, 0, 1, 1))})
    nodes = [
        *analyse_rmst(frame, RmstOptions(group="g", tau=5.0, conf_level=0.95)),
        *analyse_survival_difference(frame, DifferenceOptions(group="g", horizons=(5.0,), conf_level=0.95)),
        *analyse_conditional_survival(
            frame, ConditionalOptions(group="g", given=(2.0,), horizons=(5.0,), conf_level=0.95, conf_type="log")
        ),
    ]
    for node in nodes:
        for row in node.rows:
            if row.level:
                found = row.get("estimate")
                assert found.reason is Reason.NOT_ESTIMABLE and found.note


def test_one_level_gives_no_comparison(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3], [1, 1, 0], {"g": levels(("a", "b", "c"), (0, 0, 0))})
    assert analyse_pairwise(frame, PairwiseOptions(group="g", adjust="holm"))[0].rows == ()
    (node,) = analyse_survival_difference(frame, DifferenceOptions(group="g", horizons=(1.0,), conf_level=0.95))
    assert node.rows == () and node.notes
    assert len(analyse_rmst(frame, RmstOptions(group="g", tau=2.0, conf_level=0.95))) == 1
    for row in analyse_rank_tests(frame, RankTestOptions(group="g", tests=FAMILY))[0].rows:
        assert row.get("statistic").value is None and row.get("p_value").note


def asked(rng: np.random.Generator, horizons: tuple[float, ...]) -> Iterator[Options]:
    for group in ("", "g"):
        yield RmstOptions(group=group, tau=horizons[1], conf_level=0.95)
        conf_type = str(rng.choice(("log-log", "log", "plain", "logit")))
        yield ConditionalOptions(
            group=group, given=horizons[:2], horizons=horizons, conf_level=0.9, conf_type=conf_type
        )
    stratified = tuple(test.model_copy(update={"strata": ("s", "c")}) for test in FAMILY)
    yield RankTestOptions(group="g", tests=(*FAMILY, *stratified))
    yield PairwiseOptions(group="g", adjust=str(rng.choice(("holm", "bh", "bonferroni"))))
    yield DifferenceOptions(group="g", horizons=horizons, conf_level=0.95)


def small_frame(frame_of, levels, rng: np.random.Generator) -> AnalysisFrame:
    n = int(rng.integers(1, 70))
    time = rng.integers(0, 12, n).astype(float) if rng.random() < 0.7 else rng.exponential(5, n)
    columns = {
        "g": levels(("a", "b", "c<=1"), tuple(np.where(rng.random(n) < 0.1, -1, rng.integers(0, 3, n)))),
        "s": levels(("x", "y"), tuple(np.where(rng.random(n) < 0.1, -1, rng.integers(0, 2, n)))),
        "c": levels(("u", "v"), tuple(rng.integers(0, 2, n))),
    }
    frame = frame_of(time, rng.random(n) < rng.choice([0.05, 0.6, 1.0]), columns)
    if rng.random() < 0.4:
        late = rng.integers(0, 6, n).astype(float)
        return replace(frame, time=time + late + 1, entry=late)
    return frame


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    rng = np.random.default_rng(77)
    jobs = []
    for _ in range(40):
        frames = {("development", "os"): small_frame(frame_of, levels, rng)}
        jobs += [(Planned("development", "os", item), frames) for item in asked(rng, (2.0, 4.5, 8.0))]
    agree(reference, jobs)


@pytest.mark.r
def test_trend_is_the_score_test_of_exact_ties(reference, r_table) -> None:
    data = r_table("survival/colon")
    rows = (data["etype"] == 2) & ~np.isnan(data["differ"])
    time, event, group = data["time"][rows], data["status"][rows] == 1, data["differ"][rows].astype(int) - 1
    code = (
        "d <- subset(colon, etype == 2 & !is.na(differ))\n"
        'cat(sprintf("%.17g", coxph(Surv(time, status) ~ differ, data = d, ties = "exact")$score))'
    )
    found = rank_test(RankTest(name="trend", scores=(0.0, 1.0, 2.0)), time, event, group, 3)
    assert float(reference.snippet(code)) == pytest.approx(found.statistic, rel=1e-9)
