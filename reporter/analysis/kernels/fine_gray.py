"""The Fine–Gray model of the subdistribution hazard.

References: Fine & Gray, J Am Stat Assoc 1999;94:496; Geskus, Biometrics 2011;67:39; R: ``survival::finegray`` and
``coxph(…, weights = fgwt, cluster = id)``. Who had a competing event stays at risk with the weight G(t-)/G(T-), G the
Kaplan–Meier estimate of the censoring, in which events precede censorings at the same time; with late
entry G(t-)H(t-) in place of G(t-), H the product-limit estimate of having entered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox import estimable, robust_quadratic
from reporter.analysis.kernels.interval_sums import IntervalSums
from reporter.analysis.kernels.newton import Evaluation, Optimum, identified, inverse, inverse_where_informed, runs_away
from reporter.analysis.kernels.observation import observed_before
from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]

EMPTY = (
    "the weights of a Fine–Gray model are not defined: between two periods of follow-up nobody is under observation, "
    "or everybody left is censored at once"
)
MAX_ITERATIONS = 60
MAX_PREDICTOR = 340.0  # its exponential can still be squared


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
        b' V^-1 b with the robust V; NaN where V is next to nothing in a direction.
    used, infinite
        Estimable columns, and those whose coefficient runs to infinity.
    model_std_error
        From the inverse information, shape (p,): what a robust standard error of nothing is measured by.
    """

    coef: Floats
    covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    wald: float
    used: Bools
    infinite: Bools
    converged: bool
    model_std_error: Floats

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
        1/G(T-) for rows with a competing event before the last event time, 0 for the others; shape (n,). With late
        entry G is GH.
    censoring
        G(t-) at the event times, shape (J,).
    within
        Rows at the event times at which they are under observation; None where all enter at the start.
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
    within: IntervalSums | None = None

    @property
    def at_risk(self) -> Bools:
        """Rows in the risk set of at least one event time; shape (n,)."""
        first = 0 if self.within is None else self.within.first
        out: Bools = (self.last >= first) | (self.lasting > 0)
        return out

    def sums(self, values: Floats) -> Floats:
        """Sum `values` (n, q) over the weighted risk set at each event time: (J, q)."""
        size = self.time.size
        beginning = _sum_by(self.last + 1, self.lasting[:, None] * values, size + 1)
        if self.within is None:
            ending = _sum_by(self.last + 1, values, size + 1)
            present = np.cumsum(ending[::-1], axis=0)[::-1][1:]
        else:
            present = self.within.over_rows(values)
        gone = np.cumsum(beginning, axis=0)[:-1]
        out: Floats = present + self.censoring[:, None] * gone
        return out

    def over_time(self, values: Floats) -> Floats:
        """Sum `values` (J, q) over the event times at which each row is at risk, with its weight: (n, q)."""
        q = values.shape[1]
        zero = np.zeros((1, q))
        if self.within is None:
            while_present = np.concatenate((zero, np.cumsum(values, axis=0)))[self.last + 1]
        else:
            while_present = self.within.over_times(values)
        weighted = self.censoring[:, None] * values
        afterwards = np.concatenate((np.cumsum(weighted[::-1], axis=0)[::-1], zero))
        out: Floats = while_present + self.lasting[:, None] * afterwards[self.last + 1]
        return out

    def at_time(self, values: Floats) -> Floats:
        """Sum `values` (m, q) over the events at each event time: (J, q)."""
        return _sum_by(self.own, values, self.time.size)


def _sum_by(index: Codes, values: Floats, size: int) -> Floats:
    """Sum the rows of `values` (n, q) by index: (size, q)."""
    columns = [np.bincount(index, weights=values[:, j], minlength=size) for j in range(values.shape[1])]
    return np.column_stack(columns).astype(np.float64)


def _make_sets(time: Floats, cause: Codes, event: int, ties: Ties, entry: Floats | None) -> _Sets:
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
    last, within = np.searchsorted(distinct, time, side="right") - 1, None
    weighted = np.flatnonzero(competing & (last < distinct.size - 1))
    lasting, own_weight = np.zeros(time.size), observed_before(time, cause, time[weighted], entry)
    censoring = observed_before(time, cause, distinct, entry)
    if not (own_weight > 0).all() or not (censoring[last[weighted].min(initial=distinct.size) + 1 :] > 0).all():
        raise ReporterError(EMPTY)
    lasting[weighted] = 1 / own_weight
    if entry is not None:
        within = IntervalSums(np.searchsorted(distinct, entry, side="right"), last, distinct.size)
    return _Sets(
        distinct, last, lasting, censoring, dead, own,
        fraction if ties == "efron" else np.zeros(dead.size), within,
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


def _as_optimum(best: _Optimum, start: _Point) -> Optimum:
    at, first = (Evaluation(point.value, point.score, point.information) for point in (best.point, start))
    return Optimum(best.beta, at, first, best.step, best.converged)


def _standardised(x: Floats) -> tuple[Floats, Floats]:
    """Return the columns with mean 0 and standard deviation 1, and those deviations."""
    scale = x.std(axis=0)
    return (x - x.mean(axis=0)) / scale, scale


def _informed(x: Floats, sets: _Sets, used: Bools) -> Bools:
    """Return which of the `used` columns vary in a risk set too: with entry times some do among all rows alone."""
    if not used.any():
        return used
    z = _standardised(x[:, used])[0]
    out = used.copy()
    out[used] = identified(_evaluate(z, np.zeros(z.shape[0]), sets).information, float(sets.dead.size))
    return out


def fit_fine_gray(
    x: Floats, time: Floats, cause: Codes, *, event: int, ties: Ties, entry: Floats | None = None
) -> FineGrayFit:
    """Maximise the weighted partial likelihood of the subdistribution hazard of cause `event`.

    Parameters
    ----------
    x
        Shape (n, p), no intercept.
    time, cause
        Shape (n,); cause 0 is censored.
    entry
        Under observation in (entry, time], shape (n,); None: from the start.

    Raises
    ------
    ReporterError
        Without events of the cause or an estimable column, or where entry times leave a weight undefined.
    """
    if not (cause == event).any():
        raise ReporterError("no events: the subdistribution hazard ratios cannot be estimated")
    sets = _make_sets(time, cause, event, ties, entry)
    used = _informed(x, sets, estimable(x[sets.at_risk]))
    if not used.any():
        raise ReporterError("every covariate is constant: there is nothing to estimate")
    z, scale = _standardised(x[:, used])
    start, best = _evaluate(z, np.zeros(z.shape[0]), sets), _newton(z, sets)
    p = x.shape[1]
    coef, covariance, infinite = np.full(p, np.nan), np.full((p, p), np.nan), np.zeros(p, dtype=bool)
    optimum = _as_optimum(best, start)
    coef[used], infinite[used] = best.beta / scale, runs_away(optimum, np.ptp(z, axis=0))
    model_based = inverse_where_informed(optimum) if infinite.any() else inverse(best.point.information)
    influence = best.point.rows @ model_based
    robust = influence.T @ influence
    model_error = np.full(p, np.nan)
    model_error[used] = np.sqrt(np.maximum(np.diag(model_based), 0.0)) / scale
    covariance[np.ix_(used, used)] = robust / np.outer(scale, scale)
    wald = robust_quadratic(best.beta, robust, model_based)
    return FineGrayFit(
        coef, covariance, best.point.value, start.value, wald, used, infinite, best.converged, model_error
    )
