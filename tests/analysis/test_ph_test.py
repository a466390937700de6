"""The test of proportional hazards: transforms by hand, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reporter.analysis.cox import INFINITE
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.ph_test import ph_test, smooth_over, transform_times
from reporter.analysis.ph_test import TOO_FEW_TIMES, analyse_ph_test
from reporter.errors import ReporterError
from reporter.results.value import Reason
from reporter.spec.options import PhTestOptions, TermSpec

TIME = np.array([1.0, 2, 2, 3, 4])
EVENT = np.array([True, True, False, True, True])


def test_transforms_by_hand() -> None:
    # S just before: 1, 4/5, 3/5, 3/10; the censored one at 2 stands before the drop at 2.
    assert_allclose(transform_times(TIME, EVENT, "km"), [0, 1 / 5, 1 / 5, 2 / 5, 7 / 10], atol=1e-15)
    assert transform_times(TIME, EVENT, "rank").tolist() == [1, 2.5, 2.5, 4, 5]
    assert transform_times(TIME, EVENT, "identity").tolist() == TIME.tolist()
    assert_allclose(transform_times(TIME, EVENT, "log"), np.log(TIME))


def test_log_of_time_0_is_refused_only_where_a_patient_dies_there() -> None:
    with pytest.raises(ReporterError, match="event at time 0; use km, rank or identity"):
        transform_times(TIME - 1, EVENT, "log")
    assert np.isfinite(transform_times(TIME - 1, ~(TIME == 1) & EVENT, "log")[1:]).all()


def test_schoenfeld_residuals_sum_to_nothing() -> None:
    rng = np.random.default_rng(2)
    time, event, x = rng.integers(1, 15, 90).astype(float), rng.random(90) < 0.7, rng.normal(size=(90, 3))
    for ties in ("efron", "breslow"):
        fit = fit_cox(x, time, event, ties=ties)
        found = ph_test(fit, time, event, "km")
        # scaled residuals: n_event V r + b, and the r sum to the score, 0 at the estimate.
        assert_allclose(found.scaled.sum(axis=0), event.sum() * fit.coef, atol=1e-8)


def test_linear_change_of_time_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    time, event, x = rng.integers(1, 15, 90).astype(float), rng.random(90) < 0.7, rng.normal(size=(90, 2))
    fit = fit_cox(x, time, event, ties="efron")
    one = ph_test(fit, time, event, "identity").test(np.array([0]))
    other = ph_test(fit_cox(x, 7 * time, event, ties="efron"), 7 * time, event, "identity").test(np.array([0]))
    assert one.statistic == pytest.approx(other.statistic, rel=1e-10)


def test_time_dependence_is_found() -> None:
    rng = np.random.default_rng(9)
    x = rng.integers(0, 2, 500).astype(float)
    time = np.where(x == 1, rng.weibull(3.0, 500), rng.weibull(0.7, 500))
    fit = fit_cox(x[:, None], time, np.ones(500, dtype=bool), ties="efron")
    assert ph_test(fit, time, np.ones(500, dtype=bool), "km").test(np.array([0])).p_value < 1e-10


def test_smooth_of_a_line_is_the_line() -> None:
    rng = np.random.default_rng(10)
    time, event = np.arange(1.0, 61), np.ones(60, dtype=bool)
    found = ph_test(fit_cox(rng.normal(size=(60, 1)), time, event, ties="efron"), time, event, "identity")
    smooth = smooth_over(found.g, 2 - 0.5 * found.g[:, None], found.variance)
    assert smooth is not None
    assert_allclose(smooth.estimate[:, 0], 2 - 0.5 * smooth.x, rtol=1e-10)
    assert (smooth.conf_low < smooth.estimate).all() and (smooth.estimate < smooth.conf_high).all()


def options(*terms: TermSpec, transform: str = "km") -> PhTestOptions:
    return PhTestOptions(terms=terms, ties="efron", transform=transform)


G = TermSpec(column="g", levels=("a", "b", "c"))
X = TermSpec(column="x")


def test_coinciding_knots_leave_no_smooth(frame_of) -> None:
    rng = np.random.default_rng(15)
    time = np.concatenate([rng.integers(1, 12, 100), np.full(150, 12)])
    _, curves = analyse_ph_test(frame_of(time, np.ones(250), {"x": rng.normal(size=250)}), options(X))
    assert curves.curves == ()


def test_infinite_coefficient_leaves_no_test(frame_of, levels) -> None:
    rng = np.random.default_rng(12)
    codes = tuple(int(c) for c in rng.integers(0, 3, 60))
    event = (rng.random(60) < 0.7) & (np.array(codes) != 2)
    frame = frame_of(rng.integers(1, 15, 60), event, {"g": levels(("a", "b", "c"), codes), "x": rng.normal(size=60)})
    tests, curves = analyse_ph_test(frame, options(G, X))
    assert [row.term for row in tests.rows] == ["g", "x", "GLOBAL"]
    for row in tests.rows:
        assert row.get("statistic").reason is Reason.NOT_ESTIMABLE and row.get("statistic").note == INFINITE
    assert curves.curves == ()


def test_one_event_time_leaves_no_test(frame_of) -> None:
    frame = frame_of([2, 2, 2, 5, 6, 7], [1, 1, 1, 0, 0, 0], {"x": [1, 2, 0, 1, 3, 0]})
    tests, _ = analyse_ph_test(frame, options(X))
    assert {row.get("p_value").note for row in tests.rows} == {TOO_FEW_TIMES}


def test_dependent_column_is_left_out(frame_of) -> None:
    rng = np.random.default_rng(14)
    x = rng.normal(size=50).round(1)
    frame = frame_of(rng.integers(1, 15, 50), rng.random(50) < 0.8, {"x": x, "y": 3 - x})
    tests, curves = analyse_ph_test(frame, options(X, TermSpec(column="y")))
    assert [(row.term, row.get("df").value) for row in tests.rows] == [("x", 1), ("GLOBAL", 1)]
    assert [curve.term for curve in curves.curves] == ["x"]
