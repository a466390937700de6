"""The result of a made-up patient, for the tests of the pages."""

from __future__ import annotations

from math import exp, log

from reporter.results.patient import (
    ModelCalibration,
    ModelPerformance,
    ModelSource,
    PatientCheck,
    PatientCurve,
    PatientHorizon,
    PatientPhenotype,
    PatientResult,
    PatientValue,
    PhenotypeHorizon,
)

HORIZONS = (1.0, 3.0, 5.0)
VERIFIED = PatientCheck(
    state="agrees", largest_difference=3.1e-15, n_points=1215, r_version="4.2.2", survival_version="3.5-3"
)


def curve(rate: float, width: float) -> PatientCurve:
    time = tuple(i / 8 for i in range(1, 120))
    survival = tuple(exp(-rate * t) for t in time)
    low = tuple(exp(-rate * (1 + width) * t) for t in time)
    high = tuple(exp(-rate * (1 - width) * t) for t in time)
    return PatientCurve(time=time, survival=survival, conf_low=low, conf_high=high)


def horizon(time: float, rate: float) -> PatientHorizon:
    own = {"survival": exp(-rate * time), "conf_low": exp(-1.2 * rate * time), "conf_high": exp(-0.8 * rate * time)}
    return PatientHorizon(time=time, **own, cohort=exp(-0.12 * time))


def numeric(name: str, label: str, unit: str, value: float, log_hazard: float, upper: float = 90.0) -> PatientValue:
    return PatientValue(
        name=name, label=label, unit=unit, text=f"{value:g}", value=value,
        reference=(upper / 2, upper / 4, 0.7 * upper), training_range=(0.0, upper),
        log_hazard=log_hazard, in_range=0 <= value <= upper,
    )  # fmt: skip


def level(name: str, label: str, text: str, share: float, log_hazard: float) -> PatientValue:
    return PatientValue(
        name=name, label=label, unit="", text=text, value=None, reference=(share,), training_range=None,
        log_hazard=log_hazard, in_range=True,
    )  # fmt: skip


def demo_values() -> tuple[PatientValue, ...]:
    return (
        numeric("age", "Age at surgery", "years", 54, -0.03),
        level("meno", "Menopausal status", "Postmenopausal", 0.5602, 0.05),
        level("size", "Tumour size, mm", "20-50", 0.4332, 0.21),
        level("grade", "Tumour grade", "3", 0.7334, 0.11),
        numeric("nodes", "Positive lymph nodes", "", 4, 0.09, 34.0),
        numeric("pgr", "Progesterone receptor", "fmol/l", 30, 0.02, 5004.0),
        numeric("er", "Oestrogen receptor", "fmol/l", 120, 0.01, 3275.0),
        level("hormon", "Hormonal therapy", "Yes", 0.1137, -0.08),
    )


def demo_phenotype() -> PatientPhenotype:
    horizons = tuple(
        PhenotypeHorizon(time=t, survival=exp(-0.1 * t), conf_low=exp(-0.12 * t), conf_high=exp(-0.08 * t))
        for t in HORIZONS
    )
    features = ("Age at surgery", "Tumour size, mm", "Tumour grade", "Positive lymph nodes")
    return PatientPhenotype(
        phenotype="2", probability=0.874, probabilities=(0.126, 0.874), features=features, n=1311, n_event=602,
        horizons=horizons, curve=curve(0.1, 0.1),
    )  # fmt: skip


def demo_performance() -> tuple[ModelPerformance, ...]:
    calibration = tuple(
        ModelCalibration(time=t, oe_ratio=1.0 + 0.013 * t, conf_low=0.9, conf_high=1.2) for t in HORIZONS
    )
    return (
        ModelPerformance(
            cohort="validation", n=686, n_event=299, harrell_c=0.6692, conf_low=0.6385, conf_high=0.6999,
            calibration=calibration,
        ),
        ModelPerformance(
            cohort="development", n=2982, n_event=1713, harrell_c=0.6871, conf_low=0.6741, conf_high=0.7001
        ),
    )  # fmt: skip


def demo_result(rate: float = 0.135, **changes: object) -> PatientResult:
    values: dict[str, object] = {
        "id": "P00005",
        "source": ModelSource(
            study_id="demo", study_title="Recurrence-free survival after breast cancer surgery",
            model_sha256="1c77" * 16, reporter_version="0.1.0", ties="efron", conf_type="log-log",
        ),
        "endpoint": "rfs", "endpoint_label": "Recurrence-free survival", "time_unit": "years", "conf_level": 0.95,
        "values": demo_values(),
        "horizons": tuple(horizon(t, rate) for t in HORIZONS),
        "curve": curve(rate, 0.2), "cohort_curve": curve(0.12, 0.05),
        "median": log(2) / rate, "median_low": log(2) / (1.2 * rate), "median_high": log(2) / (0.8 * rate),
        "follow_up_end": 15.0, "risk_rank": 0.618, "n_cohort": 3001, "n_development": 2982, "n_event": 1713,
        "phenotype": demo_phenotype(), "performance": demo_performance(), "check": VERIFIED,
    }  # fmt: skip
    return PatientResult.model_validate({**values, **changes})
