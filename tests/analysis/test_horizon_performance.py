"""Performance at the horizons: by hand, by jackknife, by counting pairs, against R, and what is not printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.kernels.ipcw import brier_score, dynamic_auc, scaled_brier, weigh
from reporter.analysis.kernels.royston import SCALE, explained_variation, normal_scores
from reporter.analysis.performance import horizons as module
from reporter.analysis.performance.horizons import analyse_horizon_performance
from reporter.analysis.performance.net_benefit import net_benefit, observed_risk
from reporter.analysis.performance.smooth_calibration import EQUAL, FEW_VALUES
from reporter.analysis.performance.validation import NO_DEVELOPMENT_FOLLOW_UP, NO_EVENTS, NO_EVENTS_YET, NO_FOLLOW_UP
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.results.value import Reason
from reporter.spec.options import HorizonPerformanceOptions, TermSpec

TIME, EVENT = np.array([1.0, 2, 3, 4, 5]), np.array([True, False, True, False, False])
RISK = np.array([0.8, 0.5, 0.4, 0.6, 0.2])


def test_brier_and_auc_by_hand() -> None:
    who = weigh(TIME, EVENT, 3.5)
    # At 2 one of the four then at risk of censoring left: G is 3/4 from there on.
    assert_allclose(who.weight, [1, 0, 4 / 3, 4 / 3, 4 / 3])
    score = brier_score(who, RISK)
    assert score.estimate == pytest.approx((0.04 + 4 / 3 * (0.36 + 0.36 + 0.04)) / 5, rel=1e-14)
    # The first case is above both controls, the second above one of them: (1 + 4/3 · 1/2) / (1 + 4/3).
    assert dynamic_auc(who, RISK).estimate == pytest.approx(5 / 7, rel=1e-14)
    # Kaplan–Meier at 3.5 is 4/5 · 2/3, so the score of that risk for all is 7/15 · 8/15.
    null = brier_score(who, np.full(5, observed_risk(TIME, EVENT, 3.5)))
    assert null.estimate == pytest.approx(56 / 225, rel=1e-14)
    assert scaled_brier(score, null).estimate == pytest.approx(1 - score.estimate * 225 / 56, rel=1e-14)
    assert who.effective_n == pytest.approx(25 / (1 + 3 * 16 / 9), rel=1e-14)


def test_net_benefit_by_hand() -> None:
    # Patients 1, 2 and 4 are positive; one of three has the event by 3.5.
    found = net_benefit(TIME, EVENT, RISK, 3.5, 0.45)
    assert found == pytest.approx(0.6 * (1 / 3 - 2 / 3 * 0.45 / 0.55), rel=1e-14)
    assert net_benefit(TIME, EVENT, RISK, 3.5, 0.9) == 0
    assert net_benefit(TIME, EVENT, np.ones(5), 3.5, 0.45) == pytest.approx(7 / 15 - 8 / 15 * 0.45 / 0.55, rel=1e-14)
    assert np.isnan(net_benefit(TIME[:2], EVENT[:2], RISK[:2], 3.5, 0.45))


def drawn(seed: int, n: int, *, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    died, left = rng.exponential(5 * np.exp(-x)), rng.uniform(1, 9, n)
    time = np.minimum(died, left)
    time = np.ceil(2 * time) / 2 if ties else time
    return time, died <= left, np.round(1 / (1 + np.exp(-x)), 2)


def scores(time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float):
    who = weigh(time, event, horizon)
    score, null = brier_score(who, risk), brier_score(who, np.full(time.size, observed_risk(time, event, horizon)))
    return dynamic_auc(who, risk), score, scaled_brier(score, null)


@pytest.mark.parametrize("seed", range(6))
def test_standard_errors_are_those_of_the_jackknife(seed: int) -> None:
    """The influence of a patient is what one more copy does to 400 copies of the cohort."""
    time, event, risk = drawn(seed, 30)
    copies, horizon = 400, 4.0
    many = [np.tile(part, copies) for part in (time, event, risk)]
    before = [found.estimate for found in scores(*many, horizon)]
    found = scores(time, event, risk, horizon)
    assert_allclose(before, [each.estimate for each in found], rtol=1e-12)

    def with_one_more(j: int) -> list[float]:
        more = (np.append(all_of, part[j]) for all_of, part in zip(many, (time, event, risk), strict=True))
        return [each.estimate for each in scores(*more, horizon)]

    moved = np.array([with_one_more(j) for j in range(time.size)])
    numeric = (moved - before) * (copies + 1 / 30)
    for k, each in enumerate(found):
        assert_allclose(each.influence, numeric[:, k], rtol=5e-3, atol=2e-3 * np.abs(numeric[:, k]).max())
        assert each.std_error == pytest.approx(np.sqrt((numeric[:, k] ** 2).sum()), rel=3e-3)


def by_pairs(time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float) -> float:
    who = weigh(time, event, horizon)
    top = bottom = 0.0
    for i in np.flatnonzero(who.case):
        for j in np.flatnonzero(who.control):
            pair = who.weight[i] * who.weight[j]
            bottom += pair
            top += pair * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return top / bottom if bottom else float("nan")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0.0, 1.0), st.integers(1, 12))
def test_identities(seed: int, n: int, share: float, horizon: int) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(0, 12, n).astype(float), rng.random(n) < share
    risk, h = np.round(rng.random(n), 1), float(horizon)
    who = weigh(time, event, h)
    assert_allclose(dynamic_auc(who, risk).estimate, by_pairs(time, event, risk, h), rtol=1e-12)
    score = brier_score(who, risk)
    assert score.estimate >= 0 and score.std_error >= 0 and np.isfinite(score.influence).all()
    if (time >= h).any() and not who.case[time >= h].all():
        # Kaplan–Meier is the mean of the weighted events, so the weights add up to n …
        assert who.weight.sum() == pytest.approx(n, rel=1e-12)
        p = observed_risk(time, event, h)
        assert (who.weight * who.case).sum() / n == pytest.approx(p, rel=1e-12, abs=1e-12)
        # … and the score of the observed risk is its variance.
        assert brier_score(who, np.full(n, p)).estimate == pytest.approx(p * (1 - p), rel=1e-12, abs=1e-12)
        assert score.influence.sum() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_a_horizon_at_the_end_of_follow_up_is_that_of_uncut_data(seed: int) -> None:
    time, event, risk = drawn(seed, 200)
    cut, early = np.minimum(time, 5.0), event & (time <= 5)
    for whole, ended in zip(scores(time, event, risk, 5.0), scores(cut, early, risk, 5.0), strict=True):
        assert (ended.estimate, ended.std_error) == pytest.approx((whole.estimate, whole.std_error), rel=1e-12)


def test_normal_scores_share_ties() -> None:
    found = normal_scores(np.array([3.0, 1, 1, 2]))
    each = normal_scores(np.array([4.0, 1, 2, 3]))
    assert_allclose(found, [each[0], (each[1] + each[2]) / 2, (each[1] + each[2]) / 2, each[3]])
    assert explained_variation(1.0) == pytest.approx(1 / (1 + np.pi**2 / 6))


# -- nodes -------------------------------------------------------------------------------------------------------------
X = TermSpec(column="x")


def cohort(frame_of, n: int, seed: int, name: str = "validation", *, longest: float = 9.0, digits: int = 2):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(digits)
    died, left = rng.exponential(5 * np.exp(-0.8 * x)), rng.uniform(1, longest, n)
    return frame_of(np.minimum(died, left), died <= left, {"x": x}, cohort=name)


def options(**changes: object) -> HorizonPerformanceOptions:
    given = {"terms": (X,), "ties": "efron", "conf_level": 0.95, "horizons": (2.0, 4.0), **changes}
    return HorizonPerformanceOptions(**given)


@pytest.fixture
def development(frame_of):
    return cohort(frame_of, 500, 1, "development")


def test_own_cohort_has_a_slope_of_one_and_a_curve_near_the_line(frame_of, development) -> None:
    large = cohort(frame_of, 4000, 2, "development")
    performance, calibration, curves = analyse_horizon_performance(large, large, options(horizons=(4.0,)))
    row = calibration.find(term="cox", time=4.0)
    assert row.get("calibration_slope").value == pytest.approx(1, abs=0.05)
    assert 0 < row.get("ici").value < 0.01 and row.get("e50").value < row.get("e90").value < row.get("emax").value
    (curve,) = curves.curves
    assert_allclose(curve.column("observed"), curve.column("predicted"), atol=0.05)
    assert (np.diff(curve.column("predicted")) >= 0).all()
    assert performance.find(term="cox", time=4.0).get("brier_scaled").value > 0.1
    assert performance.find(term="cox").get("royston_d").value == pytest.approx(0.8 * SCALE, rel=0.1)


def absent(row, why: str, *names: str) -> None:
    for name in names:
        found = row.get(name)
        assert found.value is None and found.reason is Reason.NOT_ESTIMABLE and found.note == why, (name, found)


def test_a_horizon_past_the_follow_up_has_reasons(frame_of, development) -> None:
    short = cohort(frame_of, 400, 3, longest=3.0)
    performance, calibration, *rest = analyse_horizon_performance(development, short, options())
    absent(performance.find(term="cox", time=4.0), NO_FOLLOW_UP, "auc", "brier", "brier_scaled", "effective_n")
    absent(calibration.find(term="cox", time=4.0), NO_FOLLOW_UP, "calibration_slope", "ici", "oe_ratio_events_conf_low")
    absent(
        performance.find(group="threshold", level="0.5", term="cox", time=4.0), NO_FOLLOW_UP, "net_benefit"
    )  # fmt: skip
    early = cohort(frame_of, 300, 4, "development", longest=3.0)
    performance, calibration, *rest = analyse_horizon_performance(early, development, options(horizons=(4.0,)))
    absent(performance.find(term="cox", time=4.0), NO_DEVELOPMENT_FOLLOW_UP, "auc", "brier")
    absent(calibration.find(term="cox", time=4.0), NO_DEVELOPMENT_FOLLOW_UP, "ici")
    assert calibration.find(term="cox", time=4.0).get("calibration_slope").value is not None and not rest


def test_no_event_by_the_horizon_has_reasons(frame_of, development) -> None:
    quiet = frame_of(np.linspace(4.5, 9, 200), [False] * 200, {"x": np.linspace(-1, 1, 200)}, cohort="validation")
    performance, calibration = analyse_horizon_performance(development, quiet, options(horizons=(4.0,)))
    row = performance.find(term="cox", time=4.0)
    absent(row, NO_EVENTS_YET, "auc", "auc_conf_low", "brier_scaled")
    assert row.get("brier").value > 0 and row.get("n_event").value == 0
    absent(calibration.find(term="cox", time=4.0), NO_EVENTS_YET, "oe_ratio_events_conf_low")
    absent(calibration.find(term="cox", time=4.0), "fewer than 100 events by the horizon", "ici", "emax")
    absent(performance.find(term="cox"), NO_EVENTS, "royston_d", "royston_r2")


def test_equal_predictions_have_reasons(frame_of, development) -> None:
    flat = cohort(frame_of, 600, 5)
    flat.columns["x"].values[:] = 0.3
    performance, calibration = analyse_horizon_performance(development, flat, options(horizons=(4.0,)))
    absent(performance.find(term="cox", time=4.0), EQUAL, "auc", "auc_std_error")
    absent(performance.find(term="cox"), EQUAL, "royston_d")
    absent(calibration.find(term="cox", time=4.0), EQUAL, "ici", "e50")
    two = cohort(frame_of, 600, 5)
    two.columns["x"].values[:] = np.arange(600) % 2
    calibration = analyse_horizon_performance(development, two, options(horizons=(4.0,)))[1]
    absent(calibration.find(term="cox", time=4.0), FEW_VALUES, "ici", "emax")


def test_few_at_risk_or_uncensored_have_reasons(frame_of, development) -> None:
    few = cohort(frame_of, 60, 6)
    row = analyse_horizon_performance(development, few, options(horizons=(6.0,)))[0].find(term="cox", time=6.0)
    absent(row, "fewer than 20 patients at risk at the horizon", "auc", "brier", "largest_weight")
    most = frame_of(
        np.append(np.linspace(0.1, 3, 900), np.linspace(4, 5, 40)), [i % 30 == 0 for i in range(940)],
        {"x": np.sin(np.arange(940))}, cohort="validation",
    )  # fmt: skip
    row = analyse_horizon_performance(development, most, options(horizons=(4.0,)))[0].find(term="cox", time=4.0)
    absent(row, "the probability of not being censored before the horizon is below 0.1", "auc", "brier", "brier_null")


def test_perfect_separation_has_no_interval(frame_of, development) -> None:
    n = 120
    apart = frame_of(
        np.append(np.linspace(0.5, 1.5, n // 2), np.linspace(5, 6, n // 2)), [True] * (n // 2) + [False] * (n // 2),
        {"x": np.linspace(2, -2, n)}, cohort="validation",
    )  # fmt: skip
    row = analyse_horizon_performance(development, apart, options(horizons=(4.0,)))[0].find(term="cox", time=4.0)
    assert row.get("auc").value == 1
    absent(row, module.SEPARATED, "auc_std_error", "auc_conf_low", "auc_conf_high")


def test_competing_events_and_other_parts_are_refused(frame_of, development) -> None:
    with pytest.raises(ReporterError, match="with strata is not offered"):
        analyse_horizon_performance(development, development, options(strata=("x",)))
    late = cohort(frame_of, 100, 7)
    late = type(late)(**{**late.__dict__, "entry": np.zeros(100)})
    with pytest.raises(ReporterError, match="entry times is not offered"):
        analyse_horizon_performance(development, late, options())


# -- R -----------------------------------------------------------------------------------------------------------------
def parity_job(frame_of, levels, seed: int):
    rng = np.random.default_rng(seed)

    def frame(name: str, n: int):
        x, codes = rng.normal(size=n).round(1), rng.integers(0, 3, n)
        died = rng.exponential(5 * np.exp(-0.7 * x - 0.4 * (codes == 2)))
        left = rng.uniform(1, 9, n)
        time = np.minimum(died, left)
        time = np.ceil(time * 2) / 2 if seed % 2 else time
        columns = {"x": x, "g": levels(("a", "b", "c"), tuple(int(c) for c in codes))}
        return frame_of(time, died <= left, columns, cohort=name)

    frames = {
        ("development", "os"): frame("development", 300),
        ("validation", "os"): frame("validation", 30 + 40 * seed),
    }
    terms = (X, TermSpec(column="g", levels=("a", "b", "c")))[: 1 + seed % 3 % 2]
    ties = "breslow" if seed % 4 == 3 else "efron"
    asked = options(
        terms=terms, ties=ties, horizons=(1.0, 4.0, 8.0, 20.0), min_events=10, min_at_risk=5, thresholds=(0.23, 0.4),
        conf_level=0.9 if seed % 5 == 2 else 0.95,
    )  # fmt: skip
    return Planned("validation", "os", asked), frames


@pytest.mark.r
def test_as_in_r(reference, agree, frame_of, levels) -> None:
    agree(reference, [parity_job(frame_of, levels, seed) for seed in range(12)])


@pytest.mark.r
def test_what_is_not_printed_is_not_in_r(reference, agree, frame_of, levels, development) -> None:
    jobs = []
    flat, quiet = cohort(frame_of, 300, 5), cohort(frame_of, 300, 8)
    flat.columns["x"].values[:] = 0.3
    quiet.event[:] = False
    for other in (flat, quiet, cohort(frame_of, 40, 9, longest=3.0), cohort(frame_of, 25, 10, digits=0)):
        frames = {("development", "os"): development, ("validation", "os"): other}
        jobs += [(Planned("validation", "os", options(min_events=m, min_at_risk=1)), frames) for m in (5, 100)]
    agree(reference, jobs)


@pytest.mark.r
def test_d_is_that_of_royston_in_survival(reference, frame_of, development) -> None:
    other = cohort(frame_of, 300, 11)
    row = analyse_horizon_performance(development, other, options())[0].find(term="cox")
    file = reference.folder / "royston.csv"
    np.savetxt(file, np.column_stack([other.time, other.event, other.columns["x"].values]), fmt="%.17g", delimiter=",")
    code = f"""
data <- read.csv("{file}", header = FALSE)
fit <- coxph(Surv(V1, V2) ~ V3, data)
cat(sprintf("%.17g\\n", royston(fit, ties = TRUE)[c("D", "se(D)", "R.D")]))
"""
    theirs = [float(line) for line in reference.snippet(code).split()]
    ours = [row.get(name).value for name in ("royston_d", "royston_d_std_error", "royston_r2")]
    assert_allclose(ours, theirs, rtol=1e-6)
