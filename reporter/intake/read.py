"""Read a table as text: only the empty cell is missing, nothing is guessed.

A table of text of up to 4 MiB is parsed here, in Python; everything else in a child process with limits
(`reporter.intake.readers.guard`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reporter.errors import Finding
from reporter.intake.columnar import as_frame, as_text
from reporter.intake.from_r import read_r_dataset
from reporter.intake.readers.kinds import TEXT, check_content, kind_by_name
from reporter.intake.readers.request import SMALL_BYTES, Parsed, ReadOptions, ReadRequest, refuse
from reporter.spec.study import DataSpec

_ALLOWED = (
    ".csv, .tsv, .txt with its .dic (each also .gz), .xlsx, .parquet, .feather, .sas7bdat, .dta, .sav, "
    "r:package/dataset or lifelines:name"
)
_USES = {
    "sheet": ("xlsx",), "header_row": (*TEXT, "xlsx"), "encoding": TEXT, "delimiter": TEXT, "decimal": TEXT,
    "dic": ("txt",),
}  # fmt: skip


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


def read_options(data: DataSpec) -> ReadOptions:
    """Return how the study file says that a source is to be read."""
    return ReadOptions(
        sheet=data.sheet, header_row=data.header_row, encoding=data.encoding, delimiter=data.delimiter,
        decimal=data.decimal, dic=data.dic,
    )  # fmt: skip


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
    return as_frame(_parse_text(text, kind, place)).apply(as_text)


def _parse_text(text: str, kind: str, place: str) -> Any:
    from reporter.intake.readers.delimited import Grammar, find_delimiter, parse_delimited

    delimiter = find_delimiter(text.partition("\n")[0], kind)
    raw = text.encode()
    return parse_delimited(raw, Grammar(delimiter), place=place, fast=len(raw) > SMALL_BYTES)


def _beside(path: Path) -> Path | None:
    """Return the .dic with the name of the data, whatever the case of its suffix."""
    stem = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    wanted = Path(stem).with_suffix(".dic").name.lower()
    return next((p for p in sorted(path.parent.iterdir()) if p.name.lower() == wanted and p.is_file()), None)


def _data_of(path: Path, place: str) -> Path:
    """Return the data that belong to a .dic."""
    wanted = [f"{path.stem}.txt".lower(), f"{path.stem}.txt.gz".lower()]
    found = [p for p in sorted(path.parent.iterdir()) if p.name.lower() in wanted and p.is_file()]
    if len(found) == 1:
        return found[0]
    got = f"there are {len(found)} data files" if found else "there is no data file"
    raise refuse("missing_file", place, f"{got} for {path.name} ({' or '.join(wanted)}); name the data as source.")


def _request(source: str, folder: Path, place: str, options: ReadOptions) -> ReadRequest:
    """Return what is to be parsed; the file is there and of the kind that its name says."""
    path = folder / source
    kind, packed = kind_by_name(source)
    if not kind:
        raise refuse("not_available", place, f"got '{source}'; allowed are {_ALLOWED}.")
    for key, kinds in _USES.items():
        if kind not in kinds and getattr(options, key) != getattr(ReadOptions(), key):
            message = f"{key} is for {', '.join(f'.{k}' for k in kinds)}, the source is '{source}'; remove {key}."
            raise refuse("invalid_source", place, message)
    if not path.is_file():
        message = f"there is no file '{source}' in {path.parent}; relative paths start at the study file's folder."
        raise refuse("missing_file", place, message)
    dic = None
    if path.suffix.lower() == ".dic":
        dic, path = path, _data_of(path, place)
    elif options.dic is not None:
        dic = folder / options.dic
        if not dic.is_file():
            raise refuse("missing_file", place, f"there is no file '{options.dic}' in {dic.parent}; correct dic.")
    elif kind == "txt":
        dic = _beside(path)
    packed = check_content(path, kind, packed, path.name if dic else source)
    request = ReadRequest(path.resolve(), kind, path.name if dic else source, options, dic, packed)
    if dic is not None:
        from reporter.intake.readers.seer import check_options

        check_options(request)
    return request


def _parse(request: ReadRequest) -> Parsed:
    if request.kind in TEXT and not request.packed and request.path.stat().st_size <= SMALL_BYTES:
        from reporter.intake.readers.parse import parse_or_refuse

        return parse_or_refuse(request)
    from reporter.intake.readers.guard import parse_in_child

    return parse_in_child(request)


def _from_package(source: str, place: str, options: ReadOptions) -> tuple[Parsed, str]:
    """Return a data set of an R package or of lifelines, and the hash of its text."""
    if options != ReadOptions():
        message = f"'{source}' is a data set of a package; remove sheet, header_row, encoding, delimiter, decimal, dic."
        raise refuse("invalid_source", place, message)
    if source.startswith("r:"):
        text = read_r_dataset(source, place=place)
        return Parsed(_parse_text(text, "csv", source)), hashlib.sha256(text.encode()).hexdigest()
    name = source.removeprefix("lifelines:")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise refuse("invalid_source", place, f"got '{source}'; write lifelines:name, e.g. lifelines:rossi.")
    from reporter.intake.readers.guard import parse_in_child

    found = parse_in_child(ReadRequest(Path(name), "lifelines", source))
    text = as_frame(found.table).to_csv(index=False, lineterminator="\n")
    return found, hashlib.sha256(text.encode()).hexdigest()


def read_table(
    source: str, folder: Path, *, place: str = "data.source", by_distinct: bool = False,
    options: ReadOptions | None = None,
) -> SourceTable:  # fmt: skip
    """Read a table from a file, an R package or lifelines.

    Parameters
    ----------
    source
        As written in the study file: a path (csv, tsv, txt with its .dic, each also .gz; xlsx, parquet, feather,
        sas7bdat, dta, sav), ``r:package/dataset`` or ``lifelines:name``.
    folder
        Relative paths resolve against it.
    place
        Key of the study file for findings.
    by_distinct
        True: columns stay distinct cells and an index, which millions of rows need.
    options
        How to read the file, where the study file says it.

    Raises
    ------
    FindingsError
        The source is missing or is not a table.
    """
    options = options or ReadOptions()
    if source.startswith(("r:", "lifelines:")):
        found, sha256 = _from_package(source, place, options)
    else:
        request = _request(source, folder, place, options)
        found = _parse(request)
        with request.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    table = as_frame(found.table)
    table = table if by_distinct else table.apply(as_text)
    return SourceTable(table, source, sha256, found.findings, found.origin, found.synthetic, found.notes)
