"""Columns of a study from the headers of a table: where cells come from, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding, did_you_mean
from reporter.intake.conditions import Values
from reporter.intake.derive import by_cases, by_rule
from reporter.intake.finding import listed
from reporter.intake.headers import headers_of
from reporter.intake.mapping import Cells, Mapped, distinct_cells, is_missing, map_column, map_dates, map_numbers
from reporter.spec.cells import cell_key
from reporter.spec.columns import ColumnSpec
from reporter.spec.conditions import ValueTest
from reporter.spec.dictionaries import dictionary_names, read_dictionary

Prepared = tuple[pd.Series, ColumnSpec]


def absent_column(name: str, table: pd.DataFrame, place: str, source: str) -> Finding:
    """Return the finding for a column that the table does not have."""
    names = [str(c) for c in table.columns]
    has = ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
    knows = [shipped for shipped in dictionary_names() if name in read_dictionary(shipped)]
    hint = f" The dictionary {knows[0]} knows it: name it and add [columns.{name}]." if knows else ""
    message = f"column '{name}' is not in {source}.{did_you_mean(name, names)} It has: {has}. Correct the name.{hint}"
    return Finding("unknown_column", place, message)


class Resolver:
    """Gives the columns of one table by the dictionary; each is read once.

    Parameters
    ----------
    table
        As `reporter.intake.read.read_table` gives it: text, the empty string where missing.
    columns
        The dictionary: name to specification. Other names are headers of the table.
    levels
        Levels of the development cohort by column (reference first), for a second cohort or new patients.
    source, prefix
        Name of the table and key of the study file for findings.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        columns: Mapping[str, ColumnSpec],
        *,
        levels: Mapping[str, Sequence[str]] | None = None,
        source: str = "the table",
        prefix: str = "columns",
    ) -> None:
        self.table, self.columns, self.levels = table, columns, levels or {}
        self.source, self.prefix = source, prefix
        self._headers = [str(name) for name in table.columns]
        self._prepared: dict[str, tuple[Prepared | None, list[Finding]]] = {}
        self._mapped: dict[str, tuple[Mapped | None, list[Finding]]] = {}
        self._values: dict[str, Values | None] = {}

    def knows(self, name: str) -> bool:
        """Tell whether a name is a key of the dictionary whose origin the table has, or a header of the table."""
        if name in self.columns:
            return self.prepared(name)[0] is not None
        return name in self._headers

    def _place(self, name: str) -> str:
        return f"{self.prefix}.{name} ({self.source})"

    def prepared(self, name: str) -> tuple[Prepared | None, list[Finding]]:
        """Return the cells of a column of the dictionary and how they are read, or findings."""
        if name not in self._prepared:
            spec = self.columns[name]
            # A column that reads itself is refused before; this entry ends the walk whatever happens.
            self._prepared[name] = None, []
            if spec.cases:
                self._prepared[name] = self._made(
                    name, *by_cases(spec, lambda test: self._case_values(name, test), len(self.table))
                )
            elif spec.derive:
                self._prepared[name] = self._made(name, *by_rule(spec, self._rule_cells))
            else:
                self._prepared[name] = self._picked(name, spec)
        return self._prepared[name]

    def _made(
        self, name: str, cells: Cells | None, spec: ColumnSpec, problems: list[str]
    ) -> tuple[Prepared | None, list[Finding]]:
        findings = [Finding("derivation", self._place(name), f"column '{name}': {problem}") for problem in problems]
        if cells is None:
            return None, findings
        return (_series(name, cells), spec), findings

    def _picked(self, name: str, spec: ColumnSpec) -> tuple[Prepared | None, list[Finding]]:
        """Return the cells of the headers of the table."""
        found, findings = self._origin(name, spec)
        if findings:
            return None, findings
        if len(found) == 1:
            return (self.table[found[0]].rename(name), spec), []
        return (_series(name, _first_given([distinct_cells(self.table[h]) for h in found], spec)), spec), []

    def _origin(self, name: str, spec: ColumnSpec) -> tuple[list[str], list[Finding]]:
        """Return the headers of the table that a column is read from."""
        place = f"{self.prefix}.{name}"
        if spec.source:
            lost = [absent_column(h, self.table, place, self.source) for h in spec.source if h not in self._headers]
            return list(spec.source), lost
        found: list[str] = []
        for variants in spec.headers:
            same = headers_of(variants, self._headers)
            if len(same) > 1:
                message = (
                    f"column '{name}': {listed(same)} of {self.source} are spellings of the same field; remove one "
                    f'from the table, or say which with source = "...".'
                )
                return [], [Finding("ambiguous_header", place, message)]
            found += same
        if found or name in self._headers:
            return found or [name], []
        if not spec.headers:
            return [], [absent_column(name, self.table, place, self.source)]
        known = listed((variants[0] for variants in spec.headers), 4)
        message = (
            f"column '{name}' is not in {self.source} under any spelling of {known}. Export the field, or name the "
            f'header with source = "...". It has: {", ".join(self._headers[:20])}.'
        )
        return [], [Finding("unknown_column", place, message)]

    def mapped(self, name: str) -> tuple[Mapped | None, list[Finding]]:
        """Return the typed values of a column of the dictionary, and its findings."""
        if name not in self._mapped:
            prepared, findings = self.prepared(name)
            mapped, problems = None, list(findings)
            if prepared is not None:
                mapped, found = map_column(
                    prepared[0], prepared[1], levels=self.levels.get(name), place=self._place(name)
                )
                problems += found
            self._mapped[name] = mapped, problems
        return self._mapped[name]

    def cells(self, name: str) -> pd.Series | None:
        """Return the text of a column of the dictionary or of the table; None when the table has none."""
        if name in self.columns:
            prepared, _ = self.prepared(name)
            return None if prepared is None else prepared[0]
        return self.table[name] if name in self._headers else None

    def missing(self, name: str) -> tuple[str, ...]:
        """Return the words for missing of a column."""
        if name not in self.columns:
            return ()
        prepared, _ = self.prepared(name)
        return self.columns[name].missing if prepared is None else prepared[1].missing

    def identifier(self, name: str, variants: Sequence[Sequence[str]] = ()) -> pd.Series | None:
        """Return the text of a key of the dictionary, of a header, or of the one header that a field is spelled as."""
        if name in self.columns or name in self._headers:
            return self.cells(name)
        found = [header for spellings in variants for header in headers_of(spellings, self._headers)]
        return self.table[found[0]] if len(found) == 1 else None

    def levels_of(self, name: str) -> tuple[str, ...]:
        """Return the levels of a key of the dictionary; empty for numbers, dates and headers of the table."""
        if name not in self.columns or self.columns[name].kind in ("numeric", "date"):
            return ()
        mapped, _ = self.mapped(name)
        return () if mapped is None else mapped.levels

    def in_levels(self, name: str) -> pd.Series:
        """Return a column with levels as text of its levels, the empty string where missing."""
        mapped, _ = self.mapped(name)
        if mapped is None:
            raise LookupError(name)
        return _series(name, _level_words(mapped))

    def problems(self, name: str, place: str) -> list[Finding]:
        """Return why a column has no cells."""
        if self.knows(name):
            return []
        if name in self.columns:
            return self.prepared(name)[1]
        return [absent_column(name, self.table, place, self.source)]

    def values(self, test: ValueTest, place: str) -> tuple[Values | None, list[Finding]]:
        """Return what a condition sees: mapped values of a key of the dictionary, else the text of a header."""
        name = test.column
        problems = self.problems(name, place)
        if problems or not self.knows(name):
            return None, problems
        if name in self.columns and self.columns[name].kind != "date":
            return self._typed_values(name), []
        return self._raw_values(test, place)

    def _typed_values(self, name: str) -> Values | None:
        if name not in self._values:
            mapped, _ = self.mapped(name)
            prepared, _ = self.prepared(name)
            self._values[name] = None if mapped is None or prepared is None else _typed(mapped, *prepared)
        return self._values[name]

    def _raw_values(self, test: ValueTest, place: str) -> tuple[Values | None, list[Finding]]:
        cells, missing = self.cells(test.column), self.missing(test.column)
        if cells is None:
            return None, []
        spec = self.columns.get(test.column)
        distinct = distinct_cells(cells)
        observed = np.array([not is_missing(cell, missing) for cell in distinct.distinct], dtype=bool)[distinct.index]
        bounds = [bound for bound in (test.min, test.max) if bound is not None]
        if not bounds:
            return Values(observed, distinct, None), []
        if spec is not None or any(not isinstance(bound, float) for bound in bounds):
            numbers, findings = map_dates(cells, missing, place, "" if spec is None else spec.format)
        else:
            numbers, findings = map_numbers(cells, missing, place)
        return Values(observed, distinct, numbers), findings

    def _case_values(self, name: str, test: ValueTest) -> tuple[Values | None, list[str]]:
        """Return what a case of column `name` sees; its own name means the header."""
        own = test.column == name
        if own and name not in self._headers:
            return None, [f"there is no header '{name}' in {self.source}"]
        if own:
            values, found = Resolver(self.table, {}, source=self.source).values(test, "")
        else:
            values, found = self.values(test, self._place(name))
        return values, [finding.message for finding in found]

    def _rule_cells(self, name: str) -> tuple[Cells | None, list[str], str]:
        """Return distinct values of a column in words (missing ones by their reason), the reasons and the unit."""
        problems = self.problems(name, self.prefix)
        if problems or not self.knows(name):
            raise LookupError("; ".join(problem.message for problem in problems) or f"column '{name}' cannot be read")
        if name not in self.columns:
            return distinct_cells(self.table[name]), [], ""
        mapped, _ = self.mapped(name)
        if mapped is None:
            raise LookupError(f"column '{name}' cannot be read")
        return (*_in_words(mapped), self.columns[name].unit)


def _series(name: str, cells: Cells) -> pd.Series:
    """Return a categorical of the distinct cells; cells that are spelled alike become one."""
    place, distinct = pd.factorize(np.array(cells.distinct, dtype=object))
    kind = pd.CategoricalDtype([str(word) for word in distinct])
    return pd.Series(pd.Categorical.from_codes(place[cells.index], dtype=kind), name=name)


def _rank(cell: str, missing: set[float | str]) -> int:
    """Return 0 for a value, 1 for a word that says why there is none, 2 for blank, 3 for the empty cell."""
    if cell == "" or cell.lower().startswith("blank"):
        return 2 if cell else 3
    return int(cell_key(cell) in missing)


def _first_given(columns: list[Cells], spec: ColumnSpec) -> Cells:
    """Return for each row the first cell that is not missing, else the first that is not blank."""
    missing = {cell_key(word) for word in spec.missing}
    words = list(columns[0].distinct)
    index = columns[0].index.copy()
    best = np.array([_rank(cell, missing) for cell in words], dtype=np.int8)[index]
    for cells in columns[1:]:
        rank = np.array([_rank(cell, missing) for cell in cells.distinct], dtype=np.int8)[cells.index]
        better = rank < best
        index[better] = cells.index[better] + len(words)
        best[better] = rank[better]
        words += cells.distinct
    return Cells(words, index, np.bincount(index, minlength=len(words)).astype(np.int64))


def _typed(mapped: Mapped, cells: pd.Series, spec: ColumnSpec) -> Values:
    observed = ~np.isnan(mapped.values)
    if spec.kind not in ("numeric", "date"):
        return Values(observed, _level_words(mapped), None, mapped.levels)
    if spec.kind == "numeric" and (spec.number or spec.unit_in_file or spec.codes):
        return Values(observed, _number_words(mapped.values), mapped.values)
    return Values(observed, distinct_cells(cells), mapped.values)


def _level_words(mapped: Mapped) -> Cells:
    """Return the levels and after them the empty word for missing rows."""
    n = len(mapped.levels)
    index = np.where(np.isnan(mapped.values), n, mapped.values).astype(np.int64)
    return Cells([*mapped.levels, ""], index, np.bincount(index, minlength=n + 1).astype(np.int64))


def _number_words(values: NDArray[np.float64]) -> Cells:
    """Return distinct numbers in words, the empty word where missing."""
    index, distinct = pd.factorize(values)
    words = [*(repr(float(value)).removesuffix(".0") for value in distinct), ""]
    index = np.where(index < 0, len(words) - 1, index).astype(np.int64)
    return Cells(words, index, np.bincount(index, minlength=len(words)).astype(np.int64))


def _in_words(mapped: Mapped) -> tuple[Cells, list[str]]:
    """Return distinct values in words; the last words are the reasons of missing values."""
    cells = _level_words(mapped) if mapped.levels else _number_words(mapped.values)
    if mapped.why is None:
        return cells, []
    n = len(cells.distinct)
    index = np.where(mapped.why > 0, n - 1 + mapped.why.astype(np.int64), cells.index)
    return Cells([*cells.distinct, *mapped.reasons], index, np.empty(0, np.int64)), list(mapped.reasons)
