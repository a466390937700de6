"""From text to numbers and levels by the data dictionary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding, did_you_mean
from reporter.intake.columnar import as_text
from reporter.intake.finding import listed
from reporter.spec.columns import ColumnSpec, parse_number, same_value

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mapped:
    """Values of one column, typed by the dictionary.

    Parameters
    ----------
    levels
        Level names, the reference first; empty for numbers and dates.
    values
        float64, shape = (n,); the number, the level's code or days since 1970-01-01; NaN where missing.
    """

    levels: tuple[str, ...]
    values: Floats


@dataclass(frozen=True)
class Cells:
    """Distinct cells of a column, the row's index into them, and how often each occurs."""

    distinct: list[str]
    index: NDArray[np.int64]
    counts: NDArray[np.int64]

    def spread(self, values: Sequence[float]) -> Floats:
        """Return one value per row from one value per distinct cell, shape = (n,)."""
        return np.asarray(values, dtype=np.float64)[self.index] if self.distinct else np.empty(0)

    def n_rows(self, cells: Collection[str]) -> int:
        """Return the number of rows with one of these cells."""
        return int(sum(self.counts[i] for i, cell in enumerate(self.distinct) if cell in cells))


def distinct_cells(column: pd.Series) -> Cells:
    """Return the distinct cells of a column of text, of distinct cells, or of numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes, dtype=np.int64)
        counts = np.bincount(codes, minlength=len(column.cat.categories))
        present = np.flatnonzero(counts)
        place = np.cumsum(counts > 0) - 1
        distinct = [str(cell) for cell in column.cat.categories[present]]
        return Cells(distinct, place[codes].astype(np.int64), counts[present].astype(np.int64))
    index, found = pd.factorize((as_text(column) if column.dtype.kind == "f" else column).to_numpy(dtype=object))
    counts = np.bincount(index, minlength=len(found)).astype(np.int64)
    return Cells([str(cell) for cell in found], index.astype(np.int64), counts)


def is_missing(cell: str, missing: Sequence[str]) -> bool:
    """Tell whether a cell is empty or one of the dictionary's words for missing."""
    return cell == "" or any(same_value(cell, word) for word in missing)


def _as_numbers(column: pd.Series, missing: Sequence[str]) -> Floats:
    """Return a column that holds numbers already, NaN where it or the dictionary says missing."""
    values = column.to_numpy(dtype=np.float64, copy=True)
    words = [number for number in map(parse_number, missing) if number is not None]
    values[np.isin(values, words)] = np.nan
    return values


def map_numbers(column: pd.Series, missing: Sequence[str], place: str) -> tuple[Floats, list[Finding]]:
    """Return the numbers of a text column, NaN where missing.

    Parameters
    ----------
    column
        Text, shape = (n,); the empty string is the missing cell.
    missing
        Cells that mean missing, compared as numbers when both sides parse.
    place
        Key of the study file for findings.
    """
    if column.dtype.kind == "f":
        return _as_numbers(column, missing), []
    cells = distinct_cells(column)
    values: list[float] = []
    bad: list[int] = []
    for position, cell in enumerate(cells.distinct):
        absent = is_missing(cell, missing)
        number = None if absent else parse_number(cell)
        if number is None and not absent:
            bad.append(position)
        values.append(np.nan if number is None else number)
    findings = []
    if bad:
        n_rows = int(cells.counts[bad].sum())
        message = (
            f"column '{column.name}' must hold numbers, got {listed(cells.distinct[i] for i in bad)} in {n_rows} rows. "
            "Correct the cells, or list them under missing in the column's dictionary."
        )
        findings.append(Finding("not_a_number", place, message, n_rows=n_rows))
    return cells.spread(values), findings


def map_dates(column: pd.Series, missing: Sequence[str], place: str) -> tuple[Floats, list[Finding]]:
    """Return days since 1970-01-01 of a column of ISO dates (YYYY-MM-DD), NaN where missing."""
    cells = distinct_cells(column)
    values: list[float] = []
    bad: list[str] = []
    for cell in cells.distinct:
        if is_missing(cell, missing):
            values.append(np.nan)
            continue
        try:
            values.append(float(np.datetime64(cell, "D").astype(np.int64)) if len(cell) == 10 else np.nan)
        except ValueError:
            values.append(np.nan)
        if np.isnan(values[-1]):
            bad.append(cell)
    findings = []
    if bad:
        n_rows = cells.n_rows(bad)
        message = (
            f"column '{column.name}' must hold dates, got {listed(bad)} in {n_rows} rows. "
            "Write dates as YYYY-MM-DD, or list the cells under missing in the column's dictionary."
        )
        findings.append(Finding("not_a_date", place, message, n_rows=n_rows))
    return cells.spread(values), findings


def _natural_order(cells: Sequence[str]) -> tuple[str, ...]:
    """Sort as numbers when all parse, else as text; of cells that spell one number the first stands for all."""
    spellings: dict[float | str, str] = {}
    for cell in cells:
        number = parse_number(cell)
        spellings.setdefault(cell if number is None else number, cell)
    cells = tuple(spellings.values())
    numbers = [parse_number(cell) for cell in cells]
    if all(number is not None for number in numbers):
        return tuple(cell for _, cell in sorted(zip(numbers, cells, strict=True), key=lambda pair: (pair[0], pair[1])))
    return tuple(sorted(cells))


def reference_first(levels: Sequence[str], reference: str | None) -> tuple[str, ...]:
    """Move the reference level to the front."""
    if reference is None or reference not in levels:
        return tuple(levels)
    return (reference, *(level for level in levels if level != reference))


def _label_of(cell: str, spec: ColumnSpec, declared: Sequence[str]) -> str | None:
    """Return the level of a cell, or None when the dictionary does not know it."""
    pairs = spec.codes.items() if spec.codes else ((level, level) for level in declared)
    return next((label for code, label in pairs if same_value(cell, code)), None)


def _unknown(
    name: object, bad: Sequence[str], n_rows: int, spec: ColumnSpec, allowed: Sequence[str], place: str
) -> Finding:
    codes = tuple(spec.codes) if spec.codes else tuple(allowed)
    near = did_you_mean(bad[0], codes)
    message = (
        f"column '{name}' has {listed(bad)} in {n_rows} rows, which the dictionary does not know.{near} "
        f"Allowed: {listed(codes, 20)}. Add the value to codes, levels or missing."
    )
    return Finding("unknown_code", place, message, n_rows=n_rows)


def _map_levels(
    column: pd.Series, spec: ColumnSpec, levels: Sequence[str] | None, place: str
) -> tuple[Mapped, list[Finding]]:
    """Map codes or level names; `levels` are those of the development cohort, the reference first."""
    cells = distinct_cells(column)
    given = [cell for cell in cells.distinct if not is_missing(cell, spec.missing)]
    declared = spec.declared_levels or tuple(levels or ()) or _natural_order(given)
    final = tuple(levels) if levels is not None else reference_first(declared, spec.reference)
    position = {label: float(i) for i, label in enumerate(final)}
    values: list[float] = []
    bad: list[str] = []
    for cell in cells.distinct:
        if is_missing(cell, spec.missing):
            values.append(np.nan)
            continue
        label = _label_of(cell, spec, declared)
        if label is None or label not in (*declared, *final):
            bad.append(cell)
        values.append(np.nan if label is None else position.get(label, np.nan))
    findings = [_unknown(column.name, bad, cells.n_rows(bad), spec, declared, place)] if bad else []
    if spec.kind == "binary" and len(final) > 2:
        message = f"column '{column.name}' is binary but has {listed(final)}. Use codes for two levels, or missing."
        findings.append(Finding("not_binary", place, message))
    return Mapped(final, cells.spread(values)), findings


def _map_bins(
    column: pd.Series, spec: ColumnSpec, levels: Sequence[str] | None, place: str
) -> tuple[Mapped, list[Finding]]:
    """Cut numbers into levels; bins are right-closed, ``(a, b]``."""
    numbers, findings = map_numbers(column, spec.missing, place)
    final = tuple(levels) if levels is not None else reference_first(spec.declared_levels, spec.reference)
    position = {label: float(i) for i, label in enumerate(final)}
    codes = np.array([position.get(label, np.nan) for label in spec.declared_levels])
    cut = codes[np.searchsorted(np.asarray(spec.bins, dtype=np.float64), numbers, side="left").clip(max=codes.size - 1)]
    return Mapped(final, np.where(np.isnan(numbers), np.nan, cut)), findings


def map_column(
    column: pd.Series, spec: ColumnSpec, *, levels: Sequence[str] | None = None, place: str = ""
) -> tuple[Mapped, tuple[Finding, ...]]:
    """Type one column of text by the dictionary.

    Parameters
    ----------
    column
        Text, shape = (n,), named after the column; the empty string is the missing cell.
    spec
        The dictionary's entry.
    levels
        Levels of the development cohort, the reference first, when another cohort or new patients are mapped.
        A value at a declared level that is not among them becomes missing.
    place
        Key of the study file for findings; empty: ``columns.<name>``.
    """
    where = place or f"columns.{column.name}"
    if spec.kind in ("numeric", "date"):
        values, findings = (map_numbers if spec.kind == "numeric" else map_dates)(column, spec.missing, where)
        return Mapped((), values), tuple(findings)
    mapped, findings = (_map_bins if spec.bins else _map_levels)(column, spec, levels, where)
    return mapped, tuple(findings)
