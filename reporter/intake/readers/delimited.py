"""Delimited text: one strict grammar, read by Python's csv where small and by Arrow where large.

Rows end at LF, CR LF or CR; a quoted cell may hold delimiters, line ends and doubled quotes; each row has as many cells
as the header; an empty line is no row. Arrow reads what cannot be read in two ways; the rest goes through Python.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reporter.errors import Finding, FindingsError
from reporter.intake.finding import listed
from reporter.intake.readers.encode import ColumnBuilder, table_of, with_words, words_of
from reporter.intake.readers.request import MAX_LISTED, NO_ROWS, header_findings, refuse
from reporter.intake.readers.text import Raw

_BATCH = 20_000
_BLOCK = 1 << 20
_CANDIDATES = {"csv": ",;\t", "tsv": "\t", "txt": "\t,;"}
_QUOTE, _LF, _CR = 0x22, 0x0A, 0x0D
_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_POINT = re.compile(r"\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Grammar:
    """How cells are written.

    Parameters
    ----------
    delimiter
        One character.
    quoting
        False: a quote is a character like any other.
    names
        Names of the columns where the text has no header.
    """

    delimiter: str
    quoting: bool = True
    names: tuple[str, ...] | None = None


@dataclass
class _Rows:
    """Rows of a text with the line on which each begins."""

    reader: Any
    line: int = 1
    offset: int = 0

    def __iter__(self) -> Iterator[list[str]]:
        for row in self.reader:
            yield row
            self.line = self.reader.line_num + self.offset + 1


def find_delimiter(header: str, kind: str) -> str:
    """Return the most frequent of the delimiters of this kind of file in the header, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(_CANDIDATES[kind], key=outside.count)


def _reader(lines: Any, grammar: Grammar) -> Any:
    if not grammar.quoting:
        return csv.reader(lines, delimiter=grammar.delimiter, strict=True, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=grammar.delimiter, strict=True)


class _Lines:
    """Lines of a UTF-8 text; `taken` counts the bytes that were handed out."""

    def __init__(self, raw: Raw, start: int) -> None:
        self._stream = io.BytesIO(raw) if isinstance(raw, bytes) else raw
        self._stream.seek(start)
        self._rest: list[bytes] = []
        self.taken = start

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self._rest:
            line = self._stream.readline()
            if not line:
                raise StopIteration
            # readline ends at LF alone; csv wants each line that ends at CR by itself.
            self._rest = line.splitlines(keepends=True)[::-1] if b"\r" in line[:-2] else [line]
        now = self._rest.pop()
        self.taken += len(now)
        return now.decode()


def _why(error: csv.Error, line: int) -> str:
    said = str(error)
    if "unexpected end" in said:
        return f"a quote that is opened in the row of line {line} is not closed; correct the quotes of this row."
    if "field larger" in said:
        return f"a cell of line {line} is longer than {csv.field_size_limit()} characters; is a quote left open there?"
    return f"line {line}: {said}; correct the quotes of this line."


def _read_header(raw: Raw, grammar: Grammar, header_row: int, place: str) -> tuple[list[str], int, int]:
    """Return the header, the byte at which the rows begin and the number of lines before it."""
    start = len(_BOM) if bytes(raw[:3]) == _BOM else 0
    lines = _Lines(raw, start)
    skipped = 0
    for _ in range(header_row - 1):
        if next(lines, None) is None:
            message = f"header_row is {header_row}, but the file has {skipped} lines; give the row of the headers."
            raise refuse("no_header", place, message)
        skipped += 1
    if grammar.names is not None:
        return list(grammar.names), lines.taken, skipped
    reader = _reader(lines, grammar)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise refuse("not_a_table", place, _why(error, skipped + 1)) from None
    return header, lines.taken, skipped + reader.line_num


def _by_python(raw: Raw, start: int, skipped: int, header: Sequence[str], grammar: Grammar, place: str) -> list[Any]:
    """Return the columns; rows are kept as distinct cells, never as a whole."""
    rows = _Rows(_reader(_Lines(raw, start), grammar), skipped + 1, skipped)
    builders = [ColumnBuilder() for _ in header]
    width, batch = len(header), []
    bad: list[Finding] = []
    try:
        for row in rows:
            if len(row) == width:
                batch.append(row)
            elif row:
                message = f"line {rows.line} has {len(row)} cells, the header has {width}; correct the line."
                bad.append(Finding("ragged_row", place, message))
            if len(batch) >= _BATCH:
                _add(builders, batch)
                batch = []
            if len(bad) >= MAX_LISTED:
                break
    except csv.Error as error:
        bad.append(Finding("not_a_table", place, _why(error, rows.line)))
    if bad:
        raise FindingsError(bad)
    _add(builders, batch)
    return [builder.done() for builder in builders]


def _add(builders: Sequence[ColumnBuilder], batch: Sequence[Sequence[str]]) -> None:
    for builder, cells in zip(builders, zip(*batch, strict=True), strict=False):
        builder.extend(cells)


def _one_way(raw: Raw, start: int, grammar: Grammar) -> tuple[bool, bool]:
    """Tell whether quotes and line ends can be read in one way only, and whether quoted cells hold line ends."""
    cells: NDArray[np.uint8] = np.frombuffer(raw, dtype=np.uint8)
    beside = np.zeros(256, dtype=bool)
    beside[[_QUOTE, _LF, _CR, ord(grammar.delimiter)]] = True
    n_quotes, inside = 0, False
    for low in range(start, cells.size, _BLOCK):
        block = cells[low : low + _BLOCK]
        returns = np.flatnonzero(block == _CR) + low
        if returns.size and (returns[-1] + 1 == cells.size or (cells[returns + 1] != _LF).any()):
            return False, inside
        if not grammar.quoting:
            continue
        quotes = np.flatnonzero(block == _QUOTE) + low
        odd = n_quotes % 2
        opening, closing = quotes[odd::2], quotes[1 - odd :: 2]
        before = beside[cells[np.maximum(opening - 1, 0)]] | (opening == start)
        after = beside[cells[np.minimum(closing + 1, cells.size - 1)]] | (closing == cells.size - 1)
        if not (before.all() and after.all()):
            return False, inside
        if quotes.size and not inside:
            ends = np.flatnonzero(block == _LF) + low
            inside = bool(((np.searchsorted(quotes, ends) + n_quotes) % 2).any())
        elif odd:
            inside = inside or bool((block == _LF).any())
        n_quotes += quotes.size
    return n_quotes % 2 == 0, inside


def _by_arrow(raw: Raw, start: int, width: int, grammar: Grammar) -> list[Any] | None:
    """Return the columns, or None where Python must say what they are."""
    from pyarrow import csv as module

    arrow_csv: Any = module
    sure, inside = _one_way(raw, start, grammar)
    if not sure or start >= len(raw):
        return None
    names = [str(i) for i in range(width)]
    text = pa.dictionary(pa.int32(), pa.string())
    quote: Any = '"' if grammar.quoting else False
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(raw)[start:]),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=grammar.delimiter, quote_char=quote, newlines_in_values=inside
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, text), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    table = table.unify_dictionaries()
    columns = [_joined(column) for column in table.columns]
    return None if any(map(_has_long_cell, columns)) else columns


def _has_long_cell(column: Any) -> bool:
    from pyarrow import compute as module

    compute: Any = module
    lengths = compute.call_function("binary_length", [column.dictionary])
    longest = compute.call_function("max", [lengths]).as_py()
    return longest is not None and longest > csv.field_size_limit()


def _joined(chunked: Any) -> Any:
    """Return the chunks of a column, which share one dictionary, as one array."""
    if chunked.num_chunks == 0:
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    index = pa.concat_arrays([chunk.indices for chunk in chunked.chunks])
    return pa.DictionaryArray.from_arrays(index, chunked.chunk(0).dictionary)


def parse_delimited(raw: Raw, grammar: Grammar, *, place: str, header_row: int = 1, fast: bool = False) -> Any:
    """Parse delimited UTF-8 text into an Arrow table of dictionaries of text.

    Parameters
    ----------
    raw
        UTF-8, with or without a byte order mark.
    grammar
        How cells are written.
    place
        Name of the source for findings.
    header_row
        Line of the header, from 1.
    fast
        True: by Arrow where the text can be read in one way only; the result is the same.

    Raises
    ------
    FindingsError
        No header or no row, a column name twice, rows of another length, quotes left open or cells too long.
    """
    header, start, skipped = _read_header(raw, grammar, header_row, place)
    bad = header_findings(header, place)
    columns = None
    if len(header) and not any(finding.code == "too_many_columns" for finding in bad):
        columns = _by_arrow(raw, start, len(header), grammar) if fast else None
        try:
            columns = _by_python(raw, start, skipped, header, grammar, place) if columns is None else columns
        except FindingsError as error:
            bad += error.findings
    if columns is not None and not bad and not len(columns[0]):
        bad = [Finding("empty_table", place, NO_ROWS)]
    if bad or columns is None:
        raise FindingsError(bad)
    return table_of(header, columns)


def with_decimal_comma(table: Any, place: str) -> tuple[Any, list[Finding]]:
    """Write numbers such as ``12,5`` with a point; a column that has both signs is an error."""
    findings, columns = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        cells = column.combine_chunks()
        cells = cells.chunk(0) if isinstance(cells, pa.ChunkedArray) else cells
        words = words_of(cells)
        commas, points = ([w for w in words if pattern.fullmatch(w)] for pattern in (_COMMA, _POINT))
        if commas and points:
            message = (
                f"decimal is ',' but column '{name}' has numbers with a comma ({listed(commas, 3)}) and with a point "
                f"({listed(points, 3)}); write all numbers in one way."
            )
            findings.append(Finding("mixed_decimals", place, message))
        columns.append(with_words(cells, lambda w: w.replace(",", ".") if _COMMA.fullmatch(w) else w))
    return table_of(table.column_names, columns), findings
