"""Typed columns of a whole table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

import pandas as pd

from reporter.cohort.frame import Column, Kind
from reporter.errors import Finding, did_you_mean
from reporter.intake.mapping import Mapped, map_column
from reporter.spec.columns import ColumnSpec


def as_column(name: str, spec: ColumnSpec, mapped: Mapped) -> Column:
    """Return a column of the analysis frame."""
    return Column(name, spec.label or name, spec.unit, cast(Kind, spec.kind), mapped.levels, mapped.values)


def absent_column(name: str, table: pd.DataFrame, place: str, source: str) -> Finding:
    """Return the finding for a column that the table does not have."""
    names = [str(c) for c in table.columns]
    has = ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
    message = f"column '{name}' is not in {source}.{did_you_mean(name, names)} It has: {has}. Correct the name."
    return Finding("unknown_column", place, message)


def map_table(
    table: pd.DataFrame,
    columns: Mapping[str, ColumnSpec],
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    optional: Collection[str] = (),
    source: str = "the table",
    prefix: str = "columns",
) -> tuple[dict[str, Column], tuple[Finding, ...]]:
    """Type the columns of a table of text by the dictionary; columns of dates are left out.

    Parameters
    ----------
    table
        As `reporter.intake.read.read_table` gives it: text, the empty string where missing.
    columns
        The dictionary: name to specification.
    levels
        Levels of the development cohort by column (reference first), for a second cohort or new patients.
    optional
        Names that the table may lack.
    source, prefix
        Name of the table and key of the study file for findings.

    Returns
    -------
    tuple
        The columns by name, and all findings: absent columns, unknown codes, cells that are not numbers.
    """
    found: dict[str, Column] = {}
    findings: list[Finding] = []
    for name, spec in columns.items():
        if spec.kind == "date":
            continue
        if name not in table.columns:
            if name not in optional:
                findings.append(absent_column(name, table, f"{prefix}.{name}", source))
            continue
        mapped, problems = map_column(
            table[name], spec, levels=(levels or {}).get(name), place=f"{prefix}.{name} ({source})"
        )
        found[name] = as_column(name, spec, mapped)
        findings += problems
    return found, tuple(findings)
