"""The Cox model stratified by a covariate whose hazard ratio changes over time.

References: Therneau & Grambsch, Modeling Survival Data, 2000, section 6.5; R: ``coxph(y ~ others + strata(g))``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.analysis.coefficients import coefficient_statistics, try_to_fit
from reporter.analysis.cox import FittedModel, fit_model, why_unusable
from reporter.analysis.design import term_names
from reporter.analysis.kernels.ph_test import ph_test
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import ModelOptions, StratifiedOptions, TermSpec


def _changing(model: FittedModel, options: StratifiedOptions) -> Iterator[TermSpec]:
    """Yield the covariates with levels whose test of proportional hazards has P below alpha."""
    if why_unusable(model.fit):
        return
    found = ph_test(model.fit, model.time, model.event, options.transform, entry=model.parts.entry)
    groups = np.array(model.design.groups)[model.fit.used]
    for term in options.terms:
        columns = np.flatnonzero(groups == term.column)
        if term.levels and columns.size and found.test(columns).p_value < options.alpha:
            yield term


def _rows(frame: AnalysisFrame, options: StratifiedOptions, term: TermSpec, n_event: int) -> Iterator[Row]:
    """Yield the coefficients of the other covariates in the model stratified by one."""
    others = tuple(other for other in options.terms if other.column != term.column)
    pairs = tuple(pair for pair in options.interactions if term.column not in pair)
    shared = {key: getattr(options, key) for key in ModelOptions.model_fields}
    shared |= {"terms": others, "interactions": pairs, "strata": (*options.strata, term.column)}
    model, why_not = try_to_fit(frame, ModelOptions(**shared))
    log_likelihood = float("nan") if model is None or not model.fit.converged else model.fit.log_likelihood
    stats = (statistic("n_event", n_event), statistic("log_likelihood", log_likelihood, note=why_not))
    yield Row(group=term.column, term="GLOBAL", stats=stats)
    for name, found in coefficient_statistics(model, term_names(others, pairs)[0], options.conf_level, why_not):
        yield Row(group=term.column, term=name, stats=found)


def analyse_stratified(frame: AnalysisFrame, options: StratifiedOptions) -> tuple[AnalysisNode, ...]:
    """Fit, for each covariate with levels whose hazard ratio changes, the model stratified by it.

    Each level then has a baseline hazard of its own, and no hazard ratio. Nothing stands here when no such covariate
    fails the test, or when there is no other covariate.
    """
    rows: list[Row] = []
    if len(options.terms) > 1:
        model = fit_model(frame, options)
        n_event = int(model.event.sum())
        for term in _changing(model, options):
            rows += _rows(frame, options, term, n_event)
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cox_stratified", options=options, rows=tuple(rows)
    )
    return (node,)
