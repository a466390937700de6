"""The result for one patient: what the two-page report shows. Never part of the cohort's tree."""

from __future__ import annotations

from typing import Literal

from reporter.results.value import Frozen


class PatientValue(Frozen):
    """One predictor of one patient.

    Parameters
    ----------
    text
        The value as given: a number without rounding or a level.
    reference
        Cohort median and quartiles (numeric) as three numbers, or the share of the patient's level as one (0–1).
    log_hazard
        Contribution to the linear predictor against the cohort's mean of this predictor.
    in_range
        False when outside the development cohort's range, or a level the model never saw.
    """

    name: str
    label: str
    unit: str
    text: str
    value: float | None
    reference: tuple[float, ...]
    training_range: tuple[float, float] | None
    log_hazard: float
    in_range: bool


class PatientHorizon(Frozen):
    """Predicted survival at one horizon, with the interval for the average of such patients, and the cohort's own."""

    time: float
    survival: float | None
    conf_low: float | None
    conf_high: float | None
    cohort: float | None


class PatientCurve(Frozen):
    """Predicted survival over time; limits are None where R prints NA."""

    time: tuple[float, ...]
    survival: tuple[float, ...]
    conf_low: tuple[float | None, ...]
    conf_high: tuple[float | None, ...]


class PatientPhenotype(Frozen):
    """Phenotype by the forest with its probability, and that phenotype's Kaplan–Meier curve."""

    phenotype: str
    probability: float
    probabilities: tuple[float, ...]
    survival_at_horizons: tuple[float | None, ...]


class PatientCheck(Frozen):
    """Outcome of the check of this patient's curve against ``survfit.coxph``."""

    state: Literal["agrees", "disagrees", "not_run"]
    largest_difference: float | None = None
    n_points: int = 0
    r_version: str = ""
    survival_version: str = ""
    why_not: str = ""


class PatientResult(Frozen):
    """Everything one patient's report shows."""

    id: str
    endpoint: str
    endpoint_label: str
    time_unit: str
    conf_level: float
    values: tuple[PatientValue, ...]
    horizons: tuple[PatientHorizon, ...]
    curve: PatientCurve
    cohort_curve: PatientCurve
    median: float | None
    risk_rank: float
    n_development: int
    n_event: int
    phenotype: PatientPhenotype | None
    phenotype_missing: str = ""
    check: PatientCheck
