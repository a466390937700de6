"""Hides the small numbers of the missing-data profile, and of the differences between the cohorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reporter.results.small_cells import is_small
from reporter.results.suppress_counts import Judge, value_of
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Reason, Statistic

_DRIFT_NUMBERS = ("mean_development", "std_dev_development", "mean_validation", "std_dev_validation")


def _hide(row: Row, keep: Sequence[str] = ()) -> Row:
    """Return a row without its numbers but those named."""
    stats = tuple(
        found if found.stat in keep else
        Statistic(stat=found.stat, value=None, unit=found.unit, reason=Reason.SUPPRESSED)
        for found in row.stats
    )  # fmt: skip
    return row.model_copy(update={"stats": stats})


def _with_rows(node: AnalysisNode, rule: Callable[[Row], Row]) -> AnalysisNode:
    return node.model_copy(update={"rows": tuple(rule(row) for row in node.rows)})


def profile(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep the missing values of a variable over all patients, where neither they nor the values are few.

    Table 1 shows the same two numbers. By outcome and by year everything is hidden, and so is the number of complete
    patients.
    """

    def rule(row: Row) -> Row:
        if row.group or "=" in row.term or not judge.same_patients:
            return _hide(row)
        if row.term == "GLOBAL":
            return _hide(row, ("n",))
        few = is_small(value_of(row, "n_missing"), judge.below) or is_small(value_of(row, "n"), judge.below)
        return _hide(row) if few else row

    return _with_rows(node, rule)


def reasons(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Keep the reasons of a variable where none of them, nor what is left without a reason, is small."""
    whole = judge.node("missing")
    by_column: dict[str, list[float]] = {}
    for row in node.rows:
        by_column.setdefault(row.term.partition("=")[0], []).append(value_of(row, "n"))

    def shown(column: str) -> bool:
        total = whole.find(term=column) if whole is not None else None
        counts = by_column[column]
        missing = value_of(total, "n_missing")
        cells = [*counts, missing - sum(counts), missing, value_of(total, "n")]
        return judge.same_patients and all(value == 0 or value >= judge.below for value in cells)

    return _with_rows(node, lambda row: row if shown(row.term.partition("=")[0]) else _hide(row))


def drift(node: AnalysisNode, judges: Sequence[Judge]) -> AnalysisNode:
    """Keep means and shares, rounded, where Table 1 shows them for every cohort that has a limit.

    Numbers of patients, extremes and whatever counts patients outside the range are hidden.
    """
    below = max(judge.below for judge in judges)

    def level_shown(column: str) -> bool:
        return all(
            judge.same_patients and not judge.hides_missing(column) and not judge.hidden(column)
            and any(judge.size(column, level) for level in judge.levels(column))
            for judge in judges
        )  # fmt: skip

    def rule(row: Row) -> Row:
        if any(judge.is_closed or not judge.same_patients for judge in judges):
            return _hide(row)
        column = row.term.partition("=")[0]
        if judges[0].levels(column):
            kept = ("smd", "percent_development", "percent_validation")
            return _hide(row, kept) if level_shown(column) else _hide(row)
        if min(value_of(row, "n_development"), value_of(row, "n_validation")) < below:
            return _hide(row)
        return _rounded(_hide(row, ("smd", *_DRIFT_NUMBERS)))

    return _with_rows(node, rule)


def _rounded(row: Row) -> Row:
    """Return means and standard deviations with three significant digits, the difference with two decimals."""
    stats = []
    for found in row.stats:
        value = found.value
        if value is not None:
            value = round(value, 2) if found.stat == "smd" else float(f"{value:.3g}")
        stats.append(found if value is None else found.model_copy(update={"value": value}))
    return row.model_copy(update={"stats": tuple(stats)})
