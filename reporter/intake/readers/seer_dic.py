"""The data dictionary (.dic) of a SEER*Stat export.

It is a text in sections like those of Windows' INI files: ``[System]``, ``[Export Options]``, ``[Variables]`` with
``Var1Name=…``, and ``[Format=<variable>]`` with ``code=label`` for each variable that has labels. Labels with blanks at
an end stand in double quotes. Key and section names are compared without case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reporter.errors import Finding, FindingsError, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.readers.request import MAX_LISTED, refuse

MAX_DIC_BYTES = 32 << 20
_SECTION = re.compile(r"\[(.+)\]\s*")
_NAME = re.compile(r"var(\d{1,5})name", re.IGNORECASE)
_DELIMITERS = {"tab": "\t", "comma": ",", "semi-colon": ";", "semicolon": ";", "space": " "}
_VARIABLES = ("quotedlabels", "labels", "numeric")
_MISSING = {"period": ".", "space": " "}
# Sections of the sessions that are no case listings.
_OTHER_SESSIONS = ("life page variables", "summary page variables")
_SYNTHETIC = re.compile(r"\bsynthetic\b", re.IGNORECASE)


@dataclass(frozen=True)
class SeerDictionary:
    """What a .dic says of its data.

    Parameters
    ----------
    names
        Variables in the order of the columns.
    formats
        Labels by code, by variable.
    variable_format
        ``quotedlabels``, ``labels`` or ``numeric``.
    delimiter
        One character.
    missing
        The cell that stands for a missing value.
    quoted_fields, has_header, gzipped, thousands
        Fields with the delimiter are quoted; the data begin with the names; they are compressed; numbers may have
        commas at the thousands.
    synthetic
        The name of the database says that the patients are synthetic.
    """

    names: tuple[str, ...]
    formats: Mapping[str, Mapping[str, str]]
    variable_format: str = "quotedlabels"
    delimiter: str = "\t"
    missing: str = "."
    quoted_fields: bool = True
    has_header: bool = False
    gzipped: bool = False
    thousands: bool = False
    synthetic: bool = False


def _text(path: Path, place: str) -> str:
    if path.stat().st_size > MAX_DIC_BYTES:
        message = f"the file has {path.stat().st_size} bytes; a .dic has at most {MAX_DIC_BYTES}. Export it again."
        raise refuse("invalid_dic", place, message)
    raw = path.read_bytes()
    if b"\0" in raw:
        raise refuse("invalid_dic", place, "the file holds NUL bytes and is no .dic; export it again.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # The bytes that Windows-1252 leaves free are kept as they are, as Windows does.
        return raw.decode("cp1252", errors="replace")


def _unquoted(label: str) -> str:
    label = label.strip()
    return label[1:-1] if len(label) > 1 and label[0] == label[-1] == '"' else label


def _sections(text: str, place: str) -> dict[str, list[tuple[str, str]]]:
    """Return the entries of each section; names of formats keep their case."""
    found: dict[str, list[tuple[str, str]]] = {}
    now: list[tuple[str, str]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        section = _SECTION.fullmatch(line)
        if section and (now is None or "=" not in line or line.lower().startswith("[format=")):
            name = section.group(1).strip()
            key = f"format={name[7:].strip()}" if name.lower().startswith("format=") else name.lower()
            now = found.setdefault(key, [])
        elif line.strip():
            key, equals, value = line.partition("=")
            if now is None or not equals:
                message = f"line {number}: got '{line.strip()[:60]}'; a .dic has [sections] and key=value lines."
                raise refuse("invalid_dic", place, f"{message} Export it again.")
            now.append((key.strip(), value.strip()))
    return found


def _names(entries: list[tuple[str, str]], place: str) -> tuple[str, ...]:
    numbered: dict[int, str] = {}
    for key, value in entries:
        match = _NAME.fullmatch(key)
        if not match:
            continue
        number = int(match.group(1))
        if number in numbered:
            raise refuse("invalid_dic", place, f"[Variables] has Var{number}Name twice; export the .dic again.")
        numbered[number] = _unquoted(value)
    if sorted(numbered) != list(range(1, len(numbered) + 1)):
        gap = next(n for n in range(1, len(numbered) + 2) if n not in numbered)
        message = f"[Variables] has no Var{gap}Name among its {len(numbered)} names; export the .dic again."
        raise refuse("invalid_dic", place, message)
    return tuple(numbered[n] for n in sorted(numbered))


class _Options:
    """Values of [Export Options], each checked."""

    def __init__(self, entries: list[tuple[str, str]], place: str) -> None:
        self._values = {key.lower(): value for key, value in entries}
        self._place = place
        self.bad: list[Finding] = []

    def word(self, key: str, default: str) -> str:
        return _unquoted(self._values.get(key.lower(), default))

    def _refuse(self, key: str, got: str, allowed: tuple[str, ...]) -> None:
        message = f"[Export Options] {key}: got '{got}'. Allowed: {', '.join(allowed)}.{did_you_mean(got, allowed)}"
        self.bad.append(Finding("invalid_dic", self._place, message))

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        got = self.word(key, default)
        if got.lower() not in allowed:
            self._refuse(key, got, allowed)
            return default
        return got.lower()

    def flag(self, key: str, default: bool) -> bool:
        return self.choice(key, ("true", "false"), str(default).lower()) == "true"

    def must_be_false(self, key: str, todo: str) -> None:
        if self.flag(key, False):
            self.bad.append(Finding("not_available", self._place, f"[Export Options] {key}=true: {todo}"))


def read_dic(path: Path, place: str) -> SeerDictionary:
    """Read a .dic.

    Parameters
    ----------
    path
        The file, in UTF-8 or Windows-1252.
    place
        Its name for findings.

    Raises
    ------
    FindingsError
        It is no .dic of a case listing, or has an option that is not known.
    """
    sections = _sections(_text(path, place), place)
    other = [name for name in _OTHER_SESSIONS if name in sections]
    if other or "variables" not in sections:
        has = listed(sections) or "none"
        message = (
            f"there is no [Variables] section (sections: {has}); export a case listing of SEER*Stat, one row a tumour."
        )
        raise refuse("invalid_dic", place, message)
    options = _Options(sections.get("export options", []), place)
    options.choice("File format", ("dos/windows", "unix"), "dos/windows")
    options.must_be_false("Flags included", "its columns of flags cannot be read; export without flags.")
    options.must_be_false("Column Variables as Stats", "only case listings can be read; export one.")
    missing = options.word("Missing character", "period")
    found = SeerDictionary(
        names=_names(sections["variables"], place),
        formats={
            key[7:]: {_unquoted(code): _unquoted(label) for code, label in entries}
            for key, entries in sections.items()
            if key.startswith("format=")
        },
        variable_format=options.choice("Variable format", _VARIABLES, "quotedlabels"),
        delimiter=_DELIMITERS[options.choice("Field delimiter", tuple(_DELIMITERS), "tab")],
        missing=_MISSING.get(missing.lower(), missing),
        quoted_fields=options.flag("Fields with delimiter in quotes", True),
        has_header=options.flag("Variable names included", False),
        gzipped=options.flag("GZipped", False),
        thousands=not options.flag("Remove thousands separators", True),
        synthetic=any(
            key.lower() == "database name" and bool(_SYNTHETIC.search(value))
            for key, value in sections.get("system", [])
        ),
    )
    if not found.names:
        options.bad.append(Finding("invalid_dic", place, "[Variables] names no variable; export the .dic again."))
    stray = [name for name in found.formats if name not in found.names]
    if stray:
        message = f"has a [Format=] for {listed(stray)}, which [Variables] does not name; export the .dic again."
        options.bad.append(Finding("invalid_dic", place, message))
    if options.bad:
        raise FindingsError(options.bad[:MAX_LISTED])
    return found
