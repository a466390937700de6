"""From bytes to UTF-8: encoding, NUL bytes, long lines, compressed files.

The encoding of a text without a byte order mark is, in this order: UTF-16 when a tenth or more of the bytes at the even
or at the odd places are zero (four at least) and at most a tenth as many at the others; UTF-8 when the bytes are valid
UTF-8; GB18030 when they are valid GB18030 and at least half of its characters beyond ASCII lie in the rows of GB/T 2312
(both bytes above A0), as those of Chinese text do and the letters of Windows-1252 beside ASCII letters do not; else
Windows-1252.
"""

from __future__ import annotations

import codecs
import gzip
import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from reporter.intake.readers.request import (
    MAX_LINE_BYTES,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_FROM_BYTES,
    ReadRequest,
    refuse,
)

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "windows-1252": "cp1252"}
_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)", "gb18030": "GB18030", "cp1252": "Windows-1252",
}  # fmt: skip
_BLOCK = 8 << 20
_SAMPLE = 4 << 20
# A character of GB18030 beyond ASCII: four bytes, two bytes of GB/T 2312 (group 1), or two bytes of its extension.
_GB = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|([\xa1-\xfe][\xa1-\xfe])|[\x81-\xfe][\x40-\x7e\x80-\xfe]")

Raw = bytes | mmap.mmap


def _blocks(raw: Raw) -> Iterator[bytes]:
    for start in range(0, len(raw), _BLOCK):
        yield bytes(raw[start : start + _BLOCK])


def _invalid_at(raw: Raw, codec: str) -> int | None:
    """Return the place of the first byte that the codec does not allow, or None."""
    decoder = codecs.getincrementaldecoder(codec)()
    done = 0
    try:
        for block in _blocks(raw):
            pending = len(decoder.getstate()[0])
            decoder.decode(block)
            done += len(block)
        pending = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return max(done - pending + error.start, 0)
    return None


def _utf16(raw: Raw) -> str:
    """Return the codec of a UTF-16 text without a mark by its zero bytes, else an empty string."""
    sample = bytes(raw[:_SAMPLE])
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    many = max(len(sample) // 20, 4)
    if odd >= many and even * 10 <= odd:
        return "utf-16-le"
    return "utf-16-be" if even >= many and odd * 10 <= even else ""


def _is_chinese(raw: Raw) -> bool:
    found = inside = 0
    for match in _GB.finditer(bytes(raw[:_SAMPLE])):
        found += 1
        inside += match.group(1) is not None
    return found > 0 and 2 * inside >= found


def find_encoding(raw: Raw, place: str) -> str:
    """Return the Python codec of a text by the rule of this module.

    Raises
    ------
    FindingsError
        ``not_text``: the bytes are no text in any of these encodings.
    """
    head = bytes(raw[:4])
    for mark, codec in _MARKS:
        if head.startswith(mark) and head not in _UTF32:
            return codec
    wide = "" if head in _UTF32 else _utf16(raw)
    if wide:
        return wide
    invalid = _invalid_at(raw, "utf-8")
    if invalid is None:
        return "utf-8"
    if _is_chinese(raw) and _invalid_at(raw, "gb18030") is None:
        return "gb18030"
    if _invalid_at(raw, "cp1252") is None:
        return "cp1252"
    line = bytes(raw[:invalid]).count(b"\n") + 1
    got = f"line {line} is not text in UTF-8, UTF-16, GB18030 or Windows-1252 (byte {raw[invalid]:#x})"
    raise refuse("not_text", place, f"{got}; save the table as UTF-8.")


def _asked_codec(raw: Raw, asked: str, place: str) -> str:
    """Return the codec of the encoding that the study file names; UTF-16 needs its mark or its zero bytes."""
    if asked != "utf-16" or bytes(raw[:2]) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _CODECS[asked]
    wide = _utf16(raw)
    if not wide:
        message = "encoding is utf-16, but the bytes are not UTF-16 text; correct encoding, or leave it out."
        raise refuse("not_text", place, message)
    return wide


def _decoded(raw: Raw, codec: str, place: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for block in _blocks(raw):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        line = bytes(raw[: _invalid_at(raw, codec) or 0]).count(b"\n") + 1
        message = f"line {line} is not {_NAMES[codec]} text; save the table as UTF-8, or correct encoding."
        raise refuse("not_text", place, message) from None


def _check_lines(raw: Raw, place: str) -> None:
    """Refuse NUL bytes and lines that no table has."""
    at = raw.find(b"\0")
    if at >= 0:
        line = bytes(raw[:at]).count(b"\n") + 1
        message = f"line {line} holds a NUL byte, which no table of text has; save the table again as UTF-8."
        raise refuse("nul_byte", place, message)
    start = 0
    while len(raw) - start > MAX_LINE_BYTES:
        # The last line end within the allowed length; without one the line is too long.
        end = raw.rfind(b"\n", start, start + MAX_LINE_BYTES)
        if end < 0 and raw.rfind(b"\r", start, start + MAX_LINE_BYTES) < 0:
            line = bytes(raw[:start]).count(b"\n") + 1
            message = (
                f"line {line} is longer than {MAX_LINE_BYTES} bytes, which no row of a table is; "
                "correct the line ends, or save the table again."
            )
            raise refuse("long_line", place, message)
        start = (end if end >= 0 else raw.rfind(b"\r", start, start + MAX_LINE_BYTES)) + 1


def unpacked(path: Path, place: str, folder: Path | None = None) -> Raw:
    """Return what a file compressed by gzip holds; with a folder, mapped from a file there.

    Raises
    ------
    FindingsError
        ``damaged_file`` or ``file_bomb``.
    """
    packed = path.stat().st_size
    limit = min(MAX_UNPACKED_BYTES, max(RATIO_FROM_BYTES, MAX_RATIO * packed))
    target = None if folder is None else folder / "unpacked"
    kept: list[bytes] = []
    done = 0
    file = target.open("wb") if target else None
    try:
        with gzip.open(path) as stream:
            while block := stream.read(_BLOCK):
                done += len(block)
                if done > limit:
                    message = (
                        f"its {packed} bytes unpack to more than {limit} bytes (allowed: {MAX_RATIO} times and "
                        f"{MAX_UNPACKED_BYTES} bytes); unpack it, look at it, and give the table itself."
                    )
                    raise refuse("file_bomb", place, message)
                file.write(block) if file else kept.append(block)
    except (OSError, EOFError, zlib.error) as error:
        message = f"the file cannot be unpacked ({str(error) or type(error).__name__}); copy or save it again."
        raise refuse("damaged_file", place, message) from None
    finally:
        if file:
            file.close()
    return mapped(target, place) if target else b"".join(kept)


def mapped(path: Path, place: str) -> Raw:
    """Return a file's bytes, mapped."""
    size = path.stat().st_size
    if not size:
        raise refuse("empty_table", place, "the file is empty; a table needs a header and rows.")
    if size > MAX_UNPACKED_BYTES:
        message = f"the file has {size} bytes; allowed are {MAX_UNPACKED_BYTES}. Save the table as .parquet."
        raise refuse("too_large", place, message)
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def as_utf8(raw: Raw, request: ReadRequest, folder: Path | None = None) -> tuple[Raw, tuple[str, ...]]:
    """Return a text as UTF-8 without a mark, and a note when it was none.

    Parameters
    ----------
    raw
        The bytes of the file.
    request
        Its encoding, where the study file says it; a pair of SEER*Stat is UTF-8 or Windows-1252.
    folder
        Where a large text is kept while it is converted; None: in memory.

    Raises
    ------
    FindingsError
        ``not_text``, ``nul_byte`` or ``long_line``.
    """
    asked, place = request.options.encoding, request.place
    if asked:
        codec = _asked_codec(raw, asked, place)
    elif request.dic is not None:
        codec = "utf-8" if _invalid_at(raw, "utf-8") is None else "cp1252"
    else:
        codec = find_encoding(raw, place)
    if codec.startswith("utf-8"):
        invalid = None if codec == "utf-8" else _invalid_at(raw, "utf-8")
        if invalid is not None:
            line = bytes(raw[:invalid]).count(b"\n") + 1
            how = "encoding says" if asked else "its first bytes say"
            message = f"line {line} is not UTF-8 text, which {how}; save the table as UTF-8, or correct encoding."
            raise refuse("not_text", place, message)
        _check_lines(raw, place)
        return raw, ()
    if folder is None:
        text: Raw = b"".join(_decoded(raw, codec, place)).removeprefix(codecs.BOM_UTF8)
    else:
        with (folder / "text").open("wb") as file:
            for i, block in enumerate(_decoded(raw, codec, place)):
                file.write(block.removeprefix(codecs.BOM_UTF8) if i == 0 else block)
        text = mapped(folder / "text", place)
    _check_lines(text, place)
    how = "as asked" if asked else "as its bytes show; encoding in the study file says otherwise"
    return text, (f"{place} was read as {_NAMES[codec]} text ({how}).",)
