"""Baseline hazard and predicted survival with intervals, as ``survfit.coxph(stype = 2, ctype = 2 | 1)``.

Reference: Therneau & Grambsch, Modeling Survival Data, 2000, chapter 10. H(t | x) = exp((x - c)'b) H0(t);
Var H(t | x) = exp(2 (x - c)'b) {sum of 1/(S0 - f D0)^2 + q'Vq}, q = sum of (x - xbar) dH0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox import CoxFit
from reporter.analysis.kernels.interval_sums import segmented_cumsum
from reporter.analysis.kernels.kaplan_meier import confidence_limits
from reporter.analysis.kernels.risk_sets import moments
from reporter.spec.options import ConfType

if TYPE_CHECKING:
    from reporter.analysis.kernels.compiled_likelihood import CompiledLikelihood

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """Cumulative sums at the J event times, at the centre of the covariates.

    Parameters
    ----------
    time, hazard, variance
        Shape (J,): H0 and the sum of the variance increments.
    mean_hazard
        Shape (J, p): sum of (xbar - c) dH0.
    start
        With strata: first index of each and J, shape (K + 1,); the sums begin anew in each.
    """

    time: Floats
    hazard: Floats
    variance: Floats
    mean_hazard: Floats
    start: NDArray[np.int64] | None = None

    def of(self, stratum: int) -> Baseline:
        """Return the baseline of one stratum, for `predict`."""
        if self.start is None:
            return self
        part = slice(int(self.start[stratum]), int(self.start[stratum + 1]))
        return Baseline(self.time[part], self.hazard[part], self.variance[part], self.mean_hazard[part])


def baseline_hazard(fit: CoxFit) -> Baseline:
    """Return the baseline at the centre of covariates and offset; R: ``basehaz(fit, centered = TRUE)``.

    With strata the event times of one stratum follow those of the other.
    """
    start = fit.sets.start
    increments = _increments(fit) if fit.packed is None else _packed_increments(fit, fit.packed)
    hazard, variance, mean_hazard = (segmented_cumsum(each, start) for each in increments)
    return Baseline(fit.sets.time, hazard, variance, mean_hazard, None if start.size == 2 else start)


def _increments(fit: CoxFit) -> tuple[Floats, Floats, Floats]:
    """Return the increments of hazard and variance, shape (J,), and of the hazard times (xbar - c), shape (J, p)."""
    z = (fit.x - fit.centre)[:, fit.used]
    found = moments(z, fit.risk, fit.sets)
    return found.a1, found.b0, found.s1 * found.b0[:, None] - found.d1 * found.b1[:, None]


def _packed_increments(fit: CoxFit, packed: CompiledLikelihood) -> tuple[Floats, Floats, Floats]:
    """Return the same from the packed design: moved to the centre, in the columns and units of the design."""
    beta = fit.coef[packed.columns] * packed.scale
    hazard, variance, mean = packed.hazards(beta)
    shift = packed.mean - fit.centre[packed.columns]
    # The packed offset is centred at its plain mean, the fit's at its weighted one.
    moved = 0.0 if fit.offset is None else float(fit.offset.mean()) - fit.offset_centre
    ratio = np.exp(-(shift @ fit.coef[packed.columns]) - moved)
    means = np.empty_like(mean)
    means[:, packed.columns] = (mean * packed.scale + shift * hazard[:, None]) * ratio
    return hazard * ratio, variance * ratio**2, means


@dataclass(frozen=True)
class PredictedSurvival:
    """Survival of m patients at T times; shapes (m, T), limits NaN where R prints NA."""

    survival: Floats
    conf_low: Floats
    conf_high: Floats


def predict(
    baseline: Baseline, coef: Floats, covariance: Floats, z: Floats, times: Floats, *, conf_type: ConfType,
    conf_level: float,
) -> PredictedSurvival:  # fmt: skip
    """Predict S(t | x) for rows `z` = x - centre, shape (m, p) of the estimable columns, at `times` (T,).

    `baseline` is that of one stratum; an offset of the rows is added to ``z @ coef`` by its own column of `z` with
    coefficient 1 and no variance. R: ``survfit(fit, newdata, stype = 2, ctype = 2, conf.type)``.
    """
    index = np.searchsorted(baseline.time, times, side="right")
    hazard = np.concatenate(([0.0], baseline.hazard))[index]
    variance = np.concatenate(([0.0], baseline.variance))[index]
    means = np.vstack((np.zeros((1, z.shape[1])), baseline.mean_hazard))[index]
    risk = np.exp(z @ coef)[:, None]
    q = z[:, None, :] * hazard[None, :, None] - means[None, :, :]
    spread = np.einsum("mtp,pq,mtq->mt", q, covariance, q)
    survival = np.exp(-risk * hazard[None, :])
    se_log = risk * np.sqrt(np.maximum(variance[None, :] + spread, 0.0))
    low, high = confidence_limits(survival, se_log, conf_type, conf_level)
    return PredictedSurvival(survival, low, high)
