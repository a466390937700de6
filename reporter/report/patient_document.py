"""The document of one patient: pages of panels, before any format."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.document import Badge, Block, KeyFigure


@dataclass(frozen=True)
class Panel:
    """A headed box; `weight` is its share of the row's width; `key_figure` is set large under the heading."""

    heading: str
    blocks: tuple[Block, ...]
    weight: float = 1.0
    key_figure: KeyFigure | None = None


@dataclass(frozen=True)
class PanelRow:
    """Panels side by side."""

    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class PatientDocument:
    """Two pages for one patient.

    Parameters
    ----------
    patient_label
        Words with the id; stands in the head of every page.
    strip
        Pairs of label and value under the title.
    pages
        Rows of panels, page by page.
    signatures
        Labels of the lines to sign.
    dense
        Set small, for content that two pages do not hold otherwise.
    """

    language: str
    title: str
    heading: str
    subtitle: str
    running_title: str
    patient_label: str
    footer: str
    created: str
    strip: tuple[tuple[str, str], ...]
    badge: Badge
    pages: tuple[tuple[PanelRow, ...], ...]
    signatures: tuple[str, ...]
    dense: bool = False


@dataclass(frozen=True)
class IndexEntry:
    """One patient in the list: `file` is empty where no pages were written, `tone` is the row's style."""

    id: str
    file: str
    tone: str
    status: str
    reason: str


@dataclass(frozen=True)
class PatientIndex:
    """The list of the patients of a folder; `head` names its three columns."""

    language: str
    title: str
    summary: str
    head: tuple[str, str, str]
    entries: tuple[IndexEntry, ...]
    created: str = ""
