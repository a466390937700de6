"""Score test of proportional hazards and the smooth of the scaled Schoenfeld residuals.

References: Grambsch & Therneau, Biometrika 1994;81:515; R: ``cox.zph`` (survival >= 3.0) and ``plot.cox.zph``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.chi_square import ChiSquare, chi_square
from reporter.analysis.kernels.cox import CoxFit
from reporter.analysis.kernels.kaplan_meier import count_events
from reporter.analysis.kernels.natural_spline import natural_basis
from reporter.analysis.kernels.newton import inverse
from reporter.analysis.kernels.risk_sets import information_by_time, moments
from reporter.analysis.kernels.time_index import index_times
from reporter.errors import ReporterError
from reporter.spec.options import Transform

if TYPE_CHECKING:
    from reporter.analysis.kernels.compiled_likelihood import CompiledLikelihood

Floats = NDArray[np.float64]

SMOOTH_POINTS = 40
SAME_KNOT = 1e-4  # of the range of the times: nearer ones are one for a smooth
SINGULAR = 1e-9  # smallest eigenvalue of the information on the scale of unit diagonals


def transform_times(
    time: Floats, event: NDArray[np.bool_], transform: Transform, *, entry: Floats | None = None
) -> Floats:
    """Return g(t) of each row, shape (n,): ``km`` is 1 - S(t-), ``rank`` the average rank of all times.

    S is that of all rows, strata and case weights apart, as R's.
    """
    if transform == "identity":
        return time
    if transform == "log":
        if event[time == 0].any():
            raise ReporterError("transform = 'log': a patient has an event at time 0; use km, rank or identity.")
        with np.errstate(divide="ignore"):
            return np.log(time)
    if transform == "rank":
        _, index = index_times(time)
        size = np.bincount(index)
        return (np.cumsum(size) - (size - 1) / 2)[index]
    distinct, n_risk, n_event, _ = count_events(time, event)
    if entry is not None:
        n_risk = n_risk - (entry.size - np.searchsorted(np.sort(entry), distinct, side="left"))
    survival = np.concatenate(([1.0], np.cumprod(1 - n_event / n_risk)))
    return 1.0 - survival[index_times(time)[1]]


@dataclass(frozen=True)
class PhTest:
    """The score test at the estimate.

    Parameters
    ----------
    score
        Sum of g (x - xbar), shape (p,).
    information
        Shape (2p, 2p): blocks I, gI, gI, g^2 I.
    g
        Transformed time of each death, not centred, shape (m,).
    variance
        Inverse of the mean information of an event, shape (p, p).
    complete
        False where a column is constant in a stratum with deaths: their residuals in it say nothing (R: NA).
    """

    score: Floats
    information: Floats
    g: Floats
    fit: CoxFit
    variance: Floats
    complete: bool = True

    @property
    def scaled(self) -> Floats:
        """Scaled Schoenfeld residuals plus the coefficient, shape (m, p)."""
        return _schoenfeld(self.fit) @ self.variance + self.fit.coef[self.fit.used]

    @property
    def regular(self) -> bool:
        """False when too few distinct event times leave the information singular; shared by all tests, as in R."""
        unit = np.sqrt(np.diag(self.information))
        if not (unit > 0).all() or not np.isfinite(self.information).all():
            return False
        return bool(np.linalg.eigvalsh(self.information / np.outer(unit, unit))[0] > SINGULAR)

    def test(self, columns: NDArray[np.int64]) -> ChiSquare:
        """Test the coefficients in `columns` for a trend in g(t); NaN where the information is singular."""
        if not self.regular:
            return chi_square(float("nan"), columns.size)
        p = self.score.size
        keep = np.concatenate((np.arange(p), p + columns))
        u = np.concatenate((np.zeros(p), self.score))[keep]
        return chi_square(float(u @ np.linalg.solve(self.information[np.ix_(keep, keep)], u)), columns.size)


def ph_test(
    fit: CoxFit, time: Floats, event: NDArray[np.bool_], transform: Transform, *, entry: Floats | None = None
) -> PhTest:
    """Compute the pieces of the test for the estimable columns of a fitted model, with its strata and weights.

    Raises
    ------
    ReporterError
        For ``ties = "exact"``, whose residuals are not defined.
    """
    if fit.ties == "exact":
        raise ReporterError("ties = 'exact' has no test of proportional hazards. Use 'efron' or 'breslow'.")
    sets = fit.sets
    g_death = transform_times(time, event, transform, entry=entry)[sets.dead]
    g_time = np.zeros(sets.time.size)
    g_time[sets.own] = g_death - g_death.mean()
    score, information = _trends(fit, g_time) if fit.packed is None else _packed_trends(fit, fit.packed, g_time)
    variance, complete = _event_variance(fit, information[: score.size, : score.size])
    return PhTest(score, information, g_death, fit, variance, complete)


def _trends(fit: CoxFit, g_time: Floats) -> tuple[Floats, Floats]:
    """Return the score of the trends in g, shape (p,), and the information of both halves, shape (2p, 2p)."""
    sets = fit.sets
    z = (fit.x - fit.centre)[:, fit.used]
    risk = fit.risk
    found = moments(z, risk, sets)
    plain, once, twice = (
        information_by_time(z, risk, sets, found, weights) for weights in (np.ones(g_time.size), g_time, g_time**2)
    )
    mass = g_time[sets.own] if sets.weight is None else g_time[sets.own] * sets.weight[sets.dead]
    return mass @ _schoenfeld(fit), np.block([[plain, once], [once, twice]])


def _packed_trends(fit: CoxFit, packed: CompiledLikelihood, g_time: Floats) -> tuple[Floats, Floats]:
    """Do the same on the packed design, and put columns and units back."""
    score, information = packed.proportionality(fit.coef[packed.columns] * packed.scale, g_time)
    back = np.argsort(packed.columns)
    both = np.concatenate((back, back + back.size))
    unit = packed.scale[back]
    units = np.concatenate((unit, unit))
    return score[back] * unit, information[np.ix_(both, both)] * np.outer(units, units)


def _schoenfeld(fit: CoxFit) -> Floats:
    """Return x - xbar of each death, shape (m, p)."""
    sets = fit.sets
    z = (fit.x - fit.centre)[:, fit.used]
    found = moments(z, fit.risk, sets)
    expected = (found.s1 * found.a1[:, None] - found.d1 * found.a2[:, None]) / (sets.n_dead * sets.mean_weight)[:, None]
    out: Floats = z[sets.dead] - expected[sets.own]
    return out


def _event_variance(fit: CoxFit, information: Floats) -> tuple[Floats, bool]:
    """Return the inverse of the mean information of an event, shape (p, p), and whether all columns vary throughout.

    A column that is constant in a stratum tells nothing there: the mean is over the events of the other strata.
    R: ``cox.zph(fit)$var``.
    """
    p, sets = information.shape[0], fit.sets
    per_event, complete = np.full((p, p), float(sets.dead.size)), True
    if sets.strata is not None:
        per_event = np.zeros((p, p))
        for k in np.unique(sets.strata):
            rows = fit.x[sets.strata == k][:, fit.used]
            varies = (rows.max(axis=0) > rows.min(axis=0)).astype(np.float64)
            n_dead = sets.n_dead[sets.start[k] : sets.start[k + 1]].sum()
            per_event += n_dead * np.outer(varies, varies)
            # R: a stratum in which nothing varies keeps its residuals, which are 0.
            complete &= bool(varies.all() or not varies.any() or not n_dead)
    mean = information / np.where(per_event == 0, 1.0, per_event)
    return inverse(mean), complete


@dataclass(frozen=True)
class Smooth:
    """Smooths on a grid of 40 points; shapes (40,), (40, p), (40, p), (40, p)."""

    x: Floats
    estimate: Floats
    conf_low: Floats
    conf_high: Floats


def smooth_residuals(found: PhTest) -> Smooth | None:
    """Fit a natural spline of 4 df to each coefficient's scaled residuals, band of 2 SE; None with too few times.

    None also where so many deaths fall on one time that two knots coincide, and where residuals are not complete.
    """
    apart = np.diff(np.sort(found.g)) > SAME_KNOT * np.ptp(found.g)
    if 1 + int(apart.sum()) < 5 or not found.complete:
        return None
    return smooth_over(found.g, found.scaled, found.variance)


def smooth_over(g: Floats, scaled: Floats, variance: Floats) -> Smooth | None:
    """Smooth residuals `scaled`, shape (m, p), with variances on the diagonal of `variance`, over `g`, shape (m,)."""
    grid = np.linspace(g.min(), g.max(), SMOOTH_POINTS)
    both = np.concatenate((grid, g))
    knots = np.quantile(both, [0.0, 1 / 3, 2 / 3, 1.0])
    if (np.diff(knots) <= SAME_KNOT * (knots[-1] - knots[0])).any():
        return None
    design, at = natural_basis(g, knots), natural_basis(grid, knots)
    q, r = np.linalg.qr(design)
    back = np.linalg.solve(r.T, at.T)
    estimate = at @ np.linalg.solve(r, q.T @ scaled)
    half = 2 * np.sqrt(np.outer((back**2).sum(axis=0), np.diag(variance)))
    return Smooth(grid, estimate, estimate - half, estimate + half)
