"""Tails of the chi-square distribution beyond the smallest number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from reporter.analysis.kernels.chi_square import chi_square, log_tail


@pytest.mark.parametrize(
    ("statistic", "df", "r_value"),
    [
        # R 4.2.2: pchisq(statistic, df, lower.tail = FALSE, log.p = TRUE)
        (1500, 1, -753.88306710538234),
        (5000, 1, -2504.4845878484507),
        (20000, 7, -9978.174872666159),
        (1e6, 3, -499993.31803507364),
        (3000, 60, -1359.1541384585225),
    ],
)
def test_far_tail_is_that_of_r(statistic: float, df: int, r_value: float) -> None:
    assert log_tail(statistic, df) == pytest.approx(r_value, rel=1e-14)


def test_two_degrees_of_freedom_are_exponential() -> None:
    for statistic in (0.0, 3.0, 900.0, 1e4, 1e7):
        assert log_tail(statistic, 2) == pytest.approx(-statistic / 2, rel=1e-14)


def test_both_branches_meet() -> None:
    for df in (1, 4, 30):
        x = chi2.isf(1e-289, df)
        inside, outside = log_tail(x, df), log_tail(x + 10, df)
        assert inside - outside == pytest.approx(5 - (df / 2 - 1) * math.log1p(10 / x), rel=2e-2)
        assert outside == pytest.approx(float(chi2.logsf(x + 10, df)), rel=1e-12)


def test_no_statistic_gives_no_p() -> None:
    found = chi_square(float("nan"), 3)
    assert np.isnan(found.p_value) and np.isnan(found.log_p_value) and found.df == 3
