"""Functional form of numeric covariates: martingale residuals of the model without one, smoothed over it.

References: Therneau, Grambsch & Fleming, Biometrika 1990;77:147; R: ``residuals(type = "martingale")`` and
``splines::ns``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.coefficients import part_of, refuse
from reporter.analysis.cox import fit_model, why_unusable
from reporter.analysis.design import transformed
from reporter.analysis.kernels.natural_spline import smooth_over
from reporter.analysis.kernels.residuals import cox_residuals, null_martingale
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Curve, CurveColumn
from reporter.spec.options import FunctionalFormOptions, TermSpec

Floats = NDArray[np.float64]

TOO_FEW_VALUES = "too few distinct values"


def _residuals_without(frame: AnalysisFrame, term: TermSpec, options: FunctionalFormOptions) -> Floats:
    """Return the martingale residuals of the model without a covariate and its interactions, shape (n,)."""
    others = tuple(other for other in options.terms if other.column != term.column)
    pairs = tuple(pair for pair in options.interactions if term.column not in pair)
    if not others:
        whole = fit_model(frame, options)
        return null_martingale(whole.fit.sets, whole.event)
    model = fit_model(frame, options.model_copy(update={"terms": others, "interactions": pairs}))
    if why_not := why_unusable(model.fit):
        raise ReporterError(why_not)
    return cox_residuals(model.fit, model.event).martingale


def _curve(frame: AnalysisFrame, term: TermSpec, options: FunctionalFormOptions) -> Curve:
    """Smooth the residuals over the covariate as it enters the model; limits estimate ± z SE at each point."""
    values = transformed(frame.columns[term.column].values, term)
    found = smooth_over(values, _residuals_without(frame, term, options))
    if found is None:
        raise ReporterError(TOO_FEW_VALUES)
    half = float(norm.ppf(1 - (1 - options.conf_level) / 2)) * found.std_error
    columns = {"estimate": found.estimate, "conf_low": found.estimate - half, "conf_high": found.estimate + half}
    return Curve(
        term=term.column,
        time=tuple(float(x) for x in found.x),
        columns=tuple(CurveColumn(stat=k, values=tuple(float(v) for v in vs)) for k, vs in columns.items()),
    )


def analyse_functional_form(frame: AnalysisFrame, options: FunctionalFormOptions) -> tuple[AnalysisNode, ...]:
    """Return one curve for each numeric covariate without a spline, over the patients of the whole model.

    Where one cannot be drawn a note says why.

    Raises
    ------
    ReporterError
        With case weights, clusters, an offset or exact ties.
    """
    refuse(options, ("cluster", "weights", "offset"), "the functional form")
    complete = part_of(frame, fit_model(frame, options).rows)
    curves, notes = [], []
    for term in options.terms:
        if term.levels or term.spline:
            continue
        try:
            curves.append(_curve(complete, term, options))
        except ReporterError as error:
            notes.append(f"{term.column}: {error}")
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="functional_form_curve", options=options,
        curves=tuple(curves), notes=tuple(notes),
    )  # fmt: skip
    return (node,)
