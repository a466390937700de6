"""Gray's test of equal cumulative incidence.

Reference: Gray, Ann Stat 1988;16:1141 (rho = 0); R: ``cmprsk::cuminc``, whose variance takes ties into account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import log_tail

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


EXHAUSTED = 1e-9  # share still free of the event below which nobody is left by the pooled estimate


@dataclass(frozen=True)
class GrayTest:
    """Result over k groups.

    Parameters
    ----------
    n, observed, expected
        Shape (k,): patients, events of the cause, and the events expected if the subdistribution hazards were equal.
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
class _Table:
    """Counts at the distinct event times (of any cause) by group; shapes (J, k)."""

    at_risk: Floats
    own: Floats
    other: Floats


def _tabulate(time: Floats, cause: Codes, group: Codes, n_groups: int, k: int) -> _Table:
    distinct, index = np.unique(time, return_inverse=True)
    cell, size = index * n_groups + group, distinct.size * n_groups

    def table(rows: NDArray[np.bool_]) -> Floats:
        return np.bincount(cell[rows], minlength=size).reshape(distinct.size, n_groups).astype(np.float64)

    everybody = table(np.ones(time.size, dtype=bool))
    own, other = table(cause == k), table((cause > 0) & (cause != k))
    at_risk = np.cumsum(everybody[::-1], axis=0)[::-1].astype(np.float64)
    seen = (own + other).sum(axis=1) > 0
    return _Table(at_risk[seen], own[seen], other[seen])


def _lagged(values: Floats, start: float) -> Floats:
    return np.concatenate((np.full((1, *values.shape[1:]), start), values[:-1]))


def _safe(numerator: Floats, denominator: Floats, otherwise: float = 0.0) -> Floats:
    out: Floats = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), otherwise)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def gray_test(time: Floats, cause: Codes, group: Codes, n_groups: int, k: int) -> GrayTest:
    """Test equality of the cumulative incidence of cause `k`: chi2 = z' V^-1 z.

    With S the event-free survival and F the incidence in group i just before t, R_i = Y_i (1 - F_i) / S_i counts who
    has not had the event of the cause, and z_i = sum d_i - d R_i / sum R.

    Parameters
    ----------
    time, cause, group
        Shape (n,); `group` counts from 0, `cause` as in `estimate_incidence`.
    """
    counts = np.bincount(group, minlength=n_groups).astype(np.float64)
    found = _tabulate(time, cause, group, n_groups, k)
    expected, variance = _expectation_and_variance(found)
    observed = found.own.sum(axis=0)
    keep = np.flatnonzero(expected > 0)[1:]
    statistic, log_p = float("nan"), float("nan")
    if keep.size:
        block, difference = variance[np.ix_(keep, keep)], (observed - expected)[keep]
        if np.linalg.matrix_rank(block, hermitian=True) == keep.size:
            statistic = float(difference @ np.linalg.solve(block, difference))
            log_p = log_tail(statistic, int(keep.size))
    return GrayTest(counts, observed, expected, statistic, int(keep.size), float(np.exp(log_p)), log_p)


def _expectation_and_variance(found: _Table) -> tuple[Floats, Floats]:
    """Return the expected events and V, shapes (k,) and (k, k)."""
    y, d1, d2 = found.at_risk, found.own, found.other
    active = y > 0
    survival = np.cumprod(np.where(active, 1 - _safe(d1 + d2, y), 1.0), axis=0).astype(np.float64)
    before = _lagged(survival, 1.0)
    incidence = _lagged(np.cumsum(before * _safe(d1, y), axis=0).astype(np.float64), 0.0)
    weight = _safe(y, before)  # Y / S(t-)
    total = weight.sum(axis=1)
    at_risk = weight * (1 - incidence)
    events = d1.sum(axis=1)
    expectation = (events[:, None] * _safe(at_risk, at_risk.sum(axis=1)[:, None])).sum(axis=0)
    pooled = np.cumsum(_safe(events, total)).astype(np.float64)
    left = np.where(1 - pooled > EXHAUSTED, 1 - pooled, 0.0)
    # a (J, k, k) is the derivative of z by the hazards of each group; c its running sum over the pooled hazard.
    a = np.einsum("ji,ik->jik", weight, np.eye(y.shape[1])) - weight[:, :, None] * _safe(
        weight, total[:, None]
    )[:, None, :]  # fmt: skip
    c = np.cumsum(a * _safe(events, total * _lagged(left, 1.0))[:, None, None], axis=0)
    remaining = c[-1] - c if len(c) else c
    ratio = _safe(left[:, None] * np.ones_like(survival), survival)
    own_factor = np.where(survival > 0, 1 - ratio, 1.0)
    spread = total[:, None] * before - 1
    own_ties = np.where(events[:, None] > 1, 1 - _safe(events[:, None] - 1, spread), 1.0)
    own_weight = own_ties * before * _safe(events[:, None] / np.where(total > 0, total, 1.0)[:, None], y)
    other_ties = np.where(d2 > 1, 1 - _safe(d2 - 1, y - 1), 1.0)
    other_weight = np.where(survival > 0, other_ties * before**2 * _safe(d2, y**2), 0.0)
    own_part = a + own_factor[:, None, :] * remaining
    other_part = ratio[:, None, :] * remaining
    variance = np.einsum("jk,jik,jlk->il", own_weight, own_part, own_part)
    variance += np.einsum("jk,jik,jlk->il", other_weight, other_part, other_part)
    return expectation, variance
