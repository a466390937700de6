"""The multivariable model with missing covariates imputed, beside that of the complete cases."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from reporter.analysis.cox import DEPENDENT, INFINITE, NOT_CONVERGED, FittedModel, fit_model
from reporter.analysis.design import transformed
from reporter.analysis.kernels.chained_equations import Variable, nelson_aalen, run_chain
from reporter.analysis.kernels.rubin import Pooled, pool
from reporter.analysis.model_parts import part_columns
from reporter.cohort.frame import AnalysisFrame, Column, Imputed
from reporter.errors import ReporterError
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import CoxImputedOptions, TermSpec

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NOTHING = "no covariate has a missing value: nothing was imputed"


def _incomplete(frame: AnalysisFrame, options: CoxImputedOptions) -> tuple[str, ...]:
    return tuple(t.column for t in options.terms if not frame.columns[t.column].observed.all())


def _require_imputable(frame: AnalysisFrame, options: CoxImputedOptions, names: tuple[str, ...]) -> None:
    if frame.entry is not None:
        raise ReporterError("imputation is not offered with entry times: its hazards would need their own risk sets")
    for term in options.terms:
        column = frame.columns[term.column]
        if column.is_numeric and np.isinf(transformed(column.values, term)).any():
            raise ReporterError(f"'{column.name}' has a value whose transform '{term.transform}' is not finite")
    for name in names:
        if not frame.columns[name].observed.any():
            raise ReporterError(f"'{name}' has no value at all: there is nothing to impute it from. Leave it out")
    n_values = frame.n * options.imputations * len(names)
    if n_values > options.max_values:
        raise ReporterError(
            f"{frame.n} patients, {options.imputations} sets and {len(names)} incomplete covariates are {n_values} "
            f"values, more than {options.max_values}: ask for fewer imputations"
        )


def _variable(column: Column, term: TermSpec) -> Variable:
    """Return a covariate on the scale on which it enters the model, splines apart."""
    if not column.is_numeric:
        return Variable(column.values, column.values, len(column.levels))
    return Variable(column.values, transformed(column.values, term))


def _parts(frame: AnalysisFrame, options: CoxImputedOptions) -> Iterator[Variable]:
    """Yield strata and offset, which the covariates are imputed from too."""
    for name in (*options.strata, *((options.offset,) if options.offset else ())):
        column = frame.columns[name]
        if column.observed.any():
            yield Variable(column.values, column.values, len(column.levels))


def _outcome(frame: AnalysisFrame) -> Floats:
    """Return indicator and Nelson-Aalen cumulative hazard of each cause (White & Royston, Stat Med 2009;28:1982)."""
    cause = frame.event.astype(np.int64) if frame.cause is None else frame.cause
    columns = []
    for code in range(1, int(cause.max(initial=0)) + 1):
        columns += [(cause == code).astype(np.float64), nelson_aalen(frame.time, cause == code)]
    return np.column_stack(columns) if columns else np.empty((frame.n, 0))


def impute(frame: AnalysisFrame, options: CoxImputedOptions) -> AnalysisFrame:
    """Return the frame with imputed sets of its incomplete covariates; unchanged when none is incomplete.

    Each is imputed from the other covariates, strata, offset and the outcome; case weights are not used.

    The sets depend on the data, the options and the name of the endpoint alone.

    Raises
    ------
    ReporterError
        With entry times, for a covariate without any value, or when the sets would not fit into memory.
    """
    names = _incomplete(frame, options)
    if not names:
        return frame
    _require_imputable(frame, options, names)
    columns = [frame.columns[term.column] for term in options.terms]
    variables = [_variable(column, term) for column, term in zip(columns, options.terms, strict=True)]
    variables += _parts(frame, options)
    place = [i for i, column in enumerate(columns) if column.name in names]
    seeds = np.random.SeedSequence([options.seed, zlib.crc32(frame.endpoint.encode())]).spawn(options.imputations)
    outcome = _outcome(frame)
    chains = [
        run_chain(variables, outcome, np.random.default_rng(s), iterations=options.iterations, donors=options.donors)
        for s in seeds
    ]
    values = np.stack([chain.values[:, place] for chain in chains], axis=1)
    means = np.stack([chain.means[:, place] for chain in chains], axis=1)
    trace = tuple(tuple(tuple(float(v) for v in chain) for chain in step) for step in means)
    return replace(frame, imputed=Imputed(names, values, trace))


def _fits(frame: AnalysisFrame, options: CoxImputedOptions) -> Iterator[FittedModel]:
    """Yield the model of each imputed set; splines and interactions are made from the imputed values."""
    for k in range(options.imputations):
        columns = {name: frame.imputed_column(k, name) for name in (frame.imputed.names if frame.imputed else ())}
        yield fit_model(replace(frame, columns={**frame.columns, **columns}), options)


def _why_absent(fits: list[FittedModel], j: int) -> str:
    """Say why a coefficient cannot be pooled; empty when it can."""
    if not all(model.fit.converged for model in fits):
        return NOT_CONVERGED
    if not all(model.fit.used[j] for model in fits):
        return DEPENDENT
    return INFINITE if any(model.fit.infinite[j] for model in fits) else ""


def _pooled_row(term: str, pooled: Pooled, j: int, conf_level: float, note: str) -> Row:
    absent = float("nan")
    estimate, error, df, fmi = (
        absent if note else float(part[j]) for part in (pooled.estimate, pooled.std_error, pooled.df, pooled.fmi)
    )
    half = float(student.ppf(1 - (1 - conf_level) / 2, df)) * error
    log_p = float(np.log(2) + student.logsf(abs(estimate / error), df))
    with np.errstate(over="ignore"):
        ratios = np.exp([estimate, estimate - half, estimate + half])
    values = {
        "estimate": estimate, "std_error": error, "df": df, "statistic": estimate / error,
        "p_value": float(np.exp(log_p)), "log_p_value": log_p, "hazard_ratio": ratios[0], "conf_low": ratios[1],
        "conf_high": ratios[2], "fmi": fmi,
    }  # fmt: skip
    return Row(term=term, stats=tuple(statistic(name, value, note=note) for name, value in values.items()))


def _coefficient_rows(frame: AnalysisFrame, options: CoxImputedOptions) -> Iterator[Row]:
    fits = list(_fits(frame, options))
    first = fits[0]
    imputed = frame.imputed.values.shape[2] if frame.imputed else 0
    rows = first.rows
    incomplete = int((rows & ~frame.complete([term.column for term in options.terms])).sum())
    counts = (
        statistic("n", rows.sum()), statistic("n_event", first.event.sum()), statistic("n_incomplete", incomplete),
        statistic("n_imputations", options.imputations), statistic("n_imputed_variables", imputed),
    )  # fmt: skip
    yield Row(term="GLOBAL", stats=counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        complete_df = max(float(first.event.sum()) - min(model.fit.df for model in fits), 1.0)
        pooled = pool(
            np.array([model.fit.coef for model in fits]), np.array([model.fit.std_error**2 for model in fits]),
            complete_df,
        )  # fmt: skip
        for j, name in enumerate(first.design.names):
            yield _pooled_row(name, pooled, j, options.conf_level, _why_absent(fits, j))


def _compared(frame: AnalysisFrame, name: str) -> Iterator[Row]:
    """Yield the observed beside the imputed values of one variable."""
    column = frame.columns[name]
    missing = ~column.observed
    sets = np.concatenate([frame.imputed_column(k, name).values[missing] for k in range(_sets(frame))])
    seen = column.values[column.observed]
    stats: list[Statistic] = [
        statistic("n_missing", missing.sum()),
        statistic("percent_missing", 100 * missing.sum() / frame.n, unit="%"),
    ]
    if column.is_numeric:
        spread = float(seen.std(ddof=1)) if seen.size > 1 else float("nan")
        stats += [
            statistic("mean_observed", seen.mean(), unit=column.unit),
            statistic("std_dev_observed", spread, unit=column.unit),
            statistic("mean_imputed", sets.mean(), unit=column.unit),
            statistic("std_dev_imputed", sets.std(ddof=1) if sets.size > 1 else float("nan"), unit=column.unit),
        ]
    yield Row(term=name, stats=tuple(stats))
    for code, level in enumerate(column.levels):
        shares = [100 * float((part == code).sum()) / part.size for part in (seen, sets)]
        found = (
            statistic("percent_observed", shares[0], unit="%"), statistic("percent_imputed", shares[1], unit="%")
        )  # fmt: skip
        yield Row(term=level_term(name, level), stats=found)


def _sets(frame: AnalysisFrame) -> int:
    return frame.imputed.m if frame.imputed else 0


def _traces(frame: AnalysisFrame) -> Iterator[Curve]:
    """Yield for each variable the mean over the chains of the imputed values' mean, and the chains' extremes."""
    if frame.imputed is None:
        return
    means = np.array(frame.imputed.trace)
    times = tuple(float(i + 1) for i in range(means.shape[0]))
    for j, name in enumerate(frame.imputed.names):
        parts = {"mean": means[:, :, j].mean(axis=1), "minimum": means[:, :, j].min(axis=1)}
        parts["maximum"] = means[:, :, j].max(axis=1)
        columns = tuple(CurveColumn(stat=s, values=tuple(float(v) for v in values)) for s, values in parts.items())
        yield Curve(term=name, time=times, columns=columns)


def analyse_cox_imputed(frame: AnalysisFrame, options: CoxImputedOptions) -> tuple[AnalysisNode, ...]:
    """Fit the model in each imputed set of `frame` and pool its coefficients by Rubin's rules.

    The complete-data degrees of freedom are the events less the coefficients. Patients without a value of a stratum,
    cluster, weight or offset are left out: these are not imputed.

    Returns
    -------
    tuple
        ``cox_imputed``, the coefficients; ``imputation``, observed beside imputed values; ``imputation_trace_curve``,
        the chains by iteration (in the place of time). The first alone, with a note, when nothing is missing.

    Raises
    ------
    ReporterError
        When the frame has no imputed sets although a covariate is incomplete, or the model cannot be fitted.
    """

    def node(name: str, **parts: object) -> AnalysisNode:
        given = {"cohort": frame.cohort, "endpoint": frame.endpoint, "analysis": name, "options": options}
        return AnalysisNode.model_validate({**given, **parts})

    names = _incomplete(frame, options)
    if not names:
        return (node("cox_imputed", notes=(NOTHING,)),)
    if frame.imputed is None:
        # What kept the frame from being imputed does so again, and says why.
        impute(frame, options)
        raise ReporterError("the covariates were not imputed")
    lost = int((~frame.complete(part_columns(options))).sum())
    notes = (f"{lost} patients without a value of a stratum, cluster, weight or offset are left out",) if lost else ()
    rows = tuple(_coefficient_rows(frame, options))
    compared = tuple(row for name in frame.imputed.names for row in _compared(frame, name))
    return (
        node("cox_imputed", rows=rows, notes=notes),
        node("imputation", rows=compared),
        node("imputation_trace_curve", curves=tuple(_traces(frame))),
    )
