"""Imputed sets of the development frames, made once, before anything is planned on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reporter.analysis.imputation import impute
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.plan import model_options
from reporter.pipeline.plan_models import imputed_options
from reporter.spec.study import Study

Frames = Mapping[tuple[str, str], AnalysisFrame]


def with_imputations(study: Study, frames: Frames) -> dict[tuple[str, str], AnalysisFrame]:
    """Return the frames, those of the development cohort with imputed sets where the study asks for them.

    A frame that cannot be imputed stays as it is; the analysis then says why.
    """
    out = dict(frames)
    for (cohort, endpoint), frame in frames.items():
        options = imputed_options(study, model_options(study, frame)) if cohort == "development" else None
        if options is None:
            continue
        try:
            out[cohort, endpoint] = impute(frame, options)
        except (ReporterError, ArithmeticError, ValueError, np.linalg.LinAlgError):
            continue
    return out
