"""What stands beside the multivariable model: tests of its terms, penalised estimates."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.spec.options import AnalysisOptions, FirthOptions, ModelOptions, TermTestOptions
from reporter.spec.study import Study


def model_tests(study: Study, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield the tests of whole terms where they are asked for, and where a spline or an interaction needs them.

    The penalised estimates are always planned: whether a coefficient runs to infinity is seen when the model is fitted.
    """
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    if study.analysis.term_tests or model.interactions or any(term.spline for term in model.terms):
        yield TermTestOptions(**shared, conf_level=study.analysis.conf_level)
    if not (model.weights or model.cluster or model.offset or model.ties == "exact"):
        yield FirthOptions(**shared, conf_level=study.analysis.conf_level)
