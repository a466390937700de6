"""What a study with competing events asks for beside its other analyses."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import (
    AnalysisOptions,
    CauseSpecificOptions,
    CompetingValidationOptions,
    CoxOptions,
    CumulativeIncidenceOptions,
    FineGrayOptions,
    GrayTestOptions,
    ModelOptions,
    ValidationOptions,
)
from reporter.spec.study import Study


def cause_names(frame: AnalysisFrame) -> tuple[str, ...]:
    """Return the names of the causes 1, 2, …: the endpoint, then its competing events."""
    return (frame.endpoint, *frame.causes)


def incidence_options(study: Study, frame: AnalysisFrame, group: str) -> Iterator[AnalysisOptions]:
    """Yield cumulative incidence by one group with Gray's test, or overall; nothing without competing events."""
    if frame.cause is None:
        return
    asked, causes = study.analysis, cause_names(frame)
    yield CumulativeIncidenceOptions(
        group=group, causes=causes, horizons=tuple(study.endpoints[frame.endpoint].horizons),
        conf_level=asked.conf_level, conf_type=asked.conf_type,
    )  # fmt: skip
    if group:
        yield GrayTestOptions(group=group, causes=causes)


def competing_validation(frame: AnalysisFrame, options: ValidationOptions) -> AnalysisOptions:
    """Return what measures the model on another cohort: with competing events, the models of all causes together."""
    if frame.cause is None:
        return options
    shared = {name: getattr(options, name) for name in ModelOptions.model_fields}
    return CompetingValidationOptions(
        n_causes=1 + len(frame.causes), conf_level=options.conf_level, horizons=options.horizons, **shared
    )  # fmt: skip


def competing_models(frame: AnalysisFrame, whole: CoxOptions) -> Iterator[AnalysisOptions]:
    """Yield the models of the competing causes and the Fine–Gray model, with the terms of the multivariable model."""
    if frame.cause is None:
        return
    shared = {name: getattr(whole, name) for name in ModelOptions.model_fields}
    for k, name in enumerate(frame.causes, start=2):
        yield CauseSpecificOptions(cause=k, cause_name=name, conf_level=whole.conf_level, **shared)
    yield FineGrayOptions(n_causes=1 + len(frame.causes), conf_level=whole.conf_level, **shared)
