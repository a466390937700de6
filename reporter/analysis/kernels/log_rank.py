"""The log-rank test. Reference: Mantel, Cancer Chemother Rep 1966;50:163; R: ``survdiff(rho = 0)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import log_tail
from reporter.analysis.kernels.time_index import index_times

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]


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


@dataclass(frozen=True)
class RiskTable:
    """Deaths and risk sets by group; `deaths` and `at_risk` have shape (n_times, k), `n` has shape (k,)."""

    deaths: Floats
    at_risk: Floats
    n: Floats

    @property
    def n_event(self) -> Floats:
        """Deaths of all groups, shape (n_times,)."""
        return np.asarray(self.deaths.sum(axis=1), dtype=np.float64)

    @property
    def n_risk(self) -> Floats:
        """All at risk, shape (n_times,)."""
        return np.asarray(self.at_risk.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Comparison:
    """Weighted deaths, their expectation under equality, and the covariance of the difference; (k,), (k,), (k, k)."""

    observed: Floats
    expected: Floats
    variance: Floats

    def __add__(self, other: Comparison) -> Comparison:
        """Return the sums over two strata."""
        return Comparison(
            self.observed + other.observed, self.expected + other.expected, self.variance + other.variance
        )


def risk_table(time: Floats, event: Bools, group: Codes, n_groups: int, entry: Floats | None = None) -> RiskTable:
    """Count deaths and those with entry < t <= time, at every distinct time and in every group.

    Parameters
    ----------
    time, event, group, entry
        Shape (n,); `group` counts from 0; `entry` None when all were observed from 0.
    """
    distinct, index = index_times(time)
    cell = index * n_groups + group
    shape = (distinct.size, n_groups)
    size = distinct.size * n_groups
    everybody = np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)
    deaths = np.bincount(cell, weights=event.astype(np.float64), minlength=size).reshape(shape).astype(np.float64)
    at_risk = np.cumsum(everybody[::-1], axis=0)[::-1]
    if entry is not None:
        # Who enters at or after a time is not at risk there; `last` is the last such time of each row.
        last = np.searchsorted(distinct, entry, side="right") - 1
        late = last >= 0
        entering = np.bincount(last[late] * n_groups + group[late], minlength=size).reshape(shape)
        at_risk = at_risk - np.cumsum(entering[::-1], axis=0)[::-1]
    return RiskTable(deaths, np.asarray(at_risk, dtype=np.float64), everybody.sum(axis=0))


def compare(table: RiskTable, weights: Floats) -> Comparison:
    """Sum w d, w d n_j / n and w^2 times the hypergeometric covariance over the times; w has shape (n_times,)."""
    d, n = table.n_event, table.n_risk
    share = table.at_risk / np.where(n > 0, n, 1.0)[:, None]
    expected = ((weights * d)[:, None] * share).sum(axis=0)
    observed = (weights[:, None] * table.deaths).sum(axis=0)
    factor = weights**2 * d * (n - d) / np.where(n > 1, n - 1, 1.0)
    variance = np.diag((factor[:, None] * share).sum(axis=0)) - (factor[:, None] * share).T @ share
    return Comparison(observed, expected, variance)


def chi_square_of(found: Comparison) -> tuple[float, int]:
    """Return (O - E)' V^-1 (O - E) over the groups with an expectation, and its df; NaN where V is singular."""
    keep = np.flatnonzero(found.expected > 0)[1:]
    block, difference = found.variance[np.ix_(keep, keep)], (found.observed - found.expected)[keep]
    if not keep.size or np.linalg.matrix_rank(block) < keep.size:
        return float("nan"), int(keep.size)
    return float(difference @ np.linalg.solve(block, difference)), int(keep.size)


def log_rank(time: Floats, event: Bools, group: Codes, n_groups: int, entry: Floats | None = None) -> LogRank:
    """Test equality of survival: chi2 = (O - E)' V^-1 (O - E) with hypergeometric V.

    With `entry` the score test of a Cox model with exact ties; R: ``coxph(Surv(entry, time, event), ties =
    "exact")$score``, as ``survdiff`` takes no entry times.

    Parameters
    ----------
    time, event, group, entry
        Shape (n,); `group` counts from 0; `entry` None when all were observed from 0.
    """
    table = risk_table(time, event, group, n_groups, entry)
    found = compare(table, np.ones(table.deaths.shape[0]))
    statistic, df = chi_square_of(found)
    log_p = log_tail(statistic, df) if statistic == statistic else float("nan")
    return LogRank(table.n, found.observed, found.expected, statistic, df, float(np.exp(log_p)), log_p)
