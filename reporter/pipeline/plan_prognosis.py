"""What is said of the multivariable model as a prognostic one."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.analysis.model_parts import part_columns
from reporter.analysis.nomogram import axis_values
from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import AnalysisOptions, ModelOptions, NomogramOptions, OptimismOptions, SampleSizeOptions
from reporter.spec.study import Study

SEEDS = 2**31  # seeds of R are below


def _axes(frame: AnalysisFrame, model: ModelOptions) -> tuple[tuple[float, ...], ...]:
    """Return the values on the axis of each numeric covariate, of the patients of the model."""
    rows = frame.complete([*(term.column for term in model.terms), *part_columns(model)])
    if not rows.any():
        return tuple(() for _term in model.terms)
    return tuple(
        () if term.levels else axis_values(frame.columns[term.column].values[rows], term) for term in model.terms
    )


def prognosis_options(study: Study, frame: AnalysisFrame, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield sample size and nomogram, and the bootstrap where it is asked for."""
    horizons = study.endpoints[frame.endpoint].horizons
    horizon = max(horizons, default=None)
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    yield SampleSizeOptions(**shared, horizon=horizon)
    if study.analysis.bootstrap is not None:
        yield OptimismOptions(
            **shared, horizon=horizon, resamples=study.analysis.bootstrap, seed=study.seed % SEEDS
        )  # fmt: skip
    yield NomogramOptions(**shared, axes=_axes(frame, model), horizons=tuple(horizons))
