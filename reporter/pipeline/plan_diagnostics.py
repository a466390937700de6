"""Diagnostics of the multivariable model that a study gets, or asks for."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.spec.options import (
    AnalysisOptions,
    FunctionalFormOptions,
    InfluenceOptions,
    LandmarkOptions,
    ModelOptions,
    PhTestOptions,
    StratifiedOptions,
    TimeSplitOptions,
)
from reporter.spec.study import Study


def diagnostics_options(study: Study, model: ModelOptions) -> Iterator[AnalysisOptions]:
    """Yield the test of proportional hazards and what stands beside it, then the diagnostics that are asked for.

    What every study gets is left out where its model cannot have it: the test and its alternatives with exact ties, the
    time split with clusters. What is asked for is never left out; it says why it cannot be given.
    """
    asked = study.analysis
    shared = {key: getattr(model, key) for key in ModelOptions.model_fields}
    exact = model.ties == "exact"
    if not exact:
        yield PhTestOptions(**shared, transform=asked.ph_transform)
    for transform in dict.fromkeys(asked.ph_sensitivity):
        if transform != asked.ph_transform:
            yield PhTestOptions(**shared, analysis=f"ph_test_{transform}", transform=transform)  # type: ignore[arg-type]
    if not exact and not model.cluster:
        yield TimeSplitOptions(**shared, conf_level=asked.conf_level)
    if not exact:
        yield StratifiedOptions(**shared, conf_level=asked.conf_level, transform=asked.ph_transform)
    if asked.landmark is not None:
        yield LandmarkOptions(**shared, conf_level=asked.conf_level, landmark=asked.landmark)
    if asked.diagnostics:
        yield InfluenceOptions(**shared, conf_level=asked.conf_level)
        yield FunctionalFormOptions(**shared, conf_level=asked.conf_level)
