"""Read a table as text: only the empty cell is missing, nothing is guessed."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporter.errors import Finding, FindingsError
from reporter.intake.columnar import SUFFIXES, as_text, read_columnar
from reporter.intake.from_r import read_r_dataset

_DELIMITERS = {"csv": ",;\t", "tsv": "\t"}


@dataclass(frozen=True)
class SourceTable:
    """A table as read.

    Parameters
    ----------
    table
        All columns as text; the empty string is the missing cell. From `read_table` with `by_distinct`, columns of a
        parquet or feather file are as `reporter.intake.columnar.read_columnar` gives them.
    source, sha256
        As written in the study file, and the hash of the bytes that were read.
    findings
        Warnings of reading: hidden rows, formulas, codes that the data dictionary of the file does not list.
    origin
        ``seer`` for an export of SEER*Stat, recognised by its .dic or its headers; else empty.
    synthetic
        The file says itself that its patients are synthetic.
    notes
        How the file was read where there was a choice: its encoding, its sheet.
    """

    table: pd.DataFrame
    source: str
    sha256: str
    findings: tuple[Finding, ...] = ()
    origin: str = ""
    synthetic: bool = False
    notes: tuple[str, ...] = ()


def _decode(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"line {line} is not UTF-8 text (byte {raw[error.start]:#x}); save the table as UTF-8."
        raise FindingsError([Finding("not_utf8", place, message)]) from None


def _delimiter(header: str, kind: str) -> str:
    """Return the most frequent of the allowed delimiters in the header, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS[kind], key=outside.count)


def parse_text(text: str, kind: str, place: str) -> pd.DataFrame:
    """Parse delimited text with a header into a table of strings.

    Parameters
    ----------
    text
        The whole table.
    kind
        ``csv`` (comma, semicolon or tab, by the header) or ``tsv``.
    place
        Name of the source for findings.

    Raises
    ------
    FindingsError
        No header or no row, a column name twice or empty, rows of another length, quotes left open.
    """
    header_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(header_line, kind), strict=True)
    rows: list[list[str]] = []
    bad: list[Finding] = []
    header: list[str] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        for row in reader:
            if len(row) == len(header):
                rows.append(row)
            elif row:
                got = f"line {reader.line_num} has {len(row)} cells, the header has {len(header)}"
                message = f"{got}; correct the line."
                bad.append(Finding("ragged_row", place, message))
    except csv.Error as error:
        bad.append(Finding("not_a_table", place, f"line {reader.line_num}: {error}; correct the quotes of this line."))
    bad = _header_findings(header, place) + bad[:5]
    if not rows and not bad:
        bad = [Finding("empty_table", place, "the table has a header and no rows; add the patients' rows.")]
    if bad:
        raise FindingsError(bad)
    return pd.DataFrame(rows, columns=header, dtype=str)


def _header_findings(header: list[str], place: str) -> list[Finding]:
    if not header:
        return [Finding("empty_table", place, "the file is empty; a table needs a header and rows.")]
    twice = sorted({name for name in header if header.count(name) > 1})
    return [
        Finding("repeated_column", place, f"the header has {header.count(n)} columns named '{n}'; rename all but one.")
        for n in twice
    ]


def read_table(source: str, folder: Path, *, place: str = "data.source", by_distinct: bool = False) -> SourceTable:
    """Read ``.csv``, ``.tsv`` (UTF-8), ``.parquet``, ``.feather`` or ``r:package/dataset``.

    Parameters
    ----------
    source
        As written in the study file.
    folder
        Relative paths resolve against it.
    place
        Key of the study file for findings.
    by_distinct
        True: columns of a parquet or feather file stay distinct cells and an index, which millions of rows need.

    Raises
    ------
    FindingsError
        The source is missing or is not a table.
    """
    if source.startswith("r:"):
        text = read_r_dataset(source, place=place)
        raw = text.encode()
        return SourceTable(parse_text(text, "csv", source), source, hashlib.sha256(raw).hexdigest())
    path = folder / source
    kind = path.suffix.lower().removeprefix(".")
    if kind not in (*_DELIMITERS, *SUFFIXES):
        message = f"got '{source}'; save the table as .csv or .tsv (UTF-8) or .parquet, or use r:package/dataset."
        raise FindingsError([Finding("not_available", place, message)])
    if not path.is_file():
        message = f"there is no file '{source}' in {path.parent}; relative paths start at the study file's folder."
        raise FindingsError([Finding("missing_file", place, message)])
    if kind in SUFFIXES:
        table = read_columnar(path, kind, source)
        table = table if by_distinct else table.apply(as_text)
        with path.open("rb") as file:
            return SourceTable(table, source, hashlib.file_digest(file, "sha256").hexdigest())
    raw = path.read_bytes()
    return SourceTable(parse_text(_decode(raw, source), kind, source), source, hashlib.sha256(raw).hexdigest())
