"""Survival of groups at one time: differences, and a test on the complementary log-log scale.

Reference: Klein, Logan, Harhoff & Andersen, Stat Med 2007;26:4505.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import ChiSquare, chi_square

Floats = NDArray[np.float64]


def cloglog_test(estimate: Floats, std_error: Floats) -> ChiSquare:
    """Test equality of S(t) over k groups by g = log(-log S), var g = (SE / (S log S))^2, k - 1 df.

    The contrasts with the first group, C g, in (Cg)' (C V C')^-1 Cg. NaN where a group's S is 0, 1 or unknown: g or its
    variance does not exist.

    Parameters
    ----------
    estimate, std_error
        S and its Greenwood standard error, shape (k,), k >= 2.
    """
    df = estimate.size - 1
    if not (np.isfinite(std_error).all() and (std_error > 0).all() and ((estimate > 0) & (estimate < 1)).all()):
        return ChiSquare(float("nan"), df, float("nan"), float("nan"))
    scale = np.log(-np.log(estimate))
    variance = (std_error / (estimate * np.log(estimate))) ** 2
    contrast = scale[1:] - scale[0]
    covariance = np.diag(variance[1:]) + variance[0]
    return chi_square(float(contrast @ np.linalg.solve(covariance, contrast)), df)
