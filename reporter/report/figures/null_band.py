"""An index of several clusterings, each beside what data without clusters give."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.figures.canvas import FAINT, HAIR, INK, MUTED, NAVY, Canvas
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import Tick

_BAND = "#D9D9D9"


@dataclass(frozen=True)
class NullMark:
    """One clustering: its number of clusters, its index, and the middle and upper end of the sets without clusters."""

    label: str
    value: float
    middle: float
    high: float


@dataclass(frozen=True)
class NullPanel:
    """The clusterings of one algorithm."""

    name: str
    marks: tuple[NullMark, ...]


@dataclass(frozen=True)
class NullBandFigure:
    """Panels side by side on one vertical scale, whose ticks cover all values."""

    title: str
    description: str
    panels: tuple[NullPanel, ...]
    ticks: tuple[Tick, ...]
    x_label: str
    y_label: str
    width: float = 340.0
    height: float = 128.0


def draw_null_band(figure: NullBandFigure, fonts: FontMetrics | None = None) -> str:
    """Draw a dot per clustering before the band from the middle to the upper end of the sets without clusters."""
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, fonts or FontMetrics())
    left, right, bottom, top = 40.0, figure.width - 2, figure.height - 30, 18.0
    low, high = figure.ticks[0].position, figure.ticks[-1].position

    def place(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    for tick in figure.ticks:
        canvas.line(left, place(tick.position), right, place(tick.position), FAINT, 0.5)
        canvas.text(left - 4, place(tick.position) + 2.5, tick.label, anchor="end", color=MUTED, label=True)
    room = (right - left) / max(len(figure.panels), 1)
    for i, panel in enumerate(figure.panels):
        start = left + room * i
        canvas.text(start + room / 2, 10, panel.name, anchor="middle", weight=600)
        slot = room / max(len(panel.marks), 1)
        width = min(slot * 0.5, 16.0)
        for j, mark in enumerate(panel.marks):
            x = start + slot * (j + 0.5)
            canvas.rect(x - width / 2, place(mark.high), width, max(place(mark.middle) - place(mark.high), 0.6), _BAND)
            canvas.circle(x, place(mark.value), 2.6, NAVY)
            canvas.text(x, bottom + 11, mark.label, anchor="middle", label=True)
        if i:
            canvas.line(start, top, start, bottom, HAIR, 0.5)
    canvas.line(left, bottom, right, bottom, INK)
    canvas.text((left + right) / 2, figure.height - 5, figure.x_label, anchor="middle", weight=600)
    canvas.text(10, (top + bottom) / 2, figure.y_label, anchor="middle", weight=600, rotate=-90)
    return canvas.finish()
