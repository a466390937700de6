"""Pieces of running text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reporter.report.document import Alignment, Cell, Inline, Run
from reporter.report.format import ABSENT, level_text

_PLACE = re.compile(r"\{(\w+)\}")


def words(text: str, *, strong: bool = False, italic: bool = False) -> Run:
    """Return words of the template or the study as a run; numerals in them are labels, never results."""
    return Run(text, is_label=any(char.isdigit() for char in text), strong=strong, italic=italic)


def level_words(level: str) -> Run:
    """Return the name of a level."""
    return words(level_text(level))


def fill(template: str, **parts: Run | Inline) -> Inline:
    """Return the runs of a translated sentence whose ``{places}`` are filled with runs.

    Raises
    ------
    KeyError
        When the sentence has a place without a part.
    """
    out: list[Run] = []
    for i, piece in enumerate(_PLACE.split(template)):
        if i % 2:
            part = parts[piece]
            out += [part] if isinstance(part, Run) else part
        elif piece:
            out.append(words(piece))
    return tuple(out)


def sentence(text: str) -> Run:
    """Return a note of an analysis as a sentence."""
    return words(f"{text[:1].upper()}{text[1:].rstrip('.')}.")


def join(parts: Iterable[Inline], separator: str = ", ") -> Inline:
    """Return the parts one after the other."""
    out: list[Run] = []
    for part in parts:
        if out:
            out.append(Run(separator))
        out += part
    return tuple(out)


def cell(*runs: Run, align: Alignment = "left", span: int = 1, strong: bool = False) -> Cell:
    """Return a table cell."""
    return Cell(runs, align, span=span, strong=strong)


def blank(span: int = 1) -> Cell:
    """Return an empty cell."""
    return Cell(span=span)


def absent_cell(align: Alignment = "center") -> Cell:
    """Return the dash of a place to which no number belongs."""
    return Cell((Run(ABSENT),), align)


P = Run("P", italic=True)
