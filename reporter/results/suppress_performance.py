"""Hides what the performance of a frozen model at the horizons tells of small numbers of patients."""

from __future__ import annotations

from reporter.results.suppress_counts import Judge
from reporter.results.suppress_models import calibration, performance
from reporter.results.suppress_values import hide_row, rounded_row, to_digits
from reporter.results.tree import AnalysisNode, Row

KIND = "horizon_performance"
# Numbers of patients, or what gives them back: G with S gives the number at risk, the limits the number of events, the
# largest distance is that of one patient.
_TELLING = frozenset({
    "n_risk", "n_event", "uncensored", "largest_weight", "effective_n", "brier_null", "emax",
    "oe_ratio_events_conf_low", "oe_ratio_events_conf_high",
})  # fmt: skip


def _shown(row: Row, judge: Judge) -> Row:
    """Return a row with three digits of what tells of nobody; nothing by threshold, nor at a time that no curve shows.

    The net benefits at two thresholds differ by the patients between them.
    """
    if row.group or (row.time is not None and row.time not in judge.grid.times):
        return hide_row(row)
    names = [found.stat for found in row.stats]
    return rounded_row(hide_row(row, _TELLING.intersection(names)), names, to_digits)


def _at_horizons(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    return node.model_copy(update={"rows": tuple(_shown(row, judge) for row in node.rows)})


def any_performance(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Apply the rule of a discrimination, or that of the scores at the horizons."""
    return _at_horizons(node, judge) if node.options.kind == KIND else performance(node, judge)


def any_calibration(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Apply the rule of a calibration by O/E, or that of the distances at the horizons."""
    return _at_horizons(node, judge) if node.options.kind == KIND else calibration(node, judge)
