"""Patients as JSON, and one patient as ``--set column=value``: the same table of text as any other file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reporter.errors import Finding, FindingsError, UsageError, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.read import SourceTable
from reporter.output.folder import sha256
from reporter.spec.columns import ColumnSpec

LARGEST_BYTES = 1 << 28
_SHAPES = "a list of objects, one a patient, or an object of columns, each a list"


def _refuse(place: str, message: str) -> FindingsError:
    return FindingsError([Finding("invalid_json", place, message)])


class _NotATableError(ValueError):
    """The JSON is no table; the message says why."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
        raise _NotATableError(f"an object has the key '{twice}' twice; remove one")
    return found


def _no_constant(name: str) -> Any:
    raise _NotATableError(f"{name} is not a number of JSON; leave the value out or write null")


def _cell(value: object, where: str) -> str:
    """Return a value as text; numbers keep the digits with which they were written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    raise _NotATableError(f"{where} is neither text, a number nor null")


def _of_objects(rows: Sequence[object]) -> dict[str, list[str]]:
    names: dict[str, None] = {}
    for i, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise _NotATableError(f"entry {i} is not an object")
        names.update(dict.fromkeys(row))
    return {
        name: [_cell(row.get(name), f"entry {i}, '{name}',") for i, row in enumerate(rows, 1) if isinstance(row, dict)]
        for name in names
    }


def _of_columns(columns: Mapping[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, cells in columns.items():
        if not isinstance(cells, list):
            raise _NotATableError(f"'{name}' is not a list")
        found[name] = [_cell(cell, f"'{name}', entry {i},") for i, cell in enumerate(cells, 1)]
    if len({len(cells) for cells in found.values()}) > 1:
        raise _NotATableError("the columns have different lengths")
    return found


def parse_patients(text: str) -> pd.DataFrame:
    """Return the table of a JSON text, all cells as text.

    Raises
    ------
    ValueError
        The text is not JSON, or not `a list of objects` or `an object of lists`; the message says why.
    """
    try:
        # Numbers stay as written: 1e400 or 0.1 is judged where every table's cells are.
        content = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_pairs
        )
    except RecursionError as error:
        raise _NotATableError("it is nested too deeply") from error
    if isinstance(content, dict):
        table = _of_columns(content)
    elif isinstance(content, list):
        table = _of_objects(content)
    else:
        raise _NotATableError("it is a single value")
    if not table or not next(iter(table.values())):
        raise _NotATableError("it has no patient")
    return pd.DataFrame(table, dtype=str)


def read_patients_json(path: Path) -> SourceTable:
    """Read patients from a JSON file: a list of objects, or an object of lists.

    Raises
    ------
    FindingsError
        The file is not such a table, is not UTF-8, or is larger than 256 MiB.
    """
    place = f"--input {path}"
    if path.stat().st_size > LARGEST_BYTES:
        raise _refuse(place, f"the file is larger than {LARGEST_BYTES >> 20} MiB; split it.")
    raw = path.read_bytes()
    try:
        table = parse_patients(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise _refuse(place, f"is not a table of patients: {error}. Allowed is {_SHAPES}.") from error
    return SourceTable(table, path.name, sha256(raw))


def set_patient(values: Sequence[str], id_column: str, name: str, columns: Mapping[str, ColumnSpec]) -> SourceTable:
    """Return the table of one patient from ``column=value`` words.

    Parameters
    ----------
    id_column, name
        Header of identifiers, and the patient's.
    columns
        The dictionary: a word names one of its columns or a header that it reads.

    Raises
    ------
    UsageError
        A word without ``=``, a column that is not in the dictionary, or one given twice.
    """
    headers = dict.fromkeys(columns)
    for spec in columns.values():
        headers.update(dict.fromkeys((*spec.source, *(h for variants in spec.headers for h in variants))))
    row: dict[str, str] = {}
    for word in values:
        column, equals, value = word.partition("=")
        column = column.strip()
        if not equals:
            raise UsageError(f"--set {word}: has no '='. Write column=value, e.g. --set age=54.")
        if column in row:
            raise UsageError(f"--set {word}: '{column}' is given twice. Give each column once.")
        if column not in headers:
            near = did_you_mean(column, list(headers))
            raise UsageError(f"--set {word}: no model has a column '{column}'.{near} Allowed: {listed(headers, 40)}.")
        row[column] = value.strip()
    table = pd.DataFrame({id_column: [name], **{column: [cell] for column, cell in row.items()}}, dtype=str)
    return SourceTable(table, "--set", sha256(json.dumps(row, sort_keys=True).encode()))
