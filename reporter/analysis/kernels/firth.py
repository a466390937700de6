"""Firth's penalised partial likelihood: finite hazard ratios where the likelihood has no maximum.

l*(b) = l(b) + log det I(b) / 2; its score has tr{I^-1 dI/db_r} / 2 added, dI/db_r being the sum over the deaths of the
third central moments of the covariates in the risk set. Limits and tests are those of the profile of l*.
References: Heinze & Schemper, Biometrics 2001;57:114; R: ``coxphf``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

from reporter.analysis.kernels.newton import MAX_PREDICTOR
from reporter.analysis.kernels.partial_likelihood import PartialLikelihood
from reporter.analysis.kernels.risk_sets import RiskSets
from reporter.errors import ReporterError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_STEPS = 200
LONGEST = 2.0  # largest change of a coefficient of a scaled column in one step
DIFFERENCE = 1e-5  # of a coefficient of a scaled column
STEP = 1e-13  # of the coefficient, or of 1: below it the steps are rounding error
WIDEST = 60.0  # of the scaled column: no interval is sought beyond
NOT_CONVERGED = "the penalised likelihood did not converge"


@dataclass(frozen=True)
class FirthEstimate:
    """Of one coefficient: estimate, limits (NaN where the profile reaches none) and the penalised likelihood ratio."""

    estimate: float
    conf_low: float
    conf_high: float
    statistic: float


class PenalisedLikelihood:
    """The penalised likelihood of columns `x`, shape (n, p), which are centred and scaled inside."""

    def __init__(self, x: Floats, sets: RiskSets) -> None:
        self.scale = x.std(axis=0)
        self.z = (x - x.mean(axis=0)) / self.scale
        self.sets = sets
        self.plain = PartialLikelihood(self.z, sets, None)
        p = x.shape[1]
        self.squares = (self.z[:, :, None] * self.z[:, None, :]).reshape(-1, p * p)

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return l*, its score and the information; l* is -inf outside the range of the exponential."""
        found = self.plain.evaluate(beta)
        sign, log_det = np.linalg.slogdet(found.information) if np.isfinite(found.value) else (0.0, 0.0)
        if sign <= 0 or not np.isfinite(log_det):
            return -np.inf, found.score, found.information
        penalty = self._third_moments(beta, np.asarray(np.linalg.inv(found.information), dtype=np.float64))
        return found.value + log_det / 2, found.score + penalty / 2, found.information

    def _third_moments(self, beta: Floats, inverse: Floats) -> Floats:
        """Sum over the deaths of E[(x_r - m_r) (x - m)' I^-1 (x - m)], shape (p,)."""
        sets, p = self.sets, beta.size
        risk = np.exp(self.z @ beta)
        q = np.einsum("ij,jk,ik->i", self.z, inverse, self.z)
        each = np.column_stack((np.ones_like(q), q, self.z, self.z * q[:, None], self.squares)) * risk[:, None]
        f = sets.fraction[:, None]
        sums = sets.over_rows(each)[sets.own] - f * sets.over_deaths(each[sets.dead])[sets.own]
        means = sums[:, 1:] / sums[:, :1]
        mean_q, m, mean_xq = means[:, 0], means[:, 1 : p + 1], means[:, p + 1 : 2 * p + 1]
        second = means[:, 2 * p + 1 :].reshape(-1, p, p)
        turned = m @ inverse
        inner = np.einsum("kij,kj->ki", second, turned) - m * (m * turned).sum(axis=1)[:, None]
        out: Floats = (mean_xq - m * mean_q[:, None] - 2 * inner).sum(axis=0)
        return out

    def _curvature(self, beta: Floats, free: Bools, information: Floats) -> Floats:
        """Minus the second derivative of l* by differences of the score; the information where it is not positive.

        With the information alone steps overshoot: the penalty may bend as much as the likelihood.
        """
        part = np.ix_(free, free)
        steps = np.eye(beta.size)[free] * DIFFERENCE
        slopes = [self.evaluate(beta + s)[1][free] - self.evaluate(beta - s)[1][free] for s in steps]
        bend = -np.array(slopes) / (2 * DIFFERENCE)
        bend = (bend + bend.T) / 2
        usable = bool(np.isfinite(bend).all()) and bool(np.linalg.eigvalsh(bend)[0] > 1e-6 * np.abs(bend).max())
        return bend if usable else information[part]

    def maximise(self, start: Floats, free: Bools) -> tuple[Floats, float]:
        """Climb from `start` in the coefficients that are free; return where and l*.

        Raises
        ------
        ReporterError
            When the steps do not get small.
        """
        beta = start.copy()
        value, score, information = self.evaluate(beta)
        if not free.any():
            return beta, value
        for _ in range(MAX_STEPS):
            step = np.zeros_like(beta)
            step[free] = np.linalg.solve(self._curvature(beta, free, information), score[free])
            longest = float(np.abs(step).max())
            if longest <= STEP * max(1.0, float(np.abs(beta).max())):
                return beta, value
            step *= min(1.0, LONGEST / longest)
            for _ in range(30):
                new = self.evaluate(beta + step)
                if new[0] >= value - 1e-13 * max(1.0, abs(value)):
                    break
                step /= 2
            else:
                return beta, value
            beta, (value, score, information) = beta + step, new
        raise ReporterError(NOT_CONVERGED)


def _limit(likelihood: PenalisedLikelihood, best: Floats, top: float, j: int, drop: float, direction: int) -> float:
    """Return where the profile of coefficient j has fallen by `drop`; NaN when it does not."""
    free = np.arange(best.size) != j
    last = best.copy()

    def fallen(value: float) -> float:
        start = last.copy()
        start[j] = value
        found, height = likelihood.maximise(start, free)
        last[:] = found
        return 2 * (top - height) - drop

    near, far = float(best[j]), float(best[j]) + direction * 0.5
    while abs(far - best[j]) < WIDEST and fallen(far) < 0:
        near, far = far, best[j] + 2 * (far - best[j])
    if abs(far - best[j]) >= WIDEST or abs(far) > MAX_PREDICTOR:
        return float("nan")
    root: Callable[..., float] = brentq
    return float(root(fallen, min(near, far), max(near, far), xtol=1e-13, rtol=1e-14))


def firth(x: Floats, sets: RiskSets, columns: NDArray[np.int64], conf_level: float) -> list[FirthEstimate]:
    """Estimate coefficients by Firth's penalty, with profile limits and tests; R: ``coxphf(pl = TRUE)``.

    Parameters
    ----------
    x
        Columns that are all estimable, shape (n, p).
    sets
        Without case weights.
    columns
        Coefficients that are wanted.

    Raises
    ------
    ReporterError
        When an iteration does not converge.
    """
    likelihood = PenalisedLikelihood(x, sets)
    zero, everything = np.zeros(x.shape[1]), np.ones(x.shape[1], dtype=bool)
    best, top = likelihood.maximise(zero, everything)
    drop = float(chi2.ppf(conf_level, 1))
    out = []
    for j in columns:
        without = likelihood.maximise(np.where(np.arange(zero.size) == j, 0.0, best), np.arange(zero.size) != j)[1]
        low, high = (_limit(likelihood, best, top, int(j), drop, sign) for sign in (-1, 1))
        scale = likelihood.scale[j]
        out.append(FirthEstimate(float(best[j] / scale), low / scale, high / scale, 2 * (top - without)))
    return out
