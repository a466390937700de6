"""HTML and PDF of the pages of one patient."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reporter.output.patient import panel_shares, render_patient_html, render_patient_pdf
from reporter.output.pdf import layout_messages
from reporter.report.patient_document import Panel, PanelRow
from tests.output.demo_patient import demo_patient


def test_the_page_of_a_patient_is_xml_with_its_badge() -> None:
    root = ElementTree.fromstring(render_patient_html(demo_patient()))
    classes = [c for e in root.iter() for c in (e.get("class") or "").split()]
    assert classes.count("panel") == 7 and "not_verified" in classes and classes.count("sheet") == 2
    assert any(e.get("data-stat") == "p/t=5/survival" for e in root.iter())


def test_the_patient_stands_on_every_page(tmp_path: Path) -> None:
    with layout_messages() as messages:
        content = render_patient_pdf(demo_patient())
    path = tmp_path / "patient.pdf"
    path.write_bytes(content)
    pages = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout.split("\f")
    assert messages == []
    assert len(pages) == 3
    assert all("Patient P00005" in page for page in pages[:2])
    assert render_patient_pdf(demo_patient()) == content
    boxes = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, text=True, check=True).stdout
    rights = [float(x) for x in re.findall(r'<word [^>]*xMax="([0-9.]+)"', boxes)]
    assert len(rights) > 100 and max(rights) <= 595.28 - 45


def test_panel_widths_follow_their_weights() -> None:
    row = PanelRow((Panel("a", (), 1.0), Panel("b", (), 3.0)))
    assert panel_shares(row) == pytest.approx([25.0, 75.0])
