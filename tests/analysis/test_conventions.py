"""The rules of other tools, against hand-worked values."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.analysis import conventions as rules

# CAMIS: S is exactly one half from 87 on.
TIME = np.array([54.0, 75, 77, 84, 87, 92, 103, 105, 112, 118])
EVENT = TIME < 90


def test_medians_on_a_plateau() -> None:
    assert rules.first_time_at_or_below(TIME, EVENT, 0.5) == 87
    assert np.isnan(rules.first_time_below(TIME, EVENT, 0.5))
    assert rules.first_time_below(TIME, TIME < 95, 0.5) == 92
    assert rules.interpolated_time(TIME, EVENT, 0.55) == pytest.approx(85.5)
    assert np.isnan(rules.interpolated_time(TIME, EVENT, 0.4))


def test_survival_is_carried_forward() -> None:
    assert [rules.survival_carried_forward(TIME, EVENT, t) for t in (10.0, 54.0, 1e4)] == [1.0, 0.9, 0.5]
    assert rules.at_risk_after(TIME, 87.0) == 5


def test_cumulative_hazard_with_ties() -> None:
    """Risks 3, 1 die together among 3, 1, 2: Breslow 2/6, Efron 1/6 + 1/(6 - 2); then 1/2."""
    time, event, risk = np.array([1.0, 1, 2]), np.array([True, True, True]), np.array([3.0, 1, 2])
    assert rules.cumulative_hazard(time, event, risk, 1.0, efron=False) == pytest.approx(1 / 3, rel=1e-15)
    assert rules.cumulative_hazard(time, event, risk, 1.5, efron=True) == pytest.approx(1 / 6 + 1 / 4, rel=1e-15)
    assert rules.cumulative_hazard(time, event, risk, 9.0, efron=True) == pytest.approx(1 / 6 + 3 / 4, rel=1e-15)
    assert rules.cumulative_hazard(time, event, risk, 0.5, efron=True) == 0


def test_quantile_types() -> None:
    """R: quantile(1:4, .25, type = 1...9); SPSS and Stata print 1.25 and 1.5."""
    found = rules.other_quantiles(np.arange(1.0, 5.0), 0.25)
    assert found[1] == 1 and found[2] == 1.5 and found[6] == 1.25 and found[8] == pytest.approx(17 / 12)


def test_observed_expected() -> None:
    assert rules.observed_expected(np.array([8.0, 12.0]), np.array([10.0, 10.0])) == pytest.approx(0.8)
    assert rules.observed_expected(np.array([0.0]), np.array([0.0])) == 0
