"""Nodes of the proportional-hazards test."""

from __future__ import annotations

import numpy as np

from reporter.analysis.cox import FittedModel, fit_model
from reporter.analysis.kernels.ph_test import ChiSquare, PhTest, ph_test, smooth_residuals
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import statistic
from reporter.spec.options import PhTestOptions


def _row(term: str, found: ChiSquare) -> Row:
    names = ("statistic", "df", "p_value", "log_p_value")
    return Row(term=term, stats=tuple(statistic(name, getattr(found, name)) for name in names))


def _smooth_curves(model: FittedModel, found: PhTest) -> tuple[Curve, ...]:
    smooth = smooth_residuals(found)
    if smooth is None:
        return ()
    curves = []
    for j, name in enumerate(np.array(model.design.names)[model.fit.used]):
        columns = tuple(
            CurveColumn(stat=stat, values=tuple(float(v) for v in getattr(smooth, stat)[:, j]))
            for stat in ("estimate", "conf_low", "conf_high")
        )
        curves.append(Curve(term=str(name), time=tuple(float(x) for x in smooth.x), columns=columns))
    return tuple(curves)


def analyse_ph_test(frame: AnalysisFrame, options: PhTestOptions) -> tuple[AnalysisNode, ...]:
    """Test proportional hazards per covariate and globally, and smooth the scaled Schoenfeld residuals."""
    model = fit_model(frame, options.terms, options.ties)
    found = ph_test(model.fit, model.time, model.event, options.transform)
    groups = np.array(model.design.groups)[model.fit.used]
    rows = [
        _row(term.column, found.test(np.flatnonzero(groups == term.column)))
        for term in options.terms
        if (groups == term.column).any()
    ]
    rows.append(_row("GLOBAL", found.test(np.arange(groups.size))))

    def node(name: str) -> AnalysisNode:
        return AnalysisNode(cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, options=options)

    return (
        node("ph_test").model_copy(update={"rows": tuple(rows)}),
        node("ph_smooth_curve").model_copy(update={"curves": _smooth_curves(model, found)}),
    )
