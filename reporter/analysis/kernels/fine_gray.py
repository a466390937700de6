"""The Fine–Gray model of the subdistribution hazard.

References: Fine & Gray, J Am Stat Assoc 1999;94:496; Geskus, Biometrics 2011;67:39; R: ``survival::finegray`` and
``coxph(…, weights = fgwt, cluster = id)``. Who had a competing event stays at risk with the weight G(t-)/G(T-), G the
Kaplan–Meier estimate of the censoring, in which events precede censorings at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox import estimable
from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]

MAX_ITERATIONS = 60
MAX_PREDICTOR = 340.0  # its exponential can still be squared
RUNAWAY = 1e-5  # a last step longer than this over the column's range: the coefficient runs to infinity
VANISHED = 1e-8  # share of the information at 0 below which none is left


@dataclass(frozen=True)
class FineGrayFit:
    """A fitted model; p coefficients, NaN for columns that depend on earlier ones.

    Parameters
    ----------
    coef, covariance
        Shapes (p,), (p, p); the covariance is the robust one, each patient a cluster.
    log_likelihood, log_likelihood_null
        Weighted log partial likelihood at the optimum and at 0.
    wald
        b' V^-1 b with the robust V.
    used, infinite
        Estimable columns, and those whose coefficient runs to infinity.
    """

    coef: Floats
    covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    wald: float
    used: Bools
    infinite: Bools
    converged: bool

    @property
    def std_error(self) -> Floats:
        """Robust standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def df(self) -> int:
        """Number of estimated coefficients."""
        return int(self.used.sum())


@dataclass(frozen=True)
class _Sets:
    """Weighted risk sets; J distinct times of the event, m events, n rows.

    Parameters
    ----------
    last
        Index of the last event time <= T, -1 if none; shape (n,).
    lasting
        1/G(T-) for rows with a competing event, 0 for the others; shape (n,).
    censoring
        G(t-) at the event times, shape (J,).
    dead, own, fraction
        Row, event time and Efron's k/d of each event; shape (m,). Fractions are 0 for Breslow.
    """

    time: Floats
    last: Codes
    lasting: Floats
    censoring: Floats
    dead: Codes
    own: Codes
    fraction: Floats

    def sums(self, values: Floats) -> Floats:
        """Sum `values` (n, q) over the weighted risk set at each event time: (J, q)."""
        size = self.time.size
        ending = _sum_by(self.last + 1, values, size + 1)
        beginning = _sum_by(self.last + 1, self.lasting[:, None] * values, size + 1)
        present = np.cumsum(ending[::-1], axis=0)[::-1][1:]
        gone = np.cumsum(beginning, axis=0)[:-1]
        out: Floats = present + self.censoring[:, None] * gone
        return out

    def over_time(self, values: Floats) -> Floats:
        """Sum `values` (J, q) over the event times at which each row is at risk, with its weight: (n, q)."""
        q = values.shape[1]
        zero = np.zeros((1, q))
        while_present = np.concatenate((zero, np.cumsum(values, axis=0)))
        weighted = self.censoring[:, None] * values
        afterwards = np.concatenate((np.cumsum(weighted[::-1], axis=0)[::-1], zero))
        out: Floats = while_present[self.last + 1] + self.lasting[:, None] * afterwards[self.last + 1]
        return out

    def at_time(self, values: Floats) -> Floats:
        """Sum `values` (m, q) over the events at each event time: (J, q)."""
        return _sum_by(self.own, values, self.time.size)


def _sum_by(index: Codes, values: Floats, size: int) -> Floats:
    """Sum the rows of `values` (n, q) by index: (size, q)."""
    columns = [np.bincount(index, weights=values[:, j], minlength=size) for j in range(values.shape[1])]
    return np.column_stack(columns).astype(np.float64)


def _censoring_before(time: Floats, cause: Codes, at: Floats) -> Floats:
    """Return G(t-) at given times; events leave the risk set before the censorings at the same time."""
    distinct, index = np.unique(time, return_inverse=True)
    n_all = np.bincount(index, minlength=distinct.size)
    n_censor = np.bincount(index[cause == 0], minlength=distinct.size)
    at_risk = np.cumsum(n_all[::-1])[::-1] - (n_all - n_censor)
    steps = np.where(n_censor > 0, 1 - n_censor / np.maximum(at_risk, 1), 1.0)
    survival = np.concatenate(([1.0], np.cumprod(steps)))
    return survival[np.searchsorted(distinct, at, side="left")]


def _make_sets(time: Floats, cause: Codes, event: int, ties: Ties) -> _Sets:
    if ties == "exact":
        raise ReporterError("a Fine–Gray model has no exact ties; use 'efron' or 'breslow'")
    dead = np.flatnonzero(cause == event)
    distinct, own = np.unique(time[dead], return_inverse=True)
    order = np.argsort(own, kind="stable")
    dead, own = dead[order], own[order]
    n_dead = np.bincount(own, minlength=distinct.size)
    first = np.concatenate(([0], np.cumsum(n_dead)[:-1]))
    fraction = (np.arange(dead.size) - first[own]) / n_dead[own]
    competing = (cause > 0) & (cause != event)
    lasting = np.where(competing, 1 / _censoring_before(time, cause, time), 0.0)
    return _Sets(
        distinct, np.searchsorted(distinct, time, side="right") - 1, lasting,
        _censoring_before(time, cause, distinct), dead, own, fraction if ties == "efron" else np.zeros(dead.size),
    )  # fmt: skip


@dataclass(frozen=True)
class _Point:
    """The likelihood at one value of the coefficients; U is the score of each row, shape (n, p)."""

    value: float
    score: Floats
    information: Floats
    rows: Floats


def _evaluate(x: Floats, eta: Floats, sets: _Sets) -> _Point:
    risk = np.exp(eta)
    r = risk[:, None]
    total, moment = sets.sums(r), sets.sums(r * x)
    dead, own, f = sets.dead, sets.own, sets.fraction[:, None]
    tied, tied_moment = sets.at_time(r[dead]), sets.at_time((r * x)[dead])
    weight = 1.0 / (total[own] - f * tied[own])
    mean = weight * (moment[own] - f * tied_moment[own])
    n_dead = sets.at_time(np.ones((dead.size, 1)))
    hazard, moved = sets.over_time(sets.at_time(weight)), sets.over_time(sets.at_time(weight * mean))
    hazard[dead] -= sets.at_time(weight * f)[own]
    moved[dead] -= sets.at_time(weight * f * mean)[own]
    rows = -r * (hazard * x - moved)
    rows[dead] += x[dead] - (sets.at_time(mean) / n_dead)[own]
    information = x.T @ (r * hazard * x) - mean.T @ mean
    value = float(eta[dead].sum() + np.log(weight).sum())
    return _Point(value, rows.sum(axis=0), information, rows)


@dataclass(frozen=True)
class _Optimum:
    beta: Floats
    point: _Point
    step: Floats
    converged: bool


def _newton(z: Floats, sets: _Sets) -> _Optimum:
    """Maximise by Newton steps with halving; z is centred and scaled."""
    beta, point = np.zeros(z.shape[1]), _evaluate(z, np.zeros(z.shape[0]), sets)
    without_gain = 0
    for _ in range(MAX_ITERATIONS):
        step = np.linalg.lstsq(point.information, point.score, rcond=None)[0].astype(np.float64)
        if np.abs(step).max() <= 1e-13 * max(1.0, np.abs(beta).max()) or without_gain == 3:
            return _Optimum(beta, point, step, converged=True)
        without_gain += bool(step @ point.score / 2 <= 1e-14 * max(1.0, abs(point.value)))
        scale = 1.0
        for _ in range(40):
            eta = z @ (beta + scale * step)
            if np.abs(eta).max(initial=0.0) < MAX_PREDICTOR:
                found = _evaluate(z, eta, sets)
                if found.value >= point.value - 1e-12 * max(1.0, abs(point.value)):
                    break
            scale /= 2
        else:
            return _Optimum(beta, point, step, converged=False)
        beta, point = beta + scale * step, found
    return _Optimum(beta, point, step, converged=False)


def _runs_away(best: _Optimum, start: _Point, width: Floats) -> Bools:
    """Tell which coefficients have no finite optimum: the last step is long, or next to no information is left."""
    left = np.diag(best.point.information) / np.diag(start.information)
    out: Bools = (np.abs(best.step) * width > RUNAWAY) | (left < VANISHED)
    return out


def fit_fine_gray(x: Floats, time: Floats, cause: Codes, *, event: int, ties: Ties) -> FineGrayFit:
    """Maximise the weighted partial likelihood of the subdistribution hazard of cause `event`.

    Parameters
    ----------
    x
        Shape (n, p), no intercept.
    time, cause
        Shape (n,); cause 0 is censored.

    Raises
    ------
    ReporterError
        Without events of the cause, or without an estimable column.
    """
    if not (cause == event).any():
        raise ReporterError("no events: the subdistribution hazard ratios cannot be estimated")
    sets = _make_sets(time, cause, event, ties)
    used = estimable(x[(sets.last >= 0) | (sets.lasting > 0)])
    if not used.any():
        raise ReporterError("every covariate is constant: there is nothing to estimate")
    part = x[:, used]
    scale = part.std(axis=0)
    z = (part - part.mean(axis=0)) / scale
    start, best = _evaluate(z, np.zeros(z.shape[0]), sets), _newton(z, sets)
    influence = best.point.rows @ np.linalg.pinv(best.point.information, rcond=1e-14, hermitian=True)
    robust = influence.T @ influence
    p = x.shape[1]
    coef, covariance, infinite = np.full(p, np.nan), np.full((p, p), np.nan), np.zeros(p, dtype=bool)
    coef[used], infinite[used] = best.beta / scale, _runs_away(best, start, np.ptp(z, axis=0))
    covariance[np.ix_(used, used)] = robust / np.outer(scale, scale)
    wald = float("nan")
    if np.linalg.matrix_rank(robust, hermitian=True) == robust.shape[0]:
        wald = float(best.beta @ np.linalg.solve(robust, best.beta))
    return FineGrayFit(coef, covariance, best.point.value, start.value, wald, used, infinite, best.converged)
