"""stats.csv and verification.csv: one row a number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from reporter.results.address import time_text
from reporter.results.ledger import Verification
from reporter.results.tree import AnalysisNode, Results, last_point

STATS_COLUMNS = (
    "address", "cohort", "endpoint", "analysis", "group", "level", "term", "time", "stat", "value", "unit", "reason",
)  # fmt: skip
LEDGER_COLUMNS = ("address", "python", "r", "lifelines", "abs_diff", "rel_diff", "tolerance", "verdict", "note")


def number_text(value: float | None) -> str:
    """Shortest text that reads back as the same float; whole numbers without a point, None as nothing."""
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _curve_rows(node: AnalysisNode) -> Iterator[tuple[str, ...]]:
    """Yield the last present point of each curve column, which stands for the column in both files."""
    for curve in node.curves:
        for column in curve.columns:
            index = last_point(column.values)
            if index is None:
                continue
            time = curve.time[index]
            yield (
                node.address(curve, column.stat, time), node.cohort, node.endpoint, node.analysis,
                curve.group, curve.level, curve.term, time_text(time), column.stat,
                number_text(column.values[index]), "", "",
            )  # fmt: skip


def _statistic_rows(node: AnalysisNode) -> Iterator[tuple[str, ...]]:
    for row in node.rows:
        for found in row.stats:
            yield (
                node.address(row, found.stat), node.cohort, node.endpoint, node.analysis,
                row.group, row.level, row.term, "" if row.time is None else time_text(row.time), found.stat,
                number_text(found.value), found.unit, str(found.reason or ""),
            )  # fmt: skip


def csv_text(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return RFC 4180 text with single line feeds."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def stats_csv(results: Results) -> str:
    """Return stats.csv: every number of the tree, and the last point of each column of each curve."""
    rows = (row for node in results.analyses for part in (_statistic_rows(node), _curve_rows(node)) for row in part)
    return csv_text(STATS_COLUMNS, rows)


def verification_csv(verification: Verification) -> str:
    """Return verification.csv: the ledger."""
    return csv_text(
        LEDGER_COLUMNS,
        (
            (
                row.address, number_text(row.python), number_text(row.r), number_text(row.lifelines),
                number_text(row.abs_diff), number_text(row.rel_diff), row.tolerance, row.verdict.value, row.note,
            )
            for row in verification.rows
        ),
    )  # fmt: skip
