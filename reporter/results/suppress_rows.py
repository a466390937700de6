"""Hides the numbers of one analysis, as `reporter.results.suppress_counts.Judge` decides.

What is not known here is hidden: an analysis without a rule is hidden whole, a count that no rule has allowed too.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from reporter.results.small_cells import is_small
from reporter.results.suppress_counts import MISSING, OTHERS, OVERALL, Judge, value_of
from reporter.results.suppress_missing import profile, reasons
from reporter.results.suppress_times import Grid
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row, Thinned
from reporter.results.value import Reason, Statistic

KEPT = (
    "months between which every group shown has no event or at least the smallest number of patients that may be "
    "shown, and as many at risk"
)
_DIGITS = 3
_PLACES = 3
_INTEGER = re.compile(r"(?<![\w.,])\d+(?![\w.,]?\d)")
_EXTREMES = ("minimum", "maximum")
_TIMES = ("median", "quantile", "conf_low", "conf_high", "person_time")
_LAST = ("tau", "cut")
_LIMITS = ("estimate", "conf_low", "conf_high", "observed")


def hide(found: Statistic) -> Statistic:
    """Return a statistic without its value."""
    return Statistic(stat=found.stat, value=None, unit=found.unit, reason=Reason.SUPPRESSED)


def hide_row(row: Row, names: Iterable[str] | None = None) -> Row:
    """Return a row without the named numbers, or without any."""
    chosen = None if names is None else set(names)
    stats = tuple(hide(s) if chosen is None or s.stat in chosen else s for s in row.stats)
    return row.model_copy(update={"stats": stats})


def rounded_row(row: Row, names: Iterable[str], write: Callable[[float], float]) -> Row:
    """Return a row with the named values rounded."""
    chosen = set(names)
    stats = tuple(
        s if s.value is None or s.stat not in chosen else s.model_copy(update={"value": write(s.value)})
        for s in row.stats
    )
    return row.model_copy(update={"stats": stats})


def to_digits(value: float) -> float:
    """Round to three significant digits, too few to give back the number of patients."""
    return float(f"{value:.{_DIGITS}g}")


def to_places(value: float) -> float:
    """Round a probability to three decimals."""
    return round(value, _PLACES)


def is_count(analysis: str, stat: str) -> bool:
    """Tell whether a statistic is a number of patients or of events."""
    if stat in ("n", "n_event", "n_censor", "n_risk", "n_missing", "n_late_entry"):
        return True
    return stat == "observed" and analysis in ("log_rank", "gray_test", "rank_test", "pairwise_log_rank")


def quiet(text: str, below: int) -> str:
    """Return a note, or nothing when it names a number that may be a small count."""
    return "" if any(is_small(float(word), below) for word in _INTEGER.findall(text)) else text


def emptied(node: AnalysisNode, judge: Judge) -> AnalysisNode:  # noqa: ARG001 one signature for all rules
    """Return a node without rows: that a row is there says already that somebody is in it."""
    return node.model_copy(update={"rows": (), "curves": (), "notes": ()})


def hide_node(node: AnalysisNode) -> AnalysisNode:
    """Return a node without any number."""
    return node.model_copy(update={"rows": tuple(hide_row(row) for row in node.rows), "curves": (), "notes": ()})


# -- baseline ----------------------------------------------------------------------------------------------------------
_NUMERIC = ("mean", "std_dev", "median", "q1", "q3")


def _split(term: str) -> tuple[str, str]:
    column, _, level = term.partition("=")
    return column, level


def _baseline_overall(row: Row, judge: Judge) -> Row:
    if row.term == "GLOBAL":
        return row
    column, level = _split(row.term)
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
    column, own = _split(row.term)
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
    return rounded_row(hide_row(row, ("n_risk", "std_error")), _LIMITS, to_places)


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
        rows.append(hide_row(row) if is_hidden else _deny_counts(row, node, judge))
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


# -- models ------------------------------------------------------------------------------------------------------------
_ESTIMATES = ("estimate", "std_error", "statistic", "p_value", "log_p_value", "hazard_ratio", "conf_low", "conf_high")
_FOLLOW = ("events_per_variable", "bic")


def rests_on_tiny(term: str, judge: Judge) -> bool:
    """Tell whether a coefficient compares a level of few patients or events, or has one as its reference."""
    for info in judge.columns:
        if not info.levels or f"{info.name}=" not in term:
            continue
        tiny = judge.tiny(info.name)
        if info.levels[0] in tiny or any(f"{info.name}={level}" in term for level in tiny):
            return True
    return False


def _model_totals(node: AnalysisNode) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return patients and events of the models of a node, by covariate; under `OVERALL` those of the only model."""
    found = {}
    for row in node.rows:
        n, d = value_of(row, "n"), value_of(row, "n_event")
        column, level = _split(row.term)
        if not level and np.isfinite([n, d]).all():
            found[column] = np.array([n, d, n - d])
    return found


def _key(row: Row) -> str:
    """Return what separates models that count other events: the cause, the period."""
    return f"\x00{row.group}={row.level}" if row.group or row.level else OVERALL


def _told(node: AnalysisNode, judge: Judge) -> dict[tuple[str, str], bool]:
    """Return by key and term whether the counts of a row of a model may be shown."""
    told: dict[tuple[str, str], bool] = {}
    by_key: dict[str, list[Row]] = {}
    for row in node.rows:
        by_key.setdefault(_key(row), []).append(row)
    for key, rows in by_key.items():
        families: dict[str, dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
        for row in rows:
            n, d = value_of(row, "n"), value_of(row, "n_event")
            if not np.isfinite([n, d]).all():
                continue
            column, level = _split(row.term)
            counts = np.array([n, d, n - d])
            if level and ":" not in row.term:
                families.setdefault(column, {})[level] = counts
            elif not key:
                told[key, row.term] = OTHERS in judge.may_tell(OVERALL, {OTHERS: counts})
        for column, slices in families.items():
            whole = sum(slices.values(), np.zeros(3))
            told |= _family_told(key, column, slices, whole, judge)
    return told


def _family_told(
    key: str, column: str, slices: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
    whole: np.ndarray[tuple[int], np.dtype[np.float64]], judge: Judge,
) -> dict[tuple[str, str], bool]:  # fmt: skip
    if key or OTHERS not in judge.may_tell(OVERALL, {OTHERS: whole}):
        return {}
    shown = judge.may_tell(column, {**slices, OTHERS: whole})
    return {(key, f"{column}={level}"): level in shown for level in slices}


def model(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide counts that differ by a small number from others, and coefficients of levels with few patients or events."""
    told, rows = _told(node, judge), []
    for row in node.rows:
        if not told.get((_key(row), row.term), False):
            counts = [s.stat for s in row.stats if is_count(node.analysis, s.stat) or s.stat in _FOLLOW]
            row = hide_row(row, counts)
        missing = value_of(row, "n_missing")
        if is_small(missing, judge.below):
            row = hide_row(row, ("n", "n_event", "n_missing", *_FOLLOW))
        if rests_on_tiny(row.term, judge):
            row = hide_row(row, [s.stat for s in row.stats if not is_count(node.analysis, s.stat)])
        rows.append(row)
    return node.model_copy(update={"rows": tuple(rows)})


def without_counts(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide the counts of an analysis on other patients or events than the rest of the report."""
    rows = []
    for row in node.rows:
        names = [s.stat for s in row.stats if is_count(node.analysis, s.stat) or s.stat.startswith("n_")]
        row = hide_row(row, names)
        gone = row.level and row.level in judge.hidden_outcome(row.group)
        rows.append(hide_row(row) if gone or rests_on_tiny(row.term, judge) else row)
    return node.model_copy(update={"rows": tuple(rows)})


def other_rule(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide the counts under the other rule for gaps; survival to three decimals where it is shown at all."""
    rows = []
    for row in node.rows:
        shown = row.time in judge.grid.times
        names = [s.stat for s in row.stats if not shown or s.stat not in _LIMITS]
        rows.append(rounded_row(hide_row(row, names), _LIMITS, to_places))
    return node.model_copy(update={"rows": tuple(rows)})


def calibration(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide observed risks at times that the curve does not show; the number at risk where the curve hides it."""
    rows = []
    for row in node.rows:
        if row.time is None:
            rows.append(row)
        elif row.time not in judge.grid.times:
            rows.append(hide_row(row))
        else:
            whole = judge.course(OVERALL, OVERALL)
            same = whole is not None and value_of(row, "n_risk") == whole.at_risk(np.array([row.time]))[0]
            rows.append(row if same and row.time in judge.grid.counted else hide_row(row, ("n_risk",)))
    return node.model_copy(update={"rows": tuple(rows)})


def strata(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide groups of predicted risk with few patients, few events or few without; never one group alone."""

    def cells(row: Row) -> tuple[float, float, float]:
        n, share = value_of(row, "n"), value_of(row, "observed")
        return n, n * share, n * (1 - share)

    gone = {i for i, row in enumerate(node.rows) if any(0 < v < judge.below for v in cells(row))}
    order = sorted(range(len(node.rows)), key=lambda i: cells(node.rows[i])[1])
    for i in order:
        if not gone or (len(gone) > 1 and sum(cells(node.rows[k])[1] for k in gone) >= judge.below):
            break
        gone.add(i)
    rows = tuple(hide_row(row) if i in gone else row for i, row in enumerate(node.rows))
    return node.model_copy(update={"rows": rows})


def performance(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide the counts of the patients that a model was tried on where they are not those of the cohort."""
    told, rows = {}, []
    for row in node.rows:
        n, d = value_of(row, "n"), value_of(row, "n_event")
        if np.isfinite([n, d]).all():
            told[row.term] = OTHERS in judge.may_tell(OVERALL, {OTHERS: np.array([n, d, n - d])})
        names = [s.stat for s in row.stats if s.stat in ("n", "n_event", "n_competing", "n_missing")]
        names += [s.stat for s in row.stats if s.stat.startswith("n_") and is_small(s.value or 0.0, judge.below)]
        if told.get(row.term, False):
            names = [name for name in names if name not in ("n", "n_event")]
        rows.append(hide_row(row, names))
    return node.model_copy(update={"rows": tuple(rows)})


# -- phenotypes --------------------------------------------------------------------------------------------------------
def phenotype(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide phenotypes of few patients or events, and with them what the total would give."""
    rows = []
    for row in node.rows:
        if row.level and row.level in judge.hidden_outcome(row.group):
            rows.append(hide_row(row))
            continue
        names = ["n_missing"] if is_small(value_of(row, "n_missing"), judge.below) else []
        if not row.level and names:
            names.append("n")
        rows.append(hide_row(row, names))
    return node.model_copy(update={"rows": tuple(rows)})


def classifier(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide accuracies that tell of a small number of misclassified patients."""
    rows = []
    for row in node.rows:
        n, share = value_of(row, "n"), value_of(row, "accuracy")
        few = any(0 < round(v) < judge.below for v in (n * (1 - share), n * share) if np.isfinite(v))
        names = ["accuracy", "balanced_accuracy"] if few else []
        if n != judge.total[0]:
            names.append("n")
        rows.append(rounded_row(hide_row(row, names), ("accuracy", "balanced_accuracy"), to_digits))
    return node.model_copy(update={"rows": tuple(rows)})


def as_it_is(node: AnalysisNode, judge: Judge) -> AnalysisNode:  # noqa: ARG001 one signature for all rules
    """Keep what counts nobody."""
    return node


Rule = Callable[[AnalysisNode, Judge], AnalysisNode]

RULES: dict[str, Rule] = {
    "baseline": baseline,
    "missing": profile,
    "missing_reason": reasons,
    "follow_up": follow_up,
    "kaplan_meier": outcome,
    "kaplan_meier_curve": curves,
    "survival_quantile": quantiles,
    "cumulative_incidence": outcome,
    "cumulative_incidence_curve": curves,
    "log_rank": comparison,
    "gray_test": comparison,
    "rank_test": comparison,
    "pairwise_log_rank": contrast,
    "rmst": comparison,
    "rmst_difference": contrast,
    "survival_difference": contrast,
    "conditional_survival": contrast,
    "gap_sensitivity": other_rule,
    "cox_univariable": model,
    "cox_univariable_model": model,
    "cox_multivariable": model,
    "cox_model": model,
    "cox_firth": without_counts,
    "cox_imputed": without_counts,
    "cox_term_test": without_counts,
    "cox_time_split": without_counts,
    "cox_stratified": without_counts,
    "cox_cause_specific": without_counts,
    "cox_cause_specific_model": without_counts,
    "fine_gray": without_counts,
    "fine_gray_model": without_counts,
    "cox_baseline_curve": hazard_curve,
    "ph_smooth_curve": smooth_curve,
    "ph_test": as_it_is,
    "ph_test_km": as_it_is,
    "ph_test_rank": as_it_is,
    "ph_test_identity": as_it_is,
    "ph_test_log": as_it_is,
    "concordance": performance,
    "performance": performance,
    "competing_performance": performance,
    "calibration": calibration,
    "competing_calibration": calibration,
    "calibration_group": strata,
    "missing_pattern": emptied,
    "phenotype": phenotype,
    "phenotype_classifier": classifier,
}


def suppress_node(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Return a node without what its cohort may not tell; an analysis without a rule loses all its numbers."""
    rule = RULES.get(node.analysis)
    failed = node.failed and (quiet(node.failed, judge.below) or "not shown (few patients)")
    found = hide_node(node) if rule is None or judge.is_closed else rule(node, judge)
    found = found.model_copy(update={"rows": tuple(rounded_row(row, _LAST, to_digits) for row in found.rows)})
    notes = tuple(note for note in (quiet(note, judge.below) for note in found.notes) if note)
    rows = tuple(_quiet_row(row, judge.below) for row in found.rows)
    return found.model_copy(update={"notes": notes, "failed": failed, "rows": rows})


def _quiet_row(row: Row, below: int) -> Row:
    if all(not s.note or quiet(s.note, below) for s in row.stats):
        return row
    stats = tuple(s.model_copy(update={"note": quiet(s.note, below)}) for s in row.stats)
    return row.model_copy(update={"stats": stats})
