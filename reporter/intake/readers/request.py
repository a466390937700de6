"""What a reader is asked and what it gives back; the limits of reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reporter.errors import Finding, FindingsError

# A table of text up to this size is parsed in this process by Python alone, which keeps a few times its size.
SMALL_BYTES = 4 << 20
# The child may hold this much data (RLIMIT_DATA) and take this long; see reporter.intake.readers.guard.
MEMORY_BYTES = 5 << 29
TIME_S = 300.0
# An Excel sheet has at most 16,384 columns; no registry comes near.
MAX_COLUMNS = 16_384
# Longer than any header row of MAX_COLUMNS names in use; a quote left open passes it soon.
MAX_LINE_BYTES = 4 << 20
# Unpacked size of a compressed file: tables of labels reach 60 times, bombs 1,000 times the packed size.
MAX_UNPACKED_BYTES = 4 << 30
MAX_RATIO = 200
RATIO_FROM_BYTES = 64 << 20
# Findings of one kind that are listed.
MAX_LISTED = 5


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file, from ``[data]`` or ``[validation]``; None: as the file shows.

    Parameters
    ----------
    sheet
        Name of the worksheet, or its number from 1.
    header_row
        Row of the headers, from 1.
    encoding
        ``utf-8``, ``utf-16``, ``gb18030`` or ``windows-1252``.
    delimiter
        One character.
    decimal
        ``.`` or ``,``.
    dic
        File name of the SEER*Stat dictionary.
    """

    sheet: str | int | None = None
    header_row: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    dic: str | None = None


@dataclass(frozen=True)
class ReadRequest:
    """One file to read.

    Parameters
    ----------
    path, kind
        The file and its kind (`reporter.intake.readers.kinds`); for ``lifelines`` the name of the data set.
    place
        Name of the source for findings.
    options
        How to read it.
    dic
        The SEER*Stat dictionary that belongs to it.
    packed
        The file is compressed by gzip.
    """

    path: Path
    kind: str
    place: str
    options: ReadOptions = ReadOptions()
    dic: Path | None = None
    packed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain values."""
        return {**asdict(self), "path": str(self.path), "dic": str(self.dic) if self.dic else None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReadRequest:
        """Return the request that `to_json` wrote."""
        dic = Path(values["dic"]) if values["dic"] else None
        rest = {"path": Path(values["path"]), "options": ReadOptions(**values["options"]), "dic": dic}
        return cls(**{**values, **rest})


@dataclass(frozen=True)
class Parsed:
    """A table as a reader gives it.

    Parameters
    ----------
    table
        Arrow table; each column a dictionary of text with the empty string where missing, or float64.
    findings, notes, origin, synthetic
        As in `reporter.intake.read.SourceTable`.
    """

    table: Any
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    origin: str = ""
    synthetic: bool = False


def refuse(code: str, place: str, message: str) -> FindingsError:
    """Return the error of one finding."""
    return FindingsError([Finding(code, place, message)])


def header_findings(header: Sequence[str], place: str) -> list[Finding]:
    """Return what is wrong with the names of the columns: none, too many, twice the same."""
    if not header or header == [""]:
        return [Finding("empty_table", place, "the file is empty; a table needs a header and rows.")]
    if len(header) > MAX_COLUMNS:
        message = f"the header has {len(header)} columns, allowed are {MAX_COLUMNS}; is the delimiter right?"
        return [Finding("too_many_columns", place, message)]
    twice = sorted((name, n) for name, n in Counter(header).items() if n > 1)
    return [
        Finding("repeated_column", place, f"the header has {n} columns named '{name}'; rename all but one.")
        for name, n in twice
    ]


NO_ROWS = "the table has a header and no rows; add the patients' rows."
