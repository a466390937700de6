"""Survival of those who have already survived for some time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.contrasts import levels_with_patients
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP, curve_of
from reporter.analysis.kernels.kaplan_meier import survival_at
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import time_text
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import ConditionalOptions

NOBODY = "nobody was followed beyond the time survived"
_STATS = ("estimate", "std_error", "conf_low", "conf_high")


def _row(
    frame: AnalysisFrame, level: str, keep: NDArray[np.bool_], given: float, horizon: float, options: ConditionalOptions
) -> Row:
    later = keep & (frame.time > given)
    values, note = [float("nan")] * len(_STATS), NOBODY
    if later.any():
        at = survival_at(curve_of(frame, later, options), np.array([horizon]))
        values = [float(getattr(at, name)[0]) for name in _STATS]
        note = NO_FOLLOW_UP if np.isnan(values[0]) else ""
    known = (statistic(name, value, note=note) for name, value in zip(_STATS, values, strict=True))
    stats = (statistic("n", later.sum()), statistic("n_event", (later & frame.event & (frame.time <= horizon)).sum()))
    return Row(group=options.group, level=level, term=f"given={time_text(given)}", time=horizon, stats=(*stats, *known))


def analyse_conditional_survival(frame: AnalysisFrame, options: ConditionalOptions) -> tuple[AnalysisNode, ...]:
    """Estimate P(T > t | T > s) for each s of ``options.given`` and each later horizon t, by group or overall.

    The Kaplan–Meier estimate of the patients with time > s: its variance is that of H(t) - H(s). The limits are those
    of ``options.conf_type``, not a ratio of limits of S(t) and S(s). `n` counts the patients with time > s.
    """
    rows = tuple(
        _row(frame, level, keep, given, horizon, options)
        for level, keep in levels_with_patients(frame, options.group)
        for given in options.given
        for horizon in options.horizons
        if horizon > given
    )
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="conditional_survival", variable=options.group,
        options=options, rows=rows,
    )  # fmt: skip
    return (node,)
