"""Survival under the other rule for events seen after another component's follow-up had ended."""

from __future__ import annotations

import numpy as np

from reporter.analysis.kaplan_meier import NO_FOLLOW_UP
from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import GapSensitivityOptions

_STATS = ("n_event", "estimate", "std_error", "conf_low", "conf_high")


def analyse_gap(frame: AnalysisFrame, options: GapSensitivityOptions) -> tuple[AnalysisNode, ...]:
    """Return counts and S(t) at the horizons with the gap rule that the study did not choose.

    Raises
    ------
    ReporterError
        When no patient of the endpoint has a gap.
    """
    if frame.other_rule is None:
        raise ReporterError("no patient has an event after another component's follow-up had ended")
    time, event = frame.other_rule.time, frame.other_rule.event
    counts = (statistic("n", frame.n), statistic("n_event", event.sum()), statistic("n_censor", (~event).sum()))
    rows = [Row(stats=counts)]
    curve = estimate_survival(time, event, conf_type=options.conf_type, conf_level=options.conf_level)
    for horizon in options.horizons:
        at = survival_at(curve, np.array([horizon]))
        note = NO_FOLLOW_UP if horizon > curve.time[-1] else ""
        stats = (statistic(name, getattr(at, name)[0], note=note) for name in _STATS)
        rows.append(Row(time=horizon, stats=(statistic("n_risk", at.n_risk[0]), *stats)))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="gap_sensitivity", options=options, rows=tuple(rows)
    )
    return (node,)
