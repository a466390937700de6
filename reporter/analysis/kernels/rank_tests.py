"""Tests of equal survival with weights, strata or scores, and adjusted P values.

References: Fleming & Harrington, Counting Processes and Survival Analysis, Wiley 1991, ch. 7; Klein & Moeschberger,
Survival Analysis, 2nd ed., Springer 2003, ch. 7; Tarone & Ware, Biometrika 1977;64:156; Gehan, Biometrika 1965;52:203;
Peto & Peto, J R Stat Soc A 1972;135:185.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import ChiSquare, chi_square
from reporter.analysis.kernels.log_rank import Comparison, RiskTable, chi_square_of, compare, risk_table
from reporter.spec.options import Adjust, RankTest

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]

# A contrast whose variance is this share of what its scores allow is nothing but rounding.
NO_VARIANCE = 1e-12


def weights_of(test: RankTest, table: RiskTable) -> Floats:
    """Return the weight at every distinct time, shape (n_times,); see `RankTest`.

    S(t-) is the Kaplan–Meier estimate of all groups just before t, as in R's ``survdiff(rho)``.
    """
    d, n = table.n_event, table.n_risk
    match test.name:
        case "gehan":
            return n
        case "tarone_ware":
            return np.sqrt(n)
        case "peto_peto":
            return np.asarray(np.cumprod(1 - d / (n + 1)), dtype=np.float64)
        case "fleming_harrington":
            after = np.cumprod(1 - np.divide(d, n, out=np.zeros_like(d), where=n > 0))
            before = np.concatenate(([1.0], after[:-1]))
            return np.asarray(before**test.rho * (1 - before) ** test.gamma, dtype=np.float64)
        case _:
            return np.ones(n.size)


def stratum_codes(columns: list[Codes]) -> Codes:
    """Return one code for each combination of the columns' codes, counting from 0; shape (n,)."""
    _, codes = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return np.asarray(codes.reshape(-1), dtype=np.int64)


def rank_test(
    test: RankTest,
    time: Floats,
    event: Bools,
    group: Codes,
    n_groups: int,
    *,
    stratum: Codes | None = None,
    entry: Floats | None = None,
) -> ChiSquare:
    """Test U' V^-1 U, U = sum of w (d_j - d n_j / n) over times and strata, V its covariance; df = groups at risk - 1.

    A trend is (c'U)^2 / c'Vc with the scores c, 1 df. NaN where there is no variance.

    Parameters
    ----------
    time, event, group, stratum, entry
        Shape (n,); `group` counts from 0; `stratum` None for one, `entry` None when all were observed from 0.
    """
    found = _over_strata(test, time, event, group, n_groups, stratum, entry)
    if test.name == "trend":
        return chi_square(_trend(found, np.array(test.scores)), 1)
    statistic, df = chi_square_of(found)
    return chi_square(statistic, df) if df else ChiSquare(float("nan"), 0, float("nan"), float("nan"))


def _over_strata(
    test: RankTest,
    time: Floats,
    event: Bools,
    group: Codes,
    n_groups: int,
    stratum: Codes | None,
    entry: Floats | None,
) -> Comparison:
    codes = np.zeros(time.size, dtype=np.int64) if stratum is None else stratum
    parts = []
    for code in np.unique(codes):
        rows = codes == code
        table = risk_table(time[rows], event[rows], group[rows], n_groups, None if entry is None else entry[rows])
        parts.append(compare(table, weights_of(test, table)))
    nothing = Comparison(np.zeros(n_groups), np.zeros(n_groups), np.zeros((n_groups, n_groups)))
    return reduce(add, parts, nothing)


def _trend(found: Comparison, scores: Floats) -> float:
    variance = float(scores @ found.variance @ scores)
    centred = scores - scores.mean()
    if variance <= NO_VARIANCE * float(centred @ centred) * float(np.trace(found.variance)):
        return float("nan")
    return float(scores @ (found.observed - found.expected)) ** 2 / variance


def pairs(n_groups: int) -> Iterator[tuple[int, int]]:
    """Yield every two groups (earlier, later)."""
    for later in range(1, n_groups):
        for earlier in range(later):
            yield earlier, later


def adjusted_p_values(p: Floats, method: Adjust) -> Floats:
    """Return P values adjusted for their number, NaN left out; R: ``p.adjust(p, method)``.

    Parameters
    ----------
    p
        Shape (m,).
    method
        ``bonferroni`` m p; ``holm`` the running maximum of (m - i + 1) p(i); ``bh`` (Benjamini & Hochberg) the running
        minimum from the largest of m p(i) / i.
    """
    out = np.full(p.size, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    m = known.size
    order = known[np.argsort(p[known], kind="stable")]
    rank = np.arange(1, m + 1)
    match method:
        case "bonferroni":
            out[order] = m * p[order]
        case "holm":
            out[order] = np.maximum.accumulate((m - rank + 1) * p[order]) if m else p[order]
        case "bh":
            out[order] = np.minimum.accumulate((m / rank * p[order])[::-1])[::-1] if m else p[order]
    return np.asarray(np.minimum(out, 1.0), dtype=np.float64)
