"""Cox's proportional-hazards model with Efron's, Breslow's or exact ties.

References: Cox, J R Stat Soc B 1972;34:187; Efron, J Am Stat Assoc 1977;72:557; R: ``coxph``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from reporter.analysis.kernels.newton import (
    Evaluation,
    Optimum,
    identified,
    inverse,
    inverse_where_informed,
    maximise,
    runs_away,
)
from reporter.analysis.kernels.partial_likelihood import ExactLikelihood, PartialLikelihood
from reporter.analysis.kernels.risk_sets import RiskSets, make_risk_sets
from reporter.analysis.kernels.score_residuals import score_residuals, sum_by_cluster
from reporter.errors import ReporterError
from reporter.spec.options import Ties

if TYPE_CHECKING:
    from reporter.analysis.kernels.compiled_likelihood import CompiledLikelihood
    from reporter.analysis.kernels.large_cox import LargeFit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LARGE = 30_000  # rows from which compiled loops repay, over the models of one study, the import of their compiler
BLOCK = 4096  # rows of a linear predictor at a time
BALANCED = 1e-4  # least robust variance of a combination of coefficients, over its model-based one
NO_RANK = 1e-13  # least eigenvalue, on the scale of unit diagonals, of a matrix that can be inverted
DEPENDENT = 1e-10  # spread of a column, relative to its size, below which it is constant


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; p coefficients, NaN for columns that depend on earlier ones.

    Parameters
    ----------
    coef, covariance
        Shapes (p,), (p, p); `covariance` is the inverse information, whether or not there are clusters.
    centre
        Column means, weighted by the case weights unless there are entry times (as R's); 0 where all values are -1, 0
        or 1 (R: ``nocenter``).
    log_likelihood, log_likelihood_null, score, wald
        At the optimum, at 0, the score statistic at 0 and Wald's statistic.
    used
        Estimable columns.
    infinite
        Columns whose coefficient runs to infinity (monotone likelihood): the log-likelihood no longer rises and
        Newton's step does not shrink (R: ``coxph`` warns "Loglik converged before variable").
    offset, offset_centre
        Added to the linear predictor with coefficient 1, shape (n,), and its mean; None and 0 without.
    robust_covariance, robust_score
        With clusters: the sandwich of summed dfbeta, shape (p, p), and the robust score statistic; no such statistic
        with an offset, where R's (``fit$rscore``) leaves the offset out.
    packed
        With a large cohort: the design in the form that compiled loops read.
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
    ties: Ties = "efron"
    offset: Floats | None = None
    offset_centre: float = 0.0
    robust_covariance: Floats | None = None
    robust_score: float | None = None
    packed: CompiledLikelihood | None = None

    @property
    def std_error(self) -> Floats:
        """Standard errors, robust ones with clusters, shape (p,); of an infinite coefficient without meaning."""
        covariance = self.covariance if self.robust_covariance is None else self.robust_covariance
        return np.sqrt(np.maximum(np.diag(covariance), 0.0))

    @property
    def model_std_error(self) -> Floats:
        """Standard errors from the inverse information, shape (p,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def df(self) -> int:
        """Number of estimated coefficients."""
        return int(self.used.sum())

    @property
    def linear_predictor(self) -> Floats:
        """(x - centre) coef + offset - offset_centre, shape (n,)."""
        plain = linear_predictor(self.x, self)
        return plain if self.offset is None else plain + (self.offset - self.offset_centre)

    @property
    def risk(self) -> Floats:
        """exp(linear predictor), shape (n,)."""
        return np.exp(self.linear_predictor)


def linear_predictor(x: Floats, fit: CoxFit) -> Floats:
    """Return (x - centre) coef of rows `x`, shape (n, p); equal rows get equal values, whatever their position."""
    total = np.zeros(x.shape[0])
    for low in range(0, x.shape[0], BLOCK):
        rows, part = x[low : low + BLOCK], total[low : low + BLOCK]
        for j in np.flatnonzero(fit.used):
            part += (rows[:, j] - fit.centre[j]) * fit.coef[j]
    return total


def centre_of(x: Floats, weights: Floats | None = None) -> Floats:
    """Return the (weighted) means, 0 for columns with all values in {-1, 0, 1}."""
    plain = ((x == 0) | (np.abs(x) == 1)).all(axis=0)
    means = x.mean(axis=0) if weights is None else np.average(x, axis=0, weights=weights)
    return np.where(plain, 0.0, means)


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


def _centred_within(x: Floats, codes: Ints) -> Floats:
    """Subtract from each row the mean of its stratum."""
    size = np.maximum(np.bincount(codes), 1)
    means = np.column_stack([np.bincount(codes, weights=column) for column in x.T]) / size[:, None]
    out: Floats = x - means[codes]
    return out


def _estimable_rows(x: Floats, sets: RiskSets, strata: Ints | None) -> Floats:
    """Return what `estimable` judges: rows that are ever at risk, less the mean of their stratum."""
    seen = sets.last >= 0
    rows = x[seen]
    if strata is None:
        return rows
    rest = _centred_within(rows, strata[seen])
    # What is left of a column that is constant within strata is rounding error of its size.
    size = np.abs(rows).max(axis=0, initial=0.0)
    return np.where(np.abs(rest).max(axis=0, initial=0.0) <= DEPENDENT * size, 0.0, rest)


def _scaled(x: Floats) -> tuple[Floats, Floats]:
    """Return the columns with mean 0 and standard deviation 1, and those deviations."""
    scale = x.std(axis=0)
    return (x - x.mean(axis=0)) / scale, scale


def _robust(
    z: Floats, best: Optimum, sets: RiskSets, offset: Floats | None, cluster: Ints, model_based: Floats
) -> tuple[Floats, float | None]:
    """Return the sandwich variance on the scale of `z` and the robust score statistic, None with an offset."""
    base = np.zeros(z.shape[0]) if offset is None else offset
    change = sum_by_cluster(score_residuals(z, np.exp(z @ best.beta + base), sets), cluster) @ model_based
    if offset is not None:
        return change.T @ change, None
    start = sum_by_cluster(score_residuals(z, np.exp(base), sets), cluster)
    return change.T @ change, robust_quadratic(start.sum(axis=0), start.T @ start, best.start.information)


def robust_quadratic(total: Floats, robust: Floats, model_based: Floats) -> float:
    """Return total' robust^-1 total; NaN where few clusters balance each other.

    The robust variance of a combination is then next to nothing beside its model-based one: less than a hundredth of
    the standard error.
    """
    unit = np.sqrt(np.maximum(np.diag(model_based), 0.0))
    if not (unit > 0).all():
        return float("nan")
    scale = np.outer(unit, unit)
    base = model_based / scale
    if np.linalg.eigvalsh(base)[0] < NO_RANK or eigh(robust / scale, base, eigvals_only=True)[0] < BALANCED:
        return float("nan")
    return float((total / unit) @ np.linalg.solve(robust / scale, total / unit))


def _check_exact(weights: Floats | None, cluster: Ints | None) -> None:
    if weights is not None:
        raise ReporterError("ties = 'exact' knows no case weights. Use 'efron' or 'breslow'.")
    if cluster is not None:
        raise ReporterError("ties = 'exact' knows no cluster-robust variance. Use 'efron' or 'breslow'.")


def fit_cox(
    x: Floats, time: Floats, event: Bools, *, ties: Ties, entry: Floats | None = None, strata: Ints | None = None,
    weights: Floats | None = None, offset: Floats | None = None, cluster: Ints | None = None,
) -> CoxFit:  # fmt: skip
    """Maximise the partial likelihood; R: ``coxph(Surv(entry, time, event) ~ x + strata(s) + offset(o), ties, …)``.

    Parameters
    ----------
    x
        Shape (n, p), no intercept.
    time, event
        Shape (n,).
    ties
        ``exact`` is R's discrete conditional likelihood; baseline hazards then follow Breslow.
    entry
        At risk in (entry, time]; None: from the start.
    strata
        Codes from 0 of strata with a baseline hazard each.
    weights
        Case weights above 0, as R's: not replicated rows where there are ties.
    offset
        Added to the linear predictor.
    cluster
        Codes of the clusters of a robust variance.

    Raises
    ------
    ReporterError
        Without events, or without an estimable column; with weights that are not positive, an entry at or after the
        exit, or exact ties too many to count.
    """
    if not event.any():
        raise ReporterError("no events: the hazard ratios cannot be estimated")
    if ties == "exact":
        _check_exact(weights, cluster)
    sets = make_risk_sets(time, event, ties, entry=entry, strata=strata, weights=weights)
    moved = None if offset is None else offset - offset.mean()
    if time.size >= LARGE and entry is None and cluster is None and ties != "exact":
        from reporter.analysis.kernels.large_cox import fit_large  # numba is worth its import only here

        found = fit_large(np.ascontiguousarray(x), time, event, sets, ties=ties, strata=strata, offset=moved)
        if found is not None:
            return _from_large(x, sets, ties, offset, found)
    used = estimable(_estimable_rows(x, sets, strata))
    make = ExactLikelihood if ties == "exact" else PartialLikelihood
    if (entry is not None or ties == "exact") and used.any():
        at_0 = make(_scaled(x[:, used])[0], sets, moved).evaluate(np.zeros(int(used.sum())))
        used[used] = identified(at_0.information, float(sets.weighted(event.astype(np.float64)).sum()))
    if not used.any():
        raise ReporterError("every covariate is constant: there is nothing to estimate")
    z, scale = _scaled(x[:, used])
    best = maximise(make(z, sets, moved))
    at, start = best.at, best.start
    coef, infinite = np.full(x.shape[1], np.nan), np.zeros(x.shape[1], dtype=bool)
    coef[used] = best.beta / scale
    infinite[used] = runs_away(best, np.ptp(z, axis=0))
    wald, robust, robust_score = _wald(best.beta, at.information), None, None
    model_based = inverse_where_informed(best) if infinite.any() else inverse(at.information)
    if cluster is not None:
        middle, robust_score = _robust(z, best, sets, moved, cluster, model_based)
        robust = _expand(middle / np.outer(scale, scale), used)
        wald = robust_quadratic(best.beta, middle, model_based)
    covariance = _expand(model_based / np.outer(scale, scale), used)
    return CoxFit(
        x, sets, coef, covariance, centre_of(x, weights if entry is None else None), at.value, start.value,
        _score_test(start), wald, used, infinite, best.converged, ties, offset, _mean(offset, weights), robust,
        robust_score,
    )  # fmt: skip


def _wald(beta: Floats, information: Floats) -> float:
    return float(beta @ information @ beta)


def _score_test(start: Evaluation) -> float:
    return float(start.score @ np.linalg.solve(start.information, start.score))


def _from_large(x: Floats, sets: RiskSets, ties: Ties, offset: Floats | None, found: LargeFit) -> CoxFit:
    at, start = found.best.at, found.best.start
    centre = found.centre if sets.weight is None else centre_of(x, sets.weight)
    return CoxFit(
        x, sets, found.coef, found.covariance, centre, at.value, start.value, _score_test(start),
        _wald(found.best.beta, at.information), np.ones(x.shape[1], dtype=bool), found.infinite, found.best.converged,
        ties, offset, _mean(offset, sets.weight), packed=found.packed,
    )  # fmt: skip


def _expand(part: Floats, used: Bools) -> Floats:
    """Put a matrix of the estimable columns into one of all, NaN elsewhere."""
    out = np.full((used.size, used.size), np.nan)
    out[np.ix_(used, used)] = part
    return out


def _mean(offset: Floats | None, weights: Floats | None) -> float:
    return 0.0 if offset is None else float(np.average(offset, weights=weights))
