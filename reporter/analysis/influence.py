"""Influential patients of the multivariable model: how far one patient, or a few, can move a coefficient.

References: Therneau & Grambsch, Modeling Survival Data, 2000, section 7.1; Belsley, Kuh & Welsch, Regression
Diagnostics, 1980 (cut-off); R: ``residuals(fit, type = "dfbetas")``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.coefficients import coefficient_statistics, part_of, refuse, try_to_fit
from reporter.analysis.cox import DEPENDENT, FittedModel, fit_model, why_unusable
from reporter.analysis.kernels.residuals import cox_residuals
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import InfluenceOptions

Floats = NDArray[np.float64]

LEFT_OUT = "left_out"
TOO_FEW = "there are no more patients than that"


NOTHING = 1e-10  # |dfbetas| of rounding error alone


def _order(largest: Floats) -> NDArray[np.int64]:
    """Rank patients by their largest |dfbetas|, equal to eight digits in the order of the data."""
    rounded = np.array([float(f"{value:.7e}") for value in largest])
    rounded = np.where(rounded < NOTHING, 0.0, rounded)
    return np.argsort(-rounded, kind="stable").astype(np.int64)


def _sizes(model: FittedModel, size: Floats, cutoff: float, why_not: str) -> Iterator[Row]:
    """Yield, for each coefficient, its largest |dfbetas| and how many exceed the cut-off; `size` has shape (n, q)."""
    columns = iter(size.T)
    for j, name in enumerate(model.design.names):
        note = why_not or ("" if model.fit.used[j] else DEPENDENT)
        values = next(columns) if model.fit.used[j] and not why_not else np.array([np.nan])
        above = float((values > cutoff).sum()) if not note else float("nan")
        stats = (statistic("max_abs_dfbetas", values.max(), note=note), statistic("n_above", above, note=note))
        yield Row(term=name, stats=stats)


def _left_out(
    frame: AnalysisFrame, model: FittedModel, order: NDArray[np.int64] | None, options: InfluenceOptions, why_not: str
) -> Iterator[Row]:
    """Yield the coefficients of the model without the k most influential patients."""
    patients = np.flatnonzero(model.rows)
    for k in options.left_out:
        found, why = None, why_not
        if order is not None and k >= patients.size:
            why = TOO_FEW
        elif order is not None:
            keep = model.rows.copy()
            keep[patients[order[:k]]] = False
            found, why = try_to_fit(part_of(frame, keep), options)
        for name, stats in coefficient_statistics(found, model.design.names, options.conf_level, why):
            yield Row(group=LEFT_OUT, level=str(k), term=name, stats=stats)


def analyse_influence(frame: AnalysisFrame, options: InfluenceOptions) -> tuple[AnalysisNode, ...]:
    """Summarise the dfbetas of each coefficient and fit the model without the most influential patients.

    The cut-off is 2/√n. Rows of patients stay here; the tree gets extremes and counts.

    Raises
    ------
    ReporterError
        With case weights, clusters, an offset or exact ties.
    """
    refuse(options, ("cluster", "weights", "offset"), "the influence of patients")
    model = fit_model(frame, options)
    why_not = why_unusable(model.fit)
    n = model.time.size
    cutoff = 2 / float(np.sqrt(n))
    size = np.empty((n, 0)) if why_not else np.abs(cox_residuals(model.fit, model.event).dfbetas)
    order = None if why_not else _order(size.max(axis=1))
    rows = [Row(term="GLOBAL", stats=(statistic("n", n), statistic("cutoff", cutoff)))]
    rows += _sizes(model, size, cutoff, why_not)
    rows += _left_out(frame, model, order, options, why_not)
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="influence", options=options, rows=tuple(rows)
    )
    return (node,)
