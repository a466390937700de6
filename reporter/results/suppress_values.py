"""How single numbers and notes of a result tree are hidden or rounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from reporter.results.suppress_counts import Judge
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Reason, Statistic

_DIGITS = 3
_PLACES = 3
_INTEGER = re.compile(r"(?<![\w.,])\d+(?![\w.,]?\d)")
LIMITS = ("estimate", "conf_low", "conf_high", "observed")


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


def quiet(text: str) -> str:
    """Return a note, or nothing when a whole number is in it: it may be a count that is hidden elsewhere."""
    return "" if _INTEGER.search(text) else text


def emptied(node: AnalysisNode, judge: Judge) -> AnalysisNode:  # noqa: ARG001 one signature for all rules
    """Return a node without rows: that a row is there says already that somebody is in it."""
    return node.model_copy(update={"rows": (), "curves": (), "notes": ()})


def hide_node(node: AnalysisNode) -> AnalysisNode:
    """Return a node without any number."""
    return node.model_copy(update={"rows": tuple(hide_row(row) for row in node.rows), "curves": (), "notes": ()})
