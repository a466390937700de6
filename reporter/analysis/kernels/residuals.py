"""Residuals of a Cox model, consistent with Efron's or Breslow's ties; rows of patients that never enter the tree.

References: Therneau, Grambsch & Fleming, Biometrika 1990;77:147; Therneau & Grambsch, Modeling Survival Data, 2000,
chapters 4 and 7; R: ``residuals.coxph``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox import CoxFit
from reporter.analysis.kernels.risk_sets import RiskSets, moments
from reporter.errors import ReporterError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class CoxResiduals:
    """Residuals of n patients with m deaths, for the q estimable columns.

    Parameters
    ----------
    martingale
        event - expected events, shape (n,).
    score
        Each patient's part of the score, shape (n, q); sums to 0 at the estimate.
    schoenfeld
        x - mean of the risk set of each death in the order of time, shape (m, q).
    covariance
        Of the estimable coefficients, shape (q, q).
    coef
        Estimable coefficients, shape (q,).
    event
        Shape (n,).
    """

    martingale: Floats
    score: Floats
    schoenfeld: Floats
    covariance: Floats
    coef: Floats
    event: Bools

    @property
    def deviance(self) -> Floats:
        """Martingale residuals made symmetric, sign(M) √(-2 (M + δ log(δ - M))), shape (n,)."""
        with np.errstate(divide="ignore"):
            logs = np.where(self.event, np.log(np.where(self.event, self.event - self.martingale, 1.0)), 0.0)
        return np.asarray(np.sign(self.martingale) * np.sqrt(np.maximum(-2 * (self.martingale + logs), 0.0)))

    @property
    def dfbeta(self) -> Floats:
        """Approximate change of each coefficient by each patient, shape (n, q)."""
        return self.score @ self.covariance

    @property
    def dfbetas(self) -> Floats:
        """`dfbeta` in standard errors, shape (n, q)."""
        out: Floats = self.dfbeta / np.sqrt(np.diag(self.covariance))
        return out

    @property
    def scaled_schoenfeld(self) -> Floats:
        """Schoenfeld residuals times m times the covariance, plus the coefficient, shape (m, q)."""
        out: Floats = self.schoenfeld @ self.covariance * self.schoenfeld.shape[0] + self.coef
        return out


def null_martingale(sets: RiskSets, event: Bools) -> Floats:
    """Return the martingale residuals of the model without covariates, shape (n,); R: ``coxph(y ~ 1)``."""
    return _residuals(np.zeros((event.size, 1)), np.ones(event.size), sets, event)[0]


def cox_residuals(fit: CoxFit, event: Bools) -> CoxResiduals:
    """Return the residuals at the estimate; strata and entry times are those of the fit.

    With w_k = 1 / (S0 - f_k D0) and m_k = (S1 - f_k D1) w_k for the k-th of the deaths tied at a time, patient i loses
    r_i (x_i - m_k) w_k at every death for which it is at risk, of which a share f_k is given back at its own, and gains
    the mean of x_i - m_k at its own.

    Raises
    ------
    ReporterError
        With case weights.
    """
    z = (fit.x - fit.centre)[:, fit.used]
    martingale, score, schoenfeld = _residuals(z, fit.risk, fit.sets, event)
    covariance = fit.covariance[np.ix_(fit.used, fit.used)]
    return CoxResiduals(martingale, score, schoenfeld, covariance, fit.coef[fit.used], event)


def _residuals(z: Floats, risk: Floats, sets: RiskSets, event: Bools) -> tuple[Floats, Floats, Floats]:
    """Return martingale, score and Schoenfeld residuals for columns z (n, q) and relative hazards (n,)."""
    if sets.weight is not None:
        raise ReporterError("residuals are not offered with case weights")
    found = moments(z, risk, sets)
    s1, d1 = found.s1, found.d1
    dead, own = sets.dead, sets.own
    expected = risk * sets.over_times(found.a1)
    expected[dead] -= risk[dead] * found.a2[own]
    mean_hazard = sets.over_times(found.b0[:, None] * s1 - found.b1[:, None] * d1)
    score = risk[:, None] * mean_hazard - expected[:, None] * z
    mean = (found.a1[:, None] * s1 - found.a2[:, None] * d1) / sets.n_dead[:, None]
    schoenfeld = z[dead] - mean[own]
    score[dead] += schoenfeld - risk[dead, None] * (found.b1[:, None] * s1 - found.b2[:, None] * d1)[own]
    return event - expected, score, schoenfeld
