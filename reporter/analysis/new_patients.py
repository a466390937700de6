"""Design matrices of patients that a model has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.design import Pair, make_design
from reporter.cohort.frame import Column
from reporter.errors import ReporterError
from reporter.spec.options import TermSpec

Floats = NDArray[np.float64]


def at_levels(column: Column, levels: Sequence[str]) -> Column:
    """Return the column coded by `levels`; a level that is not among them becomes missing."""
    if column.levels == tuple(levels):
        return column
    position = {level: float(i) for i, level in enumerate(levels)}
    codes = np.array([*(position.get(level, np.nan) for level in column.levels), np.nan])
    return replace(column, levels=tuple(levels), values=codes[column.codes])


def complete_design(
    terms: Sequence[TermSpec], columns: Mapping[str, Column], interactions: Sequence[Pair] = ()
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the design (m, p), NaN in rows with a missing value, and which rows are complete (m,).

    Raises
    ------
    ReporterError
        When a column of a term is not given, or has words where the model has numbers.
    """
    used: dict[str, Column] = {}
    for term in terms:
        if term.column not in columns:
            given = ", ".join(columns) or "none"
            raise ReporterError(f"column '{term.column}' is needed by the model and is not given; given: {given}.")
        column = columns[term.column]
        if bool(term.levels) == column.is_numeric:
            expected = f"one of {', '.join(term.levels)}" if term.levels else "a number"
            raise ReporterError(f"column '{term.column}' is {column.kind}; the model expects {expected}.")
        used[term.column] = at_levels(column, term.levels)
    size = next(iter(used.values())).values.size if used else 0
    complete = np.ones(size, dtype=bool)
    for column in used.values():
        complete &= column.observed
    matrix = make_design(terms, used, np.ones(size, dtype=bool), interactions).matrix
    matrix[~complete] = np.nan
    return matrix, complete
