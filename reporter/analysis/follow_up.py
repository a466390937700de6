"""Follow-up by the reverse Kaplan–Meier method."""

from __future__ import annotations

from reporter.analysis.kaplan_meier import quantile_row
from reporter.analysis.kernels.kaplan_meier import estimate_follow_up
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import FollowUpOptions


def analyse_follow_up(frame: AnalysisFrame, options: FollowUpOptions) -> tuple[AnalysisNode, ...]:
    """Return counts, median follow-up with interval and person-time."""
    curve = estimate_follow_up(frame.time, frame.event, conf_type=options.conf_type, conf_level=options.conf_level)
    stats = (
        statistic("n", frame.n),
        statistic("n_event", frame.event.sum()),
        statistic("n_censor", (~frame.event).sum()),
        *quantile_row(curve, frame.time_unit),
        statistic("person_time", frame.time.sum(), unit=frame.time_unit),
    )
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="follow_up", options=options, rows=(Row(stats=stats),)
    )
    return (node,)
