"""The log-rank test. Reference: Mantel, Cancer Chemother Rep 1966;50:163; R: ``survdiff(rho = 0)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import log_tail

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogRank:
    """Result over k groups.

    Parameters
    ----------
    n, observed, expected
        Shape (k,).
    statistic, df, p_value, log_p_value
        Chi-square, NaN where it cannot be computed; df = groups with an expectation above 0, less one.
    """

    n: Floats
    observed: Floats
    expected: Floats
    statistic: float
    df: int
    p_value: float
    log_p_value: float


def log_rank(time: Floats, event: NDArray[np.bool_], group: NDArray[np.int64], n_groups: int) -> LogRank:
    """Test equality of survival: chi2 = (O - E)' V^-1 (O - E) with hypergeometric V.

    Parameters
    ----------
    time, event, group
        Shape (n,); `group` counts from 0.
    """
    distinct, index = np.unique(time, return_inverse=True)
    cell = index * n_groups + group
    size = distinct.size * n_groups
    everybody = np.bincount(cell, minlength=size).reshape(distinct.size, n_groups).astype(np.float64)
    deaths = np.bincount(cell, weights=event.astype(np.float64), minlength=size).reshape(distinct.size, n_groups)
    at_risk = np.cumsum(everybody[::-1], axis=0)[::-1]
    d, n = deaths.sum(axis=1), at_risk.sum(axis=1)
    share = at_risk / n[:, None]
    expected = (d[:, None] * share).sum(axis=0)
    observed = deaths.sum(axis=0)
    factor = d * (n - d) / np.where(n > 1, n - 1, 1.0)
    variance = np.diag((factor[:, None] * share).sum(axis=0)) - (factor[:, None] * share).T @ share
    keep = np.flatnonzero(expected > 0)[1:]
    statistic, log_p = float("nan"), float("nan")
    if keep.size:
        block, difference = variance[np.ix_(keep, keep)], (observed - expected)[keep]
        if np.linalg.matrix_rank(block) == keep.size:
            statistic = float(difference @ np.linalg.solve(block, difference))
            log_p = log_tail(statistic, int(keep.size))
    counts = everybody.sum(axis=0)
    return LogRank(counts, observed, expected, statistic, int(keep.size), float(np.exp(log_p)), log_p)
