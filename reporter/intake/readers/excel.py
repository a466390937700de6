"""Excel workbooks: one sheet as text; what the file shows and a table of text cannot is a finding.

The archive is judged before anything is unpacked. Cells come from openpyxl's streaming parser of a worksheet, with the
values that Excel stored for formulas.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reporter.errors import Finding, FindingsError, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.readers.encode import ColumnBuilder, table_of
from reporter.intake.readers.request import (
    MAX_COLUMNS,
    MAX_LISTED,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    NO_ROWS,
    RATIO_FROM_BYTES,
    Parsed,
    ReadRequest,
    header_findings,
    refuse,
)

_SYNTHETIC = re.compile(r"\bsynthetic\b", re.IGNORECASE)
_NAMED = 10


def check_archive(path: Path, place: str) -> None:
    """Refuse an archive that is damaged, or that unpacks to far more than a workbook does.

    Raises
    ------
    FindingsError
        ``damaged_file`` or ``file_bomb``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        message = f"the workbook cannot be unpacked ({error}); open it in Excel and save it again."
        raise refuse("damaged_file", place, message) from None
    size = path.stat().st_size
    total = sum(part.file_size for part in parts)
    worst = max(parts, key=lambda part: part.file_size, default=None)
    if total > MAX_UNPACKED_BYTES or (total > RATIO_FROM_BYTES and total > MAX_RATIO * size):
        name = worst.filename if worst else ""
        message = (
            f"its {size} bytes unpack to {total} bytes, most of them '{name}' (allowed: {MAX_RATIO} times and "
            f"{MAX_UNPACKED_BYTES} bytes). Copy the table into a new workbook, or save it as .csv."
        )
        raise refuse("file_bomb", place, message)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, dt.datetime):
        return (value.date() if value.time() == dt.time() else value).isoformat()
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def _parser(source: Any, sheet: Any) -> Any:
    """Return openpyxl's parser of a worksheet, which also notes the cells that hold formulas."""
    from openpyxl.worksheet import _reader  # type: ignore[import-untyped]

    class _Noting(_reader.WorkSheetParser):  # type: ignore[misc]
        def __init__(self) -> None:
            book = sheet.parent
            super().__init__(
                source, sheet._shared_strings, data_only=True, epoch=book.epoch,  # noqa: SLF001
                date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,  # noqa: SLF001
            )  # fmt: skip
            self.formulas: list[str] = []
            self.n_formulas = 0
            self.uncomputed: list[str] = []

        def parse_cell(self, element: Any) -> Any:
            cell = super().parse_cell(element)
            if element.find(_reader.FORMULA_TAG) is not None:
                name = element.get("r") or f"row {cell['row']}"
                self.n_formulas += 1
                stored = element.findtext(_reader.VALUE_TAG)
                if stored is None or (not stored and element.get("t") != "str"):
                    self.uncomputed.append(name)
                elif len(self.formulas) < _NAMED:
                    self.formulas.append(name)
            return cell

    return _Noting()


def _choose(book: Any, request: ReadRequest) -> tuple[Any, list[Finding]]:
    """Return the worksheet asked for, or the first that is not hidden."""
    place, asked = request.place, request.options.sheet
    sheets = list(book.worksheets)
    names = [sheet.title for sheet in sheets]
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise refuse("empty_table", place, "the workbook has no worksheet; add the table.")
    if asked is None:
        found = (visible or sheets)[0]
        others = [sheet.title for sheet in visible if sheet is not found]
        if not others:
            return found, []
        message = (
            f"the workbook has {len(visible)} sheets; '{found.title}' was read, not {listed(others)}. "
            "Say which with sheet in the study file."
        )
        return found, [Finding("other_sheets", place, message, "warning")]
    if isinstance(asked, int):
        if 1 <= asked <= len(sheets):
            return sheets[asked - 1], []
        near = ""
    else:
        if asked in names:
            return sheets[names.index(asked)], []
        near = did_you_mean(asked, names)
    message = f"there is no sheet {asked!r}.{near} The workbook has {listed(names)}; correct sheet."
    raise refuse("unknown_sheet", place, message)


class _Table:
    """Rows of a sheet gathered below its header row."""

    def __init__(self, header_row: int | None, place: str) -> None:
        self._wanted = header_row
        self._place = place
        self.at = 0
        self.names: dict[int, str] = {}
        self.builders: dict[int, ColumnBuilder] = {}
        self.outside: list[str] = []
        self.n_rows = 0

    def take(self, row: int, cells: dict[int, str]) -> None:
        """Take one row: its cells that are not empty by column number."""
        if not self.at:
            if (self._wanted is None and cells) or row == self._wanted:
                self._take_header(row, cells)
            return
        if not cells:
            return
        self.n_rows += 1
        for column, builder in self.builders.items():
            builder.add(cells.get(column, ""))
        for column in cells.keys() - self.builders.keys():
            if len(self.outside) < _NAMED:
                from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

                self.outside.append(f"{get_column_letter(column)}{row}")

    def _take_header(self, row: int, cells: dict[int, str]) -> None:
        self.at = row
        named = {column: name.strip() for column, name in cells.items() if name.strip()}
        bad = header_findings(list(named.values()), self._place)
        if bad:
            raise FindingsError(bad)
        self.names = named
        self.builders = {column: ColumnBuilder() for column in named}

    def findings(self) -> list[Finding]:
        """Return what makes the table unusable."""
        if not self.at:
            wanted = self._wanted
            got = f"row {wanted} of the sheet is empty" if wanted else "the sheet is empty"
            return [Finding("no_header", self._place, f"{got}; a table needs a row of headers (header_row) and rows.")]
        if self.outside:
            message = (
                f"cells {listed(self.outside)} stand in columns without a header in row {self.at}; name the columns, "
                "or say with header_row where the headers are."
            )
            return [Finding("unnamed_column", self._place, message)]
        return [] if self.n_rows else [Finding("empty_table", self._place, NO_ROWS)]


def _rows(parser: Any) -> Iterator[tuple[int, dict[int, str]]]:
    """Yield the cells that are not empty by column number, row by row; rows that the file leaves out are empty."""
    for row, cells in parser.parse():
        found = {}
        for cell in cells:
            text = _text(cell["value"])
            if text:
                found[int(cell["column"])] = text
        if found and max(found) > MAX_COLUMNS:
            raise ValueError(f"row {row} has a cell beyond column {MAX_COLUMNS}")
        yield row, found


def _merged(parser: Any, table: _Table, place: str) -> list[Finding]:
    found = parser.merged_cells.mergeCell if parser.merged_cells is not None else ()
    inside = [merged.ref for merged in found if merged.max_row >= table.at]
    if not inside:
        return []
    message = (
        f"cells are merged in the table: {listed(inside, _NAMED)}; only the first of merged cells has a value. "
        "Split them and fill in each cell."
    )
    return [Finding("merged_cells", place, message)]


def _formulas(parser: Any, place: str) -> list[Finding]:
    if parser.uncomputed:
        message = (
            f"cells {listed(parser.uncomputed, _NAMED)} hold formulas without a stored value; open the workbook in "
            "Excel, let it compute, and save it."
        )
        return [Finding("formula_without_value", place, message)]
    if not parser.n_formulas:
        return []
    message = (
        f"{parser.n_formulas} cells hold formulas ({listed(parser.formulas)}); what Excel stored last was "
        "read. Replace the formulas by their values."
    )
    return [Finding("formulas", place, message, "warning")]


def _is_on(value: Any) -> bool:
    return value in ("1", "true", True)


def _hidden(parser: Any, table: _Table, place: str) -> list[Finding]:
    rows = [row for row, given in parser.row_dimensions.items() if _is_on(given.get("hidden"))]
    rows = [row for row in rows if int(float(row)) > table.at]
    columns = []
    for letter, given in parser.column_dimensions.items():
        low, high = int(given["min"]), int(given["max"])
        if _is_on(given.get("hidden")) and any(low <= column <= high for column in table.names):
            columns.append(letter if low == high else f"{letter} and {high - low} more")
    parts = [f"{len(rows)} rows ({', '.join(rows[:_NAMED])})"] if rows else []
    parts += [f"columns {', '.join(columns[:_NAMED])}"] if columns else []
    if not parts:
        return []
    message = f"hidden in the sheet and read like the others: {'; '.join(parts)}. Remove what is not to be analysed."
    return [Finding("hidden_cells", place, message, "warning", len(rows) or None)]


def _is_synthetic(book: Any) -> bool:
    given = book.properties
    words = (given.title, given.subject, given.description, given.keywords, given.category)
    return any(bool(_SYNTHETIC.search(word or "")) for word in words)


def parse_excel(request: ReadRequest) -> Parsed:
    """Read one sheet of a workbook as text.

    Parameters
    ----------
    request
        ``sheet`` (else the first that is not hidden) and ``header_row`` (else the first row that is not empty).

    Raises
    ------
    FindingsError
        The archive is damaged or a bomb; there is no such sheet or header; merged cells, formulas without a value.
    """
    import openpyxl  # type: ignore[import-untyped]

    check_archive(request.path, request.place)
    with warnings.catch_warnings():
        # openpyxl warns of parts of the file that do not concern cells; a date out of range stays #VALUE!.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(request.path, read_only=True, data_only=True)
        sheet, findings = _choose(book, request)
        table = _Table(request.options.header_row, request.place)
        with sheet._get_source() as source:  # noqa: SLF001
            parser = _parser(source, sheet)
            for row, cells in _rows(parser):
                table.take(row, cells)
    bad = table.findings()
    if not bad or table.at:
        bad += _merged(parser, table, request.place)
        found = _formulas(parser, request.place) + _hidden(parser, table, request.place)
        bad += [finding for finding in found if finding.severity == "error"]
        findings += [finding for finding in found if finding.severity == "warning"]
    if bad:
        raise FindingsError(bad[:MAX_LISTED])
    columns = [table.builders[column].done() for column in table.builders]
    return Parsed(
        table_of(list(table.names.values()), columns), tuple(findings),
        (f"{request.place}: sheet '{sheet.title}', headers in row {table.at}.",), "", _is_synthetic(book),
    )  # fmt: skip
