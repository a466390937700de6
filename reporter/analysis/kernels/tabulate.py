"""Rows of a large cohort that are alike in time, event and covariates, counted: one row each, with its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MOST_VALUES = 256  # of a numeric column
SHARE = 8  # a table is worth it with at most one cell for this many rows


@dataclass(frozen=True)
class Table:
    """Distinct rows: covariates (m, p), index of the last event time, event, and how many rows are alike; (m,)."""

    x: Floats
    last: Ints
    event: Bools
    count: Floats


def _codes(column: Floats) -> tuple[Floats, Ints] | None:
    """Return the values of a column of few whole numbers and the code of each row; None for another column."""
    low, high = float(column.min()), float(column.max())
    if not 0 < high - low < MOST_VALUES:
        return None
    codes = (column - low).astype(np.int64)
    if not (codes + low == column).all():
        return None
    return np.arange(high - low + 1, dtype=np.float64) + low, codes


def tabulate(x: Floats, event: Bools, last: Ints, n_times: int) -> Table | None:
    """Return the table of the rows that are at risk at any event time; None where it would be large."""
    most = x.shape[0] // SHARE
    size = (n_times + 1) * 2
    if size * 2.0 ** x.shape[1] > most:
        return None
    cell = (last + 1) * 2 + event
    values: list[Floats] = []
    for column in x.T:
        found = _codes(column)
        if found is None or size * found[0].size > most:
            return None
        values.append(found[0])
        cell = cell * found[0].size + found[1]
        size *= found[0].size
    count = np.bincount(cell, minlength=size)
    count[: size // (n_times + 1)] = 0  # last = -1: at risk at no event time
    rest = np.flatnonzero(count)
    number = count[rest].astype(np.float64)
    out = np.empty((rest.size, x.shape[1]))
    for j in range(x.shape[1] - 1, -1, -1):
        rest, code = np.divmod(rest, values[j].size)
        out[:, j] = values[j][code]
    return Table(out, rest // 2 - 1, rest % 2 == 1, number)
