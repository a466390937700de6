"""Decision curve: net benefit against the threshold."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.figures.axes import Frame, Scale
from reporter.report.figures.canvas import MUTED, NAVY, ORANGE, ORANGE_TEXT, SIZE, Canvas, num
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import HALF_WIDTH, Tick

_KEY = 7.2


@dataclass(frozen=True)
class DecisionFigure:
    """Net benefit of a model and of treating all at rising thresholds (0–1); treating none is the line at 0.

    The first and last ticks end the axes; curves are cut below the frame.
    """

    title: str
    description: str
    threshold: tuple[float, ...]
    model: tuple[float, ...]
    treat_all: tuple[float, ...]
    model_label: str
    all_label: str
    none_label: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = HALF_WIDTH
    height: float = 168.0


def _line(threshold: tuple[float, ...], values: tuple[float, ...], x: Scale, y: Scale) -> str:
    """Return the path of a curve down to the lower edge of the frame, where it ends."""
    points: list[str] = []
    before: tuple[float, float] | None = None
    for place, value in zip(threshold, values, strict=True):
        if value < y.lower:
            if before is not None and before[1] > y.lower:
                share = (before[1] - y.lower) / (before[1] - value)
                points.append(f"{num(x(before[0] + share * (place - before[0])))} {num(y(y.lower))}")
            break
        points.append(f"{num(x.inside(place))} {num(y.inside(value))}")
        before = place, value
    return "M" + "L".join(points) if len(points) > 1 else ""


def draw_decision(figure: DecisionFigure, fonts: FontMetrics | None = None) -> str:
    """Draw the net benefit of the model, of treating all (dashed) and of treating none, with a key in the upper right.

    Parameters
    ----------
    fonts
        Widths to share between figures; read anew when None.
    """
    metrics = fonts or FontMetrics()
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, metrics)
    lines = len(metrics.wrap(figure.x_label, figure.width - 40, SIZE + 0.2, 600))
    bottom = figure.height - 26 - 9.2 * (lines - 1)
    widest = max(metrics.width(tick.label, SIZE) for tick in figure.y_ticks)
    title_x = 8.0 + 9.2 * (len(metrics.wrap(figure.y_label, max(bottom + 6, 40), SIZE + 0.2, 600)) - 1)
    x = Scale(figure.x_ticks[0].position, figure.x_ticks[-1].position, title_x + widest + 11, figure.width - 8)
    y = Scale(figure.y_ticks[0].position, figure.y_ticks[-1].position, bottom, 6)
    frame = Frame(x, y, figure.x_ticks, figure.y_ticks, figure.x_label, figure.y_label)
    canvas.line(x.start, y(0.0), x.end, y(0.0), MUTED, 0.7)
    canvas.path(_line(figure.threshold, figure.treat_all, x, y), stroke=ORANGE, width=1.1, dash="4 2")
    canvas.path(_line(figure.threshold, figure.model, x, y), stroke=NAVY, width=1.5)
    key = (
        (figure.model_label, NAVY, NAVY, ""), (figure.all_label, ORANGE, ORANGE_TEXT, "4 2"),
        (figure.none_label, MUTED, MUTED, ""),
    )  # fmt: skip
    start = x.end - max(metrics.width(label, _KEY) for label, *_ in key)
    for i, (label, color, text, dash) in enumerate(key):
        height = 14 + 10 * i
        canvas.line(start - 17, height - 2.5, start - 4, height - 2.5, color, 1.3, dash)
        canvas.text(start, height, label, _KEY, text)
    frame.draw_axes(canvas, title_x)
    return canvas.finish()
