"""From frozen models and the values of patients to their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox_prediction import PredictedSurvival
from reporter.analysis.kernels.kaplan_meier import SurvivalCurve, survival_quantile
from reporter.pipeline.patient_input import PatientTable
from reporter.prognosis.frozen_cox import CohortCurve, FrozenCox
from reporter.results.address import time_text
from reporter.results.patient import EndpointEstimates, PatientCurve, PatientHorizon, PatientValue

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """What one model says of m patients; tuples of length m.

    Parameters
    ----------
    curves
        At every event time of the development cohort.
    values, risk_rank
        Predictors with their contributions, and the share of development patients with a lower risk.
    """

    model: FrozenCox
    curves: tuple[PatientCurve, ...]
    values: tuple[tuple[PatientValue, ...], ...]
    risk_rank: tuple[float, ...]

    def horizons(self, i: int) -> tuple[PatientHorizon, ...]:
        """Return the estimates of one patient at the horizons, read from the curve that is checked."""
        return tuple(self._horizon(self.curves[i], time) for time in shown_horizons(self.model))

    def _horizon(self, curve: PatientCurve, time: float) -> PatientHorizon:
        cohort = step_at(self.model.cohort_curve, time)[0]
        if time > self.model.follow_up_end:
            return PatientHorizon(time=time, survival=None, conf_low=None, conf_high=None, cohort=None)
        survival, low, high = step_at(curve, time)
        return PatientHorizon(time=time, survival=survival, conf_low=low, conf_high=high, cohort=cohort)

    def estimates(self, i: int) -> EndpointEstimates:
        """Return one patient's estimates as those of a further endpoint."""
        model = self.model
        return EndpointEstimates(
            endpoint=model.endpoint, endpoint_label=model.endpoint_label, time_unit=model.time_unit,
            horizons=self.horizons(i),
        )  # fmt: skip

    def median(self, i: int) -> tuple[float | None, float | None, float | None]:
        """Return the median of the predicted survival and its limits; None where not reached within the follow-up.

        R: ``quantile(survfit(fit, newdata), probs = 0.5)``.
        """
        curve = self.curves[i]
        time = np.array(curve.time)
        empty = np.full(time.size, np.nan)
        low, high = (_with_nan(limit) for limit in (curve.conf_low, curve.conf_high))
        steps = SurvivalCurve(time, empty, empty, empty, np.array(curve.survival), empty, low, high, empty)
        found = survival_quantile(steps, 0.5)
        return optional(found[0]), optional(found[1]), optional(found[2])


def shown_horizons(model: FrozenCox) -> tuple[float, ...]:
    """Return the horizons of the study; without any, the whole time next to half the follow-up."""
    if model.horizons:
        return model.horizons
    half = model.follow_up_end / 2
    return (float(max(round(half), 1)) if half >= 1 else half,)


def optional(value: float) -> float | None:
    """Return the number, None for NaN."""
    return None if np.isnan(value) else float(value)


def _with_nan(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def step_at(curve: PatientCurve | CohortCurve, time: float) -> tuple[float | None, float | None, float | None]:
    """Return survival and limits of a step function; before the first step 1 without limits, past the last time None.

    A cohort's curve ends with its follow-up; a predicted one is carried from its last event to the end of follow-up.
    """
    if isinstance(curve, CohortCurve) and time > curve.time[-1]:
        return None, None, None
    i = int(np.searchsorted(np.array(curve.time), time, side="right")) - 1
    return (1.0, None, None) if i < 0 else (curve.survival[i], curve.conf_low[i], curve.conf_high[i])


def _curves(model: FrozenCox, found: PredictedSurvival) -> tuple[PatientCurve, ...]:
    return tuple(
        PatientCurve(
            time=model.baseline.time, survival=tuple(survival.tolist()),
            conf_low=tuple(map(optional, low.tolist())), conf_high=tuple(map(optional, high.tolist())),
        )
        for survival, low, high in zip(found.survival, found.conf_low, found.conf_high, strict=True)
    )  # fmt: skip


def _value(model: FrozenCox, name: str, value: str | float, log_hazard: float) -> PatientValue:
    about = model.predictor(name)
    words = {"name": name, "label": about.label, "unit": about.unit, "log_hazard": log_hazard}
    if isinstance(value, str):
        share = about.shares[about.levels.index(value)]
        return PatientValue.model_validate(
            {**words, "text": value, "value": None, "reference": (share,), "training_range": None, "in_range": True}
        )
    quartiles = about.quartiles or ()
    return PatientValue.model_validate(
        {
            **words, "text": time_text(value), "value": value, "reference": (about.median, *quartiles),
            "training_range": (about.minimum, about.maximum), "in_range": about.in_range(value),
        }
    )  # fmt: skip


def predict_patients(model: FrozenCox, table: PatientTable, rows: Sequence[int]) -> Prediction:
    """Predict for some rows of a table; all of them have a value in every predictor."""
    columns = table.subset(rows)
    names = tuple(term.column for term in model.terms)
    with np.errstate(over="ignore", invalid="ignore"):
        found = model.predict(columns, np.array(model.baseline.time))
        parts = model.contributions(columns)
        risk = model.linear_predictor(columns)
    values = tuple(
        tuple(_value(model, name, value, float(parts[name][i])) for name, value in table.row(row, names).items())
        for i, row in enumerate(rows)
    )
    return Prediction(model, _curves(model, found), values, tuple(model.risk_rank(float(lp)) for lp in risk))
