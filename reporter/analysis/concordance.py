"""Nodes of Harrell's concordance of the multivariable model."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.cox import NOT_CONVERGED, fit_model
from reporter.analysis.kernels.concordance import Concordance, concordance
from reporter.analysis.model_parts import ModelParts
from reporter.analysis.uno import uno_statistics
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import ConcordanceOptions

COUNTS = ("n_concordant", "n_discordant", "n_tied_risk", "n_tied_time", "n_tied_both")


def estimate_statistics(
    found: Concordance, conf_level: float, names: tuple[str, str, str, str]
) -> tuple[Statistic, ...]:
    """Return estimate, standard error and limits (estimate ± z SE) under the given names."""
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * found.std_error
    values = (found.estimate, found.std_error, found.estimate - half, found.estimate + half)
    note = "" if np.isfinite(found.estimate) else "no comparable pair"
    return tuple(statistic(name, value, note=note) for name, value in zip(names, values, strict=True))


def tau_statistic(tau: float, unit: str) -> Statistic:
    """Return the time up to which events count in a concordance, on which its value depends."""
    return statistic("tau", tau, unit=unit, note="" if np.isfinite(tau) else "no event")


class _Pairs(TypedDict):
    """What decides which pairs are compared, and what they weigh."""

    entry: NDArray[np.float64] | None
    strata: NDArray[np.int64] | None
    weights: NDArray[np.float64] | None
    cluster: NDArray[np.int64] | None


def _pairs(parts: ModelParts) -> _Pairs:
    return _Pairs(entry=parts.entry, strata=parts.strata, weights=parts.weights, cluster=parts.cluster)


def equal_but_for_rounding(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round scores to 1e-11 of the largest (at least of 1): those that differ by rounding error alone are ties."""
    unit = 1e-11 * max(1.0, float(np.abs(score).max(initial=0.0)))
    rounded: NDArray[np.float64] = np.round(score / unit)
    return rounded


def analyse_concordance(frame: AnalysisFrame, options: ConcordanceOptions) -> tuple[AnalysisNode, ...]:
    """Return the apparent C over the whole follow-up with its pair counts, and up to ``options.horizon``.

    `tau` says to which time events count: the last event, or the horizon. Uno's C stands beside the last of them.
    """
    model = fit_model(frame, options)
    if not model.fit.converged:
        raise ReporterError(NOT_CONVERGED)
    risk = equal_but_for_rounding(model.fit.linear_predictor)
    pairs = _pairs(model.parts)
    names = ("estimate", "std_error", "conf_low", "conf_high")
    time = frame.ranking_time[model.rows]
    whole = concordance(time, model.event, risk, ymax=None, **pairs)
    counts = tuple(statistic(name, getattr(whole, name)) for name in COUNTS)
    tau = tau_statistic(model.time[model.event].max(initial=-np.inf), frame.time_unit)
    last = float(model.time[model.event].max(initial=-np.inf)) if options.horizon is None else options.horizon
    uno = uno_statistics(frame, model.time, model.event, risk, last, options)
    beside = uno if options.horizon is None else ()
    rows = [Row(term="cox", stats=(*estimate_statistics(whole, options.conf_level, names), tau, *counts, *beside))]
    if options.horizon is not None:
        early = concordance(time, model.event, risk, ymax=options.horizon, **pairs)
        stats = (
            *estimate_statistics(early, options.conf_level, names),
            tau_statistic(options.horizon, frame.time_unit),
            *uno,
        )
        rows.append(Row(term="cox", time=options.horizon, stats=stats))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="concordance", options=options, rows=tuple(rows)
    )
    return (node,)
