"""The effect of a covariate that enters as a spline: its log hazard ratio against the median, over its range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.cox import FittedModel, why_unusable
from reporter.analysis.splines import restricted_cubic_spline
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import Curve, CurveColumn
from reporter.spec.options import TermSpec, TermTestOptions

Floats = NDArray[np.float64]

POINTS = 41
SAME_POINT = 1e-12  # of the range of the covariate
PAIRED = "no curve of a spline in an interaction: it differs by the other covariate"


def _columns(found: tuple[Floats, Floats, Floats]) -> tuple[CurveColumn, ...]:
    names = ("estimate", "conf_low", "conf_high")
    return tuple(
        CurveColumn(stat=name, values=tuple(float(v) for v in values))
        for name, values in zip(names, found, strict=True)
    )


def reference_value(frame: AnalysisFrame, model: FittedModel, term: TermSpec) -> float:
    """Return the median of the covariate among the patients of the model, in its own units."""
    return float(np.median(_limited(frame, model, term)))


def _limited(frame: AnalysisFrame, model: FittedModel, term: TermSpec) -> Floats:
    values = frame.columns[term.column].values[model.rows]
    return values if term.winsorize is None else np.minimum(values, term.winsorize)


def _curve(frame: AnalysisFrame, model: FittedModel, term: TermSpec, conf_level: float) -> Curve:
    """(B(x) - B(median)) b with limits ± z sqrt(d'Vd), V robust with clusters."""
    values = _limited(frame, model, term)
    grid, middle = np.linspace(values.min(), values.max(), POINTS), float(np.median(values))
    # A point that is the median but for rounding is it: the effect there is 0 and has no band.
    grid[np.abs(grid - middle) <= SAME_POINT * np.ptp(values)] = middle
    basis = restricted_cubic_spline(np.append(grid, middle), term.spline) / term.per
    keep = model.design.columns_of(term.column)
    used = model.fit.used[keep]
    away, part = (basis[:-1] - basis[-1])[:, used], keep[used]
    covariance = model.fit.covariance if model.fit.robust_covariance is None else model.fit.robust_covariance
    estimate = away @ model.fit.coef[part]
    spread = np.einsum("ij,jk,ik->i", away, covariance[np.ix_(part, part)], away)
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * np.sqrt(np.maximum(spread, 0.0))
    shown = _columns((estimate, estimate - half, estimate + half))
    return Curve(term=term.column, time=tuple(float(x) for x in grid), columns=shown)


def spline_curves(frame: AnalysisFrame, model: FittedModel, options: TermTestOptions) -> tuple[Curve, ...]:
    """Return the curve of each spline; none of one in an interaction, none where the fit gives no variance."""
    if why_unusable(model.fit):
        return ()
    paired = {name for pair in options.interactions for name in pair}
    terms = [term for term in options.terms if term.spline and term.column not in paired]
    return tuple(_curve(frame, model, term, options.conf_level) for term in terms)


def spline_notes(options: TermTestOptions) -> tuple[str, ...]:
    """Say which splines have no curve, and why."""
    paired = {name for pair in options.interactions for name in pair}
    return tuple(f"{term.column}: {PAIRED}" for term in options.terms if term.spline and term.column in paired)
