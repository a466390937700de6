"""What stands beside the multivariable model: tests of its terms, penalised estimates."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.spec.options import AnalysisOptions, CoxImputedOptions, FirthOptions, ModelOptions, TermTestOptions
from reporter.spec.study import Study


def imputed_options(study: Study, model: ModelOptions) -> CoxImputedOptions | None:
    """Return the model with imputed covariates, or None where it is not asked for."""
    asked = study.analysis
    if asked.imputations is None or not asked.covariates:
        return None
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    return CoxImputedOptions(
        **shared, conf_level=asked.conf_level, imputations=asked.imputations, seed=study.seed
    )  # fmt: skip


def model_tests(study: Study, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield the tests of whole terms where they are asked for, and where a spline or an interaction needs them.

    The penalised estimates are always planned: whether a coefficient runs to infinity is seen when the model is fitted.
    """
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    if study.analysis.term_tests or model.interactions or any(term.spline for term in model.terms):
        yield TermTestOptions(**shared, conf_level=study.analysis.conf_level)
    if not (model.weights or model.cluster or model.offset or model.ties == "exact"):
        yield FirthOptions(**shared, conf_level=study.analysis.conf_level)
    imputed = imputed_options(study, model)
    if imputed is not None:
        yield imputed
