"""Tests of whole covariates, and the curve of a spline: what is tested, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.analysis.cox import fit_model
from reporter.analysis.design import term_names
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.term_tests import analyse_term_tests, hypotheses
from reporter.cohort.frame import AnalysisFrame
from reporter.results.value import Reason
from reporter.spec.options import TermSpec, TermTestOptions

TERMS = (
    TermSpec(column="x", spline=(-1, 0, 1)),
    TermSpec(column="g", levels=("a", "b", "c")),
    TermSpec(column="z", spline=(-1, 0, 0.5, 1)),
)


def options(**change: object) -> TermTestOptions:
    return TermTestOptions(**{"terms": TERMS, "ties": "efron", "conf_level": 0.95, **change})


@pytest.fixture
def frame(frame_of, levels) -> AnalysisFrame:
    rng = np.random.default_rng(4)
    n = 120
    columns = {
        "x": rng.normal(size=n),
        "g": levels(("a", "b", "c"), tuple(int(v) for v in rng.integers(0, 3, n))),
        "z": rng.normal(size=n),
    }
    return frame_of(rng.exponential(size=n), rng.random(n) < 0.7, columns)


def test_what_is_tested() -> None:
    asked = options(interactions=(("x", "g"),))
    names, groups = term_names(asked.terms, asked.interactions)
    found = {
        h.term: {n for n, yes in zip(names, h.columns, strict=True) if yes} for h in hypotheses(asked, names, groups)
    }
    products = {"x:g=b", "x':g=b", "x:g=c", "x':g=c"}
    assert found["x"] == {"x", "x'"} | products
    assert found["g"] == {"g=b", "g=c"} | products
    assert found["x:g"] == products
    assert found["x=nonlinear"] == {"x'", "x':g=b", "x':g=c"}
    assert found["z=nonlinear"] == {"z'", "z''"}
    assert found["GLOBAL=nonlinear"] == found["x=nonlinear"] | found["z=nonlinear"]


def test_likelihood_ratio_is_that_of_two_fits(frame: AnalysisFrame) -> None:
    node = analyse_term_tests(frame, options())[0]
    model = fit_model(frame, options())
    row = node.find(term="g")
    keep = [i for i, group in enumerate(model.design.groups) if group != "g"]
    without = fit_cox(model.design.matrix[:, keep], model.time, model.event, ties="efron")
    expected = 2 * (model.fit.log_likelihood - without.log_likelihood)
    assert row.get("lr_statistic").value == pytest.approx(expected, rel=1e-9)
    assert (row.get("lr_df").value, row.get("wald_df").value) == (2, 2)


def test_wald_of_one_coefficient_is_its_square(frame: AnalysisFrame) -> None:
    row = analyse_term_tests(frame, options())[0].find(term="x=nonlinear")
    fit = fit_model(frame, options()).fit
    assert row.get("wald_statistic").value == pytest.approx((fit.coef[1] / fit.std_error[1]) ** 2, rel=1e-10)


def test_the_curve_is_nought_at_the_median_and_its_ends_are_predictions(frame: AnalysisFrame) -> None:
    node, effect = analyse_term_tests(frame, options())
    curve = next(c for c in effect.curves if c.term == "x")
    median = node.find(term="x=nonlinear").get("reference_value").value
    assert median == pytest.approx(np.median(frame.columns["x"].values))
    estimate = np.array(curve.column("estimate"))
    assert np.interp(median, curve.time, estimate) == pytest.approx(0, abs=0.02)
    fit = fit_model(frame, options()).fit
    values = frame.columns["x"].values
    low, high = int(values.argmin()), int(values.argmax())
    difference = (fit.x[high, :2] - fit.x[low, :2]) @ fit.coef[:2]
    assert estimate[-1] - estimate[0] == pytest.approx(difference, rel=1e-9)


def test_a_spline_in_an_interaction_has_no_curve_and_says_so(frame: AnalysisFrame) -> None:
    effect = analyse_term_tests(frame, options(interactions=(("x", "g"),)))[1]
    assert [curve.term for curve in effect.curves] == ["z"]
    assert effect.notes[0].startswith("x: no curve")


def test_few_clusters_test_nothing(frame: AnalysisFrame, levels, frame_of) -> None:
    columns = {**{name: column.values for name, column in frame.columns.items() if column.is_numeric}}
    columns |= {"g": levels(("a", "b", "c"), tuple(int(v) for v in frame.columns["g"].codes))}
    columns |= {"ward": np.arange(frame.n) % 2 + 0.0}
    clustered = frame_of(frame.time, frame.event, columns)
    row = analyse_term_tests(clustered, options(cluster="ward"))[0].find(term="g")
    assert row.get("wald_statistic").value is None
    assert row.get("wald_statistic").reason is Reason.NOT_ESTIMABLE
    assert row.get("lr_statistic").value is None
