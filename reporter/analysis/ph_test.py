"""Nodes of the proportional-hazards test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.cox import FittedModel, fit_model, why_unusable
from reporter.analysis.kernels.chi_square import ChiSquare, chi_square
from reporter.analysis.kernels.ph_test import PhTest, ph_test, smooth_residuals, transform_times
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import statistic
from reporter.spec.options import PhTestOptions

TOO_FEW_TIMES = "too few distinct event times"


def _row(term: str, found: ChiSquare, note: str) -> Row:
    names = ("statistic", "df", "p_value", "log_p_value")
    stats = (statistic(name, getattr(found, name), note="" if name == "df" else note) for name in names)
    return Row(term=term, stats=tuple(stats))


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
    """Test proportional hazards per covariate and globally, and smooth the scaled Schoenfeld residuals.

    Nothing is tested where a coefficient runs to infinity, nor with too few distinct event times. The smooth belongs to
    the prespecified test alone.
    """
    model = fit_model(frame, options)
    entry = model.parts.entry
    transform_times(model.time, model.event, options.transform, entry=entry)
    why_not = why_unusable(model.fit)
    found = None if why_not else ph_test(model.fit, model.time, model.event, options.transform, entry=entry)
    if found is not None and not found.regular:
        why_not = TOO_FEW_TIMES
    groups = np.array(model.design.groups)[model.fit.used]

    def test(columns: NDArray[np.int64]) -> ChiSquare:
        return chi_square(float("nan"), columns.size) if why_not or found is None else found.test(columns)

    rows = [_row(name, test(np.flatnonzero(groups == name)), why_not) for name in dict.fromkeys(groups.tolist())]
    rows.append(_row("GLOBAL", test(np.arange(groups.size)), why_not))
    beside = options.analysis != "ph_test"
    curves = () if beside or why_not or found is None else _smooth_curves(model, found)

    def node(name: str) -> AnalysisNode:
        return AnalysisNode(cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, options=options)

    tests = node(options.analysis).model_copy(update={"rows": tuple(rows)})
    return (tests,) if beside else (tests, node("ph_smooth_curve").model_copy(update={"curves": curves}))
