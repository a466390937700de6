"""The files of ``reporter check``: findings.html and findings.csv."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reporter.errors import Finding, ReporterError, UsageError
from reporter.output.fonts import font_data
from reporter.output.html import BlockWriter, inline_drawing
from reporter.report.findings_page import FindingsPage

HTML, CSV = "findings.html", "findings.csv"
MARKER = "findings of reporter check"
HEAD = ("code", "severity", "cohort", "column", "n_rows", "ids", "message", "allowed", "todo")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIRST_BYTES = 200


def _plain(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def findings_csv(findings: Sequence[Finding]) -> bytes:
    """Return findings.csv: a row a finding; identifiers are separated by semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for one in findings:
        where = one.message if one.cohort and one.column else f"{one.place}: {one.message}"
        n_rows = "" if one.n_rows is None else str(one.n_rows)
        found = (one.code, one.severity, one.cohort, one.column, n_rows, "; ".join(one.ids))
        writer.writerow([_plain(cell) for cell in (*found, where, one.allowed, one.todo)])
    return out.getvalue().encode("utf-8", "replace")


def findings_html(page: FindingsPage) -> bytes:
    """Return findings.html: one file that needs no network."""
    writer = BlockWriter(inline_drawing, {})
    return writer.page("findings.html.j2", "findings.css", font_data, document=page, marker=MARKER).encode()


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
    return first.startswith(",".join(HEAD).encode()) or f"<!-- {MARKER} -->".encode() in first


def check_findings_target(folder: Path) -> None:
    """Raise UsageError where a file that is not of ``reporter check`` has one of the names, or `folder` is a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file, expected a folder. Choose another name.")
    for name in (HTML, CSV):
        path = folder / name
        if path.is_symlink() or (path.exists() and not (path.is_file() and _is_ours(path))):
            raise UsageError(
                f"--out {folder}: {name} is there and was not written by reporter check; nothing was changed. Move it "
                "away, or name another folder with --out."
            )


def write_findings(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, each whole or not at all.

    Raises
    ------
    UsageError
        As `check_findings_target`.
    ReporterError
        When the folder cannot be written.
    """
    check_findings_target(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.", delete=False) as file:
                file.write(content)
            aside = Path(file.name)
            aside.chmod(0o644)
            aside.replace(folder / name)
    except OSError as error:
        raise ReporterError(
            f"--out {folder}: {HTML} and {CSV} cannot be written ({error.strerror or error}). Name another folder."
        ) from error
