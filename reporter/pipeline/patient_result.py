"""The result of each patient, put together from predictions, phenotype and check."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from reporter import __version__
from reporter.pipeline.patient_input import PatientTable
from reporter.pipeline.patient_phenotype import Found
from reporter.pipeline.patient_predict import Prediction
from reporter.results.patient import ModelSource, PatientCheck, PatientCurve, PatientResult
from reporter.results.tree import Results


def _is_finite(prediction: Prediction, i: int) -> bool:
    numbers = (*prediction.curves[i].survival, prediction.risk_rank[i], *(v.log_hazard for v in prediction.values[i]))
    return all(isfinite(number) for number in numbers)


def _source(results: Results, prediction: Prediction, model_sha256: str) -> ModelSource:
    model = prediction.model
    return ModelSource(
        study_id=results.study.id, study_title=results.study.title, model_sha256=model_sha256,
        reporter_version=__version__, ties=model.ties, conf_type=model.conf_type,
    )  # fmt: skip


def _cohort_curve(prediction: Prediction) -> PatientCurve:
    curve = prediction.model.cohort_curve
    return PatientCurve(time=curve.time, survival=curve.survival, conf_low=curve.conf_low, conf_high=curve.conf_high)


def assemble_results(
    results: Results, model_sha256: str, predictions: Sequence[Prediction], phenotypes: Sequence[Found],
    checks: Sequence[PatientCheck], table: PatientTable, rows: Sequence[int],
) -> dict[int, PatientResult | str]:  # fmt: skip
    """Return by row the result of a patient, or why there is none; the first model's is the one on the pages."""
    first = predictions[0]
    source, cohort, model = _source(results, first, model_sha256), _cohort_curve(first), first.model
    found: dict[int, PatientResult | str] = {}
    for i, row in enumerate(rows):
        if not all(_is_finite(prediction, i) for prediction in predictions):
            found[row] = "the model gives no finite number for these values; see whether one of them is mistyped"
            continue
        median, low, high = first.median(i)
        phenotype, missing = phenotypes[i]
        found[row] = PatientResult(
            id=table.ids[row], source=source, endpoint=model.endpoint, endpoint_label=model.endpoint_label,
            time_unit=model.time_unit, conf_level=model.conf_level, values=first.values[i],
            horizons=first.horizons(i), curve=first.curves[i], cohort_curve=cohort,
            median=median, median_low=low, median_high=high, follow_up_end=model.follow_up_end,
            risk_rank=first.risk_rank[i], n_cohort=model.n + model.n_missing, n_development=model.n,
            n_event=model.n_event,
            phenotype=phenotype, phenotype_missing=missing, performance=model.performance,
            others=tuple(prediction.estimates(i) for prediction in predictions[1:]), check=checks[i],
        )  # fmt: skip
    return found
