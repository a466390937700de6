"""Follow-up by the reverse Kaplan–Meier method."""

from __future__ import annotations

from reporter.analysis.kaplan_meier import quantile_row
from reporter.analysis.kernels.kaplan_meier import SurvivalCurve, estimate_follow_up
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import FollowUpOptions

LATE_ENTRY = "not given with entry times"


def _median(frame: AnalysisFrame, curve: SurvivalCurve) -> tuple[Statistic, ...]:
    if frame.entry is None:
        return quantile_row(curve, frame.time_unit)
    names = ("median", "conf_low", "conf_high")
    return tuple(statistic(name, float("nan"), unit=frame.time_unit, note=LATE_ENTRY) for name in names)


def analyse_follow_up(frame: AnalysisFrame, options: FollowUpOptions) -> tuple[AnalysisNode, ...]:
    """Return counts, median follow-up with interval and person-time.

    With late entry there is no median: who is censored before entering is never seen, and the reverse estimate would
    take the time before entry for time followed. A competing event ends follow-up as the event of interest does.
    """
    observed = frame.event if frame.cause is None else frame.cause > 0
    curve = estimate_follow_up(frame.time, observed, conf_type=options.conf_type, conf_level=options.conf_level)
    person_time = frame.time if frame.entry is None else frame.time - frame.entry
    stats = (
        statistic("n", frame.n),
        statistic("n_event", frame.event.sum()),
        statistic("n_censor", (~observed).sum()),
        *_median(frame, curve),
        statistic("person_time", person_time.sum(), unit=frame.time_unit),
    )
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="follow_up", options=options, rows=(Row(stats=stats),)
    )
    return (node,)
