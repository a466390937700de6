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
        False when outside the range of the development cohort.
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


class PhenotypeHorizon(Frozen):
    """Kaplan–Meier survival of a phenotype's development patients at one horizon; None past their follow-up."""

    time: float
    survival: float | None
    conf_low: float | None
    conf_high: float | None


class PatientPhenotype(Frozen):
    """Phenotype by the forest with its probability, and that phenotype's Kaplan–Meier curve.

    Parameters
    ----------
    probabilities
        Of all phenotypes, in the order of their labels.
    n, n_event
        Development patients of the phenotype.
    features
        Labels of the variables that define the phenotypes.
    curve
        Kaplan–Meier curve of the phenotype's development patients.
    """

    phenotype: str
    probability: float
    probabilities: tuple[float, ...]
    features: tuple[str, ...]
    n: int
    n_event: int
    horizons: tuple[PhenotypeHorizon, ...]
    curve: PatientCurve


class ModelCalibration(Frozen):
    """Observed over expected events at one horizon in a cohort that the model has not seen."""

    time: float
    oe_ratio: float | None
    conf_low: float | None
    conf_high: float | None


class ModelPerformance(Frozen):
    """How well the model separates and predicts the patients of one cohort.

    Parameters
    ----------
    harrell_c, conf_low, conf_high
        Concordance over the whole follow-up with its interval; None where it could not be estimated.
    calibration
        Empty for the cohort in which the model was made.
    """

    cohort: Literal["development", "validation"]
    n: int
    n_event: int
    harrell_c: float | None
    conf_low: float | None
    conf_high: float | None
    calibration: tuple[ModelCalibration, ...] = ()


class EndpointEstimates(Frozen):
    """Predicted survival for a further endpoint of the study."""

    endpoint: str
    endpoint_label: str
    time_unit: str
    horizons: tuple[PatientHorizon, ...]


class PatientCheck(Frozen):
    """Outcome of the check of this patient's curve against ``survfit.coxph``."""

    state: Literal["agrees", "disagrees", "not_run"]
    largest_difference: float | None = None
    n_points: int = 0
    r_version: str = ""
    survival_version: str = ""
    why_not: str = ""


class ModelSource(Frozen):
    """Where the estimate comes from: study, its title, the model file's hash, the options that change a number."""

    study_id: str
    study_title: str
    model_sha256: str
    reporter_version: str
    ties: str
    conf_type: str


class PatientResult(Frozen):
    """Everything one patient's report shows.

    Parameters
    ----------
    median, median_low, median_high
        Time at which the predicted survival reaches one half, by the rule of R's ``quantile.survfit``; None where the
        curve or the limit does not reach it within the follow-up.
    follow_up_end
        Last time of the patients of the model; nothing is predicted past it.
    n_cohort, n_development
        Patients of the development cohort (its curve is that of all of them), and those with every predictor, from
        whom the model was made.
    risk_rank
        Share of the development patients with a lower linear predictor, 0–1.
    phenotype_missing
        Why there is no phenotype; empty when the study has none.
    """

    id: str
    source: ModelSource
    endpoint: str
    endpoint_label: str
    time_unit: str
    conf_level: float
    values: tuple[PatientValue, ...]
    horizons: tuple[PatientHorizon, ...]
    curve: PatientCurve
    cohort_curve: PatientCurve
    median: float | None
    median_low: float | None
    median_high: float | None
    follow_up_end: float
    risk_rank: float
    n_cohort: int
    n_development: int
    n_event: int
    phenotype: PatientPhenotype | None
    phenotype_missing: str = ""
    performance: tuple[ModelPerformance, ...]
    others: tuple[EndpointEstimates, ...] = ()
    check: PatientCheck

    @property
    def out_of_range(self) -> tuple[PatientValue, ...]:
        """Values outside the range of the development cohort."""
        return tuple(value for value in self.values if not value.in_range)


class PatientOutcome(Frozen):
    """What became of one patient of a table; `file` (relative to the folder) and `sha256` are empty unless written."""

    id: str
    file: str = ""
    sha256: str = ""
    status: Literal["written", "refused", "failed"]
    reason: str = ""
