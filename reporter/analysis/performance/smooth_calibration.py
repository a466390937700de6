"""Smooth calibration curve of a predicted risk at a horizon, and how far from it the predictions are.

References: Austin, Harrell & van Klaveren, Stat Med 2020;39:2714 (ICI, E50, E90); McLernon et al., Ann Intern Med
2023;176:105 (three knots). R: ``coxph(Surv(time, event) ~ rcs(log(-log(1 - p))))``, then ``survfit``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.cox import why_unusable
from reporter.analysis.kernels.cox import CoxFit, fit_cox
from reporter.analysis.kernels.cox_prediction import Baseline, baseline_hazard, predict
from reporter.analysis.splines import restricted_cubic_spline
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SHARES = tuple(i / 40 for i in range(41))
SAME_KNOT = 1e-8  # of the range: knots closer than this coincide
EQUAL = "all predicted risks are equal"
FEW_VALUES = "the predicted risks have too few distinct values for three knots"
NO_CURVE = "the curve runs to infinity (monotone likelihood)"
NAMES = ("ici", "e50", "e90", "emax")


@dataclass(frozen=True)
class SmoothCurve:
    """Observed risk as a smooth function of the predicted risk; `why_not` says why there is none.

    Parameters
    ----------
    distances
        Absolute difference of observed and predicted risk: mean (ICI), median, 90th percentile, largest.
    predicted, observed, conf_low, conf_high
        At the quantiles `SHARES` of the predicted risks; shape (41,).
    """

    why_not: str = ""
    distances: tuple[float, ...] = (float("nan"),) * len(NAMES)
    predicted: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()
    conf_low: tuple[float, ...] = ()
    conf_high: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Fitted:
    """The Cox model on the spline."""

    fit: CoxFit
    baseline: Baseline
    knots: tuple[float, ...]

    def risk(self, cloglog: Floats, horizon: float, conf_level: float) -> tuple[Floats, Floats, Floats]:
        """Return the observed risk by `horizon` with its log-log limits; each of shape (m,)."""
        used = self.fit.used
        z = (restricted_cubic_spline(cloglog, self.knots) - self.fit.centre)[:, used]
        covariance = self.fit.covariance[np.ix_(used, used)]
        at = np.array([horizon])
        found = predict(
            self.baseline, self.fit.coef[used], covariance, z, at, conf_type="log-log", conf_level=conf_level
        )
        return 1 - found.survival[:, 0], 1 - found.conf_high[:, 0], 1 - found.conf_low[:, 0]


def smooth_calibration(
    time: Floats, event: Bools, cloglog: Floats, horizon: float, *, knots: tuple[float, ...], ties: Ties,
    conf_level: float,
) -> SmoothCurve:  # fmt: skip
    """Fit the outcome up to the horizon on a restricted cubic spline of the complementary log-log of the risk.

    Parameters
    ----------
    time, event
        Shape (n,), follow-up ended at the horizon.
    cloglog
        log(-log(1 - predicted risk)), shape (n,).
    knots
        Quantiles of `cloglog` (type 7) at which the knots stand.
    """
    spread = float(np.ptp(cloglog))
    if spread <= 1e-11 * max(1.0, float(np.abs(cloglog).max())):
        return SmoothCurve(EQUAL)
    places = tuple(float(place) for place in np.quantile(cloglog, knots))
    if (np.diff(places) <= SAME_KNOT * spread).any():
        return SmoothCurve(FEW_VALUES)
    fit = fit_cox(restricted_cubic_spline(cloglog, places), time, event, ties=ties)
    if why_unusable(fit) or not fit.used.all():
        return SmoothCurve(NO_CURVE if fit.used.all() else FEW_VALUES)
    model = _Fitted(fit, baseline_hazard(fit), places)
    away = np.abs(model.risk(cloglog, horizon, conf_level)[0] + np.expm1(-np.exp(cloglog)))
    at = np.quantile(cloglog, SHARES)
    columns = (-np.expm1(-np.exp(at)), *model.risk(at, horizon, conf_level))
    middle, far = np.quantile(away, (0.5, 0.9))
    distances = (float(away.mean()), float(middle), float(far), float(away.max()))
    return SmoothCurve("", distances, *(tuple(float(v) for v in column) for column in columns))
