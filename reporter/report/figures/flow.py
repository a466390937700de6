"""Flow of patients: one or two cohorts, with those left out at the side."""

from __future__ import annotations

from reporter.report.document import Inline
from reporter.report.figures.canvas import INK, MUTED, NAVY, SIZE, Canvas
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import FlowColumn, FlowFigure

_LINE = 9.8
_PAD = 5.0
_GAP = 16.0


def _wrapped(lines: tuple[Inline, ...], width: float, fonts: FontMetrics) -> list[tuple[Inline, int]]:
    """Return lines to set with their weight; the first is bold."""
    out: list[tuple[Inline, int]] = []
    for i, line in enumerate(lines):
        weight = 600 if i == 0 else 400
        out += [(part, weight) for part in fonts.wrap(line, width - 2 * _PAD, SIZE, weight)]
    return out


def _box(canvas: Canvas, x: float, y: float, width: float, lines: list[tuple[Inline, int]], *, centred: bool) -> None:
    canvas.rect(x, y, width, _height(lines), stroke=INK if centred else MUTED)
    for i, (line, weight) in enumerate(lines):
        base = y + _PAD + 7.2 + i * _LINE
        if centred:
            canvas.text(x + width / 2, base, line, anchor="middle", weight=weight)
        else:
            canvas.text(x + _PAD, base, line, weight=weight)


def _height(lines: list[tuple[Inline, int]]) -> float:
    return len(lines) * _LINE + 2 * _PAD - 1.4


def _arrow(canvas: Canvas, x1: float, y1: float, x2: float, y2: float) -> None:
    canvas.line(x1, y1, x2, y2)
    if x1 == x2:
        canvas.polygon([(x2 - 2.4, y2 - 4.5), (x2 + 2.4, y2 - 4.5), (x2, y2)])
    else:
        canvas.polygon([(x2 - 4.5, y2 - 2.4), (x2 - 4.5, y2 + 2.4), (x2, y2)])


def _draw_column(canvas: Canvas, column: FlowColumn, left: float, width: float) -> float:
    """Draw one cohort; return the lower edge."""
    fonts = canvas.fonts
    main = min(0.58 * width, 210.0)
    centre = left + main / 2
    side_x = centre + 16
    side = min(left + width - side_x, 220.0)
    y = 2.0
    for line in fonts.wrap(column.heading, width, SIZE + 0.8, 600) if column.heading else []:
        canvas.text(left, y + 7, line, SIZE + 0.8, NAVY, weight=600)
        y += 11
    y += 5 if column.heading else 0
    for i, step in enumerate(column.steps):
        lines = _wrapped(step.lines, main, fonts)
        _box(canvas, left, y, main, lines, centred=True)
        y += _height(lines)
        last = i == len(column.steps) - 1
        if step.excluded:
            out = _wrapped(step.excluded, side, fonts)
            middle = y + _GAP / 2 + _height(out) / 2
            _box(canvas, side_x, y + _GAP / 2, side, out, centred=False)
            end = middle if last else y + _height(out) + _GAP
            if last:
                canvas.line(centre, y, centre, middle)
            _arrow(canvas, centre, middle, side_x, middle)
        else:
            end = y if last else y + _GAP
        if not last:
            _arrow(canvas, centre, y, centre, end)
        y = end + (_height(out) / 2 if step.excluded and last else 0)
    return y


def draw_flow(figure: FlowFigure, fonts: FontMetrics | None = None) -> str:
    """Draw the boxes of one or two cohorts from top to bottom; texts are wrapped by their measured width."""
    canvas = Canvas(figure.width, 0.0, figure.title, figure.description, fonts or FontMetrics())
    count = len(figure.columns)
    gap = 18.0
    width = (figure.width - gap * (count - 1)) / count
    used = min(width, 380.0)
    bottoms = []
    for i, column in enumerate(figure.columns):
        left = i * (width + gap) + ((width - used) / 2 if count == 1 else 0.0) + 0.5
        bottoms.append(_draw_column(canvas, column, left, used - 1))
    canvas.height = max(bottoms, default=0.0) + 3
    return canvas.finish()
