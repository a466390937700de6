"""Coefficients of a fitted Cox model as statistics, and parts of a frame, for the analyses beside the main model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.cox import (
    DEPENDENT,
    INFINITE,
    NO_ROBUST_ERROR,
    NOT_CONVERGED,
    VANISHED,
    FittedModel,
    fit_model,
)
from reporter.analysis.model_parts import part_columns
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.value import Statistic, statistic
from reporter.spec.options import ModelOptions

TOO_LARGE = "too large for a number"

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def wald_statistics(estimate: float, error: float, conf_level: float, note: str = "") -> tuple[Statistic, ...]:
    """Return log hazard ratio, hazard ratio with limits exp(b ± z SE) and the two-sided Wald test."""
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * error
    log_p = float(np.log(2) + norm.logsf(abs(estimate / error))) if error else float("nan")
    with np.errstate(over="ignore"):
        ratios = np.exp([estimate, estimate - half, estimate + half])
    values = {
        "estimate": estimate, "std_error": error, "statistic": estimate / error if error else float("nan"),
        "p_value": float(np.exp(log_p)), "log_p_value": log_p, "hazard_ratio": ratios[0], "conf_low": ratios[1],
        "conf_high": ratios[2],
    }  # fmt: skip
    beyond = {name: TOO_LARGE for name, value in values.items() if np.isinf(value)}
    return tuple(statistic(name, value, note=note or beyond.get(name, "")) for name, value in values.items())


def without_robust_error(model: FittedModel, j: int) -> bool:
    """Return whether the robust standard error of a coefficient is rounding: the clusters balance each other."""
    fit = model.fit
    return fit.robust_covariance is not None and not fit.std_error[j] > VANISHED * fit.model_std_error[j]


def coefficient_statistics(
    model: FittedModel | None, names: tuple[str, ...], conf_level: float, why_not: str = ""
) -> Iterator[tuple[str, tuple[Statistic, ...]]]:
    """Yield name and Wald statistics of each coefficient; absent ones with their reason.

    Parameters
    ----------
    model
        None when it could not be fitted, for the reason `why_not`.
    names
        Names of the coefficients, for a model that could not be fitted.
    """
    nothing = float("nan")
    if model is None:
        yield from ((name, wald_statistics(nothing, nothing, conf_level, why_not)) for name in names)
        return
    for j, name in enumerate(model.design.names):
        note = "" if model.fit.used[j] else DEPENDENT
        if model.fit.infinite[j] or (model.fit.used[j] and not model.fit.std_error[j] > 0):
            note = INFINITE
        if not model.fit.converged:
            note = NOT_CONVERGED
        pair = (nothing, nothing) if note else (float(model.fit.coef[j]), float(model.fit.std_error[j]))
        if not note and without_robust_error(model, j):
            pair, note = (nothing, nothing), NO_ROBUST_ERROR
        yield name, wald_statistics(*pair, conf_level, note)


def part_of(
    frame: AnalysisFrame, rows: Bools, *, time: Floats | None = None, event: Bools | None = None
) -> AnalysisFrame:
    """Return the frame of some patients, with other times and events where they are given (for all patients)."""
    columns = {name: column.take(rows) for name, column in frame.columns.items()}
    return AnalysisFrame(
        cohort=frame.cohort, endpoint=frame.endpoint, ids=tuple(np.array(frame.ids, dtype=object)[rows]),
        time=(frame.time if time is None else time)[rows], event=(frame.event if event is None else event)[rows],
        time_unit=frame.time_unit, columns=columns, entry=None if frame.entry is None else frame.entry[rows],
    )  # fmt: skip


def try_to_fit(frame: AnalysisFrame, options: ModelOptions) -> tuple[FittedModel | None, str]:
    """Return the fitted model, or None and why there is none."""
    if not frame.complete([*(term.column for term in options.terms), *part_columns(options)]).any():
        return None, "no patient is left"
    try:
        return fit_model(frame, options), ""
    except ReporterError as error:
        return None, str(error)


def refuse(options: ModelOptions, keys: tuple[str, ...], what: str) -> None:
    """Stop where a model has one of the parts for which an analysis is not offered.

    Raises
    ------
    ReporterError
        With the name of the part.
    """
    for key in keys:
        if getattr(options, key):
            raise ReporterError(f"{what} is not offered with {key}")
    if options.ties == "exact":
        raise ReporterError(f"{what} is not offered with ties = 'exact'")
