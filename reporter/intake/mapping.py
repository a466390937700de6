"""From text to numbers and levels by the data dictionary."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding, did_you_mean
from reporter.intake.columnar import as_text
from reporter.intake.finding import first_rows, listed
from reporter.intake.numbers import PLAIN, NumberReader, first_number
from reporter.spec.columns import ColumnSpec, cell_key, parse_number

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
    reasons
        Why values are missing, in the dictionary's words.
    why
        int8, shape = (n,): 1 is the first of `reasons`, 0 none; None where the dictionary gives no reasons.
    """

    levels: tuple[str, ...]
    values: Floats
    reasons: tuple[str, ...] = ()
    why: NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Cells:
    """Distinct cells of a column, the row's index into them, and how often each occurs."""

    distinct: list[str]
    index: NDArray[np.int64]
    counts: NDArray[np.int64]

    def spread(self, values: Sequence[float]) -> Floats:
        """Return one value per row from one value per distinct cell, shape = (n,)."""
        return np.asarray(values, dtype=np.float64)[self.index] if self.distinct else np.empty(0)

    def first_at(self, places: Sequence[int]) -> tuple[int, ...]:
        """Return the first rows at some of the distinct cells, from 0."""
        return first_rows(np.isin(self.index, np.asarray(places, dtype=np.int64)))

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
    return cell == "" or cell_key(cell) in {cell_key(word) for word in missing}


def map_numbers(
    column: pd.Series, missing: Sequence[str], place: str, spec: ColumnSpec = PLAIN
) -> tuple[Floats, list[Finding]]:
    """Return the numbers of a text column, NaN where missing.

    Parameters
    ----------
    column
        Text, shape = (n,); the empty string is the missing cell.
    missing
        Cells that mean missing, compared as numbers when both sides parse.
    place
        Key of the study file for findings.
    spec
        How cells are read: special codes, the first number of a cell, the unit in the file.
    """
    reader = NumberReader(missing, spec)
    if column.dtype.kind == "f":
        return reader.of_numbers(column), []
    cells = distinct_cells(column)
    parsed = [reader.parse(cell) for cell in cells.distinct]
    bad = [position for position, number in enumerate(parsed) if number is None]
    values = reader.converted(np.array([np.nan if number is None else number for number in parsed], dtype=np.float64))
    findings = []
    if bad:
        n_rows = int(cells.counts[bad].sum())
        what = "numbers" if not reader.first else "one plain number a cell"
        got = listed(cells.distinct[i] for i in bad)
        message = f"column '{column.name}' must hold {what}, got {got} in {n_rows} rows."
        findings.append(
            Finding(
                "not_a_number", place, message, n_rows=n_rows, column=str(column.name), rows=cells.first_at(bad),
                todo="Correct the cells, or list them under missing in the column's dictionary.",
            )
        )  # fmt: skip
    return cells.spread(values.tolist()), findings


def _day(cell: str, form: str) -> float:
    """Return days since 1970-01-01, NaN where the cell is no date of this form."""
    try:
        if form:
            day = dt.datetime.strptime(cell.strip(), form).date()  # noqa: DTZ007
            return float((day - dt.date(1970, 1, 1)).days)
        return float(np.datetime64(cell, "D").astype(np.int64)) if len(cell) == 10 else np.nan
    except ValueError:
        return np.nan


def map_dates(column: pd.Series, missing: Sequence[str], place: str, form: str = "") -> tuple[Floats, list[Finding]]:
    """Return days since 1970-01-01 of a column of dates, NaN where missing.

    Parameters
    ----------
    column, missing, place
        As for `map_numbers`.
    form
        How they are written (``%d.%m.%Y``); empty: YYYY-MM-DD. With a form, YYYY-MM-DD is read too, as a spreadsheet
        gives real dates.
    """
    cells = distinct_cells(column)
    values: list[float] = []
    bad: list[str] = []
    for cell in cells.distinct:
        if is_missing(cell, missing):
            values.append(np.nan)
            continue
        day = _day(cell, form)
        values.append(_day(cell, "") if form and np.isnan(day) else day)
        if np.isnan(values[-1]):
            bad.append(cell)
    findings = []
    if bad:
        n_rows = cells.n_rows(bad)
        message = f"column '{column.name}' must hold dates, got {listed(bad)} in {n_rows} rows."
        todo = f"Write dates as {form or 'YYYY-MM-DD'}, or list the cells under missing in the column's dictionary."
        wrong = [i for i, cell in enumerate(cells.distinct) if cell in set(bad)]
        rows = cells.first_at(wrong)
        name = str(column.name)
        findings.append(Finding("not_a_date", place, message, n_rows=n_rows, column=name, rows=rows, todo=todo))
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


class _Labels:
    """Levels of cells by the dictionary's entry."""

    def __init__(self, spec: ColumnSpec, declared: Sequence[str]) -> None:
        pairs = spec.codes.items() if spec.codes else ((level, level) for level in declared)
        self.known: dict[float | str, str] = {}
        for code, label in pairs:
            self.known.setdefault(cell_key(code), label)
        self.patterns = [(re.compile(one.matches), one.level) for one in spec.patterns]

    def of(self, cell: str) -> str | None:
        """Return the level of a cell, or None when the dictionary does not know it."""
        found = self.known.get(cell_key(cell))
        if found is not None:
            return found
        return next((level for pattern, level in self.patterns if pattern.fullmatch(cell)), None)


def _unknown(
    name: object, bad: Sequence[str], cells: Cells, spec: ColumnSpec, allowed: Sequence[str], place: str
) -> Finding:
    n_rows = cells.n_rows(bad)
    rows = cells.first_at([i for i, cell in enumerate(cells.distinct) if cell in set(bad)])
    codes = tuple(spec.codes) if spec.codes else tuple(allowed)
    near = did_you_mean(bad[0], codes)
    message = f"column '{name}' has {listed(bad)} in {n_rows} rows, which the dictionary does not know.{near}"
    message = f"{message} {spec.note}" if spec.note else message
    return Finding(
        "unknown_code", place, message, n_rows=n_rows, rows=rows, allowed=listed(codes, 20),
        todo="Add the value to codes, levels or missing.",
    )  # fmt: skip


def _map_levels(
    column: pd.Series, spec: ColumnSpec, levels: Sequence[str] | None, place: str
) -> tuple[Mapped, list[Finding]]:
    """Map codes or level names; `levels` are those of the development cohort, the reference first."""
    cells = distinct_cells(column)
    missing = {cell_key(word) for word in (*spec.missing, "")}
    given = [cell for cell in cells.distinct if cell_key(cell) not in missing]
    declared = spec.declared_levels or tuple(levels or ()) or _with_unknown(_natural_order(given), spec)
    final = tuple(levels) if levels is not None else reference_first(declared, spec.reference)
    position = {label: float(i) for i, label in enumerate(final)}
    labels = _Labels(spec, declared)
    values: list[float] = []
    bad: list[str] = []
    for cell in cells.distinct:
        if cell_key(cell) in missing:
            values.append(np.nan)
            continue
        label = labels.of(cell)
        if label is None or label not in (*declared, *final):
            bad.append(cell)
        values.append(np.nan if label is None else position.get(label, np.nan))
    findings = [_unknown(column.name, bad, cells, spec, declared, place)] if bad else []
    if spec.kind == "binary" and len(final) > 2:
        message = f"column '{column.name}' is binary but has {listed(final)}. Use codes for two levels, or missing."
        findings.append(Finding("not_binary", place, message))
    return Mapped(final, cells.spread(values)), findings


def _with_unknown(levels: tuple[str, ...], spec: ColumnSpec) -> tuple[str, ...]:
    unknown = spec.unknown_level
    return levels if unknown is None or unknown in levels else (*levels, unknown)


def _map_bins(
    column: pd.Series, spec: ColumnSpec, levels: Sequence[str] | None, place: str
) -> tuple[Mapped, list[Finding]]:
    """Cut numbers into levels; bins are right-closed, ``(a, b]``."""
    numbers, findings = map_numbers(column, spec.missing, place, spec)
    final = tuple(levels) if levels is not None else reference_first(spec.declared_levels, spec.reference)
    position = {label: float(i) for i, label in enumerate(final)}
    cut_levels = [level for level in spec.declared_levels if level != spec.unknown_level]
    codes = np.array([position.get(label, np.nan) for label in cut_levels])
    cut = codes[np.searchsorted(np.asarray(spec.bins, dtype=np.float64), numbers, side="left").clip(max=codes.size - 1)]
    return Mapped(final, np.where(np.isnan(numbers), np.nan, cut)), findings


def _reasons(column: pd.Series, spec: ColumnSpec, values: Floats) -> tuple[tuple[str, ...], NDArray[np.int8] | None]:
    """Return why values are missing, by the words of the cells."""
    if not spec.missing_reasons:
        return (), None
    reasons = tuple(dict.fromkeys(spec.missing_reasons.values()))
    of_word = {cell_key(word): reasons.index(reason) + 1 for word, reason in spec.missing_reasons.items()}
    if column.dtype.kind == "f":
        why = np.zeros(len(column), dtype=np.int8)
        given = column.to_numpy(dtype=np.float64)
        for word, place in of_word.items():
            if isinstance(word, float):
                why[given == word] = place
    else:
        first = NumberReader(spec.missing, spec) if spec.number else None
        cells = distinct_cells(column)
        keys = [_number_key(cell, first) for cell in cells.distinct]
        why = np.array([of_word.get(key, 0) for key in keys], dtype=np.int8)[cells.index]
    why[~np.isnan(values)] = 0
    return reasons, why


def _absent(column: pd.Series, spec: ColumnSpec) -> NDArray[np.bool_]:
    """Return the rows whose cell means missing, shape = (n,); a cell that cannot be read does not."""
    reader = NumberReader(spec.missing, spec if spec.bins else PLAIN)
    if column.dtype.kind == "f":
        return np.isnan(reader.of_numbers(column))
    cells = distinct_cells(column)
    if spec.bins:
        numbers = [reader.parse(cell) for cell in cells.distinct]
        absent = [number is not None and number != number for number in numbers]
    else:
        absent = [cell == "" or cell_key(cell) in reader.missing for cell in cells.distinct]
    return np.asarray(np.array(absent, dtype=bool)[cells.index])


def _number_key(cell: str, reader: NumberReader | None) -> float | str:
    key = cell_key(cell)
    if reader is None or isinstance(key, float) or key in reader.missing:
        return key
    return first_number(cell)


def _outside(column: pd.Series, spec: ColumnSpec, values: Floats, place: str) -> list[Finding]:
    """Return a warning for numbers that are not plausible."""
    if spec.range is None:
        return []
    low, high = spec.range
    bad = np.flatnonzero((values < low) | (values > high))
    if not bad.size:
        return []
    message = (
        f"column '{column.name}' is outside {low:g} to {high:g} {spec.unit}".rstrip()
        + f" in {bad.size} rows, e.g. {', '.join(f'{value:g}' for value in np.unique(values[bad])[:8])}; the values "
        "are kept."
    )
    todo = "Correct them, list them under missing, or widen range."
    n_rows = int(bad.size)
    rows = first_rows(bad)
    return [Finding("out_of_range", place, message, severity="warning", n_rows=n_rows, rows=rows, todo=todo)]


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
    if spec.kind == "numeric":
        values, findings = map_numbers(column, spec.missing, where, spec)
        mapped = Mapped((), values)
        findings += _outside(column, spec, values, where)
    elif spec.kind == "date":
        values, findings = map_dates(column, spec.missing, where, spec.format)
        mapped = Mapped((), values)
    else:
        mapped, findings = (_map_bins if spec.bins else _map_levels)(column, spec, levels, where)
    if spec.unknown_level is not None:
        code = mapped.levels.index(spec.unknown_level) if spec.unknown_level in mapped.levels else np.nan
        return Mapped(mapped.levels, np.where(_absent(column, spec), code, mapped.values)), tuple(findings)
    reasons, why = _reasons(column, spec, mapped.values)
    return Mapped(mapped.levels, mapped.values, reasons, why), tuple(findings)
