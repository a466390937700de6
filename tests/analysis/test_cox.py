"""Cox's model: closed forms, and designs that have no or no finite estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reporter.analysis.cox import DEPENDENT, INFINITE, analyse_cox
from reporter.analysis.kernels.cox import estimable, fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard, predict
from reporter.errors import ReporterError
from reporter.results.value import Reason
from reporter.spec.options import CoxOptions, TermSpec

# Therneau & Grambsch, Modeling Survival Data, appendix E.1 (test1).
TIME = np.array([1.0, 1, 6, 6, 8, 9])
EVENT = np.array([True, False, True, True, False, True])
X = np.array([[1.0], [1], [1], [0], [0], [0]])


def test_breslow_has_a_closed_form() -> None:
    fit = fit_cox(X, TIME, EVENT, ties="breslow")
    beta = np.log((3 + np.sqrt(33)) / 2)
    r = np.exp(beta)
    assert fit.coef[0] == pytest.approx(beta, rel=1e-13)
    assert fit.log_likelihood == pytest.approx(2 * beta - np.log(3 * r + 3) - 2 * np.log(r + 3), rel=1e-13)
    assert fit.log_likelihood_null == pytest.approx(-np.log(6) - 2 * np.log(4), rel=1e-14)
    information = r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2
    assert fit.std_error[0] == pytest.approx(information**-0.5, rel=1e-12)


def test_efron_solves_its_equation() -> None:
    fit = fit_cox(X, TIME, EVENT, ties="efron")
    r = np.exp(fit.coef[0])
    score = 1 / (r + 1) + 1 - r / (r + 3) - (r / 2) / (r / 2 + 2.5)
    assert score == pytest.approx(0, abs=1e-14)
    assert fit.coef[0] == pytest.approx(1.6768574855882, abs=1e-10)


def test_score_test_of_a_binary_without_ties_is_the_log_rank_test() -> None:
    from reporter.analysis.kernels.log_rank import log_rank

    rng = np.random.default_rng(5)
    time, event, group = rng.exponential(size=90), rng.random(90) < 0.7, rng.integers(0, 2, 90)
    fit = fit_cox(group[:, None].astype(float), time, event, ties="efron")
    assert fit.score == pytest.approx(log_rank(time, event, group, 2).statistic, rel=1e-12)


def test_ties_are_the_same_without_ties() -> None:
    rng = np.random.default_rng(6)
    x, time, event = rng.normal(size=(70, 2)), rng.exponential(size=70), rng.random(70) < 0.7
    efron, breslow = (fit_cox(x, time, event, ties=ties) for ties in ("efron", "breslow"))
    assert_allclose(efron.coef, breslow.coef, rtol=1e-12)
    assert_allclose(efron.covariance, breslow.covariance, rtol=1e-11)


def test_units_and_offsets_change_nothing_else() -> None:
    rng = np.random.default_rng(7)
    x, time, event = rng.normal(size=(80, 2)), rng.integers(1, 20, 80).astype(float), rng.random(80) < 0.6
    plain, moved = fit_cox(x, time, event, ties="efron"), fit_cox(1e3 * x + 2e5, time, event, ties="efron")
    assert_allclose(moved.coef * 1e3, plain.coef, rtol=1e-8)
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)


@pytest.mark.parametrize(
    ("columns", "used"),
    [
        ([[0.1] * 6], [False]),
        ([[1, 2, 3, 4, 5, 6], [3, 5, 7, 9, 11, 13]], [True, False]),
        ([[1990 + 0.1 * i for i in range(6)]], [True]),
        ([[1e-9 * i for i in range(6)]], [True]),
        ([[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]], [True, True, False]),
    ],
)
def test_estimable_columns(columns, used) -> None:
    assert estimable(np.array(columns, dtype=float).T).tolist() == used


def test_column_that_varies_only_before_the_first_event_has_no_estimate() -> None:
    time = np.array([1.0, 2, 3, 4, 5, 6])
    event = np.array([False, False, True, True, True, False])
    early = np.array([1.0, 0, 0, 0, 0, 0])
    x = np.column_stack([early, [0.0, 1, 1, 0, 0, 1]])
    fit = fit_cox(x, time, event, ties="efron")
    assert fit.used.tolist() == [False, True]
    assert np.isnan(fit.coef[0]) and fit.df == 1


@pytest.mark.parametrize("prevalence", [0.5, 0.1, 0.005])
@pytest.mark.parametrize("sign", [1, -1])
def test_infinite_coefficient_is_flagged_however_rare_the_column(prevalence: float, sign: int) -> None:
    rng = np.random.default_rng(11)
    n = 1000
    x = np.column_stack([(np.arange(n) < prevalence * n).astype(float), rng.normal(size=n)])
    time, event = rng.integers(1, 60, n).astype(float), rng.random(n) < 0.5
    event[x[:, 0] == 1] = False
    if sign > 0:
        time[x[:, 0] == 1], event[x[:, 0] == 1] = 0.5, True
    fit = fit_cox(x, time, event, ties="efron")
    assert fit.infinite.tolist() == [True, False]
    assert np.sign(fit.coef[0]) == sign
    # The other coefficient is that of the limit: the model without the column (and without its rows where sign < 0).
    if sign < 0:
        keep = x[:, 0] == 0
        limit = fit_cox(x[keep, 1:], time[keep], event[keep], ties="efron")
        assert fit.coef[1] == pytest.approx(limit.coef[0], rel=1e-9)


def test_separation_by_a_continuous_column_is_flagged() -> None:
    time, x = np.arange(1.0, 13), np.linspace(3, -3, 12)[:, None]
    fit = fit_cox(x, time, np.ones(12, dtype=bool), ties="efron")
    assert fit.infinite.tolist() == [True]
    assert fit.log_likelihood == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("effect", [0.1, 2.0, 6.0])
def test_large_finite_coefficient_is_not_flagged(effect: float) -> None:
    rng = np.random.default_rng(13)
    x = rng.normal(size=(400, 1))
    time = rng.exponential(size=400) * np.exp(-effect * x[:, 0])
    fit = fit_cox(x, time, np.ones(400, dtype=bool), ties="efron")
    assert fit.converged and not fit.infinite.any()
    assert fit.coef[0] == pytest.approx(effect, rel=0.5)


def test_one_event_can_give_a_finite_estimate() -> None:
    event = np.array([True, False, False, False])
    fit = fit_cox(np.array([[1.0], [0], [0], [2]]), np.array([1.0, 2, 3, 4]), event, ties="efron")
    assert fit.converged and not fit.infinite.any()
    # The score equation: x of the one who died is the weighted mean of all.
    weights = np.exp(np.array([1.0, 0, 0, 2]) * fit.coef[0])
    assert weights @ [1.0, 0, 0, 2] / weights.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("event", "x", "message"),
    [([0, 0, 0], [1, 2, 3], "no events"), ([1, 1, 1], [5, 5, 5], "constant"), ([0, 0, 1], [1, 2, 3], "constant")],
)
def test_nothing_to_estimate_is_an_error(event, x, message) -> None:
    with pytest.raises(ReporterError, match=message):
        fit_cox(np.array(x, float)[:, None], np.array([1.0, 2, 3]), np.array(event, bool), ties="efron")


def test_baseline_without_covariate_effect_is_nelson_aalen() -> None:
    # x is balanced over every risk set, so the coefficient is 0 and Breslow's hazard is d/n.
    time = np.repeat([1.0, 2, 3, 4], 2)
    x = np.tile([0.0, 1.0], 4)[:, None]
    fit = fit_cox(x, time, np.ones(8, dtype=bool), ties="breslow")
    assert fit.coef[0] == pytest.approx(0, abs=1e-14)
    assert_allclose(baseline_hazard(fit).hazard, np.cumsum([2 / 8, 2 / 6, 2 / 4, 2 / 2]), rtol=1e-13)


def test_prediction_of_survival_by_hand() -> None:
    fit = fit_cox(X, TIME, EVENT, ties="breslow")
    r = np.exp(fit.coef[0])
    assert fit.centre.tolist() == [0.0]
    steps = np.cumsum([1 / (3 * r + 3), 2 / (r + 3), 1.0])
    found = predict(
        baseline_hazard(fit), fit.coef, fit.covariance, np.array([[0.0], [1.0]]), np.array([0.5, 1, 6, 9]),
        conf_type="log-log", conf_level=0.95,
    )  # fmt: skip
    assert_allclose(found.survival[0], np.exp(-np.concatenate(([0], steps))), rtol=1e-13)
    assert_allclose(found.survival[1], np.exp(-r * np.concatenate(([0], steps))), rtol=1e-13)


def test_limits_of_a_prediction_do_not_depend_on_the_origin_of_the_covariates() -> None:
    rng = np.random.default_rng(23)
    x, time, event = rng.normal(size=(60, 2)), rng.integers(1, 12, 60).astype(float), rng.random(60) < 0.7
    found = []
    for origin in (0.0, 5.0):
        fit = fit_cox(x + origin, time, event, ties="efron")
        moved = replace(fit, centre=np.zeros(2)) if origin else fit
        z = x[:4] + origin - moved.centre
        found.append(predict(baseline_hazard(moved), fit.coef, fit.covariance, z, np.array([3.0, 9.0]),
                             conf_type="log-log", conf_level=0.95))  # fmt: skip
    for name in ("survival", "conf_low", "conf_high"):
        assert_allclose(getattr(found[0], name), getattr(found[1], name), rtol=1e-9)


def test_equal_rows_get_equal_predictors_wherever_they_stand() -> None:
    rng = np.random.default_rng(17)
    rows = rng.normal(size=(37, 7))
    x = np.vstack([rows, rows[::-1], rows])
    fit = fit_cox(x, rng.exponential(size=111), rng.random(111) < 0.7, ties="efron")
    assert np.unique(fit.linear_predictor).size == 37


def options(*terms: TermSpec, analysis: str = "cox_multivariable") -> CoxOptions:
    return CoxOptions(analysis=analysis, terms=terms, ties="efron", conf_level=0.95)


def model_frame(frame_of, levels):
    rng = np.random.default_rng(19)
    n = 60
    codes = tuple(int(c) for c in rng.integers(0, 3, n))
    event = (rng.random(n) < 0.7) & (np.array(codes) != 2)
    x = rng.normal(size=n).round(1)
    return frame_of(rng.integers(1, 20, n), event, {"g": levels(("a", "b", "c"), codes), "x": x, "twice": 2 * x + 1})


TERMS = (TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="x"), TermSpec(column="twice"))


def test_level_without_events_and_dependent_column_have_reasons(frame_of, levels) -> None:
    coefficients, model, curve = analyse_cox(model_frame(frame_of, levels), options(*TERMS))
    for name in ("estimate", "std_error", "hazard_ratio", "conf_low", "conf_high", "p_value"):
        infinite = coefficients.find(term="g=c").get(name)
        assert (infinite.value, infinite.reason, infinite.note) == (None, Reason.NOT_ESTIMABLE, INFINITE)
        assert coefficients.find(term="twice").get(name).note == DEPENDENT
        assert coefficients.find(term="g=b").get(name).value is not None
    assert set(coefficients.notes) == {f"g=c: {INFINITE}", f"twice: {DEPENDENT}"}
    row = model.rows[0]
    assert row.get("lr_df").value == 3
    assert row.get("wald_statistic").note == INFINITE and row.get("wald_statistic").value is None
    assert row.get("lr_statistic").value > 0
    assert curve.curves == () and INFINITE in curve.notes[0]


def test_counts_and_reference_level(frame_of, levels) -> None:
    frame = model_frame(frame_of, levels)
    coefficients, model = analyse_cox(frame, options(TERMS[0], analysis="cox_univariable"))
    rows = {row.term: row for row in coefficients.rows}
    assert [s.stat for s in rows["g=a"].stats] == ["n", "n_event"]
    assert sum(row.get("n").value for row in rows.values()) == 60
    assert rows["g=c"].get("n_event").value == 0
    assert model.analysis == "cox_univariable_model"


def test_per_and_transforms(frame_of, levels) -> None:
    frame = model_frame(frame_of, levels)
    plain = analyse_cox(frame, options(TermSpec(column="x")))[0].rows[0]
    tens = analyse_cox(frame, options(TermSpec(column="x", per=10)))[0].rows[0]
    assert tens.get("estimate").value == pytest.approx(10 * plain.get("estimate").value, rel=1e-10)
    assert tens.get("p_value").value == pytest.approx(plain.get("p_value").value, rel=1e-9)


def test_complete_cases_are_those_of_the_model(frame_of) -> None:
    x = [1, np.nan, 3, 2, 5, 4, 1, 3]
    frame = frame_of(range(1, 9), [1] * 8, {"x": x, "y": [np.nan] * 4 + [1, 2, 3, 4]})
    _, model, _ = analyse_cox(frame, options(TermSpec(column="x")))
    assert (model.rows[0].get("n").value, model.rows[0].get("n_missing").value) == (7, 1)


def test_no_complete_case_is_said(frame_of) -> None:
    with pytest.raises(ReporterError, match="no events"):
        analyse_cox(frame_of([1, 2], [1, 1], {"x": [np.nan, np.nan]}), options(TermSpec(column="x")))


def test_a_finite_coefficient_keeps_its_error_beside_infinite_ones() -> None:
    """R 4.2.2, survival 3.5-3: coef(x) -0.6306228, SE 0.6590386, the levels of g running to infinity."""
    time = np.array([1, 2, 3, 3, 1, 3, 3, 3, 1, 3, 1, 2], dtype=float)
    event = np.array([1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0], dtype=bool)
    x = np.array([0.5, -0.7, 0.1, 0.9, -0.2, 0.5, -0.9, 1.5, -0.6, 1.3, -0.9, 0.3])
    g = np.array([1, 0, 2, 2, 2, 0, 2, 2, 2, 0, 1, 0])
    fit = fit_cox(np.column_stack([x, g == 1, g == 2]).astype(float), time, event, ties="breslow")
    assert fit.infinite.tolist() == [False, True, True]
    np.testing.assert_allclose([fit.coef[0], fit.std_error[0]], [-0.6306228, 0.6590386], atol=5e-8)
