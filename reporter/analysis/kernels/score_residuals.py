"""Score residuals, dfbeta and the variance that is robust to clusters, consistent with Efron's ties.

References: Lin & Wei, J Am Stat Assoc 1989;84:1074; Therneau & Grambsch, Modeling Survival Data, 2000, chapter 7; R:
``residuals(fit, type = "score" | "dfbeta", weighted = TRUE)``, ``coxph(cluster = )``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.risk_sets import RiskSets, moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def score_residuals(z: Floats, risk: Floats, sets: RiskSets) -> Floats:
    """Return each row's share of the score, times its case weight, shape (n, p).

    U_i = sum over its event times of (x_i - xbar) dM_i; a death at one of d tied times stands in its k-th risk set with
    the share 1 - k/d, and its own xbar is the mean of the d means.
    """
    found = moments(z, risk, sets)
    drift = found.s1 * found.b0[:, None] - found.d1 * found.b1[:, None]
    at_own = found.s1 * found.b1[:, None] - found.d1 * found.b2[:, None]
    out = -risk[:, None] * (z * sets.over_times(found.a1)[:, None] - sets.over_times(drift))
    mean = (found.s1 * found.a1[:, None] - found.d1 * found.a2[:, None]) / (sets.n_dead * sets.mean_weight)[:, None]
    dead, own = sets.dead, sets.own
    out[dead] += z[dead] - mean[own] + risk[dead][:, None] * (z[dead] * found.a2[own][:, None] - at_own[own])
    return out if sets.weight is None else out * sets.weight[:, None]


def sum_by_cluster(values: Floats, cluster: Ints) -> Floats:
    """Sum the rows of `values`, shape (n, p), that share a code of `cluster`, shape (n,)."""
    _, index = np.unique(cluster, return_inverse=True)
    return np.column_stack([np.bincount(index, weights=column) for column in values.T])
