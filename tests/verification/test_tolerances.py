"""Each tolerance lets rounding through and bites at ten times its width."""

from __future__ import annotations

import math

import pytest

from reporter.verification import tolerances
from reporter.verification.tolerances import ALL, Tolerance, scale_of, tolerance_of

REFERENCES = (1e-5, 0.3, 1.0, 812.5, -3.7e4)


@pytest.mark.parametrize("tolerance", ALL, ids=lambda tolerance: tolerance.name)
@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("scale", [0.0, 0.02, 5.0])
def test_each_bites(tolerance: Tolerance, reference: float, scale: float) -> None:
    if tolerance.log_scale:
        reference = abs(reference) / 1e5
        width = tolerance.bound(reference, scale)
        assert tolerance.accepts(reference * math.exp(width / 2), reference, scale)
        assert not tolerance.accepts(reference * math.exp(10 * width), reference, scale)
        assert not tolerance.accepts(reference * math.exp(-10 * width), reference, scale)
        return
    width = tolerance.bound(reference, scale) or math.ulp(reference)
    assert tolerance.accepts(reference, reference, scale)
    assert tolerance.exact or tolerance.accepts(reference + width / 2, reference, scale)
    assert not tolerance.accepts(reference + 10 * width, reference, scale)
    assert not tolerance.accepts(reference - 10 * width, reference, scale)


def test_no_tolerance_is_wider_than_promised() -> None:
    assert all(tolerance.rtol <= 1e-9 and tolerance.per_scale <= 1e-9 and tolerance.why for tolerance in ALL)
    closed = ("kaplan_meier", "kaplan_meier_curve", "log_rank", "concordance", "ph_test", "follow_up", "performance")
    for analysis in closed:
        for stat in ("estimate", "std_error", "conf_low", "statistic", "expected", "harrell_c", "median"):
            assert tolerance_of(analysis, stat).rtol <= 1e-12


def test_every_tolerance_is_listed() -> None:
    defined = {value for value in vars(tolerances).values() if isinstance(value, Tolerance)}
    assert defined == set(ALL) and len({tolerance.name for tolerance in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("analysis", "stat", "name"),
    [
        ("kaplan_meier", "n_risk", "count"),
        ("log_rank", "observed", "count"),
        ("cox_model", "wald_df", "count"),
        ("survival_quantile", "conf_low", "quantile"),
        ("kaplan_meier", "conf_low", "closed form"),
        ("cox_multivariable", "conf_low", "hazard ratio or limit"),
        ("cox_multivariable", "estimate", "coefficient"),
        ("concordance", "estimate", "share or its complement"),
        ("cox_multivariable", "p_value", "P value"),
        ("ph_test", "log_p_value", "log P"),
        ("cox_model", "lr_p_value", "P of a likelihood ratio"),
        ("an_analysis_to_come", "something", "closed form"),
    ],
)
def test_kind_of_a_number(analysis: str, stat: str, name: str) -> None:
    assert tolerance_of(analysis, stat).name == name


def test_p_values_below_the_smallest_normal_number() -> None:
    p = tolerance_of("log_rank", "p_value")
    assert p.accepts(0.0, 0.0) and p.accepts(0.0, 5e-324)
    assert not p.accepts(0.0, 1e-300) and not p.accepts(1e-300, 0.0) and not p.accepts(-1.0, 0.0)


def test_scale_stands_beside_the_number() -> None:
    beside = {"std_error": 0.2, "df": 3.0, "hazard_ratio": 2.0, "log_likelihood": -500.0, "wald_df": 4.0}
    assert scale_of(tolerances.COEFFICIENT, "estimate", beside.get) == 0.2
    assert scale_of(tolerances.RATIO, "hazard_ratio", beside.get) == pytest.approx(0.4)
    assert scale_of(tolerances.CHI_SQUARE, "wald_statistic", beside.get) == 4.0
    assert scale_of(tolerances.LIKELIHOOD_RATIO, "lr_statistic", beside.get) == 500.0
    assert scale_of(tolerances.COEFFICIENT, "estimate", {}.get) == 0.0


def test_words() -> None:
    assert tolerances.COUNT.words == "exact"
    assert tolerances.COEFFICIENT.words == "1e-9 relative or 1e-9 SE"
    assert tolerances.P_VALUE.words == "1e-9 of log P"
    assert tolerances.CLOSED_FORM.words == "1e-12 relative"
