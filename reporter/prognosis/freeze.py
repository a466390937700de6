"""From a development frame to a frozen Cox model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.cox import FittedModel, fit_model
from reporter.analysis.kaplan_meier import optional
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.kaplan_meier import estimate_survival
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.prognosis.frozen_cox import CohortCurve, FrozenBaseline, FrozenCox, Predictor
from reporter.results.patient import ModelPerformance
from reporter.results.tree import EndpointInfo
from reporter.spec.options import ConfType, ModelOptions

Floats = NDArray[np.float64]


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _rows(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(_floats(row) for row in values)


def describe_predictor(column: Column, rows: NDArray[np.bool_]) -> Predictor:
    """Describe one covariate over the patients of a model; quantiles by R's type 7."""
    words = {"name": column.name, "label": column.label, "unit": column.unit, "kind": column.kind}
    values = column.values[rows]
    if not column.is_numeric:
        counts = np.bincount(column.codes[rows], minlength=len(column.levels))
        return Predictor.model_validate({**words, "levels": column.levels, "shares": _floats(counts / values.size)})
    low, quarter, median, three, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    numbers = {"minimum": low, "maximum": high, "median": median, "quartiles": (quarter, three)}
    return Predictor.model_validate({**words, **numbers})


def cohort_curve(
    time: Floats, event: NDArray[np.bool_], *, conf_type: ConfType, conf_level: float, entry: Floats | None = None
) -> CohortCurve:
    """Return the Kaplan–Meier curve of a cohort as plain columns."""
    curve = estimate_survival(time, event, conf_type=conf_type, conf_level=conf_level, entry=entry)
    return CohortCurve(
        time=_floats(curve.time), n_risk=tuple(int(n) for n in curve.n_risk), survival=_floats(curve.estimate),
        conf_low=optional(curve.conf_low), conf_high=optional(curve.conf_high),
    )  # fmt: skip


def _baseline(model: FittedModel) -> FrozenBaseline:
    found = baseline_hazard(model.fit)
    return FrozenBaseline(
        time=_floats(found.time), hazard=_floats(found.hazard), variance=_floats(found.variance),
        mean_hazard=_rows(found.mean_hazard),
    )  # fmt: skip


def why_not_frozen(frame: AnalysisFrame, options: ModelOptions) -> str:
    """Say why a model is not one of those that predict for single patients; empty when it is."""
    refused = {
        "interactions": "with interactions the risk cannot be divided among the covariates",
        "strata": "each stratum has a baseline hazard of its own",
        "cluster": "the limits of a prediction do not know the clusters",
        "weights": "the baseline hazard would be that of the weighted cohort",
        "offset": "a patient would need a value of the offset",
    }
    for key, why in refused.items():
        if getattr(options, key):
            return why
    if options.ties == "exact":
        return "the exact likelihood has no baseline hazard"
    return "with entry times the curve has no common origin" if frame.entry is not None else ""


def freeze_cox(
    frame: AnalysisFrame, options: ModelOptions, endpoint: EndpointInfo, *, conf_type: ConfType,
    conf_level: float, performance: tuple[ModelPerformance, ...] = (),
) -> FrozenCox:  # fmt: skip
    """Fit the multivariable model of the report again and freeze it; no patient's row is kept.

    Raises
    ------
    ReporterError
        Without events or an estimable column, when the fit did not converge, or for a model that predictions for single
        patients do not know.
    """
    if why_not := why_not_frozen(frame, options):
        raise ReporterError(f"no model for single patients is written: {why_not}.")
    terms = options.terms
    model = fit_model(frame, options)
    fit = model.fit
    if not fit.converged:
        raise ReporterError(f"{frame.endpoint}: the Cox model did not converge; no model is written.")
    names = np.array(model.design.names)
    covariance = fit.covariance[np.ix_(fit.used, fit.used)]
    curve = cohort_curve(frame.time, frame.event, conf_type=conf_type, conf_level=conf_level)
    return FrozenCox(
        endpoint=frame.endpoint, endpoint_label=endpoint.label, time_unit=frame.time_unit, horizons=endpoint.horizons,
        ties=options.ties, conf_type=conf_type, conf_level=conf_level,
        n=model.time.size, n_event=int(model.event.sum()), n_missing=frame.n - model.time.size,
        first_time=float(model.time.min()), follow_up_end=float(model.time.max()), terms=terms,
        coefficients=model.design.names, covariates=model.design.groups, coef=optional(fit.coef),
        covariance=_rows(covariance),
        centre=_floats(fit.centre), mean=_floats(model.design.matrix.mean(axis=0)),
        infinite=tuple(str(name) for name in names[fit.infinite]), baseline=_baseline(model),
        predictors=tuple(describe_predictor(frame.columns[term.column], model.rows) for term in terms),
        linear_predictor_quantiles=_floats(np.quantile(fit.linear_predictor, np.linspace(0, 1, 101))),
        cohort_curve=curve, performance=performance,
    )  # fmt: skip
