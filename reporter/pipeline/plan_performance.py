"""What the frozen model is measured by at the horizons, on the validation cohort."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import HorizonPerformanceOptions, ModelOptions, ValidationOptions
from reporter.spec.study import Study


def horizon_performance(
    study: Study, frame: AnalysisFrame, options: ValidationOptions
) -> Iterator[HorizonPerformanceOptions]:
    """Yield the options of the performance at the horizons; nothing without horizons or with competing events."""
    if options.horizons and frame.cause is None:
        shared = {name: getattr(options, name) for name in ModelOptions.model_fields}
        yield HorizonPerformanceOptions(
            conf_level=options.conf_level, horizons=options.horizons,
            thresholds=tuple(sorted(set(study.analysis.thresholds))), **shared,
        )  # fmt: skip
