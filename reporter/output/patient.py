"""The pages of one patient as HTML and PDF."""

from __future__ import annotations

from collections.abc import Callable

from reporter.output.fonts import Face, font_data, font_url
from reporter.output.html import BlockWriter, PlaceDrawing, inline_drawing
from reporter.output.pdf import Drawings, laid_out_page
from reporter.report.figures.metrics import FontMetrics
from reporter.report.patient_document import PanelRow, PatientDocument

SHEET_WIDTH = 504.6
_GAP = 20.0


def panel_shares(row: PanelRow) -> list[float]:
    """Return the widths of the panels of a row in per cent."""
    total = sum(panel.weight for panel in row.panels)
    return [round(100 * panel.weight / total, 2) for panel in row.panels]


def panel_width(share: float) -> float:
    """Return the width in points within a panel that has a share of the row (per cent)."""
    return (SHEET_WIDTH + _GAP) * share / 100 - _GAP


def patient_page(
    document: PatientDocument, place: PlaceDrawing, source: Callable[[Face], str], fonts: FontMetrics
) -> str:
    """Return the page of a patient; HTML and PDF differ in how drawings and fonts are brought in."""
    writer = BlockWriter(place, {}, fonts)
    writer.environment.globals.update(panel_shares=panel_shares, panel_width=panel_width)
    return writer.page("patient.html.j2", "patient.css", source, document=document)


def render_patient_html(document: PatientDocument, fonts: FontMetrics | None = None) -> str:
    """Return the pages of a patient as one self-contained file."""
    return patient_page(document, inline_drawing, font_data, fonts or FontMetrics())


def render_patient_pdf(document: PatientDocument, fonts: FontMetrics | None = None) -> bytes:
    """Return the pages of a patient as tagged PDF; `fonts` may be shared by the patients of a batch."""
    return lay_out_patient(document, fonts)[0]


def lay_out_patient(document: PatientDocument, fonts: FontMetrics | None = None) -> tuple[bytes, int]:
    """Return the pages of a patient as tagged PDF and how many sheets they take."""
    drawings = Drawings()
    return laid_out_page(patient_page(document, drawings.place, font_url, fonts or FontMetrics()), drawings)
