"""Hides counts and coefficients of models, of their validation, and of phenotypes."""

from __future__ import annotations

import numpy as np

from reporter.results.small_cells import Vector, is_small
from reporter.results.suppress_counts import OTHERS, OVERALL, Judge, rests_on_tiny, split_term, value_of
from reporter.results.suppress_values import LIMITS, hide_row, is_count, rounded_row, to_digits, to_places
from reporter.results.tree import AnalysisNode, Row

# -- models ------------------------------------------------------------------------------------------------------------
_FOLLOW = ("events_per_variable", "bic")


def has_few_events(row: Row, below: int) -> bool:
    """Tell whether the standard error of a level's coefficient allows fewer than `below` events at that level.

    At the maximum the information of a 0/1 column is at most the events at 1, so 1 / se² is at most their number; where
    it is not below the limit, neither are they.
    """
    error = value_of(row, "std_error")
    return "=" in row.term and bool(np.isfinite(error)) and error > 0 and 1 / error**2 < below


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
        families: dict[str, dict[str, Vector]] = {}
        for row in rows:
            n, d = value_of(row, "n"), value_of(row, "n_event")
            if not np.isfinite([n, d]).all():
                continue
            column, level = split_term(row.term)
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
    key: str, column: str, slices: dict[str, Vector],
    whole: Vector, judge: Judge,
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
        if rests_on_tiny(row.term, judge) or has_few_events(row, judge.below):
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
        few = rests_on_tiny(row.term, judge) or has_few_events(row, judge.below)
        rows.append(hide_row(row) if gone or few else row)
    return node.model_copy(update={"rows": tuple(rows)})


def other_rule(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Hide the counts under the other rule for gaps; survival to three decimals where it is shown at all."""
    rows = []
    for row in node.rows:
        shown = row.time in judge.grid.times
        names = [s.stat for s in row.stats if not shown or s.stat not in LIMITS]
        rows.append(rounded_row(hide_row(row, names), LIMITS, to_places))
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
        n = value_of(row, "n")
        names = ["n", "n_missing"] if not row.level and np.isfinite(n) and not judge.may_tell_size(n) else []
        rows.append(hide_row(row, names))
    return node.model_copy(update={"rows": tuple(rows)})


_OF_SETS = ("copula_p_value", "permutation_p_value", "n_replicates", "n_dear", "n_resamples")


def structure(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Leave the P values of the search for structure, ranks among random sets; indices and sizes are hidden."""
    del judge
    rows = []
    for row in node.rows:
        kept = _OF_SETS if row.term == "GLOBAL" else ()
        rows.append(hide_row(row, [found.stat for found in row.stats if found.stat not in kept]))
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
