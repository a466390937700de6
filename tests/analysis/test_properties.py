"""What holds for every small cohort: ties, time 0, all censored, one event, separation, missing values."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.kaplan_meier import (
    estimate_follow_up,
    estimate_survival,
    survival_at,
    survival_quantile,
)
from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.kernels.ph_test import ph_test
from reporter.analysis.kernels.risk_sets import information_by_time, moments
from reporter.cohort.timefix import TOLERANCE, merge_near_times
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    BaselineOptions,
    ConcordanceOptions,
    CoxOptions,
    FollowUpOptions,
    HorizonPerformanceOptions,
    KaplanMeierOptions,
    LogRankOptions,
    PhTestOptions,
    TermSpec,
    ValidationOptions,
)

bounded = settings(max_examples=60, deadline=None, derandomize=True)
conf_types = st.sampled_from(("log-log", "log", "plain", "logit"))


@st.composite
def cohorts(draw: st.DrawFn, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(least, 20))
    time = draw(st.lists(st.one_of(st.integers(0, 6).map(float), st.floats(0, 9)), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return merge_near_times(np.array(time)), np.array(event)


@bounded
@given(cohorts(), conf_types)
def test_survival_falls_from_one_within_its_limits(cohort, conf_type) -> None:
    found = estimate_survival(*cohort, conf_type=conf_type, conf_level=0.95)
    assert (np.diff(found.estimate) <= 0).all() and found.estimate[0] <= 1 and found.estimate[-1] >= 0
    seen = ~np.isnan(found.conf_low)
    assert (found.conf_low[seen] <= found.estimate[seen] + 1e-12).all()
    assert (found.estimate[seen] <= found.conf_high[seen] + 1e-12).all()
    assert found.n_event.sum() == cohort[1].sum() and found.n_event.sum() + found.n_censor.sum() == cohort[1].size
    assert (found.estimate >= np.exp(-found.cumulative_hazard) - 1).all()
    assert (found.estimate <= np.exp(-found.cumulative_hazard) + 1e-15).all()


@bounded
@given(cohorts())
def test_with_nobody_censored_it_is_the_share_alive(cohort) -> None:
    time = cohort[0]
    found = estimate_survival(time, np.ones(time.size, dtype=bool), conf_type="log", conf_level=0.95)
    np.testing.assert_allclose(found.estimate, [(time > t).mean() for t in found.time], atol=1e-14)


@bounded
@given(cohorts())
def test_survival_times_censoring_is_the_share_followed(cohort) -> None:
    # Deaths precede censorings, so S(t) G(t) is the share still followed just after t.
    time, event = cohort
    s = estimate_survival(time, event, conf_type="log", conf_level=0.95).estimate
    g = estimate_follow_up(time, event, conf_type="log", conf_level=0.95).estimate
    np.testing.assert_allclose(s * g, [(time > t).mean() for t in np.unique(time)], atol=1e-13)


@bounded
@given(cohorts(), st.floats(0.05, 0.95))
def test_quantile_is_where_the_curve_crosses(cohort, p) -> None:
    found = estimate_survival(*cohort, conf_type="log-log", conf_level=0.95)
    quantile = survival_quantile(found, p)[0]
    if np.isnan(quantile):
        assert 1 - found.estimate[-1] < p
    else:
        assert 0 <= quantile <= found.time[-1]
        assert (1 - found.estimate[found.time < quantile] <= p + 1e-7).all()
        assert (1 - found.estimate[found.time > quantile] >= p - 1e-7).all()


@bounded
@given(cohorts(), st.lists(st.floats(0, 12), min_size=1, max_size=4))
def test_nothing_is_carried_past_the_follow_up(cohort, times) -> None:
    found = estimate_survival(*cohort, conf_type="log", conf_level=0.95)
    at = survival_at(found, np.array(times))
    assert (np.isnan(at.estimate) == (np.array(times) > cohort[0].max())).all()


@bounded
@given(cohorts(least=2), st.randoms(use_true_random=False))
def test_log_rank_counts_add_up(cohort, chance) -> None:
    time, event = cohort
    group = np.array([chance.randrange(3) for _ in range(time.size)])
    found = log_rank(time, event, group, 3)
    assert found.observed.sum() == event.sum()
    assert found.expected.sum() == pytest.approx(event.sum(), rel=1e-12)
    assert np.isnan(found.statistic) or found.statistic >= -1e-12
    assert np.isnan(found.statistic) == np.isnan(found.p_value)


@bounded
@given(cohorts(least=2), st.randoms(use_true_random=False), st.sampled_from(("efron", "breslow")))
def test_cox_is_at_an_optimum_or_says_why_not(cohort, chance, ties) -> None:
    time, event = cohort
    x = np.array([[chance.randrange(-2, 3), chance.random() < 0.4] for _ in range(time.size)], dtype=float)
    try:
        fit = fit_cox(x, time, event, ties=ties)
    except ReporterError:
        first = time >= time[event].min() if event.any() else np.zeros(0, dtype=bool)
        assert not event.any() or (np.ptp(x[first], axis=0) == 0).all()
        return
    assert fit.log_likelihood >= fit.log_likelihood_null - 1e-9
    assert (np.isnan(fit.coef) == ~fit.used).all()
    if fit.infinite.any() or not fit.converged:
        return
    z = (x - fit.centre)[:, fit.used]
    for shift in np.eye(z.shape[1]):
        for size in (1e-3, -1e-3):
            moved = z @ (fit.coef[fit.used] + size * shift)
            found = moments(z, np.exp(moved), fit.sets)
            nearby = moved[fit.sets.dead].sum() + np.log(found.weight).sum()
            assert nearby <= fit.log_likelihood + 1e-9
    hazard = baseline_hazard(fit).hazard
    assert (np.diff(hazard) > 0).all()
    # Martingale residuals sum to 0: the expected number of events is the observed one.
    if ties == "breslow":
        mean = np.concatenate(([0.0], hazard))[fit.sets.last + 1] * fit.risk
        assert mean.sum() == pytest.approx(event.sum(), rel=1e-9)
    information = information_by_time(
        z, fit.risk, fit.sets, moments(z, fit.risk, fit.sets), np.ones(fit.sets.time.size)
    )
    np.testing.assert_allclose(information @ fit.covariance[np.ix_(fit.used, fit.used)], np.eye(z.shape[1]), atol=1e-6)


@bounded
@given(cohorts(least=2), st.randoms(use_true_random=False))
def test_concordance_is_a_share_of_pairs(cohort, chance) -> None:
    time, event = cohort
    risk = np.array([float(chance.randrange(4)) for _ in range(time.size)])
    found = concordance(time, event, risk, ymax=None)
    n, d = time.size, int(event.sum())
    total = found.n_concordant + found.n_discordant + found.n_tied_risk + found.n_tied_time + found.n_tied_both
    assert total <= d * (d - 1) / 2 + d * (n - d)
    assert np.isnan(found.estimate) or 0 <= found.estimate <= 1


@bounded
@given(cohorts(least=8), st.randoms(use_true_random=False), st.sampled_from(("km", "rank", "identity")))
def test_ph_test_gives_a_probability_or_nothing(cohort, chance, transform) -> None:
    time, event = cohort
    x = np.array([[float(chance.randrange(5))] for _ in range(time.size)])
    try:
        fit = fit_cox(x, time, event, ties="efron")
    except ReporterError:
        return
    if fit.infinite.any() or not fit.converged:
        return
    found = ph_test(fit, time, event, transform).test(np.array([0]))
    assert np.isnan(found.p_value) or (0 <= found.p_value <= 1 and found.statistic >= -1e-9)


@bounded
@given(
    st.lists(st.floats(0, 1e4), min_size=1, max_size=15),
    st.lists(st.sampled_from((0.0, 1e-9, 1e-8, 3e-8)), min_size=15, max_size=15),
)
def test_merged_times_are_old_times_and_far_apart(times, shifts) -> None:
    time = np.array(times) + np.array(shifts[: len(times)])
    merged = merge_near_times(time)
    assert set(merged.tolist()) <= set(time.tolist())
    assert (merged <= time).all()
    assert (np.argsort(merged, kind="stable") == np.argsort(time, kind="stable")).all() or np.unique(
        merged
    ).size < time.size
    assert (np.diff(np.unique(merged)) > TOLERANCE * (1 - 1e-6)).all()


TERMS = (TermSpec(column="x"), TermSpec(column="g", levels=("a", "b")))
OPTIONS = (
    BaselineOptions(group="g", columns=("x", "g")),
    FollowUpOptions(conf_level=0.95, conf_type="log-log"),
    KaplanMeierOptions(group="g", horizons=(0.5, 3.0, 20.0), conf_level=0.95, conf_type="log-log"),
    LogRankOptions(group="g"),
    CoxOptions(analysis="cox_univariable", terms=TERMS[1:], ties="efron", conf_level=0.95),
    CoxOptions(analysis="cox_multivariable", terms=TERMS, ties="efron", conf_level=0.95),
    *(PhTestOptions(terms=TERMS, ties="efron", transform=transform) for transform in ("km", "log")),
    ConcordanceOptions(terms=TERMS, ties="efron", conf_level=0.95, horizon=3.0),
    ValidationOptions(terms=TERMS, ties="efron", conf_level=0.95, horizons=(0.5, 3.0, 20.0), min_group_size=5),
    HorizonPerformanceOptions(
        terms=TERMS,
        ties="efron",
        conf_level=0.95,
        horizons=(0.5, 3.0, 20.0),
        min_at_risk=1,
        min_uncensored=0.0,
        min_events=1,
    ),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cohorts(), cohorts(), st.randoms(use_true_random=False))
def test_every_analysis_ends_in_numbers_and_reasons(frame_of, levels, one, other, chance) -> None:
    def frame(cohort, name):
        n = cohort[0].size
        x = [chance.choice((math.nan, 0.0, 1.0, 2.5)) for _ in range(n)]
        codes = tuple(chance.randrange(-1, 2) for _ in range(n))
        return frame_of(*cohort, {"x": x, "g": levels(("a", "b"), codes)}, cohort=name)

    frames = {("development", "os"): frame(one, "development"), ("validation", "os"): frame(other, "validation")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for options in OPTIONS:
            of_another = options.kind in ("validation", "horizon_performance")
            cohort = "validation" if of_another else "development"
            for node in run_planned(Planned(cohort, "os", options), frames):
                assert not node.failed or node.failed.startswith("ReporterError"), node.failed
                for row in node.rows:
                    for found in row.stats:
                        assert (found.value is None) == (found.reason is not None)
                        assert found.value is None or math.isfinite(found.value)
