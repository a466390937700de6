"""HTML and PDF of a document with every kind of block."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pikepdf
import pytest

from reporter.errors import ReporterError
from reporter.output.html import drawing_title, render_html
from reporter.output.pdf import Drawings, layout_messages, local_fetcher, render_pdf
from reporter.output.tables import column_widths, number_address_pairs, table_csv
from reporter.report.document import Block, Cell, Figure, Run, Section, Table, TableRow
from reporter.report.figures import FontMetrics
from tests.output.demo_document import HOSTILE, LONG, demo_document, long_table

PAGE_WIDTH = 595.28


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(demo_document())


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[str], Path]:
    with layout_messages() as messages:
        content = render_pdf(demo_document())
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(content)
    return content, list(messages), path


def text_of(path: Path, *options: str) -> str:
    return subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, text=True, check=True).stdout


def test_the_demo_has_every_block() -> None:
    seen: set[type] = set()

    def walk(blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            seen.add(type(block))
            walk(getattr(block, "blocks", ()))

    document = demo_document()
    walk((*document.title_page.blocks, *document.sections))
    assert seen == set(get_args(Block))


def test_html_is_xml_and_self_contained(page: str) -> None:
    root = ElementTree.fromstring(page)
    assert root.tag == "html" and root.get("lang") == "en"
    assert "default-src 'none'" in page
    addresses = [e.get(k) or "#" for e in root.iter() for k in ("src", "href")]
    styles = ["".join(e.itertext()) for e in root.iter("style")] + [e.get("style") or "" for e in root.iter()]
    addresses += [u for style in styles for u in re.findall(r"url\(\s*[\"']?([^)\"']*)", style)]
    assert len(addresses) > 7
    assert [u[:40] for u in addresses if not u.startswith(("#", "data:"))] == []


def test_every_kind_of_block_reaches_the_html(page: str) -> None:
    root = ElementTree.fromstring(page)
    classes = {c for e in root.iter() for c in (e.get("class") or "").split()}
    wanted = {"body", "callout", "method", "badge", "references", "columns", "table", "keys", "contents", "lead"}
    assert wanted <= classes
    assert len(list(root.iter("figure"))) == 7
    assert len(list(root.iter("ul"))) == 1


def test_every_drawing_has_its_words(page: str) -> None:
    drawings = list(ElementTree.fromstring(page).iter("{http://www.w3.org/2000/svg}svg"))
    assert len(drawings) > 10 and all(e.get("aria-label") and e.get("role") == "img" for e in drawings)
    assert "Two curves." in {e.get("aria-label") for e in drawings}


def test_every_number_of_the_document_stands_in_the_html(page: str) -> None:
    found = {
        (("".join(e.itertext())).strip().rstrip("†"), e.get("data-stat"))
        for e in ElementTree.fromstring(page).iter()
        if e.get("data-stat")
    }
    pairs = number_address_pairs(demo_document())
    assert ("0.70", "a/n") not in pairs and ("2828", "a/n") in pairs
    assert set(pairs) <= found


def test_a_flag_stands_beside_the_number(page: str) -> None:
    marks = [e for e in ElementTree.fromstring(page).iter("sup") if e.get("class") == "flag"]
    assert {e.get("title") for e in marks} == {"R gives 0.71"}


def test_hostile_names_stay_text(page: str) -> None:
    root = ElementTree.fromstring(page)
    assert not list(root.iter("script"))
    assert "{{ 7*7 }}" in page and " 49 " not in page
    assert "\x0b" not in page
    shown = "".join(root.itertext())
    assert HOSTILE.replace("\x0b", "\ufffd") in shown and LONG in shown


@dataclass(frozen=True)
class MadeUpBlock:
    text: str = "x"


def test_an_unknown_block_is_an_error() -> None:
    document = demo_document()
    section = Section("s", "S", (MadeUpBlock(),))  # type: ignore[arg-type]
    changed = replace(document, sections=(section,))
    with pytest.raises(ReporterError, match="MadeUpBlock"):
        render_html(changed)
    with pytest.raises(ReporterError, match="MadeUpBlock"):
        render_pdf(changed)


def test_a_broken_drawing_is_an_error() -> None:
    figure = Figure("f", (Run("Figure 1."),), "<svg><g></svg>", "alt")
    with pytest.raises(ReporterError, match="well-formed"):
        render_html(replace(demo_document(), sections=(Section("s", "S", (figure,)),)))


def test_a_drawing_without_words_is_an_error() -> None:
    with pytest.raises(ReporterError, match="alternative text"):
        Drawings().place("<svg xmlns='http://www.w3.org/2000/svg'/>", drawing_title("<svg/>"))


def test_the_layout_engine_warns_of_nothing(printed: tuple[bytes, list[str], Path]) -> None:
    assert printed[1] == []


def test_pdf_pages_have_head_and_number(printed: tuple[bytes, list[str], Path]) -> None:
    pages = text_of(printed[2], "-layout").split("\f")[:-1]
    assert len(pages) >= 4
    for i, text in enumerate(pages, start=1):
        assert re.search(rf"\b{i}\s*/\s*{len(pages)}\b", text)
        assert ("Survival analysis report" in text) == (i > 1)
    assert sum("Quantity head" in text for text in pages) >= 2


def test_pdf_is_tagged_and_heading_cells_have_a_scope(printed: tuple[bytes, list[str], Path]) -> None:
    with pikepdf.open(printed[2]) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert "pdfuaid:part" in pdf.Root.Metadata.read_bytes().decode()
        elements = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/StructElem"]
        scopes = [str(e.A.get("/Scope")) for e in elements if e.S == "/TH"]
        alts = [str(e.Alt) for e in elements if e.S == "/Figure"]
    assert set(scopes) == {"/Column", "/Row"}
    assert "Two curves." in alts and all(alts)


def test_words_stay_inside_the_page(printed: tuple[bytes, list[str], Path]) -> None:
    boxes = re.findall(r'<word xMin="([-0-9.]+)" yMin="[-0-9.]+" xMax="([-0-9.]+)"', text_of(printed[2], "-bbox"))
    assert len(boxes) > 500
    assert min(float(left) for left, _ in boxes) >= 40
    assert max(float(right) for _, right in boxes) <= PAGE_WIDTH - 40


def test_two_renderings_are_the_same_bytes(page: str, printed: tuple[bytes, list[str], Path]) -> None:
    assert render_html(demo_document()) == page
    assert render_pdf(demo_document()) == printed[0]


def test_the_fetcher_refuses_the_outside() -> None:
    fetcher = local_fetcher(Drawings())
    for url in ("https://example.org/x.png", "file:///etc/passwd", "font:../css/base.css"):
        with pytest.raises(ReporterError):
            fetcher.fetch(url)


def test_csv_has_texts_as_printed_and_no_plot_axis() -> None:
    table = replace(
        long_table(2),
        rows=(*long_table(2).rows, TableRow((Cell((Run("axis"),), span=2),), role="axis")),
        spanner=(Cell((Run("a, b"),), span=2),),
    )
    assert table_csv(table) == '"a, b",\nQuantity head,Value\nRow 0,0\nRow 1,1\n'


def test_no_column_is_narrower_than_its_number() -> None:
    fonts = FontMetrics()
    long = "0.70 (0.55–0.91), P < .001"
    cells = (Cell((Run(LONG * 3),)), Cell((Run(long),), "right"))
    table = Table("t", (), (Cell(), Cell()), (TableRow(cells),), widths=(30, 1))
    widths = column_widths(table, fonts, 300.0)
    assert sum(widths) == pytest.approx(100)
    assert 3 * widths[1] >= fonts.width(long, 8.3)
