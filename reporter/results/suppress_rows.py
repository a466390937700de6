"""Hides numbers of tables of characteristics, of outcomes by level and time, and of curves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

import numpy as np

from reporter.results.small_cells import is_small
from reporter.results.suppress_counts import MISSING, OVERALL, Judge, rests_on_tiny, split_term, value_of
from reporter.results.suppress_times import Grid
from reporter.results.suppress_values import LIMITS, hide_node, hide_row, is_count, rounded_row, to_digits, to_places
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row, Thinned

KEPT = (
    "months between which every group shown has no event or at least the smallest number of patients that may be "
    "shown, and as many at risk"
)
_EXTREMES = ("minimum", "maximum")
_TIMES = ("median", "quantile", "conf_low", "conf_high", "person_time")
_AT_HORIZONS = ("conditional_survival", "survival_difference")


# -- baseline ----------------------------------------------------------------------------------------------------------
_NUMERIC = ("mean", "std_dev", "median", "q1", "q3")


def _baseline_overall(row: Row, judge: Judge) -> Row:
    if row.term == "GLOBAL":
        return row
    column, level = split_term(row.term)
    lost = judge.hides_missing(column) or _numeric_missing(judge, row)
    if level:
        row = hide_row(row) if level in judge.hidden(column) else row
        return hide_row(row, ("percent",)) if lost else row
    row = hide_row(row, _EXTREMES)
    return rounded_row(hide_row(row, ("n", "n_missing")), _NUMERIC, to_digits) if lost else row


def _numeric_missing(judge: Judge, row: Row) -> bool:
    """Tell whether a row of a column itself has a small number of missing values."""
    return is_small(value_of(row, "n_missing"), judge.below)


def _numeric_tables(node: AnalysisNode, judge: Judge) -> dict[str, bool]:
    """Return the numeric columns of a grouped table, and whether their numbers of values are hidden at all levels."""
    overall, found = judge.node("baseline"), {}
    shown = [name for name in judge.levels(node.variable) if name not in judge.hidden(node.variable)]
    for row in node.rows:
        if "=" in row.term or row.term == "GLOBAL" or judge.levels(row.term):
            continue
        total = overall.find(term=row.term) if overall else None
        missing = [value_of(node.find(group=node.variable, level=name, term=row.term), "n_missing") for name in shown]
        rest = value_of(total, "n_missing") - sum(missing)
        values = [value_of(node.find(group=node.variable, level=name, term=row.term), "n") for name in shown]
        others = value_of(total, "n") - sum(values)
        cells = [*missing, rest, *values, others, value_of(total, "n_missing")]
        found[row.term] = not all(np.isfinite(v) and not is_small(v, judge.below) for v in cells)
    return found


def _baseline_grouped(row: Row, judge: Judge, numeric: Mapping[str, bool]) -> Row:
    group, level = row.group, row.level
    if level in judge.hidden(group):
        return hide_row(row)
    if row.term == "GLOBAL":
        return hide_row(row, ("n_event",)) if level in judge.hidden_outcome(group) else row
    if not judge.same_patients:
        return hide_row(row)
    column, own = split_term(row.term)
    if column in numeric:
        row = hide_row(row, _EXTREMES)
        few = value_of(row, "n") < judge.below
        if few:
            return hide_row(row)
        return rounded_row(hide_row(row, ("n", "n_missing")), _NUMERIC, to_digits) if numeric[column] else row
    cells = judge.crossed(group, column)
    if cells is None:
        return hide_row(row)
    lost = judge.hides_missing(column) or cells.get((level, MISSING), True)
    if not own:
        return hide_row(row) if lost else row
    if own in judge.hidden(column) or cells.get((level, own), True):
        return hide_row(row)
    return hide_row(row, ("percent",)) if lost else row


def baseline(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide small cells of a table of characteristics, and what gives them back."""
    if not node.variable:
        rows = tuple(_baseline_overall(row, judge) for row in node.rows)
        return node.model_copy(update={"rows": rows})
    numeric = _numeric_tables(node, judge)
    return node.model_copy(update={"rows": tuple(_baseline_grouped(row, judge, numeric) for row in node.rows)})


# -- outcome by levels and times ---------------------------------------------------------------------------------------
def _at_time(row: Row, grid: Grid) -> Row:
    """Hide what a horizon would tell beyond the times of the curves."""
    if row.time in grid.counted:
        return row
    if row.time not in grid.drawn:
        return hide_row(row)
    return rounded_row(hide_row(row, ("n_risk", "std_error")), LIMITS, to_places)


def _allowed_counts(row: Row, judge: Judge) -> set[tuple[str, float]]:
    counts = judge.counts(row.group if row.level else OVERALL, row.level)
    events = counts[1:-1].tolist()
    found = {("n", float(counts[0])), *(("n_event", d) for d in events), *(("observed", d) for d in events)}
    found |= {("n_censor", float(counts[0]) - d) for d in events} | {("n_censor", float(counts[-1]))}
    return found | {("n_missing", 0.0)}


def _deny_counts(row: Row, node: AnalysisNode, judge: Judge) -> Row:
    """Hide each count of a row that is not one of the level's own counts."""
    allowed = _allowed_counts(row, judge)
    denied = [
        s.stat for s in row.stats
        if s.value is not None and is_count(node.analysis, s.stat) and (s.stat, s.value) not in allowed
    ]  # fmt: skip
    return hide_row(row, denied) if denied else row


def _outcome_row(row: Row, node: AnalysisNode, judge: Judge) -> Row:
    if row.level and row.level in judge.hidden_outcome(row.group):
        return hide_row(row)
    if row.time is None:
        return _deny_counts(row, node, judge)
    return _at_time(row, judge.grid_of(row.group if row.level else OVERALL))


def outcome(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide what rests on hidden levels, and horizons at which too few have left or are at risk."""
    return node.model_copy(update={"rows": tuple(_outcome_row(row, node, judge) for row in node.rows)})


def comparison(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide levels of tests and differences; a test of all levels of a variable stays."""
    rows = []
    gone = judge.hidden_outcome(node.variable) if node.variable else set()
    for row in node.rows:
        late = row.time is not None and row.time > max(judge.grid_of(node.variable).times, default=0.0)
        is_hidden = late or (row.level and row.level in gone)
        row = hide_row(row) if is_hidden else _deny_counts(row, node, judge)
        if node.analysis in _AT_HORIZONS and row.time not in judge.grid_of(node.variable).counted:
            row = rounded_row(hide_row(row, ("std_error", "statistic", "log_p_value")), LIMITS, to_places)
        rows.append(row)
    return node.model_copy(update={"rows": tuple(rows)})


def contrast(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide differences between levels of which one is hidden: with the other they would give it back."""
    gone = judge.hidden_outcome(node.variable) if node.variable else set()
    return hide_node(node) if gone else comparison(node, judge)


def quantiles(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide quantiles of hidden levels, and those past the last time that is shown."""
    rows = []
    for row in node.rows:
        end = max(judge.grid_of(row.group).times, default=0.0)
        if row.level and row.level in judge.hidden_outcome(row.group):
            rows.append(hide_row(row))
        else:
            late = [s.stat for s in row.stats if s.value is not None and s.value > end]
            rows.append(rounded_row(hide_row(row, late), _TIMES, to_digits))
    return node.model_copy(update={"rows": tuple(rows)})


def follow_up(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep follow-up: the totals are not small, and its median is rounded, for it is the time of a patient."""
    rows = (rounded_row(_deny_counts(row, node, judge), _TIMES, to_digits) for row in node.rows)
    return node.model_copy(update={"rows": tuple(rows)})


# -- curves ------------------------------------------------------------------------------------------------------------
_NEVER = ("n_event", "n_censor")


def _value_at(curve: Curve, values: tuple[float | None, ...], stat: str, time: float) -> float | None:
    """Return a column at any time: who is at risk just before, all else as at the last time."""
    if stat == "n_risk":
        place = bisect_left(curve.time, time)
        return values[place] if place < len(values) else None
    place = bisect_right(curve.time, time) - 1
    return values[place] if place >= 0 else _at_start(curve, stat)


def _at_start(curve: Curve, stat: str) -> float | None:
    """Return a column before the first time: survival 1, all else 0, no limits."""
    if stat in ("conf_low", "conf_high"):
        return None
    is_survival = any(column.stat == "n_censor" for column in curve.columns)
    return 1.0 if stat == "estimate" and is_survival else 0.0


def thin_to(curve: Curve, grid: Grid) -> Curve | None:
    """Return a curve at the times of a grid; None when there are none."""
    times = tuple(t for t in grid.times if curve.time and t <= curve.time[-1])
    if not times:
        return None
    if grid.counted:
        grid, times = Grid((0.0, *grid.counted), grid.drawn), (0.0, *times)
    columns = []
    for column in curve.columns:
        values = []
        for time in times:
            value = _value_at(curve, column.values, column.stat, time)
            started = time > 0 or curve.time[0] > 0 or column.stat == "n_risk"
            if not started or column.stat in _NEVER or (time not in grid.counted and column.stat != "estimate"):
                value = None
            elif time not in grid.counted and value is not None:
                value = to_places(value)
            values.append(value)
        columns.append(CurveColumn(stat=column.stat, values=tuple(values)))
    said = Thinned(n_points=0, rule=KEPT, file="", largest_error={})
    return curve.model_copy(update={"time": times, "columns": tuple(columns), "thinned": said})


def curves(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep the curves of shown levels at the months of their group."""
    gone = judge.hidden_outcome(node.variable) if node.variable else set()
    grid = judge.grid_of(node.variable)
    found = (thin_to(curve, grid) for curve in node.curves if curve.level not in gone)
    return node.model_copy(update={"curves": tuple(curve for curve in found if curve is not None)})


def hazard_curve(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep the baseline hazard at the months of the curve of all patients."""
    grid = Grid(counted=judge.grid.times)
    found = (thin_to(curve, grid) for curve in node.curves)
    return node.model_copy(update={"curves": tuple(curve for curve in found if curve is not None)})


def smooth_curve(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep a smooth over time where the curve of all patients is shown, without hidden levels."""
    times, kept = judge.grid.times, []
    for curve in node.curves:
        inside = [i for i, t in enumerate(curve.time) if times and times[0] <= t <= times[-1]]
        if len(inside) < 2 or rests_on_tiny(curve.term, judge):
            continue
        columns = tuple(CurveColumn(stat=c.stat, values=tuple(c.values[i] for i in inside)) for c in curve.columns)
        kept.append(curve.model_copy(update={"time": tuple(curve.time[i] for i in inside), "columns": columns}))
    return node.model_copy(update={"curves": tuple(kept)})
