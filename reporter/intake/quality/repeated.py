"""Rows that stand twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding
from reporter.intake.quality.examined import Examined

FEWEST_COLUMNS = 10
"""Without an identifier, two patients may well agree in fewer columns than this."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def _codes(column: pd.Series) -> NDArray[np.uint64]:
    """Return one code a cell, shape = (n,): equal exactly where the cells are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64).astype(np.uint64)
    if column.dtype.kind == "f":
        values = column.to_numpy(dtype=np.float64) + 0.0
        return np.asarray(np.where(np.isnan(values), np.nan, values).view(np.uint64))
    return np.asarray(pd.factorize(column.to_numpy(dtype=object))[0], dtype=np.int64).astype(np.uint64)


def copies(table: pd.DataFrame) -> NDArray[np.int64]:
    """Return the places of rows that are, cell by cell, copies of an earlier row.

    Rows whose 64-bit mixtures agree are compared cell by cell.
    """
    mixed = np.zeros(len(table), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in table.columns:
            mixed = (mixed ^ (mixed >> np.uint64(29))) * _FACTOR + _codes(table[name])
    suspects = np.flatnonzero(pd.Series(mixed).duplicated(keep=False).to_numpy())
    if not suspects.size:
        return suspects
    same = table.iloc[suspects].astype(object).duplicated(keep="first").to_numpy()
    return np.asarray(suspects[same], dtype=np.int64)


def repeated_rows(examined: Examined) -> Iterator[Finding]:
    """Warn of exact copies of rows, which are entry errors rather than two patients."""
    if examined.data.id is None and examined.table.shape[1] < FEWEST_COLUMNS:
        return
    rows = copies(examined.table)
    if rows.size:
        message = f"{rows.size} rows are in every cell a copy of an earlier row."
        todo = "Remove the copies, or confirm that they are different patients."
        yield examined.finding("duplicate_row", "", message, rows, todo=todo, place=examined.source_place)
