"""Competing risks: by hand, in closed form, against R's survival and cmprsk, and where nothing can be estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.kernels.aalen_johansen import IncidenceCurve, estimate_incidence, incidence_at
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.fine_gray import fit_fine_gray
from reporter.analysis.kernels.gray import gray_test
from reporter.analysis.kernels.kaplan_meier import estimate_survival
from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.performance.competing_validation import _Cause, absolute_risk
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    CauseSpecificOptions,
    CompetingValidationOptions,
    ConcordanceOptions,
    CumulativeIncidenceOptions,
    FineGrayOptions,
    FollowUpOptions,
    GrayTestOptions,
    TermSpec,
    ValidationOptions,
)
from tests.conftest import Levels, make_frame

CAUSES = ("os", "death")
TERMS = (TermSpec(column="x"), TermSpec(column="stage", levels=("I", "II")))


def incidence(time: object, cause: object, n: int = 2, conf_type: str = "log-log") -> tuple[IncidenceCurve, ...]:
    return estimate_incidence(
        np.asarray(time, dtype=float), np.asarray(cause), n, entry=None, conf_type=conf_type, conf_level=0.95
    )


def competing_frame(seed: int, n: int, *, entry: bool = False, last: int = 12) -> AnalysisFrame:
    """Return a random cohort with ties, a covariate, a stage and a group that some lack."""
    rng = np.random.default_rng(seed)
    cause = rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])
    time = rng.integers(1, last, n).astype(float)
    columns = {
        "x": rng.normal(size=n).round(2),
        "stage": Levels(("I", "II"), tuple(rng.integers(0, 2, n).tolist())),
        "arm": Levels(("a", "b", "c"), tuple(rng.integers(-1, 3, n).tolist())),
    }
    frame = make_frame(time, cause == 1, columns)
    late = np.maximum(time - rng.integers(1, 6, n), 0.0) if entry else None
    return replace(frame, cause=cause.astype(np.int64), causes=("death",), entry=late)


def plan(options: object) -> Planned:
    return Planned("development", "os", options)


def all_options(ties: str = "efron", conf_type: str = "log-log") -> list[object]:
    horizons = (0.5, 4.0, 8.0, 30.0)
    shared = {"terms": TERMS, "ties": ties, "conf_level": 0.95}
    return [
        CumulativeIncidenceOptions(causes=CAUSES, horizons=horizons, conf_level=0.95, conf_type=conf_type),
        CumulativeIncidenceOptions(group="arm", causes=CAUSES, horizons=horizons, conf_level=0.9, conf_type=conf_type),
        GrayTestOptions(group="arm", causes=CAUSES),
        CauseSpecificOptions(cause=2, cause_name="death", **shared),
        FineGrayOptions(n_causes=2, **shared),
        ConcordanceOptions(horizon=5.0, **shared),
        FollowUpOptions(conf_level=0.95, conf_type=conf_type),
    ]


# -- by hand and in closed form ----------------------------------------------------------------------------------------
def test_by_hand() -> None:
    """Times 1 (event), 2 (competing), 3 (censored), 4 (event), 5 (censored): F1 = 1/5, 1/5, 1/5, 1/2; F2 = 1/5."""
    first, second = incidence([1, 2, 3, 4, 5], [1, 2, 0, 1, 0])
    assert first.estimate == pytest.approx([0.2, 0.2, 0.2, 0.5, 0.5], abs=1e-15)
    assert second.estimate == pytest.approx([0.0, 0.2, 0.2, 0.2, 0.2], abs=1e-15)
    assert first.n_risk.tolist() == [5, 4, 3, 2, 1]


def test_without_censoring_the_estimate_is_a_share_with_a_binomial_error() -> None:
    time, cause = np.arange(1.0, 13.0), np.array([1, 2, 1, 1, 2, 2, 1, 2, 1, 2, 1, 1])
    for k, curve in enumerate(incidence(time, cause), start=1):
        share = np.cumsum(cause == k) / 12
        assert curve.estimate == pytest.approx(share, abs=1e-15)
        assert curve.std_error == pytest.approx(np.sqrt(share * (1 - share) / 12), abs=1e-15)


def test_without_competing_events_it_is_one_minus_kaplan_meier() -> None:
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.6
    (curve,) = incidence(time, event.astype(int), 1)
    survival = estimate_survival(time, event, conf_type="plain", conf_level=0.95)
    assert curve.estimate == pytest.approx(1 - survival.estimate, abs=1e-14)
    alive = survival.estimate > 0
    assert curve.std_error[alive] == pytest.approx(survival.std_error[alive], abs=1e-14)


def test_grays_expected_events_are_those_of_the_log_rank_test_without_competing_events() -> None:
    rng = np.random.default_rng(4)
    time, event, group = rng.integers(1, 30, 80).astype(float), rng.random(80) < 0.6, rng.integers(0, 3, 80)
    ours, plain = gray_test(time, event.astype(int), group, 3, 1), log_rank(time, event, group, 3)
    assert ours.expected == pytest.approx(plain.expected, rel=1e-12)
    assert ours.observed.tolist() == plain.observed.tolist()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fine_gray_is_cox_without_competing_events(ties: str) -> None:
    rng = np.random.default_rng(5)
    x, time, event = rng.normal(size=(60, 2)), rng.integers(1, 9, 60).astype(float), rng.random(60) < 0.6
    ours = fit_fine_gray(x, time, event.astype(int), event=1, ties=ties)
    plain = fit_cox(x, time, event, ties=ties)
    assert ours.coef == pytest.approx(plain.coef, rel=1e-9)
    assert ours.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


def test_fine_gray_without_censoring_is_cox_with_competing_events_followed_for_ever() -> None:
    rng = np.random.default_rng(6)
    x, time, cause = rng.normal(size=(50, 2)), rng.integers(1, 20, 50).astype(float), rng.integers(1, 3, 50)
    ours = fit_fine_gray(x, time, cause, event=1, ties="efron")
    plain = fit_cox(x, np.where(cause == 2, 99.0, time), cause == 1, ties="efron")
    assert ours.coef == pytest.approx(plain.coef, rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=40), st.booleans()
)
def test_incidences_and_survival_sum_to_one(rows: list[tuple[int, int, int]], late: bool) -> None:
    time, cause = np.array([r[0] for r in rows], dtype=float) + 1, np.array([r[1] for r in rows])
    entry = np.maximum(time - 1 - np.array([r[2] for r in rows]), 0.0) if late else None
    curves = estimate_incidence(time, cause, 2, entry=entry, conf_type="plain", conf_level=0.95)
    n, d = curves[0].n_risk, curves[0].n_event + curves[1].n_event
    assert curves[0].estimate + curves[1].estimate + np.cumprod(1 - d / n) == pytest.approx(1.0, abs=1e-12)
    for curve in curves:
        assert (np.diff(curve.estimate) >= 0).all() and np.isfinite(curve.std_error).all()
        assert (curve.conf_low >= 0).all() and (curve.conf_high <= 1).all()


# -- against R ---------------------------------------------------------------------------------------------------------
@pytest.mark.r
def test_r_agrees(reference, agree: Callable[..., None]) -> None:
    """Every analysis, ties rule and interval on cohorts of 9 to 200 patients, and with few distinct times."""
    jobs = []
    settings_of = (("efron", "log-log"), ("breslow", "log"), ("efron", "plain"), ("efron", "logit"))
    for seed, n, last in ((1, 200, 400), (2, 60, 12), (3, 25, 5), (4, 40, 3), (5, 12, 6), (16, 9, 9)):
        frame = competing_frame(seed, n, last=last)
        frames = {("development", "os"): frame}
        ties, conf_type = settings_of[seed % 4]
        jobs += [(plan(options), frames) for options in all_options(ties, conf_type)]
    agree(reference, jobs)


@pytest.mark.r
def test_r_agrees_with_late_entry(reference, agree: Callable[..., None]) -> None:
    jobs = []
    for seed, conf_type in enumerate(("log-log", "log", "plain", "logit")):
        frames = {("development", "os"): competing_frame(seed, 50, entry=True, last=15)}
        jobs += [(plan(options), frames) for options in all_options(conf_type=conf_type)[:3]]
        jobs.append((plan(all_options()[4]), frames))
    agree(reference, jobs)


@pytest.mark.r
def test_r_agrees_where_little_can_be_estimated(reference, agree: Callable[..., None]) -> None:
    """No event of a cause, nothing but censoring, one group, one patient, a covariate that separates."""
    base = competing_frame(7, 30)
    none = np.zeros(30, dtype=np.int64)
    one_arm = base.with_column(replace(base.columns["arm"], values=np.zeros(30)))
    apart = base.with_column(replace(base.columns["x"], values=(base.cause == 1).astype(float)))
    constant = base.with_column(replace(base.columns["x"], values=np.ones(30)))
    cases = [
        replace(base, cause=np.where(base.cause == 2, 0, base.cause)),
        replace(base, cause=np.where(base.cause == 1, 0, base.cause), event=np.zeros(30, dtype=bool)),
        replace(base, cause=none, event=none == 1),
        one_arm,
        apart,
        constant,
        competing_frame(8, 1),
    ]
    jobs = [(plan(options), {("development", "os"): frame}) for frame in cases for options in all_options()[:5]]
    agree(reference, jobs)


@pytest.mark.r
def test_cmprsk_gives_the_same_test(reference) -> None:
    found = reference.snippet('cat(requireNamespace("cmprsk", quietly = TRUE))')
    if found != "TRUE":
        pytest.skip("the R package cmprsk is not installed")
    for seed, n, last in ((1, 200, 400), (2, 80, 12), (3, 40, 4)):
        frame = competing_frame(seed, n, last=last)
        arm = frame.columns["arm"]
        keep = arm.observed
        time, cause, group = frame.time[keep], frame.cause[keep], arm.codes[keep]
        parts = (f"c({','.join(str(v) for v in values)})" for values in (time, cause, group))
        code = f"cat(sprintf('%.17g', cmprsk::cuminc({', '.join(parts)})$Tests[c('1', '2'), 'stat']))"
        theirs = [float(text) for text in reference.snippet(code).split()]
        ours = [gray_test(time, cause, group, 3, k).statistic for k in (1, 2)]
        assert ours == pytest.approx(theirs, rel=1e-10)


# -- where there is nothing --------------------------------------------------------------------------------------------
def test_an_absence_has_a_reason() -> None:
    frame = competing_frame(9, 20)
    only_death = replace(frame, cause=np.where(frame.cause == 1, 0, frame.cause), event=np.zeros(20, dtype=bool))
    node, curve = run_planned(plan(all_options()[0]), {("development", "os"): only_death})
    early, late = node.find(term="os", time=8.0), node.find(term="os", time=30.0)
    assert early.get("estimate").value == 0.0 and early.get("conf_low").note == "no events of this cause"
    assert late.get("estimate").value is None and "follow-up" in late.get("estimate").note
    assert [c.term for c in curve.curves] == ["os", "death"]
    (failed,) = run_planned(plan(all_options()[4]), {("development", "os"): only_death})
    assert "no events" in failed.failed


def test_late_entry_refuses_gray() -> None:
    frames = {("development", "os"): competing_frame(10, 30, entry=True)}
    (node,) = run_planned(plan(all_options()[2]), frames)
    assert "late" in node.failed


@pytest.mark.parametrize("key", ["strata", "cluster", "weights", "offset"])
def test_fine_gray_refuses_what_it_would_ignore(key: str) -> None:
    options = all_options()[4].model_copy(update={key: ("arm",) if key == "strata" else "x"})
    (node,) = run_planned(plan(options), {("development", "os"): competing_frame(11, 30)})
    assert key in node.failed


def test_validation_gives_no_risk_from_one_cause() -> None:
    frame = competing_frame(12, 60)
    frames = {("development", "os"): frame, ("validation", "os"): replace(frame, cohort="validation")}
    options = ValidationOptions(terms=TERMS, ties="efron", conf_level=0.95, horizons=(4.0,))
    nodes = run_planned(Planned("validation", "os", options), frames)
    assert [node.failed != "" for node in nodes] == [True]


def two_cohorts(seed: int, *, entry: bool = False) -> dict[tuple[str, str], AnalysisFrame]:
    home, away = competing_frame(seed, 120, last=30, entry=entry), competing_frame(seed + 50, 80, last=25)
    return {("development", "os"): home, ("validation", "os"): replace(away, cohort="validation")}


def validation_options(ties: str = "efron") -> CompetingValidationOptions:
    return CompetingValidationOptions(
        terms=TERMS, ties=ties, conf_level=0.95, horizons=(0.5, 6.0, 20.0, 40.0), n_causes=2
    )


@pytest.mark.r
def test_r_agrees_on_the_risk_in_another_cohort(reference, agree: Callable[..., None]) -> None:
    pairs = enumerate(("efron", "breslow", "efron"))
    agree(
        reference, [(Planned("validation", "os", validation_options(ties)), two_cohorts(seed)) for seed, ties in pairs]
    )


def test_the_risk_in_another_cohort_is_compared_with_aalen_johansen() -> None:
    frames = two_cohorts(3)
    performance, calibration = run_planned(Planned("validation", "os", validation_options()), frames)
    away = frames["validation", "os"]
    curve = incidence(away.time, away.cause)[0]
    row = calibration.find(term="cox", time=20.0)
    assert row.get("observed").value == incidence_at(curve, np.array([20.0]))["estimate"][0]
    assert row.get("oe_ratio").value == pytest.approx(row.get("observed").value / row.get("predicted").value)
    late = calibration.find(term="cox", time=40.0).get("oe_ratio")
    assert late.value is None and late.note
    assert performance.find(term="cox", time=20.0).get("wolbers_c").value is not None


def test_the_risks_of_all_causes_and_being_free_of_both_sum_to_one_nearly() -> None:
    """With small jumps of the hazards the sum of the risks is 1 - exp(-H1 - H2)."""
    hazard = np.linspace(0.0, 1.2, 4001)[1:]
    time = np.arange(1.0, 4001.0)
    relative = np.array([0.5, 1.0, 2.0])
    first, second = _Cause(relative, time, hazard), _Cause(1 / relative, time, hazard / 2)
    total = absolute_risk((first, second), 4000.0) + absolute_risk((second, first), 4000.0)
    assert total == pytest.approx(1 - np.exp(-1.2 * relative - 0.6 / relative), abs=2e-3)


def test_late_entry_refuses_validation() -> None:
    (node,) = run_planned(Planned("validation", "os", validation_options()), two_cohorts(4, entry=True))
    assert "entry" in node.failed


def test_horizon_before_the_first_time() -> None:
    first, _ = incidence([3, 4], [1, 2])
    at = incidence_at(first, np.array([1.0, 9.0]))
    assert at["estimate"][0] == 0.0 and np.isnan(at["conf_low"][0]) and np.isnan(at["estimate"][1])
    assert at["n_event"][0] == 0.0


def test_a_frame_without_causes_is_refused() -> None:
    frame = replace(competing_frame(13, 10), cause=None)
    (node,) = run_planned(plan(all_options()[2]), {("development", "os"): frame})
    assert "no competing events are declared" in node.failed
