"""The kind of a file by its name, and by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from reporter.intake.readers.request import refuse

TEXT = ("csv", "tsv", "txt")
COLUMNAR = ("parquet", "feather")
STATISTICAL = ("sas7bdat", "dta", "sav")
KINDS = (*TEXT, "xlsx", *COLUMNAR, *STATISTICAL)

_WORDS = {
    "xlsx": "an Excel workbook", "xls": "an Excel workbook of the format before 2007", "parquet": "a parquet file",
    "feather": "a feather file", "sas7bdat": "a SAS data set", "dta": "a Stata data set", "sav": "an SPSS data set",
    "gz": "a file compressed by gzip", "zip": "a zip archive", "pdf": "a PDF", "html": "a web page (HTML)",
    "xml": "an XML document", "rtf": "a document (RTF)", "image": "an image", "r": "an R data file",
    "sqlite": "an SQLite database",
}  # fmt: skip
_SAS = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
# First bytes of each format, from the formats' own specifications.
_MAGIC = (
    (b"PAR1", "parquet"), (b"ARROW1", "feather"), (b"FEA1", "feather"), (b"\x1f\x8b", "gz"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (_SAS, "sas7bdat"), (b"<stata_dta>", "dta"), (b"$FL2", "sav"),
    (b"$FL3", "sav"), (b"%PDF", "pdf"), (b"{\\rtf", "rtf"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"),
    (b"RDX", "r"), (b"SQLite format 3", "sqlite"), (b"BZh", "zip"), (b"7z\xbc\xaf", "zip"), (b"\xfd7zXZ", "zip"),
)  # fmt: skip
# Stata up to version 12: release number, byte order 1 or 2, file type 1, 0.
_OLD_STATA = re.compile(rb"[\x68-\x73][\x01\x02]\x01\x00", re.DOTALL)
_MARKUP = re.compile(rb"\s*<(!doctype html|html|table|\?xml)", re.IGNORECASE)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def kind_by_name(name: str) -> tuple[str, bool]:
    """Return the kind of a file by its suffix and whether ``.gz`` follows it; an empty kind is none of ours."""
    lower = name.lower()
    packed = lower.endswith(".gz")
    suffix = Path(lower.removesuffix(".gz")).suffix.removeprefix(".")
    if suffix == "dic" and not packed:
        return "txt", False
    if suffix == "xlsm":
        suffix = "xlsx"
    known = suffix in KINDS and (not packed or suffix in TEXT)
    return (suffix, packed) if known else ("", packed)


def kind_by_content(path: Path) -> str:
    """Return the kind that the first bytes show: one of ours, another one, or empty for what may be text."""
    with path.open("rb") as file:
        head = file.read(4096)
        found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
        if found == "ole":
            head += file.read(4 << 20)
            return "encrypted" if _ENCRYPTED in head else "xls"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx" if b"[Content_Types].xml" in head or b"xl/" in head or b"docProps/" in head else "zip"
    if not found and _OLD_STATA.match(head):
        return "dta"
    markup = None if found else _MARKUP.match(head)
    if markup:
        return "xml" if markup.group(1) == b"?xml" else "html"
    return found


def check_content(path: Path, kind: str, packed: bool, place: str) -> bool:
    """Refuse a file whose bytes are not of the kind that its name says; return whether it is compressed.

    Raises
    ------
    FindingsError
        ``renamed_file``, ``encrypted_file`` or ``not_a_table``.
    """
    if path.stat().st_size == 0:
        raise refuse("empty_table", place, "the file is empty; a table needs a header and rows.")
    found = kind_by_content(path)
    if found == "encrypted":
        message = "the workbook is protected by a password; open it in Excel, remove the password and save it again."
        raise refuse("encrypted_file", place, message)
    if kind in TEXT:
        if found == "gz":
            return True
        if packed:
            raise refuse("renamed_file", place, "the file is named .gz but is not compressed by gzip; rename it.")
        expected = ""
    else:
        expected = kind
    if found != expected and not (kind == "xlsx" and found == "zip"):
        raise _renamed(kind, found, place)
    return False


def _renamed(kind: str, found: str, place: str) -> Exception:
    if not found:
        message = f"the file is named .{kind} but its content is not {_WORDS[kind]}. Save the table again."
        return refuse("not_a_table", place, message)
    do = f"rename it to .{found}" if found in KINDS else "save the table as .csv or .xlsx"
    return refuse("renamed_file", place, f"the file is named .{kind} but its content is {_WORDS[found]}; {do}.")
