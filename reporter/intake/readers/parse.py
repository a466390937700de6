"""One door to all parsers; what it raises besides FindingsError is a fault of the file that no parser foresaw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reporter.errors import Finding, FindingsError
from reporter.intake.readers.delimited import Grammar, find_delimiter, parse_delimited, with_decimal_comma
from reporter.intake.readers.kinds import COLUMNAR, STATISTICAL
from reporter.intake.readers.origin import is_seer
from reporter.intake.readers.request import SMALL_BYTES, Parsed, ReadRequest
from reporter.intake.readers.text import Raw, as_utf8, mapped, unpacked

# A first line that is a comment is allowed for one purpose: to say that the patients are synthetic.
_COMMENT, _SYNTHETIC = b"# ", b"SYNTHETIC"


def _n_comments(raw: Raw) -> int:
    """Return the number of lines, 0 or 1, that say before the header that the patients are synthetic."""
    start = 3 if bytes(raw[:3]) == b"\xef\xbb\xbf" else 0
    end = raw.find(b"\n", start, start + 4096)
    line = bytes(raw[start:end]) if end > 0 else b""
    return int(line.lstrip(b'"').startswith(_COMMENT) and _SYNTHETIC in line.upper())


def _header_line(raw: Raw, row: int) -> str:
    start = 0
    for _ in range(row - 1):
        start = raw.find(b"\n", start) + 1
        if not start:
            return ""
    end = raw.find(b"\n", start)
    line = bytes(raw[start : end if end >= 0 else len(raw)])
    return line.split(b"\r")[0].decode("utf-8-sig", errors="replace")


def parse_text(raw: Raw, request: ReadRequest, *, fast: bool, folder: Path | None = None) -> Parsed:
    """Parse delimited text.

    Parameters
    ----------
    raw
        The bytes of the file, unpacked.
    request
        What is asked.
    fast
        True: Arrow may read what can be read in one way only.
    folder
        Where a converted copy may be kept; None: in memory.

    Raises
    ------
    FindingsError
        The bytes are no table.
    """
    text, notes = as_utf8(raw, request, folder)
    if request.dic is not None:
        from reporter.intake.readers.seer import parse_seer

        found = parse_seer(text, request, fast=fast)
        return replace(found, notes=(*notes, *found.notes))
    n_comment = _n_comments(text)
    options = request.options
    row = options.header_row or 1 + n_comment
    delimiter = options.delimiter
    if delimiter is None:
        header = _header_line(text, row)
        delimiter = find_delimiter(header.replace(",", "") if options.decimal == "," else header, request.kind)
    table = parse_delimited(text, Grammar(delimiter), place=request.place, header_row=row, fast=fast)
    if options.decimal == ",":
        table, bad = with_decimal_comma(table, request.place)
        if bad:
            raise FindingsError(bad)
    return Parsed(table, (), notes, "", bool(n_comment))


def parse(request: ReadRequest, folder: Path | None = None) -> Parsed:
    """Parse a file by its kind.

    Parameters
    ----------
    request
        The file and how to read it.
    folder
        A folder for what is unpacked or converted; None: in memory.

    Raises
    ------
    FindingsError
        The file is no table that can be used.
    """
    found = _parse(request, folder)
    return replace(found, origin="seer") if not found.origin and is_seer(found.table.column_names) else found


def _parse(request: ReadRequest, folder: Path | None) -> Parsed:
    if request.kind == "xlsx":
        from reporter.intake.readers.excel import parse_excel

        return parse_excel(request)
    if request.kind in STATISTICAL or request.kind == "lifelines":
        from reporter.intake.readers.statistical import parse_lifelines, parse_statistical

        return (parse_lifelines if request.kind == "lifelines" else parse_statistical)(request)
    if request.kind in COLUMNAR:
        from reporter.intake.columnar import read_columnar

        return Parsed(read_columnar(request.path, request.kind, request.place))
    small = request.path.stat().st_size <= SMALL_BYTES
    if request.packed:
        raw = unpacked(request.path, request.place, folder)
    else:
        raw = request.path.read_bytes() if small else mapped(request.path, request.place)
    large = len(raw) > SMALL_BYTES
    return parse_text(raw, request, fast=large, folder=folder if large else None)


def parse_or_refuse(request: ReadRequest, folder: Path | None = None) -> Parsed:
    """Parse a file as `parse` does; whatever a parser of others raises is a finding.

    Raises
    ------
    FindingsError
        The file is no table that can be used, or is damaged in a way that no check foresaw.
    MemoryError
        The limit of memory is reached.
    """
    try:
        return parse(request, folder)
    except (FindingsError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 a foreign file can make a foreign parser raise anything
        why = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
        message = f"the file cannot be read ({why}); it is damaged or of another kind. Save it again, or as .csv."
        raise FindingsError([Finding("damaged_file", request.place, message)]) from None
