"""What stands beside the multivariable model: tests of its terms."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.spec.options import AnalysisOptions, ModelOptions, TermTestOptions
from reporter.spec.study import Study


def model_tests(study: Study, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield the tests of whole terms where they are asked for, and where a spline or an interaction needs them."""
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    if study.analysis.term_tests or model.interactions or any(term.spline for term in model.terms):
        yield TermTestOptions(**shared)
