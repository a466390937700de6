"""Tests of whole covariates, interactions and non-linearity in the multivariable model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.cox import (
    DEPENDENT_OBSERVATIONS,
    NO_ROBUST_ERROR,
    NOT_CONVERGED,
    FittedModel,
    fit_model,
    likelihood_ratio,
    why_unusable,
)
from reporter.analysis.design import interaction_name, ordered_pairs
from reporter.analysis.kernels.chi_square import chi_square
from reporter.analysis.kernels.cox import fit_cox, robust_quadratic
from reporter.analysis.spline_effect import reference_value, spline_curves, spline_notes
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import ModelOptions, TermTestOptions

Bools = NDArray[np.bool_]

NONLINEAR = "nonlinear"
FEW_CLUSTERS = "no more clusters than coefficients tested"
NOTHING_LEFT = "no estimated coefficient"


@dataclass(frozen=True)
class Hypothesis:
    """Coefficients that are all 0: name of the row, and which, shape (p,)."""

    term: str
    columns: Bools


def _is_curved(name: str, column: str) -> bool:
    """Tell whether a coefficient, or a factor of a product, is a column of a spline after the first."""
    parts = name.split(":")
    return any(part.startswith(column + "'") and not part.strip("'").removeprefix(column) for part in parts)


def hypotheses(options: ModelOptions, names: tuple[str, ...], groups: tuple[str, ...]) -> tuple[Hypothesis, ...]:
    """Return what is tested, as ``rms::anova`` has it.

    A covariate is tested with all its interactions (marginality: no main effect is taken out from under a product), an
    interaction by itself, the non-linear part of a spline with that of its interactions, and two or more splines
    together.
    """
    group, pairs = np.array(groups), ordered_pairs(options.terms, options.interactions)
    out = []
    for term in options.terms:
        own = [term.column, *(interaction_name(pair) for pair in pairs if term.column in pair)]
        out.append(Hypothesis(term.column, np.isin(group, own)))
    out += [Hypothesis(interaction_name(pair), group == interaction_name(pair)) for pair in pairs]
    curved = []
    for term in options.terms:
        if term.spline:
            own = [term.column, *(interaction_name(pair) for pair in pairs if term.column in pair)]
            found = np.array([_is_curved(name, term.column) for name in names]) & np.isin(group, own)
            curved.append(Hypothesis(f"{term.column}={NONLINEAR}", found))
    out += curved
    if len(curved) > 1:
        out.append(Hypothesis(f"GLOBAL={NONLINEAR}", np.any([each.columns for each in curved], axis=0)))
    return tuple(out)


def _without(model: FittedModel, columns: Bools) -> tuple[float, int, bool]:
    """Return log-likelihood and number of coefficients without some columns, and whether the fit converged."""
    keep = ~columns & model.fit.used
    if not keep.any():
        return model.fit.log_likelihood_null, 0, True
    parts = model.parts
    try:
        fit = fit_cox(
            model.design.matrix[:, keep], model.time, model.event, ties=model.fit.ties, entry=parts.entry,
            strata=parts.strata, weights=parts.weights, offset=parts.offset,
        )  # fmt: skip
    except ReporterError:
        return model.fit.log_likelihood_null, 0, True
    return fit.log_likelihood, fit.df, fit.converged


def _test(name: str, value: float, df: int, note: str) -> Iterator[Statistic]:
    found = chi_square(float("nan") if note else value, df)
    yield statistic(f"{name}_statistic", found.statistic, note=note)
    yield statistic(f"{name}_df", found.df)
    yield statistic(f"{name}_p_value", found.p_value, note=note)
    yield statistic(f"{name}_log_p_value", found.log_p_value, note=note)


def _likelihood_ratio(model: FittedModel, tested: Bools) -> Iterator[Statistic]:
    """Log-likelihood l without the columns and 2 (l(all) - l); none with clusters. R: ``drop1(test = "Chisq")``."""
    if model.fit.robust_covariance is not None:
        yield statistic("log_likelihood", float("nan"), note=DEPENDENT_OBSERVATIONS)
        yield from _test("lr", float("nan"), int(tested.sum()), DEPENDENT_OBSERVATIONS)
        return
    reached, df, converged = _without(model, tested)
    why_not = "" if converged and model.fit.converged else NOT_CONVERGED
    yield statistic("log_likelihood", float("nan") if why_not else reached, note=why_not)
    yield from _test("lr", likelihood_ratio(model.fit.log_likelihood, reached), model.fit.df - df, why_not)


def _wald(model: FittedModel, tested: Bools) -> Iterator[Statistic]:
    """b'V^-1 b of the tested coefficients, V robust with clusters; R: ``rms::anova``."""
    fit, cluster, df = model.fit, model.parts.cluster, int(tested.sum())
    why_not = why_unusable(fit)
    if not why_not and cluster is not None and int(cluster.max()) < df:
        why_not = FEW_CLUSTERS
    if why_not:
        return _test("wald", float("nan"), df, why_not)
    if fit.robust_covariance is not None:
        here = np.ix_(tested, tested)
        found = robust_quadratic(fit.coef[tested], fit.robust_covariance[here], fit.covariance[here])
        return _test("wald", found, df, "" if np.isfinite(found) else NO_ROBUST_ERROR)
    covariance = fit.covariance
    part, b = covariance[np.ix_(tested, tested)], fit.coef[tested]
    unit = np.sqrt(np.diag(part))
    return _test("wald", float((b / unit) @ np.linalg.solve(part / np.outer(unit, unit), b / unit)), df, "")


def _row(model: FittedModel, hypothesis: Hypothesis) -> Row:
    tested = hypothesis.columns & model.fit.used
    if not tested.any():
        same = statistic("log_likelihood", float("nan"), note=NOTHING_LEFT)
        nothing = (s for name in ("lr", "wald") for s in _test(name, float("nan"), 0, NOTHING_LEFT))
        return Row(term=hypothesis.term, stats=(same, *nothing))
    return Row(term=hypothesis.term, stats=(*_likelihood_ratio(model, tested), *_wald(model, tested)))


def _with_reference(frame: AnalysisFrame, model: FittedModel, row: Row, options: TermTestOptions) -> Row:
    """Add to the row of a spline's non-linearity the value against which its curve is drawn."""
    for term in options.terms:
        if row.term == f"{term.column}={NONLINEAR}":
            median = statistic("reference_value", reference_value(frame, model, term))
            return row.model_copy(update={"stats": (*row.stats, median)})
    return row


def analyse_term_tests(frame: AnalysisFrame, options: TermTestOptions) -> tuple[AnalysisNode, ...]:
    """Test covariates, interactions and non-linearity by likelihood ratio and Wald's statistic."""
    model = fit_model(frame, options)
    found = hypotheses(options, model.design.names, model.design.groups)
    rows = tuple(_with_reference(frame, model, _row(model, hypothesis), options) for hypothesis in found)

    def node(name: str) -> AnalysisNode:
        return AnalysisNode(cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, options=options)

    curves = spline_curves(frame, model, options)
    effects = node("cox_spline_curve").model_copy(update={"curves": curves, "notes": spline_notes(options)})
    return node("cox_term_test").model_copy(update={"rows": rows}), effects
