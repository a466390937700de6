"""Silhouette by number of clusters."""

from __future__ import annotations

from reporter.report.figures.canvas import HAIR, INK, MUTED, NAVY, Canvas
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import SilhouetteFigure

_PALE = "#B9CEE3"


def draw_silhouette(figure: SilhouetteFigure, fonts: FontMetrics | None = None) -> str:
    """Draw one bar per number of clusters with its printed value; the chosen one is dark."""
    metrics = fonts or FontMetrics()
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, metrics)
    left, right, bottom, top = 18.0, figure.width - 2, figure.height - 28, 14.0
    values = [bar.value for bar in figure.bars]
    lower, upper = min(0.0, *values), max(0.0, *values)
    scale = (bottom - top) / ((upper - lower) or 1.0)
    zero = bottom + lower * scale
    slot = (right - left) / max(len(figure.bars), 1)
    width = min(slot * 0.56, 34.0)
    for i, bar in enumerate(figure.bars):
        centre, end = left + slot * (i + 0.5), zero - bar.value * scale
        canvas.rect(centre - width / 2, min(end, zero), width, abs(end - zero), NAVY if bar.chosen else _PALE)
        weight = 600 if bar.chosen else 400
        base = end - 3 if bar.value >= 0 else end + 8
        canvas.text(centre, base, bar.text, anchor="middle", weight=weight, color=INK if bar.chosen else MUTED)
        canvas.text(centre, figure.height - 17, bar.label, anchor="middle", weight=weight, label=True)
    canvas.line(left, zero, right, zero, INK if lower == 0 else HAIR)
    canvas.text((left + right) / 2, figure.height - 4, figure.x_label, anchor="middle", weight=600)
    canvas.text(8, (top + bottom) / 2, figure.y_label, anchor="middle", weight=600, rotate=-90)
    return canvas.finish()
