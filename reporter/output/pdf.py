"""A document as PDF/UA-1: the page of the HTML writer, laid out by WeasyPrint without a network."""

from __future__ import annotations

import atexit
import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from reporter.errors import ReporterError
from reporter.output.fonts import FONT_SCHEME, font_url, fonts_folder
from reporter.output.html import report_page
from reporter.report.document import ReportDocument
from reporter.report.figures.metrics import printable

if TYPE_CHECKING:
    from weasyprint import CSS, HTML  # type: ignore[import-untyped]
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
    from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]

_DRAWING_SCHEME = "svg:"
_LAYOUT_LOGGER = "weasyprint"
_VARIANT = "pdf/ua-1"
_STYLE = ("<style>", "</style>")
# Pango crashes when two threads lay out at once (WeasyPrint's issues 167 and 1402).
_ONE_AT_A_TIME = threading.RLock()


class Drawings:
    """The drawings of one document, each under an address that only its PDF writer answers."""

    def __init__(self) -> None:
        self._svgs: list[str] = []

    def place(self, svg: str, alt: str) -> Markup:
        """Keep a drawing and return the image that stands for it; an empty alternative text is an error."""
        if not alt.strip():
            raise ReporterError("A drawing has neither a title nor an alternative text.")
        self._svgs.append(svg)
        return Markup('<img src="{}{}" alt="{}"/>').format(_DRAWING_SCHEME, len(self._svgs) - 1, printable(alt))

    def get(self, url: str) -> bytes:
        """Return the drawing at an address."""
        return self._svgs[int(url.removeprefix(_DRAWING_SCHEME))].encode("utf-8")


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def layout_messages() -> Iterator[list[str]]:
    """Collect what the layout engine warns of, and keep it from the screen."""
    logger = logging.getLogger(_LAYOUT_LOGGER)
    handler, before = _Messages(), (logger.propagate, list(logger.handlers))
    logger.propagate, logger.handlers = False, [handler]
    try:
        yield handler.texts
    finally:
        logger.propagate, logger.handlers = before


def local_fetcher(drawings: Drawings) -> URLFetcher:
    """Return a fetcher that answers ``data:`` URIs, the bundled fonts and the document's drawings, and nothing else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class LocalFetcher(URLFetcher):  # type: ignore[misc]
        """Refuses every address outside the document and the package."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            if url.startswith(_DRAWING_SCHEME):
                return URLFetcherResponse(url, drawings.get(url), {"Content-Type": "image/svg+xml"})
            if url.startswith(FONT_SCHEME):
                path = fonts_folder() / url.removeprefix(FONT_SCHEME)
                if path.parent != fonts_folder():
                    raise ReporterError(f"{url}: not a bundled font.")
                return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/ttf"})
            if url.startswith("data:"):
                return super().fetch(url, headers)
            raise ReporterError(f"{url}: a report reads nothing from outside.")

    return LocalFetcher(allowed_protocols=("data",), ssl_context=_no_network())


@lru_cache(maxsize=1)
def _no_network() -> ssl.SSLContext:
    """Return the context of connections that are never made; the fetcher would read all certificates for its own."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=2)
def _style_sheet(style: str) -> tuple[CSS, FontConfiguration]:
    """Return a style sheet with its fonts; the documents of a batch share it."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    return CSS(string=style, url_fetcher=local_fetcher(Drawings()), font_config=fonts), fonts


# The fonts lie in a folder that goes with the configuration, which at the very end of the process is too late.
atexit.register(_style_sheet.cache_clear)


def _without_style(page: str) -> tuple[str, str]:
    """Return a page without its one style element, and that style."""
    before, start, rest = page.partition(_STYLE[0])
    style, end, after = rest.partition(_STYLE[1])
    if not (start and end):
        raise ReporterError("The page of a PDF has no style sheet.")
    return before + after, style


def _parse(page: str, fetcher: URLFetcher) -> HTML:
    """Return the page as WeasyPrint's tree, read by the XML parser (the fast way) instead of the HTML parser."""
    import cssselect2  # type: ignore[import-untyped]
    from weasyprint import HTML

    root = ElementTree.fromstring(page)  # noqa: S314 - our own page
    html = HTML.__new__(HTML)
    html.base_url = None
    html.url_fetcher = fetcher
    html.media_type = "print"
    html.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
    html.etree_element = html.wrapper_element.etree_element
    return html


def _scope_of(element: dict[str, Any], objects: list[Any]) -> str:
    while isinstance(element.get("P"), bytes):
        element = objects[int(element["P"].split()[0])]
        if element.get("S") == "/THead":
            return "/Column"
        if element.get("S") == "/TBody":
            return "/Row"
    return "/Row"


def _add_scopes(_: object, pdf: Any) -> None:
    """Give each heading cell of a table its /Scope, which PDF/UA asks for and WeasyPrint leaves out."""
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("Type") == "/StructElem" and item.get("S") == "/TH" and "A" in item:
            item["A"]["Scope"] = _scope_of(item, pdf.objects)


def laid_out_page(page: str, drawings: Drawings) -> tuple[bytes, int]:
    """Return the PDF of a page whose drawings and fonts only this process knows, and its number of sheets.

    No clock enters it.
    """
    sheets: list[int] = []

    def finish(document: Any, pdf: Any) -> None:
        sheets.append(len(document.pages))
        _add_scopes(document, pdf)

    bare, style = _without_style(page)
    with _ONE_AT_A_TIME:
        sheet, fonts = _style_sheet(style)
        content: bytes = _parse(bare, local_fetcher(drawings)).write_pdf(
            stylesheets=[sheet], font_config=fonts, finisher=finish, pdf_variant=_VARIANT, pdf_identifier=True
        )
    return content, sheets[0]


def pdf_of_page(page: str, drawings: Drawings) -> bytes:
    """Return the PDF of a page; see `laid_out_page`."""
    return laid_out_page(page, drawings)[0]


def render_pdf(document: ReportDocument) -> bytes:
    """Return the report as tagged PDF (PDF/UA-1); the same document gives the same bytes."""
    drawings = Drawings()
    return pdf_of_page(report_page(document, drawings.place, font_url), drawings)
