"""Which rows hold a condition: over distinct cells, never row by row."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.errors import Finding, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.mapping import Cells
from reporter.spec.cells import cell_key, same_value
from reporter.spec.conditions import ValueTest

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """What a condition sees of a column.

    Parameters
    ----------
    observed
        Rows with a value, shape = (n,).
    words
        Distinct values in words, and the index of each row.
    numbers
        Shape = (n,); None where the column has none.
    levels
        Level names; None where any word may stand.
    """

    observed: Mask
    words: Cells
    numbers: Floats | None
    levels: tuple[str, ...] | None = None


def _days(bound: float | dt.date) -> float:
    if isinstance(bound, dt.date):
        return float(np.datetime64(bound, "D").astype(np.int64))
    return float(bound)


def is_any(words: Cells, wanted: tuple[str, ...]) -> Mask:
    """Return the rows at one of these values, shape = (n,)."""
    keys = {cell_key(one) for one in wanted}
    hit = np.array([cell_key(word) in keys for word in words.distinct], dtype=bool)
    return np.asarray(hit[words.index])


def true_rows(condition: ValueTest, values: Values) -> Mask:
    """Return the observed rows for which every test of the condition holds, shape = (n,)."""
    holds = values.observed.copy()
    if values.numbers is not None:
        if condition.min is not None:
            holds &= values.numbers >= _days(condition.min)
        if condition.max is not None:
            holds &= values.numbers <= _days(condition.max)
    if condition.in_ is not None:
        holds &= is_any(values.words, condition.in_)
    if condition.not_in is not None:
        holds &= ~is_any(values.words, condition.not_in)
    if condition.equals is not None:
        holds &= is_any(values.words, (condition.equals,))
    if condition.matches is not None:
        pattern = re.compile(condition.matches)
        hit = np.array([pattern.search(word) is not None for word in values.words.distinct], dtype=bool)
        holds &= hit[values.words.index]
    return holds


def misuse(condition: ValueTest, values: Values, place: str) -> list[Finding]:
    """Return findings for bounds on a column with levels and for names that are not among its levels."""
    if values.levels is None:
        return []
    found = []
    if condition.min is not None or condition.max is not None:
        message = f"min and max need a numeric or date column; '{condition.column}' has {listed(values.levels)}."
        found.append(Finding("wrong_kind", place, f"{message} Use in or not_in."))
    equals = () if condition.equals is None else (condition.equals,)
    for word in (*(condition.in_ or ()), *(condition.not_in or ()), *equals):
        if not any(same_value(word, level) for level in values.levels):
            near = did_you_mean(word, values.levels)
            message = f"'{word}' is not a level of '{condition.column}'.{near} Levels: {listed(values.levels, 20)}."
            found.append(Finding("unknown_level", place, message))
    return found
