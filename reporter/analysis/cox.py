"""Cox nodes: hazard ratios, model tests and the baseline hazard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.design import Design, interaction_name, make_design, ordered_pairs
from reporter.analysis.kernels.chi_square import chi_square
from reporter.analysis.kernels.cox import CoxFit, fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.model_parts import ModelParts, model_parts, part_columns
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import CoxOptions, ModelOptions, TermSpec

INFINITE = "the hazard ratio runs to infinity (monotone likelihood)"
NOT_CONVERGED = "Newton's method did not converge"
DEPENDENT_OBSERVATIONS = "the likelihood takes patients of a cluster for independent"
FEW_CLUSTERS = "no more clusters than coefficients"
NO_ROBUST_SCORE = "no robust score test with an offset, nor where the scores of the clusters depend on each other"
NO_ROBUST_ERROR = "the clusters balance each other: the robust standard error is 0"
ROUNDING = 1e-12  # of a difference of log-likelihoods, relative to them
VANISHED = 1e-8  # robust over model-based standard error below which it is rounding error
DEPENDENT = "constant, or determined by the covariates before it"


@dataclass(frozen=True)
class FittedModel:
    """A model on the complete cases of its own columns.

    Parameters
    ----------
    rows
        Patients used, shape (frame.n,).
    time, event
        Shape (rows used,).
    parts
        Entry times, strata, clusters, case weights and offset of the rows used.
    """

    fit: CoxFit
    design: Design
    rows: NDArray[np.bool_]
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    parts: ModelParts = field(default_factory=ModelParts)


def fit_model(frame: AnalysisFrame, options: ModelOptions) -> FittedModel:
    """Fit the Cox model of `options` to the complete cases of the frame.

    Raises
    ------
    ReporterError
        Without events or an estimable column, or when the parts of the model do not go together.
    """
    rows = frame.complete([*(term.column for term in options.terms), *part_columns(options)])
    design = make_design(options.terms, frame.columns, rows, options.interactions)
    time, event = frame.time[rows], frame.event[rows]
    parts = model_parts(frame, options, rows)
    fit = fit_cox(
        design.matrix, time, event, ties=options.ties, entry=parts.entry, strata=parts.strata, weights=parts.weights,
        offset=parts.offset, cluster=parts.cluster,
    )  # fmt: skip
    return FittedModel(fit, design, rows, time, event, parts)


def why_unusable(fit: CoxFit) -> str:
    """Say why nothing may be derived from the fit beyond its finite coefficients; empty when all may."""
    if not fit.converged:
        return NOT_CONVERGED
    return INFINITE if fit.infinite.any() else ""


def _coefficient(model: FittedModel, j: int, conf_level: float) -> tuple[Statistic, ...]:
    """Wald statistics of one coefficient; limits exp(b ± z SE)."""
    estimate, error = float(model.fit.coef[j]), float(model.fit.std_error[j])
    note = "" if model.fit.used[j] else DEPENDENT
    if model.fit.infinite[j] or not model.fit.converged:
        estimate, error = float("nan"), float("nan")
        note = INFINITE if model.fit.converged else NOT_CONVERGED
    if model.fit.robust_covariance is not None and not error > VANISHED * float(model.fit.model_std_error[j]):
        error, note = float("nan"), note or NO_ROBUST_ERROR
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * error
    log_p = float(np.log(2) + norm.logsf(abs(estimate / error)))
    with np.errstate(over="ignore"):
        ratios = np.exp([estimate, estimate - half, estimate + half])
    model_error = {} if model.fit.robust_covariance is None else {"model_std_error": model.fit.model_std_error[j]}
    if model_error and not np.isfinite(estimate):
        model_error = {"model_std_error": float("nan")}
    values = {
        "estimate": estimate, "std_error": error, **model_error, "statistic": estimate / error,
        "p_value": float(np.exp(log_p)), "log_p_value": log_p, "hazard_ratio": ratios[0], "conf_low": ratios[1],
        "conf_high": ratios[2],
    }  # fmt: skip
    return tuple(statistic(name, value, note=note) for name, value in values.items())


def _counts(rows: NDArray[np.bool_], event: NDArray[np.bool_]) -> tuple[Statistic, Statistic]:
    return statistic("n", rows.sum()), statistic("n_event", event[rows].sum())


def _column_rows(model: FittedModel, covariate: str, conf_level: float) -> Iterator[Row]:
    """Yield a row for each coefficient of a numeric covariate, a spline or an interaction."""
    everybody = np.ones(model.time.size, dtype=bool)
    for j in model.design.columns_of(covariate):
        stats = (*_counts(everybody, model.event), *_coefficient(model, int(j), conf_level))
        yield Row(term=model.design.names[j], stats=stats)


def _term_rows(frame: AnalysisFrame, model: FittedModel, term: TermSpec, conf_level: float) -> Iterator[Row]:
    columns = model.design.columns_of(term.column)
    if not term.levels:
        yield from _column_rows(model, term.column, conf_level)
        return
    codes = frame.columns[term.column].codes[model.rows]
    for code, level in enumerate(term.levels):
        counts = _counts(codes == code, model.event)
        found = _coefficient(model, int(columns[code - 1]), conf_level) if code else ()
        yield Row(term=level_term(term.column, level), stats=(*counts, *found))


def _test(name: str, value: float, df: int, note: str = "") -> tuple[Statistic, ...]:
    """Return a test, absent with `note` where there is one."""
    found = chi_square(float("nan") if note else value, df)
    return (
        statistic(f"{name}_statistic", found.statistic, note=note),
        statistic(f"{name}_df", found.df),
        statistic(f"{name}_p_value", found.p_value, note=note),
        statistic(f"{name}_log_p_value", found.log_p_value, note=note),
    )


def likelihood_ratio(whole: float, reduced: float) -> float:
    """Return 2 (l(whole) - l(reduced)); 0 where the two differ by rounding error alone, of which P has the root."""
    found = 2 * (whole - reduced)
    return 0.0 if abs(found) <= ROUNDING * max(1.0, abs(whole)) else found


def _why_no_robust_test(model: FittedModel) -> str:
    """Say why the robust variance, of rank at most the number of clusters less 1, tests no hypothesis on all."""
    cluster = model.parts.cluster
    return FEW_CLUSTERS if cluster is not None and int(cluster.max()) < model.fit.df else ""


def _model_row(frame: AnalysisFrame, model: FittedModel, term: str, *, whole: bool) -> Row:
    fit = model.fit
    failed = "" if fit.converged else NOT_CONVERGED
    reached = float("nan") if failed else fit.log_likelihood
    clustered = failed or (DEPENDENT_OBSERVATIONS if fit.robust_covariance is not None else "")
    compared = float("nan") if clustered else reached
    ratio = likelihood_ratio(fit.log_likelihood, fit.log_likelihood_null)
    stats = [
        *_counts(np.ones(model.time.size, dtype=bool), model.event),
        statistic("n_missing", frame.n - model.time.size),
        statistic("log_likelihood", reached, note=failed),
        statistic("log_likelihood_null", fit.log_likelihood_null),
        *_test("lr", ratio, fit.df, clustered),
    ]
    if whole:
        robust = _why_no_robust_test(model)
        robust_score = float("nan") if fit.robust_score is None else fit.robust_score
        no_score = NO_ROBUST_SCORE if fit.robust_covariance is not None and np.isnan(robust_score) else ""
        stats += [
            statistic("events_per_variable", model.event.sum() / fit.df),
            statistic("aic", 2 * fit.df - 2 * compared, note=clustered),
            statistic("bic", float(np.log(model.event.sum())) * fit.df - 2 * compared, note=clustered),
            *_test("wald", fit.wald, fit.df, why_unusable(fit) or robust),
            *_test("score", fit.score if fit.robust_score is None else fit.robust_score, fit.df, robust or no_score),
        ]
    return Row(term=term, stats=tuple(stats))


def _notes(model: FittedModel) -> tuple[str, ...]:
    names = np.array(model.design.names)
    notes = [f"{name}: {DEPENDENT}" for name in names[~model.fit.used]]
    if not model.fit.converged:
        return (*notes, NOT_CONVERGED)
    return (*notes, *(f"{name}: {INFINITE}" for name in names[model.fit.infinite]))


def _baseline_curves(model: FittedModel, strata: tuple[str, ...]) -> tuple[Curve, ...]:
    """Return the baseline hazard, or that of each stratum with an event."""
    whole = baseline_hazard(model.fit)
    curves = []
    for code, name in enumerate(model.parts.stratum_names or ("",)):
        baseline = whole.of(code)
        if baseline.time.size:
            column = CurveColumn(stat="cumulative_hazard", values=tuple(float(v) for v in baseline.hazard))
            times = tuple(float(t) for t in baseline.time)
            curves.append(Curve(group=":".join(strata), level=name, time=times, columns=(column,)))
    return tuple(curves)


def analyse_cox(frame: AnalysisFrame, options: CoxOptions) -> tuple[AnalysisNode, ...]:
    """Fit the model and return its coefficient node, its model node and (multivariable) its baseline hazard."""
    model = fit_model(frame, options)
    whole = options.analysis == "cox_multivariable"
    variable = "" if whole else options.terms[0].column
    rows = [row for term in options.terms for row in _term_rows(frame, model, term, options.conf_level)]
    for pair in ordered_pairs(options.terms, options.interactions):
        rows += _column_rows(model, interaction_name(pair), options.conf_level)

    def node(name: str, *, notes: tuple[str, ...] = ()) -> AnalysisNode:
        return AnalysisNode(
            cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, variable=variable, options=options, notes=notes
        )

    coefficients = node(options.analysis, notes=_notes(model)).model_copy(update={"rows": tuple(rows)})
    if not whole:
        row = _model_row(frame, model, variable, whole=False)
        return coefficients, node("cox_univariable_model").model_copy(update={"rows": (row,)})
    row = _model_row(frame, model, "GLOBAL", whole=True)
    why_not = why_unusable(model.fit)
    curves = () if why_not else _baseline_curves(model, options.strata)
    notes = (f"no baseline hazard: {why_not}",) if why_not else ()
    return (
        coefficients,
        node("cox_model").model_copy(update={"rows": (row,)}),
        node("cox_baseline_curve", notes=notes).model_copy(update={"curves": curves}),
    )
