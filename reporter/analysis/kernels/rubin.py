"""Rubin's rules: one estimate from those of several imputed sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """Estimates over the imputed sets, shape (p,) each.

    Parameters
    ----------
    estimate, std_error
        Mean of the estimates; root of the total variance.
    df
        Degrees of freedom of Barnard and Rubin.
    fmi
        Fraction of missing information.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    fmi: Floats


def pool(estimates: Floats, variances: Floats, complete_df: float) -> Pooled:
    """Pool by Rubin's rules.

    With U the mean variance and B the variance (m - 1) of the estimates, T = U + (1 + 1/m) B and
    lambda = (1 + 1/m) B / T; 1/df = lambda² / (m - 1) + 1 / ((v + 1) / (v + 3) v (1 - lambda)); with r = lambda /
    (1 - lambda) the fraction of missing information is (r + 2 / (df + 3)) / (r + 1). Rubin, Multiple Imputation for
    Nonresponse in Surveys, 1987, 3.1; Barnard & Rubin, Biometrika 1999;86:948. R: ``mice::pool``, which never lets
    lambda fall below 1e-4.

    Parameters
    ----------
    estimates, variances
        Shape (m, p), m at least 2; NaN in any set gives NaN.
    complete_df
        Degrees of freedom v that complete data would have.
    """
    m = estimates.shape[0]
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    share = added / total
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / observed)
    increase = added / within
    fmi = (increase + 2 / (df + 3)) / (increase + 1)
    return Pooled(estimates.mean(axis=0), np.sqrt(total), df, fmi)
