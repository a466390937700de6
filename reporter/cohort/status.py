"""Event indicators from status columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding
from reporter.intake.finding import listed
from reporter.intake.mapping import Cells, distinct_cells, is_missing
from reporter.spec.columns import parse_number, same_value


def _is_any(cell: str, values: Sequence[str]) -> bool:
    return any(same_value(cell, value) for value in values)


def _distinct_values(cells: Sequence[str]) -> list[str]:
    """Return one cell for each value: ``0`` and ``0.0`` are one."""
    seen: dict[float | str, str] = {}
    for cell in cells:
        number = parse_number(cell)
        seen.setdefault(cell if number is None else number, cell)
    return list(seen.values())


def read_status(
    column: pd.Series,
    event_values: Sequence[str],
    censored_values: Sequence[str] | None,
    missing: Sequence[str],
    place: str,
    elsewhere: Sequence[str] = (),
) -> tuple[NDArray[np.float64], list[Finding]]:
    """Return 1 for an event, 0 for censored, NaN where missing; shape = (n,).

    Parameters
    ----------
    column
        Text of the status column; values compare as numbers when both sides parse.
    event_values, censored_values
        What the study file lists; `censored_values` may be None where exactly one other value occurs.
    missing
        Words for missing of the dictionary.
    elsewhere
        Values that mean another event of the same column; they count as censored here.
    place
        Key of the endpoint for findings.
    """
    found = distinct_cells(column)
    cells = found.distinct
    absent = [is_missing(cell, missing) for cell in cells]
    is_event = [_is_any(cell, event_values) for cell in cells]
    known = [a or e or _is_any(c, elsewhere) for c, a, e in zip(cells, absent, is_event, strict=True)]
    others = [c for c, is_known in zip(cells, known, strict=True) if not is_known]
    findings = [_never(column, value, cells, place) for value in event_values if not _is_any(value, cells)]
    findings += _censoring_findings(str(column.name), found, others, event_values, censored_values, place)
    status = [np.nan if a else float(e) for a, e in zip(absent, is_event, strict=True)]
    return found.spread(status), findings


def _never(column: pd.Series, value: str, cells: Sequence[str], place: str) -> Finding:
    message = (
        f"the event value '{value}' never occurs in column '{column.name}'. Values that occur: "
        f"{listed(sorted(cells), 12)}. Give the values of the file as event values."
    )
    return Finding("event_never_occurs", place, message)


def _censoring_findings(
    name: str,
    found: Cells,
    others: Sequence[str],
    event_values: Sequence[str],
    censored_values: Sequence[str] | None,
    place: str,
) -> list[Finding]:
    if censored_values is None:
        values = _distinct_values(others)
        if len(values) <= 1:
            return []
        message = (
            f"column '{name}' has {len(values)} values beside the events: {listed(values)}. "
            "List those that mean censored as censored_values, and put the rest under event values or missing."
        )
        return [Finding("ambiguous_censoring", place, message)]
    both = [value for value in censored_values if _is_any(value, event_values)]
    findings = []
    if both:
        message = f"{listed(both)} stands under event values and under censored_values; keep one."
        findings.append(Finding("event_and_censored", place, message))
    unknown = [cell for cell in others if not _is_any(cell, censored_values)]
    if unknown:
        n_rows = found.n_rows(unknown)
        message = (
            f"column '{name}' has {listed(unknown)} in {n_rows} rows, neither an event ({listed(event_values)}) "
            f"nor censored ({listed(censored_values)})."
        )
        todo = "Add the values to one of the lists or to missing."
        places = [i for i, cell in enumerate(found.distinct) if cell in set(unknown)]
        findings.append(
            Finding(
                "unknown_status", place, message, n_rows=n_rows, column=name, rows=found.first_at(places), todo=todo
            )
        )
    return findings
