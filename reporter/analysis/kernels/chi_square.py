"""Chi-square tests whose P value may underflow: the logarithm is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import chi2

ROUNDING = 1e-12  # of the degrees of freedom
TERMS = (
    40  # of the continued fraction: with a tail below SMALLEST, x > 600 and each term divides the error by more than 10
)
SMALLEST = 1e-290  # below, the tail is no normal number


@dataclass(frozen=True)
class ChiSquare:
    """A test: statistic, degrees of freedom, P and log P."""

    statistic: float
    df: int
    p_value: float
    log_p_value: float


def log_tail(statistic: float, df: int) -> float:
    """Return log P(chi-square > statistic), finite however large the statistic; R: ``pchisq(…, FALSE, TRUE)``.

    The far tail by Legendre's continued fraction of the upper incomplete gamma function (Abramowitz & Stegun 6.5.31).
    """
    tail = float(chi2.sf(statistic, df))
    if not tail < SMALLEST or not np.isfinite(statistic):
        return float(np.log(tail)) if tail > 0 else tail if np.isnan(tail) else -np.inf
    a, x = df / 2, statistic / 2
    fraction = x + 2 * TERMS + 1 - a
    for i in range(TERMS, 0, -1):
        fraction = x + 2 * i - 1 - a - i * (i - a) / fraction
    return float(-x + a * np.log(x) - gammaln(a) - np.log(fraction))


def chi_square(statistic: float, df: int) -> ChiSquare:
    """Return the test of a chi-square statistic; NaN gives NaN, and rounding error 0, of which P has the root."""
    if abs(statistic) <= ROUNDING * df:
        statistic = 0.0
    log_p = log_tail(statistic, df)
    return ChiSquare(statistic, df, float(np.exp(log_p)), log_p)
