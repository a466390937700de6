"""Cox's proportional-hazards model with Efron's or Breslow's ties.

References: Cox, J R Stat Soc B 1972;34:187; Efron, J Am Stat Assoc 1977;72:557; R: ``coxph``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from reporter.analysis.kernels.risk_sets import Moments, RiskSets, information_by_time, make_risk_sets, moments
from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_ITERATIONS = 60
POLISH = 3  # steps after the log-likelihood stopped rising: a finite optimum needs one or two to reach rounding error
RUNAWAY = 1e-5  # a last step longer than this over the column's range: the coefficient runs to infinity
VANISHED = 1e-8  # share of the information at 0 below which none is left
MAX_PREDICTOR = 340.0  # its exponential can still be squared
MAX_STEP = 30.0  # largest change of a linear predictor in one step
DEPENDENT = 1e-10  # spread of a column, relative to its size, below which it is constant


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; p coefficients, NaN for columns that depend on earlier ones.

    Parameters
    ----------
    coef, covariance, std_error
        Shapes (p,), (p, p), (p,).
    centre
        Column means; 0 where all values are -1, 0 or 1 (R: ``nocenter``).
    log_likelihood, log_likelihood_null, score
        At the optimum, at 0, and the score statistic at 0.
    used
        Estimable columns.
    infinite
        Columns whose coefficient runs to infinity (monotone likelihood): the log-likelihood no longer rises and
        Newton's step does not shrink (R: ``coxph`` warns "Loglik converged before variable").
    """

    x: Floats
    sets: RiskSets
    coef: Floats
    covariance: Floats
    centre: Floats
    log_likelihood: float
    log_likelihood_null: float
    score: float
    wald: float
    used: Bools
    infinite: Bools
    converged: bool

    @property
    def std_error(self) -> Floats:
        """Standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def df(self) -> int:
        """Number of estimated coefficients."""
        return int(self.used.sum())

    @property
    def linear_predictor(self) -> Floats:
        """(x - centre) coef, shape (n,)."""
        return linear_predictor(self.x, self)

    @property
    def risk(self) -> Floats:
        """exp(linear predictor), shape (n,)."""
        return np.exp(self.linear_predictor)


def linear_predictor(x: Floats, fit: CoxFit) -> Floats:
    """Return (x - centre) coef of rows `x`, shape (n, p); equal rows get equal values, whatever their position."""
    total = np.zeros(x.shape[0])
    for j in np.flatnonzero(fit.used):
        total += (x[:, j] - fit.centre[j]) * fit.coef[j]
    return total


def centre_of(x: Floats) -> Floats:
    """Return the means, 0 for columns with all values in {-1, 0, 1}."""
    plain = np.isin(x, (-1.0, 0.0, 1.0)).all(axis=0)
    return np.where(plain, 0.0, x.mean(axis=0))


def estimable(x: Floats) -> Bools:
    """Return which columns do not depend linearly on those before them and the constant.

    Parameters
    ----------
    x
        Rows at risk at the first event time, shape (n, p): a combination that is constant there is constant in every
        risk set, and its coefficient is not identified.
    """
    kept: list[Floats] = []
    used = np.zeros(x.shape[1], dtype=bool)
    for j in range(x.shape[1]):
        rest = x[:, j] - x[:, j].mean()
        norm = float(np.linalg.norm(rest))
        for _ in range(2):
            for basis in kept:
                rest = rest - basis * (basis @ rest)
        left = float(np.linalg.norm(rest))
        if norm > DEPENDENT * float(np.linalg.norm(x[:, j])) and left > 1e-7 * norm:
            used[j] = True
            kept.append(rest / left)
    return used


def _log_likelihood(eta: Floats, sets: RiskSets, found: Moments) -> float:
    return float(eta[sets.dead].sum() + np.log(found.weight).sum())


def _score_vector(x: Floats, risk: Floats, sets: RiskSets, found: Moments) -> Floats:
    hazard = np.concatenate(([0.0], np.cumsum(found.a1)))[sets.last + 1]
    residual = -risk * hazard
    residual[sets.dead] += 1.0 + risk[sets.dead] * found.a2[sets.own]
    out: Floats = x.T @ residual
    return out


@dataclass(frozen=True)
class _Optimum:
    """Where Newton's method stopped: coefficients of the scaled columns, information, log-likelihood, next step."""

    beta: Floats
    information: Floats
    value: float
    step: Floats
    converged: bool


def _solve(information: Floats, score: Floats) -> Floats:
    """Solve for the Newton step on the scale of unit diagonals; a direction without information stays."""
    unit = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    out: Floats = np.linalg.lstsq(information / np.outer(unit, unit), score / unit, rcond=None)[0] / unit
    return out


def _newton(z: Floats, sets: RiskSets) -> _Optimum:
    """Maximise the partial likelihood by Newton steps with halving; z is centred and scaled.

    Stops when the step is rounding error, or when it gains nothing and yet does not shrink (monotone likelihood).
    """
    beta = np.zeros(z.shape[1])
    eta = z @ beta
    found = moments(z, np.exp(eta), sets)
    value = _log_likelihood(eta, sets, found)
    ones = np.ones(sets.time.size)
    without_gain = 0
    for _ in range(MAX_ITERATIONS):
        risk = np.exp(eta)
        information = information_by_time(z, risk, sets, found, ones)
        score = _score_vector(z, risk, sets, found)
        step = _solve(information, score)
        if np.abs(step).max() <= 1e-13 * max(1.0, np.abs(beta).max()) or without_gain == POLISH:
            return _Optimum(beta, information, value, step, converged=True)
        without_gain += bool(step @ score / 2 <= 1e-14 * max(1.0, abs(value)))
        scale = min(1.0, MAX_STEP / max(float(np.abs(z @ step).max()), 1e-300))
        for _ in range(30):
            eta_new = z @ (beta + scale * step)
            if np.abs(eta_new).max(initial=0.0) < MAX_PREDICTOR:
                found_new = moments(z, np.exp(eta_new), sets)
                value_new = _log_likelihood(eta_new, sets, found_new)
                if value_new >= value - 1e-12 * max(1.0, abs(value)):
                    break
            scale /= 2
        else:
            return _Optimum(beta, information, value, step, converged=False)
        beta, eta, found, value = beta + scale * step, eta_new, found_new, value_new
    return _Optimum(beta, information, value, step, converged=False)


def _inverse(information: Floats) -> Floats:
    """Invert on the scale of unit diagonals, which a coefficient at infinity would spoil."""
    unit = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    out: Floats = np.linalg.pinv(information / np.outer(unit, unit), rcond=1e-14, hermitian=True) / np.outer(unit, unit)
    return out


def _runs_away(best: _Optimum, information_0: Floats, width: Floats) -> Bools:
    """Tell which coefficients have no finite optimum.

    Either Newton's last step is out of all proportion, or the coefficient has a part in a direction in which next to
    nothing is left of the information that was there at 0.
    """
    unit = np.sqrt(np.diag(information_0))
    scale = np.outer(unit, unit)
    share, direction = eigh(best.information / scale, information_0 / scale)
    lost = np.abs(direction[:, share < VANISHED])
    part = lost > 1e-6 * lost.max(axis=0, initial=0.0)
    out: Bools = (np.abs(best.step) * width > RUNAWAY) | part.any(axis=1)
    return out


def fit_cox(x: Floats, time: Floats, event: Bools, *, ties: Ties) -> CoxFit:
    """Maximise the partial likelihood; R: ``coxph(Surv(time, event) ~ x, ties = ties)``.

    Parameters
    ----------
    x
        Shape (n, p), no intercept.
    time, event
        Shape (n,).

    Raises
    ------
    ReporterError
        Without events, or without an estimable column.
    """
    if not event.any():
        raise ReporterError("no events: the hazard ratios cannot be estimated")
    sets = make_risk_sets(time, event, ties)
    used = estimable(x[sets.last >= 0])
    if not used.any():
        raise ReporterError("every covariate is constant: there is nothing to estimate")
    part = x[:, used]
    scale = part.std(axis=0)
    z = (part - part.mean(axis=0)) / scale
    best = _newton(z, sets)
    start = moments(z, np.ones(z.shape[0]), sets)
    score_0 = _score_vector(z, np.ones(z.shape[0]), sets, start)
    information_0 = information_by_time(z, np.ones(z.shape[0]), sets, start, np.ones(sets.time.size))
    coef, covariance = np.full(x.shape[1], np.nan), np.full((x.shape[1], x.shape[1]), np.nan)
    coef[used] = best.beta / scale
    covariance[np.ix_(used, used)] = _inverse(best.information) / np.outer(scale, scale)
    infinite = np.zeros(x.shape[1], dtype=bool)
    infinite[used] = _runs_away(best, information_0, np.ptp(z, axis=0))
    return CoxFit(
        x, sets, coef, covariance, centre_of(x), best.value, _log_likelihood(np.zeros(z.shape[0]), sets, start),
        float(score_0 @ np.linalg.solve(information_0, score_0)), float(best.beta @ best.information @ best.beta),
        used, infinite, best.converged,
    )  # fmt: skip
