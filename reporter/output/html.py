"""A document as one self-contained page of well-formed XML that is also HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from reporter.errors import ReporterError
from reporter.output.fonts import Face, font_data, font_rules
from reporter.output.tables import TEXT_WIDTH, column_widths
from reporter.report.document import (
    Badge,
    Bullets,
    Callout,
    Cell,
    Columns,
    Figure,
    MethodNote,
    Paragraph,
    References,
    ReportDocument,
    Section,
    Table,
)
from reporter.report.figures.metrics import FLAG_MARK, FontMetrics, printable
from reporter.resources import templates_folder

_MACROS: dict[type, str] = {
    Paragraph: "paragraph",
    Bullets: "bullets",
    Table: "table",
    Figure: "figure",
    Callout: "callout",
    MethodNote: "method_note",
    Badge: "badge",
    References: "references",
    Columns: "columns",
    Section: "section",
}
_REFERENCE = re.compile(r'data-reference="([0-9.]+)"')
_GAP = 20.0


class _Compiled(BytecodeCache):
    """Keeps compiled templates for the process: a batch has thousands of documents of one template."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code; Jinja drops it when the source has changed."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class PlaceDrawing(Protocol):
    """Says how a drawing stands in the page."""

    def __call__(self, svg: str, alt: str) -> Markup:
        """Return the markup for an SVG with its alternative text."""


def drawing_title(svg: str) -> str:
    """Return the title of a drawing; ReporterError when it is not well-formed."""
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    except ElementTree.ParseError as error:
        raise ReporterError(f"A drawing is not well-formed: {error}.") from error
    title = root.find("{http://www.w3.org/2000/svg}title")
    return (title.text or "") if title is not None else ""


def inline_drawing(svg: str, alt: str) -> Markup:
    """Return a drawing as part of the page, named by its alternative text; ReporterError when it is not well-formed."""
    drawing_title(svg)
    name = Markup('<svg aria-label="{}" ').format(printable(alt)) if alt else Markup("<svg ")
    return Markup(svg.replace("<svg ", name, 1))  # noqa: S704 - figures escape every text


def _clean(value: object) -> object:
    return printable(value) if type(value) is str else value


def reference_styles(table: Table) -> dict[int, str]:
    """Return, by column, the style that draws the line of ratio 1 behind the drawings of a forest plot."""
    styles: dict[int, str] = {}
    for row in table.rows:
        for place, cell in _cell_places(row.cells):
            share = _REFERENCE.search(cell.svg)
            size = re.search(r'width="([0-9.]+)pt"', cell.svg)
            if share and size and place not in styles:
                x = float(share[1]) * float(size[1]) / 100
                styles[place] = _line_style(x)
    return styles


def _line_style(x: float) -> str:
    line = f"<path d='M{x:.2f} 0V10' stroke='%23B4BDC8' stroke-width='.6'/>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='{2 * x:.2f}pt' height='10pt' viewBox='0 0 {2 * x:.2f} 10'"
    uri = f"data:image/svg+xml,{svg} preserveAspectRatio='none'>{line}</svg>".replace("<", "%3C").replace(">", "%3E")
    return f'background:url("{uri}") no-repeat 0 0/{2 * x:.2f}pt 100%'


def _cell_places(cells: tuple[Cell, ...]) -> list[tuple[int, Cell]]:
    places, at = [], 0
    for cell in cells:
        places.append((at, cell))
        at += cell.span
    return places


@dataclass
class BlockWriter:
    """Writes blocks with the macros of ``blocks.html.j2``.

    Parameters
    ----------
    place
        How drawings stand in the page.
    labels
        Words of the document's language that the templates ask for.
    """

    place: PlaceDrawing
    labels: dict[str, str]
    fonts: FontMetrics = field(default_factory=FontMetrics)

    def __post_init__(self) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(templates_folder() / "html"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_clean,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            bytecode_cache=_COMPILED,
        )
        self.environment.globals.update(
            write=self.write,
            drawing=self.drawing,
            widths=self.widths,
            places=_cell_places,
            reference_styles=reference_styles,
            flag_mark=FLAG_MARK,
            labels=self.labels,
        )
        self._macros = self.environment.get_template("blocks.html.j2").module

    def write(self, block: object, level: int = 2, width: float = TEXT_WIDTH) -> Markup:
        """Return the markup of a block; `level` is that of a heading in it, `width` that of its column in points."""
        name = _MACROS.get(type(block))
        if name is None:
            raise ReporterError(f"The HTML writer has no form for the block '{type(block).__name__}'.")
        macro: Callable[..., Markup] = getattr(self._macros, name)
        if isinstance(block, Columns):
            width = (width - _GAP * (len(block.blocks) - 1)) / max(len(block.blocks), 1)
        return macro(block, level, width)

    def drawing(self, svg: str, alt: str = "") -> Markup:
        """Return a drawing with its alternative text, its own title when none is given."""
        return self.place(svg, alt or drawing_title(svg))

    def widths(self, table: Table, width: float) -> list[str]:
        """Return the column widths of a table in per cent."""
        return [f"{w:.2f}" for w in column_widths(table, self.fonts, width)]

    def page(self, template: str, css: str, source: Callable[[Face], str], **values: object) -> str:
        """Return a page from a template with its style sheet and the fonts that its text needs."""
        body = self.environment.get_template(template).render(style=Markup("@@STYLE@@"), **values)
        folder = templates_folder() / "css"
        sheets = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("base.css", css))
        style = f"{font_rules(body, source)}\n{sheets}"
        if "<" in style or "&" in style:
            raise ReporterError(f"{css}: a style sheet may not contain '<' or '&'.")
        return body.replace("@@STYLE@@", style, 1)


def report_page(document: ReportDocument, place: PlaceDrawing, source: Callable[[Face], str]) -> str:
    """Return the page of a report; HTML and PDF differ in how drawings and fonts are brought in."""
    writer = BlockWriter(place, document.labels)
    return writer.page("report.html.j2", "report.css", source, document=document)


def render_html(document: ReportDocument) -> str:
    """Return the report as one file that needs no network: fonts, style and drawings are inside.

    The text is well-formed XML; numbers carry ``data-stat`` (their address), labels ``data-label``.
    """
    return report_page(document, inline_drawing, font_data)
