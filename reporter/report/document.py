"""The document: blocks with words and addresses, before any format.

Inline text is a tuple of runs; a number carries its address, a label (horizon, level, unit, caption number) says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Alignment = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Run:
    """A piece of text.

    Parameters
    ----------
    address
        Address of the number that `text` prints; empty for words and labels.
    is_label
        True for a numeral that is a label (horizon, level, unit, confidence level, caption number).
    flag
        Verdict to show beside the number when R does not agree; empty when it does.
    """

    text: str
    address: str = ""
    is_label: bool = False
    italic: bool = False
    strong: bool = False
    flag: str = ""


Inline = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text; `role` is ``lead``, ``body`` or ``note``."""

    runs: Inline
    role: Literal["lead", "body", "note"] = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[Inline, ...]


@dataclass(frozen=True)
class Cell:
    """A table cell; `svg` replaces the text by a small drawing (a forest-plot row, say)."""

    runs: Inline = ()
    align: Alignment = "left"
    svg: str = ""
    strong: bool = False
    span: int = 1


@dataclass(frozen=True)
class TableRow:
    """A body row.

    Parameters
    ----------
    role
        ``header`` names a variable without values, ``level`` is indented, ``value`` stands alone, ``axis`` is an axis.
    """

    cells: tuple[Cell, ...]
    role: Literal["header", "level", "value", "axis"] = "value"


@dataclass(frozen=True)
class Table:
    """A table: optional spanner row, head, body, notes; `name` is the file name stem of its csv.

    `widths` are relative column widths (empty: automatic).
    """

    name: str
    caption: Inline
    head: tuple[Cell, ...]
    rows: tuple[TableRow, ...]
    spanner: tuple[Cell, ...] = ()
    notes: tuple[Inline, ...] = ()
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure drawn as SVG; `alt` says the finding in words, `name` is the file name stem."""

    name: str
    caption: Inline
    svg: str
    alt: str
    notes: tuple[Inline, ...] = ()
    half_width: bool = False


@dataclass(frozen=True)
class Callout:
    """A boxed statement; `tone` says whether it is good news, information or a warning."""

    runs: Inline
    tone: Literal["good", "info", "warning"] = "info"


@dataclass(frozen=True)
class MethodNote:
    """A paragraph of the methods text under its own small heading."""

    heading: str
    runs: Inline


@dataclass(frozen=True)
class KeyFigure:
    """A large number with its interval and words, for the title page."""

    value: Inline
    interval: Inline
    words: Inline


@dataclass(frozen=True)
class Badge:
    """The verification statement: `verified`, `disagrees` or `not_verified`, with its sentence."""

    state: Literal["verified", "disagrees", "not_verified"]
    heading: str
    runs: Inline


@dataclass(frozen=True)
class References:
    """The numbered reference list."""

    heading: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Blocks side by side, of equal width."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """A headed section; `anchor` is its id; `new_page` starts it on a page of its own."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True)
class TitlePage:
    """First page: kicker, title, lead, key figures, badge and provenance lines."""

    kicker: str
    title: str
    lead: Inline
    key_figures: tuple[KeyFigure, ...]
    badge: Badge
    blocks: tuple[Block, ...]
    provenance: tuple[str, ...]


Block = Paragraph | Bullets | Table | Figure | Callout | MethodNote | Badge | References | Columns | Section


@dataclass(frozen=True)
class ReportDocument:
    """A whole report.

    Parameters
    ----------
    language
        BCP 47 tag for HTML `lang` and PDF ``/Lang``.
    running_title, footer
        Words of the running head and of the foot of each page.
    created
        Date of the document (ISO), empty for none.
    """

    language: str
    title: str
    running_title: str
    footer: str
    created: str
    title_page: TitlePage
    sections: tuple[Section, ...]
    labels: dict[str, str] = field(default_factory=dict)
