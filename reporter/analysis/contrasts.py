"""What comparisons of groups share: the levels that have patients, a difference with its interval, a test's numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.kaplan_meier import iterate_levels
from reporter.analysis.kernels.chi_square import ChiSquare, chi_square
from reporter.cohort.frame import AnalysisFrame
from reporter.results.value import Statistic, statistic


def levels_with_patients(frame: AnalysisFrame, group: str) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return each level that has patients, with its rows, shape (n,)."""
    return [(level, keep) for level, keep in iterate_levels(frame, group) if keep.any()]


def limits(estimate: float, std_error: float, conf_level: float) -> tuple[float, float]:
    """Return estimate -/+ z SE."""
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * std_error
    return estimate - half, estimate + half


def estimate_stats(
    estimate: float, std_error: float, conf_level: float, *, unit: str = "", note: str = ""
) -> tuple[Statistic, ...]:
    """Return estimate, std_error and the limits."""
    low, high = limits(estimate, std_error, conf_level)
    values = (("estimate", estimate), ("std_error", std_error), ("conf_low", low), ("conf_high", high))
    return tuple(statistic(name, value, unit=unit, note=_if_absent(value, note)) for name, value in values)


def chi_square_stats(found: ChiSquare, note: str) -> tuple[Statistic, ...]:
    """Return statistic, df, p_value and log_p_value; `note` says why there is none."""
    return (
        statistic("statistic", found.statistic, note=_if_absent(found.statistic, note)),
        statistic("df", found.df),
        statistic("p_value", found.p_value, note=_if_absent(found.statistic, note)),
        statistic("log_p_value", found.log_p_value, note=_if_absent(found.statistic, note)),
    )


def squared_ratio(difference: float, std_error: float) -> ChiSquare:
    """Return the test (difference / SE)^2 with 1 df; NaN without a standard error above 0."""
    if not std_error > 0:
        return ChiSquare(float("nan"), 1, float("nan"), float("nan"))
    return chi_square((difference / std_error) ** 2, 1)


def _if_absent(value: float, note: str) -> str:
    return "" if np.isfinite(value) else note
