"""What is said of the multivariable model as a prognostic one."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.spec.options import AnalysisOptions, ModelOptions, OptimismOptions
from reporter.spec.study import Study

SEEDS = 2**31  # seeds of R are below


def prognosis_options(study: Study, endpoint: str, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield the bootstrap where it is asked for."""
    horizon = max(study.endpoints[endpoint].horizons, default=None)
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    if study.analysis.bootstrap is not None:
        yield OptimismOptions(
            **shared, horizon=horizon, resamples=study.analysis.bootstrap, seed=study.seed % SEEDS
        )  # fmt: skip
