"""Cox's proportional-hazards model with Efron's or Breslow's ties.

References: Cox, J R Stat Soc B 1972;34:187; Efron, J Am Stat Assoc 1977;72:557; R: ``coxph``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_ITERATIONS = 60
SEPARATION = 15.0  # a coefficient times the sd of its column beyond which a hazard ratio is taken as infinite


@dataclass(frozen=True)
class RiskSets:
    """Who is at risk when; J distinct event times, m deaths, n rows.

    Parameters
    ----------
    time
        Distinct event times, shape (J,).
    n_dead
        Deaths at each, shape (J,).
    last
        Index of the last event time that row i lived to see (time_j <= t_i), -1 if none; shape (n,).
    own
        Event time of each death, shape (m,); `dead` its row, `fraction` its Efron k/d.
    """

    time: Floats
    n_dead: Floats
    last: NDArray[np.int64]
    dead: NDArray[np.int64]
    own: NDArray[np.int64]
    fraction: Floats


def make_risk_sets(time: Floats, event: Bools, ties: Ties) -> RiskSets:
    """Index the risk sets; Breslow's ties are Efron's with all fractions 0."""
    if ties == "exact":
        raise ReporterError("ties = 'exact' is not offered by this version; allowed: 'efron', 'breslow'.")
    dead = np.flatnonzero(event)
    distinct, own = np.unique(time[dead], return_inverse=True)
    order = np.argsort(own, kind="stable")
    dead, own = dead[order], own[order]
    n_dead = np.bincount(own, minlength=distinct.size).astype(np.float64)
    first = np.concatenate(([0], np.cumsum(n_dead)[:-1])).astype(np.int64)
    fraction = (np.arange(dead.size) - first[own]) / n_dead[own]
    if ties == "breslow":
        fraction = np.zeros_like(fraction)
    last = np.searchsorted(distinct, time, side="right") - 1
    return RiskSets(distinct, n_dead, last, dead, own, fraction)


@dataclass(frozen=True)
class Moments:
    """Sums over the risk sets at one value of the coefficients.

    Parameters
    ----------
    weight
        1 / (S0 - f D0) of each death, shape (m,).
    a1, a2, b0, b1, b2
        Sums over the deaths at a time of w, wf, w^2, w^2 f, w^2 f^2; shape (J,).
    s1, d1
        Sums of r x over the risk set and over the deaths; shape (J, p).
    """

    weight: Floats
    a1: Floats
    a2: Floats
    b0: Floats
    b1: Floats
    b2: Floats
    s1: Floats
    d1: Floats


def _at_risk_sums(values: Floats, sets: RiskSets) -> Floats:
    """Sum `values` (n,) or (n, p) over the rows at risk at each event time: (J,) or (J, p)."""
    size = sets.time.size
    seen = sets.last >= 0
    flat = values[seen].reshape(int(seen.sum()), -1)
    sums = np.zeros((size, flat.shape[1]))
    for column in range(flat.shape[1]):
        sums[:, column] = np.bincount(sets.last[seen], weights=flat[:, column], minlength=size)
    out: Floats = np.cumsum(sums[::-1], axis=0)[::-1]
    return out[:, 0] if values.ndim == 1 else out


def _dead_sums(values: Floats, sets: RiskSets) -> Floats:
    """Sum `values` (m,) or (m, p) over the deaths at each event time."""
    sums = np.zeros((sets.time.size, *values.shape[1:]))
    np.add.at(sums, sets.own, values)
    return sums


def moments(x: Floats, risk: Floats, sets: RiskSets) -> Moments:
    """Return the risk-set sums for relative hazards `risk` (n,)."""
    s0 = _at_risk_sums(risk, sets)
    d0 = _dead_sums(risk[sets.dead], sets)
    f = sets.fraction
    weight = 1.0 / (s0[sets.own] - f * d0[sets.own])
    square = weight**2
    weighted = risk[:, None] * x
    return Moments(
        weight=weight,
        a1=_dead_sums(weight, sets),
        a2=_dead_sums(weight * f, sets),
        b0=_dead_sums(square, sets),
        b1=_dead_sums(square * f, sets),
        b2=_dead_sums(square * f**2, sets),
        s1=_at_risk_sums(weighted, sets),
        d1=_dead_sums(weighted[sets.dead], sets),
    )


def information_by_time(x: Floats, risk: Floats, sets: RiskSets, found: Moments, weights: Floats) -> Floats:
    """Return sum over event times of weights_j V_j, V_j the (Efron) covariance at time j; shape (p, p)."""
    total = np.concatenate(([0.0], np.cumsum(weights * found.a1)))[sets.last + 1]
    row_weight = risk * total
    row_weight[sets.dead] -= (risk[sets.dead]) * (weights * found.a2)[sets.own]
    gram = x.T @ (row_weight[:, None] * x)
    s1, d1 = found.s1, found.d1
    cross = (s1 * (weights * found.b1)[:, None]).T @ d1
    corrections = (s1 * (weights * found.b0)[:, None]).T @ s1 - cross - cross.T
    corrections += (d1 * (weights * found.b2)[:, None]).T @ d1
    out: Floats = gram - corrections
    return out


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
        Columns whose coefficient runs to infinity (monotone likelihood).
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
        return (self.x - self.centre)[:, self.used] @ self.coef[self.used]

    @property
    def risk(self) -> Floats:
        """exp(linear predictor), shape (n,)."""
        return np.exp(self.linear_predictor)


def centre_of(x: Floats) -> Floats:
    """Return the means, 0 for columns with all values in {-1, 0, 1}."""
    plain = np.isin(x, (-1.0, 0.0, 1.0)).all(axis=0)
    return np.where(plain, 0.0, x.mean(axis=0))


def estimable(x: Floats) -> Bools:
    """Return which columns do not depend linearly on those before them and the constant."""
    kept: list[Floats] = []
    used = np.zeros(x.shape[1], dtype=bool)
    for j in range(x.shape[1]):
        rest = x[:, j] - x[:, j].mean()
        norm = float(np.linalg.norm(rest))
        for _ in range(2):
            for basis in kept:
                rest = rest - basis * (basis @ rest)
        left = float(np.linalg.norm(rest))
        if norm > 0 and left > 1e-9 * norm:
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


def _newton(z: Floats, sets: RiskSets) -> tuple[Floats, Floats, float, bool]:
    """Maximise the partial likelihood by Newton steps with halving; z is centred and scaled."""
    beta = np.zeros(z.shape[1])
    eta = z @ beta
    found = moments(z, np.exp(eta), sets)
    value = _log_likelihood(eta, sets, found)
    ones = np.ones(sets.time.size)
    for _ in range(MAX_ITERATIONS):
        risk = np.exp(eta)
        information = information_by_time(z, risk, sets, found, ones)
        step = np.linalg.lstsq(information, _score_vector(z, risk, sets, found), rcond=None)[0]
        scale = 1.0
        for _ in range(30):
            eta_new = z @ (beta + scale * step)
            if np.abs(eta_new).max(initial=0.0) < 300:
                found_new = moments(z, np.exp(eta_new), sets)
                value_new = _log_likelihood(eta_new, sets, found_new)
                if value_new >= value - 1e-12 * abs(value):
                    break
            scale /= 2
        else:
            return beta, information, value, False
        beta, eta, found, value = beta + scale * step, eta_new, found_new, value_new
        if np.abs(scale * step).max() <= 1e-12 * max(1.0, np.abs(beta).max()):
            information = information_by_time(z, np.exp(eta), sets, found, ones)
            return beta, information, value, True
    return beta, information_by_time(z, np.exp(eta), sets, found, ones), value, False


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
    used = estimable(x)
    if not used.any():
        raise ReporterError("every covariate is constant: there is nothing to estimate")
    part = x[:, used]
    scale = part.std(axis=0)
    z = (part - part.mean(axis=0)) / scale
    beta, information, value, converged = _newton(z, sets)
    start = moments(z, np.ones(z.shape[0]), sets)
    score_0 = _score_vector(z, np.ones(z.shape[0]), sets, start)
    information_0 = information_by_time(z, np.ones(z.shape[0]), sets, start, np.ones(sets.time.size))
    covariance_z = np.linalg.pinv(information, hermitian=True) if not converged else np.linalg.inv(information)
    coef, covariance = np.full(x.shape[1], np.nan), np.full((x.shape[1], x.shape[1]), np.nan)
    coef[used] = beta / scale
    covariance[np.ix_(used, used)] = covariance_z / np.outer(scale, scale)
    infinite = np.zeros(x.shape[1], dtype=bool)
    infinite[used] = np.abs(beta) > SEPARATION
    return CoxFit(
        x, sets, coef, covariance, centre_of(x), value, _log_likelihood(np.zeros(z.shape[0]), sets, start),
        float(score_0 @ np.linalg.solve(information_0, score_0)), float(beta @ information @ beta),
        used, infinite, converged,
    )  # fmt: skip
