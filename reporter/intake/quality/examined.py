"""What the checks of one cohort look at, and how they report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding
from reporter.intake.finding import first_rows
from reporter.intake.mapping import Cells, distinct_cells
from reporter.intake.read import SourceTable
from reporter.intake.resolve import Resolver
from reporter.spec.checks import DataCheck
from reporter.spec.columns import ColumnSpec
from reporter.spec.study import DataSpec

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Examined:
    """One cohort as read, before anything is computed.

    Parameters
    ----------
    resolver, source, data
        Typed columns, the table, and what the study file says of its source.
    prefix
        ``""`` or ``validation.``, for the places of findings.
    keep
        Rows that the selection keeps, shape = (n,).
    used
        Covariates, groups and features.
    known
        Selected rows with time and status, by endpoint; shape = (n,) each.
    dates
        Names under which endpoints look for dates: the start, and the end of follow-up.
    checks
        Combinations that the study file does not allow.
    known_checks
        Combinations that shipped dictionaries do not allow, with columns that the study file does not name.
    extra
        Columns of the dictionaries of this table, for `known_checks`.
    protected
        Identifiers become pseudonyms.
    """

    resolver: Resolver
    source: SourceTable
    data: DataSpec
    prefix: str
    keep: Mask
    used: Collection[str] = ()
    known: Mapping[str, Mask] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    checks: tuple[DataCheck, ...] = ()
    known_checks: tuple[DataCheck, ...] = ()
    extra: Mapping[str, ColumnSpec] = field(default_factory=dict)
    protected: bool = False
    _cells: dict[str, Cells] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The table as read."""
        return self.resolver.table

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.table)

    @property
    def is_development(self) -> bool:
        """True for the cohort on which the models are developed."""
        return not self.prefix

    def cells(self, header: str) -> Cells:
        """Return the distinct cells of a column of the table, each looked up once."""
        if header not in self._cells:
            self._cells[header] = distinct_cells(self.table[header])
        return self._cells[header]

    def prepared_cells(self, name: str) -> Cells:
        """Return the distinct cells from which a column of the dictionary is read; it must be known."""
        if f"\0{name}" not in self._cells:
            prepared, _ = self.resolver.prepared(name)
            if prepared is None:
                raise LookupError(name)
            self._cells[f"\0{name}"] = distinct_cells(prepared[0])
        return self._cells[f"\0{name}"]

    @property
    def source_place(self) -> str:
        """Key of the study file that names the table."""
        return f"{self.prefix.removesuffix('.') or 'data'}.source"

    @property
    def id_headers(self) -> tuple[str, ...]:
        """Headers of the table that hold the identifier."""
        name = self.data.id
        if name is None:
            return ()
        spec = self.resolver.columns.get(name)
        return (name, *(spec.source if spec else ()), *(h for names in self.data.id_headers for h in names))

    def place(self, column: str) -> str:
        """Return the key of the study file at which a finding on a column stands."""
        if column in self.resolver.columns:
            return f"{self.prefix}columns.{column}"
        return self.source_place

    def finding(
        self, code: str, column: str, message: str, rows: Mask | NDArray[np.int64] | None = None, *,
        allowed: str = "", todo: str, severity: Literal["error", "warning"] = "warning", place: str = "",
    ) -> Finding:  # fmt: skip
        """Return a finding on one column; `rows` are those affected."""
        n_rows = None if rows is None else int(rows.sum() if rows.dtype == np.bool_ else rows.size)
        return Finding(
            code, place or self.place(column), message, severity, n_rows, column=column, allowed=allowed, todo=todo,
            rows=() if rows is None else first_rows(rows),
        )  # fmt: skip


def rows_of(cells: Cells, wanted: Iterable[int]) -> Mask:
    """Return the rows at some of the distinct cells, shape = (n,)."""
    hit = np.zeros(len(cells.distinct), dtype=bool)
    hit[list(wanted)] = True
    return np.asarray(hit[cells.index])
