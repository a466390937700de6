"""The frozen model on another cohort: formulas, and what is not printed."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.analysis.cox import fit_model
from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.analysis.performance import validation as module
from reporter.analysis.performance.validation import analyse_validation
from reporter.errors import ReporterError
from reporter.results.value import Reason
from reporter.spec.options import TermSpec, ValidationOptions

X = TermSpec(column="x")


def make(frame_of, n: int, seed: int, *, cohort: str = "validation", longest: float = 6.0, effect: float = 0.8):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(2)
    died, left = rng.exponential(4, n) * np.exp(-effect * x), rng.uniform(0.5, longest, n)
    return frame_of(np.minimum(died, left), died <= left, {"x": x}, cohort=cohort)


def options(**changes: object) -> ValidationOptions:
    given = {"terms": (X,), "ties": "efron", "conf_level": 0.95, "horizons": (1.0, 3.0), **changes}
    return ValidationOptions(**given)


@pytest.fixture
def development(frame_of):
    return make(frame_of, 300, 1, cohort="development")


def test_on_its_own_cohort_the_slope_is_one(development) -> None:
    _, calibration, _ = analyse_validation(development, development, options())
    assert calibration.rows[0].get("calibration_slope").value == pytest.approx(1, rel=1e-9)


def test_observed_over_expected_by_formula(frame_of, development) -> None:
    other = make(frame_of, 250, 2)
    _, calibration, _ = analyse_validation(development, other, options())
    row = calibration.find(term="cox", time=3.0)
    fit = fit_model(development, options()).fit
    eta = other.columns["x"].values * fit.coef[0]
    # Efron's baseline at x = 0, summed by hand over the distinct times (no ties here).
    r = np.exp(development.columns["x"].values * fit.coef[0])
    hazard = sum(1 / r[development.time >= t].sum() for t in development.time[development.event] if t <= 3)
    predicted = (1 - np.exp(-np.exp(eta) * hazard)).mean()
    at = survival_at(estimate_survival(other.time, other.event, conf_type="plain", conf_level=0.95), np.array([3.0]))
    observed = 1 - at.estimate[0]
    spread = 1.959963984540054 * at.std_error[0] / observed
    assert row.get("predicted").value == pytest.approx(predicted, rel=1e-10)
    assert row.get("oe_ratio").value == pytest.approx(observed / predicted, rel=1e-10)
    assert row.get("oe_ratio_conf_low").value == pytest.approx(observed / predicted * np.exp(-spread), rel=1e-10)
    assert row.get("oe_ratio_conf_high").value == pytest.approx(observed / predicted * np.exp(spread), rel=1e-10)


def test_horizon_past_the_validation_follow_up_is_never_a_number(frame_of, development) -> None:
    other = make(frame_of, 200, 3, longest=2.0)
    _, calibration, groups = analyse_validation(development, other, options())
    row = calibration.find(term="cox", time=3.0)
    for name in ("observed", "oe_ratio", "oe_ratio_conf_low", "oe_ratio_conf_high"):
        assert row.get(name).reason is Reason.NOT_ESTIMABLE and row.get(name).note == module.NO_FOLLOW_UP
    assert row.get("predicted").value is not None and row.get("n_risk").value == 0
    assert all(r.get("observed").value is None for r in groups.rows)


def test_horizon_past_the_development_follow_up_is_never_predicted(frame_of) -> None:
    short = make(frame_of, 200, 4, cohort="development", longest=2.0)
    _, calibration, groups = analyse_validation(short, make(frame_of, 200, 5), options())
    row = calibration.find(term="cox", time=3.0)
    assert row.get("predicted").note == module.NO_DEVELOPMENT_FOLLOW_UP
    assert row.get("oe_ratio").value is None and row.get("observed").value is not None
    assert groups.rows == () and module.NO_DEVELOPMENT_FOLLOW_UP in groups.notes[0]


def test_equal_risks_have_no_slope(frame_of, development) -> None:
    flat = make(frame_of, 120, 6)
    flat.columns["x"].values[:] = 1.5
    performance, calibration, _ = analyse_validation(development, flat, options())
    assert calibration.rows[0].get("calibration_slope").note == module.ONE_RISK
    assert performance.rows[0].get("harrell_c").value == 0.5


def test_no_events_have_no_slope(frame_of, development) -> None:
    quiet = frame_of([1, 2, 3.5, 4], [0, 0, 0, 0], {"x": [1.0, 2, 3, 4]}, cohort="validation")
    performance, calibration, _ = analyse_validation(development, quiet, options())
    assert calibration.rows[0].get("calibration_slope").note == module.NO_EVENTS
    assert calibration.find(term="cox", time=3.0).get("oe_ratio").value == 0
    assert calibration.find(term="cox", time=3.0).get("oe_ratio_conf_low").note == module.NO_EVENTS_YET
    assert performance.rows[0].get("harrell_c").reason is Reason.NOT_ESTIMABLE


def test_separated_slope_is_not_printed(frame_of, development) -> None:
    ordered = frame_of(np.arange(1, 9), [1] * 8, {"x": np.linspace(2, -2, 8)}, cohort="validation")
    _, calibration, _ = analyse_validation(development, ordered, options())
    slope = calibration.rows[0].get("calibration_slope")
    assert slope.value is None and slope.note == module.SLOPE_INFINITE


def test_infinite_model_is_not_applied(frame_of, development) -> None:
    ordered = frame_of(np.arange(1, 9), [1] * 8, {"x": np.linspace(2, -2, 8)})
    with pytest.raises(ReporterError, match="runs to infinity"):
        analyse_validation(ordered, development, options())


def test_no_complete_patient_is_an_error(frame_of, development) -> None:
    empty = frame_of([1, 2], [1, 0], {"x": [np.nan, np.nan]}, cohort="validation")
    with pytest.raises(ReporterError, match="none of the 2 patients"):
        analyse_validation(development, empty, options())


@pytest.mark.parametrize(("n", "n_groups"), [(99, 0), (100, 2), (249, 4), (600, 10), (1200, 10)])
def test_groups_are_fewer_where_patients_are(frame_of, development, n: int, n_groups: int) -> None:
    _, _, groups = analyse_validation(development, make(frame_of, n, 7), options())
    assert [row.level for row in groups.rows] == [str(i + 1) for i in range(n_groups)]
    sizes = [row.get("n").value for row in groups.rows]
    assert sum(sizes) == (n if n_groups else 0) and all(size >= 49 for size in sizes)
    predicted = [row.get("predicted").value for row in groups.rows]
    assert predicted == sorted(predicted)
    assert bool(groups.notes) is (n_groups == 0)


def test_few_events_are_said(frame_of, development) -> None:
    _, small, _ = analyse_validation(development, make(frame_of, 150, 8), options())
    _, large, _ = analyse_validation(development, make(frame_of, 3000, 9), options())
    assert len(small.notes) == 2 and "fewer than 100" in small.notes[0]
    assert large.notes == ()


def test_without_horizons(frame_of, development) -> None:
    performance, calibration = analyse_validation(development, make(frame_of, 200, 10), options(horizons=()))
    assert len(performance.rows) == 1 and len(calibration.rows) == 1
