"""The table of patients: read, typed by the study's dictionary, each row usable or refused with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reporter.cohort.frame import Column
from reporter.cohort.table import absent_column, typed_columns
from reporter.errors import FindingsError, UsageError, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.mapping import is_missing
from reporter.intake.read import SourceTable, read_table
from reporter.intake.resolve import Resolver
from reporter.pipeline.patient_json import read_patients_json
from reporter.pipeline.patient_refused import refuse_registry_format
from reporter.spec.columns import ColumnSpec, parse_number

_ROW_CODES = ("not_a_number", "unknown_code", "not_a_date")
_FIRST_LINE = 2


@dataclass(frozen=True)
class PatientTable:
    """The patients in the order of the table.

    Parameters
    ----------
    ids
        As given; length n.
    columns
        Typed columns of all rows; NaN where a row is refused or has no value.
    refused
        Why a row cannot be used; empty where it can; length n.
    sha256
        Hash of the file's bytes.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, Column]
    refused: tuple[str, ...]
    sha256: str

    def row(self, i: int, names: Sequence[str]) -> dict[str, str | float]:
        """Return the named values of one patient: numbers, or level names."""
        found: dict[str, str | float] = {}
        for name in names:
            column = self.columns[name]
            value = float(column.values[i])
            found[name] = value if column.is_numeric else column.levels[int(value)]
        return found

    def subset(self, rows: Sequence[int]) -> dict[str, Column]:
        """Return the columns of some rows."""
        index = np.asarray(rows, dtype=np.int64)
        return {
            name: Column(c.name, c.label, c.unit, c.kind, c.levels, c.values[index]) for name, c in self.columns.items()
        }


@dataclass(frozen=True)
class InputDictionary:
    """How the table is read.

    Parameters
    ----------
    id
        Name of the column of identifiers.
    columns
        Specifications of the columns in use.
    levels
        Levels of the development cohort by column, the reference first.
    needed
        Columns that the Cox models use: a patient without one is refused.
    """

    id: str
    columns: Mapping[str, ColumnSpec]
    levels: Mapping[str, Sequence[str]]
    needed: Collection[str]


def _why_not(cell: str, value: float, spec: ColumnSpec, levels: Sequence[str]) -> str:
    """Return why one cell cannot be used; empty when it can."""
    if np.isfinite(value):
        return ""
    if is_missing(cell, spec.missing):
        return "no value"
    number = parse_number(cell)
    if spec.kind == "numeric" and number is None:
        return f"'{cell}' is not a number"
    if spec.kind == "numeric":
        return f"'{cell}' is not a finite number"
    allowed = tuple(spec.codes) if spec.codes else tuple(levels)
    near = did_you_mean(cell, allowed)
    words = f"numbers in {listed(levels)}" if spec.bins else listed(allowed, 20)
    return f"'{cell}' is not among what the model knows (allowed: {words}).{near}"


def _cell_reasons(resolver: Resolver, columns: Mapping[str, Column], dictionary: InputDictionary) -> list[list[str]]:
    reasons: list[list[str]] = [[] for _ in range(len(resolver.table))]
    for name in dictionary.needed:
        prepared, _ = resolver.prepared(name)
        if prepared is None:
            continue
        spec, column = prepared[1], columns[name]
        cells = prepared[0].tolist()
        for i in np.flatnonzero(~np.isfinite(column.values)):
            why = _why_not(cells[i], float(column.values[i]), spec, column.levels)
            reasons[i].append(f"{name}: {why}")
    return reasons


def _id_reasons(ids: Sequence[str]) -> list[list[str]]:
    lines: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        lines.setdefault(name, []).append(i + _FIRST_LINE)
    reasons: list[list[str]] = []
    for i, name in enumerate(ids):
        if not name:
            reasons.append([f"row {i + _FIRST_LINE} has no identifier; give each patient one"])
        elif len(lines[name]) > 1:
            rows = ", ".join(str(line) for line in lines[name])
            reasons.append([f"the identifier stands on rows {rows}; one row a patient is allowed"])
        else:
            reasons.append([])
    return reasons


def read_patients(path: Path, dictionary: InputDictionary) -> PatientTable:
    """Read a table of patients.

    Parameters
    ----------
    path
        A table in the columns of a cohort: JSON (`reporter.pipeline.patient_json`), or of any kind that
        `reporter.intake.read.read_table` reads.

    Raises
    ------
    UsageError
        There is no such file, or it is a SEER*Stat export.
    FindingsError
        The table cannot be used at all: no rows, rows of another length, no column of identifiers, a predictor that
        no row has. Cells that cannot be used refuse their patient only.
    """
    if not path.is_file():
        raise UsageError(f"--input {path}: there is no such file. Give a table of patients (.csv, .xlsx or .json).")
    if path.suffix.lower() == ".json":
        source = read_patients_json(path)
    else:
        source = read_table(path.name, path.parent, place=f"--input {path}")
    refuse_registry_format(source, path)
    return type_patients(source, dictionary, path.name)


def type_patients(source: SourceTable, dictionary: InputDictionary, name: str) -> PatientTable:
    """Type a table that was read; see `read_patients`."""
    table = source.table
    resolver = Resolver(table, dictionary.columns, levels=dictionary.levels, source=name)
    optional = [column for column in dictionary.columns if column not in dictionary.needed]
    columns, findings = typed_columns(resolver, optional)
    # A warning of reading (a formula, a hidden row) is an error here: nothing may be in doubt about a patient's values.
    errors = [replace(finding, severity="error") for finding in source.findings]
    errors += [f for f in findings if f.severity == "error" and f.code not in _ROW_CODES]
    if dictionary.id not in table.columns:
        errors.insert(0, absent_column(dictionary.id, table, "id", name))
    if errors:
        raise FindingsError(errors)
    ids = tuple(str(name).strip() for name in table[dictionary.id])
    cells = _cell_reasons(resolver, columns, dictionary)
    reasons = tuple("; ".join(own + of_row) for own, of_row in zip(_id_reasons(ids), cells, strict=True))
    return PatientTable(ids, columns, reasons, source.sha256)
