"""A fitted Cox model without its patients: everything that a prediction needs, JSON both ways."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from reporter.analysis.kernels.cox_prediction import Baseline, PredictedSurvival, predict
from reporter.analysis.new_patients import complete_design
from reporter.cohort.frame import Column, Kind
from reporter.errors import UsageError
from reporter.results.patient import ModelPerformance
from reporter.results.sealed import seal, unseal
from reporter.results.value import Frozen
from reporter.spec.options import ConfType, TermSpec, Ties

Floats = NDArray[np.float64]
KIND = "frozen_cox"


class Predictor(Frozen):
    """One covariate of the development patients of the model.

    Parameters
    ----------
    minimum, maximum, median, quartiles
        Of a numeric covariate, in the units of the frame; None for levels.
    shares
        Share of patients at each level; empty for a numeric covariate.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    levels: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    quartiles: tuple[float, float] | None = None
    shares: tuple[float, ...] = ()

    def in_range(self, value: float) -> bool:
        """Tell whether a number lies in the development cohort's range, or a level code among its levels."""
        if self.levels:
            return 0 <= value < len(self.levels)
        return self.minimum is not None and self.maximum is not None and self.minimum <= value <= self.maximum


class FrozenBaseline(Frozen):
    """Sums at the event times, at the centre (`reporter.analysis.kernels.cox_prediction.Baseline`)."""

    time: tuple[float, ...]
    hazard: tuple[float, ...]
    variance: tuple[float, ...]
    mean_hazard: tuple[tuple[float, ...], ...]


class CohortCurve(Frozen):
    """Kaplan–Meier curve of the development cohort; limits None where R prints NA, and both where they are hidden."""

    time: tuple[float, ...]
    n_risk: tuple[int | None, ...]
    survival: tuple[float, ...]
    conf_low: tuple[float | None, ...]
    conf_high: tuple[float | None, ...]


class FrozenCox(Frozen):
    """A Cox model frozen on the development cohort.

    Parameters
    ----------
    coefficients
        Names, e.g. ``age``, ``size=>50`` or ``nodes'``; length p.
    coef
        Length p; None where the column depends on those before it.
    covariance
        Of the estimated coefficients alone, (q, q).
    centre, mean
        R's centre of each column (0 for 0/1 columns), and its plain mean; length p.
    infinite
        Coefficients that run to infinity: survival with them is a limit, not an estimate.
    first_time, follow_up_end
        First and last time of the patients of the model; before the first, limits are 1, past the last is nothing.
    linear_predictor_quantiles
        Percentiles 0 to 100 over the development patients of the model.
    cohort_curve
        Of all patients of the development frame.
    """

    endpoint: str
    endpoint_label: str
    time_unit: str
    horizons: tuple[float, ...]
    ties: Ties
    conf_type: ConfType
    conf_level: float
    n: int
    n_event: int
    n_missing: int
    first_time: float
    follow_up_end: float
    terms: tuple[TermSpec, ...]
    coefficients: tuple[str, ...]
    covariates: tuple[str, ...]
    coef: tuple[float | None, ...]
    covariance: tuple[tuple[float, ...], ...]
    centre: tuple[float, ...]
    mean: tuple[float, ...]
    infinite: tuple[str, ...] = ()
    baseline: FrozenBaseline
    predictors: tuple[Predictor, ...]
    linear_predictor_quantiles: tuple[float, ...]
    cohort_curve: CohortCurve
    performance: tuple[ModelPerformance, ...] = ()

    def to_json(self) -> str:
        """Return the file's text; the same model gives the same bytes."""
        return seal(KIND, self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, text: str, *, name: str = "the model file") -> FrozenCox:
        """Read a model back; UsageError when the text is not one, is newer, or was changed."""
        content = unseal(KIND, text, name=name)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise UsageError(f"{name}: is not a frozen Cox model: {error.errors()[0]['msg']}.") from error

    def predictor(self, name: str) -> Predictor:
        """Return the description of one covariate; KeyError when the model has no such one."""
        for found in self.predictors:
            if found.name == name:
                return found
        raise KeyError(name)

    @cached_property
    def _used(self) -> NDArray[np.bool_]:
        return np.array([value is not None for value in self.coef], dtype=bool)

    @cached_property
    def _coef(self) -> Floats:
        return np.array([0.0 if value is None else value for value in self.coef], dtype=np.float64)

    @cached_property
    def _baseline(self) -> Baseline:
        found = self.baseline
        return Baseline(
            np.array(found.time), np.array(found.hazard), np.array(found.variance), np.array(found.mean_hazard)
        )

    def linear_predictor(self, columns: Mapping[str, Column]) -> Floats:
        """Return (x - centre) coef, shape (m,), NaN where a covariate is missing; R: ``predict(type = "lp")``."""
        matrix, _ = complete_design(self.terms, columns)
        out: Floats = (matrix - np.array(self.centre))[:, self._used] @ self._coef[self._used]
        return out

    def predict(self, columns: Mapping[str, Column], times: Floats) -> PredictedSurvival:
        """Predict survival of m patients at T times; NaN where a covariate is missing or past the follow-up.

        R: ``survfit(fit, newdata, stype = 2, ctype = 2, conf.type)`` (``ctype = 1`` with Breslow's ties).
        """
        matrix, _ = complete_design(self.terms, columns)
        wanted = np.asarray(times, dtype=np.float64)
        found = predict(
            self._baseline, self._coef[self._used], np.array(self.covariance),
            (matrix - np.array(self.centre))[:, self._used], wanted,
            conf_type=self.conf_type, conf_level=self.conf_level,
        )  # fmt: skip
        past, before = wanted > self.follow_up_end, wanted < self.first_time
        missing = np.isnan(found.survival)

        def shown(part: Floats) -> Floats:
            return np.where(past | missing, np.nan, np.where(before, 1.0, part))

        return PredictedSurvival(shown(found.survival), shown(found.conf_low), shown(found.conf_high))

    def contributions(self, columns: Mapping[str, Column]) -> dict[str, Floats]:
        """Return by covariate (x - mean) coef, shape (m,): its part of the log hazard against the cohort's mean."""
        matrix, _ = complete_design(self.terms, columns)
        parts = (matrix - np.array(self.mean)) * self._coef
        groups = np.array(self.covariates)
        return {term.column: parts[:, groups == term.column].sum(axis=1) for term in self.terms}

    def risk_rank(self, linear_predictor: float) -> float:
        """Share of the development patients with a lower linear predictor, 0–1, between the percentiles linear."""
        if math.isnan(linear_predictor):
            return math.nan
        q = self.linear_predictor_quantiles
        i = int(np.searchsorted(q, linear_predictor, side="left"))
        if i in (0, len(q)):
            return 0.0 if i == 0 else 1.0
        return (i - 1 + (linear_predictor - q[i - 1]) / (q[i] - q[i - 1])) / (len(q) - 1)
