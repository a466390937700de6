"""Typed columns of a whole table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

import pandas as pd

from reporter.cohort.frame import Absence, Column, Kind
from reporter.errors import Finding
from reporter.intake.mapping import Mapped
from reporter.intake.resolve import Resolver, absent_column
from reporter.spec.columns import ColumnSpec

__all__ = ["absent_column", "as_column", "map_table", "typed_columns"]


def as_column(name: str, spec: ColumnSpec, mapped: Mapped) -> Column:
    """Return a column of the analysis frame."""
    absence = None if mapped.why is None else Absence(mapped.reasons, mapped.why)
    label, kind = spec.label or name, cast(Kind, spec.kind)
    return Column(name, label, spec.unit, kind, mapped.levels, mapped.values, absence=absence)


def typed_columns(resolver: Resolver, optional: Collection[str] = ()) -> tuple[dict[str, Column], tuple[Finding, ...]]:
    """Type the columns of the resolver's dictionary; columns of dates are left out.

    Parameters
    ----------
    resolver
        The table and its dictionary.
    optional
        Names that the table may lack.

    Returns
    -------
    tuple
        The columns by name, and all findings: absent columns, unknown codes, cells that are not numbers, and as
        warnings numbers that are not plausible.
    """
    found: dict[str, Column] = {}
    findings: list[Finding] = []
    for name, spec in resolver.columns.items():
        if spec.kind == "date" or (name in optional and not resolver.knows(name)):
            continue
        mapped, problems = resolver.mapped(name)
        findings += problems
        if mapped is not None:
            found[name] = as_column(name, spec, mapped)
    return found, tuple(findings)


def map_table(
    table: pd.DataFrame,
    columns: Mapping[str, ColumnSpec],
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    optional: Collection[str] = (),
    source: str = "the table",
    prefix: str = "columns",
) -> tuple[dict[str, Column], tuple[Finding, ...]]:
    """Type the columns of a table of text by the dictionary.

    Parameters
    ----------
    table, columns, levels, source, prefix
        As for `reporter.intake.resolve.Resolver`.
    optional
        Names that the table may lack.

    Returns
    -------
    tuple
        As `typed_columns`.
    """
    return typed_columns(Resolver(table, columns, levels=levels, source=source, prefix=prefix), optional)
