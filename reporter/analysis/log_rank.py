"""Log-rank nodes."""

from __future__ import annotations

from reporter.analysis.kernels.log_rank import log_rank
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic, withheld
from reporter.spec.options import LogRankOptions


def analyse_log_rank(frame: AnalysisFrame, options: LogRankOptions) -> tuple[AnalysisNode, ...]:
    """Test equality of survival across the levels of ``options.group``; rows without a group value are left out."""
    column = frame.columns[options.group]
    keep = column.observed
    entry = None if frame.entry is None else frame.entry[keep]
    found = log_rank(frame.time[keep], frame.event[keep], column.codes[keep], len(column.levels), entry)
    note = "" if found.statistic == found.statistic else "fewer than two groups at risk with events"
    test = (
        statistic("statistic", found.statistic, note=note),
        statistic("df", found.df),
        statistic("p_value", found.p_value, note=note),
        statistic("log_p_value", found.log_p_value, note=note),
    )
    rows = [Row(group=options.group, stats=withheld(test) if options.withheld else test)]
    for code, level in enumerate(column.levels):
        if not found.n[code]:
            continue
        values = (("n", found.n), ("observed", found.observed), ("expected", found.expected))
        stats = tuple(statistic(name, array[code]) for name, array in values)
        rows.append(Row(group=options.group, level=level, stats=stats))
    node = AnalysisNode(
        cohort=frame.cohort,
        endpoint=frame.endpoint,
        analysis="log_rank",
        variable=options.group,
        options=options,
        rows=tuple(rows),
    )
    return (node,)
