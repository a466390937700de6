"""Nomogram: one scale under the other, points above, survival below."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.figures.axes import Scale
from reporter.report.figures.canvas import FAINT, INK, MUTED, NAVY, Canvas
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import TEXT_WIDTH, Tick

_SIZE = 6.8
_ROW, _GROUP, _LABELS = 25.0, 8.0, 128.0


@dataclass(frozen=True)
class NomogramScale:
    """One horizontal scale; `ticks` lie on the points (`of_total` false) or on the total points."""

    label: str
    ticks: tuple[Tick, ...]
    of_total: bool = False
    strong: bool = False


@dataclass(frozen=True)
class NomogramFigure:
    """Scales from top to bottom; `largest` and `most` end the points and the total points."""

    title: str
    description: str
    scales: tuple[NomogramScale, ...]
    largest: float
    most: float
    width: float = TEXT_WIDTH


def _draw_scale(canvas: Canvas, item: NomogramScale, x: Scale, y: float) -> None:
    """Draw a scale; its labels stand above it, one that would meet the last above stands below, or is left out."""
    places = sorted((x(tick.position), tick.label) for tick in item.ticks)
    color = NAVY if item.strong else INK
    canvas.line(places[0][0], y, places[-1][0], y, color, 0.9 if item.strong else 0.7)
    ends = [-1e9, -1e9]
    for place, label in places:
        canvas.line(place, y - 2.5, place, y + 2.5, color, 0.7)
        half = canvas.fonts.width(label, _SIZE) / 2
        side = next((k for k in (0, 1) if place - half > ends[k] + 2.5), None)
        if side is None:
            continue
        canvas.text(place, y - 4.5 if side == 0 else y + 9.2, label, _SIZE, color, anchor="middle", label=True)
        ends[side] = place + half


def draw_nomogram(figure: NomogramFigure, fonts: FontMetrics | None = None) -> str:
    """Draw the scales with their names on the left.

    Parameters
    ----------
    fonts
        Widths to share between figures; read anew when None.
    """
    metrics = fonts or FontMetrics()
    first_total = next((i for i, item in enumerate(figure.scales) if item.of_total), len(figure.scales))
    height = 18 + _ROW * len(figure.scales) + _GROUP * (first_total < len(figure.scales))
    canvas = Canvas(figure.width, height, figure.title, figure.description, metrics)
    ends = _LABELS + 10, figure.width - 14
    of_points, of_total = Scale(0.0, figure.largest, *ends), Scale(0.0, figure.most, *ends)
    for tick in figure.scales[0].ticks if figure.scales else ():
        place = of_points(tick.position)
        canvas.line(place, 18, place, 18 + _ROW * (first_total - 1), FAINT, 0.5)
    for i, item in enumerate(figure.scales):
        y = 18 + _ROW * i + _GROUP * (i >= first_total)
        lines = metrics.wrap(item.label, _LABELS, _SIZE + 0.4, 600 if item.strong else 400)[:2]
        for k, line in enumerate(lines):
            top = y + 2.6 + 8.2 * (k - (len(lines) - 1) / 2)
            canvas.text(0, top, line, _SIZE + 0.4, INK if item.strong else MUTED, weight=600 if item.strong else 400)
        if item.ticks:
            _draw_scale(canvas, item, of_total if item.of_total else of_points, y)
    return canvas.finish()
