"""Calibration plot and the smooth of the proportional-hazards check."""

from __future__ import annotations

from reporter.report.figures.axes import Frame, Scale
from reporter.report.figures.canvas import MUTED, NAVY, ORANGE, SIZE, WHITE, Canvas, num
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import CalibrationFigure, CalibrationPoint, SmoothFigure, Tick


def _left_margin(ticks: tuple[Tick, ...], title: str, height: float, fonts: FontMetrics) -> tuple[float, float]:
    """Return the left edge of the plot and the place of the vertical title."""
    widest = max((fonts.width(t.label, SIZE) for t in ticks), default=0.0)
    lines = len(fonts.wrap(title, max(height + 12, 40), SIZE + 0.2, 600))
    title_x = 8.0 + 9.2 * (lines - 1)
    return title_x + 5 + widest + 6, title_x


def draw_calibration(figure: CalibrationFigure, fonts: FontMetrics | None = None) -> str:
    """Draw observed against predicted risk with intervals and the line of agreement; intervals are cut at the frame."""
    metrics = fonts or FontMetrics()
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, metrics)
    title_lines = len(metrics.wrap(figure.x_label, figure.width - 40, SIZE + 0.2, 600))
    bottom = figure.height - 26 - 9.2 * (title_lines - 1)
    left, title_x = _left_margin(figure.ticks, figure.y_label, bottom - 6, metrics)
    lower, upper = figure.ticks[0].position, figure.ticks[-1].position
    x, y = Scale(lower, upper, left, figure.width - 8), Scale(lower, upper, bottom, 6)
    canvas.line(x(lower), y(lower), x(upper), y(upper), MUTED, 0.7, "3 2")
    _draw_curve(canvas, figure.smooth, x, y)
    bars = "".join(
        f"M{num(x.inside(p.predicted))} {num(y.inside(p.conf_low))}V{num(y.inside(p.conf_high))}"
        for p in figure.points
        if p.conf_low is not None and p.conf_high is not None
    )
    canvas.path(bars, stroke=NAVY, width=0.8)
    for point in figure.points:
        canvas.circle(x.inside(point.predicted), y.inside(point.observed), 2.4, NAVY, WHITE, 0.6)
    Frame(x, y, figure.ticks, figure.ticks, figure.x_label, figure.y_label).draw_axes(canvas, title_x)
    return canvas.finish()


def _draw_curve(canvas: Canvas, points: tuple[CalibrationPoint, ...], x: Scale, y: Scale) -> None:
    """Draw the smooth with its band."""
    if len(points) < 2:
        return

    def edge(values: list[float]) -> list[str]:
        return [f"{num(x.inside(p.predicted))} {num(y.inside(v))}" for p, v in zip(points, values, strict=True)]

    if all(p.conf_low is not None and p.conf_high is not None for p in points):
        low, high = edge([p.conf_low or 0.0 for p in points]), edge([p.conf_high or 0.0 for p in points])
        canvas.path("M" + "L".join([*high, *reversed(low)]) + "Z", fill=ORANGE, opacity=0.16)
    canvas.path("M" + "L".join(edge([p.observed for p in points])), stroke=ORANGE, width=1.3)


def draw_smooth(figure: SmoothFigure, fonts: FontMetrics | None = None) -> str:
    """Draw a smooth with its band and the dashed reference line, whose words stand where the plot is emptier."""
    metrics = fonts or FontMetrics()
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, metrics)
    title_lines = len(metrics.wrap(figure.x_label, figure.width - 40, SIZE + 0.2, 600))
    bottom = figure.height - 26 - 9.2 * (title_lines - 1)
    left, title_x = _left_margin(figure.y_ticks, figure.y_label, bottom - 6, metrics)
    levels = [t.position for t in figure.y_ticks]
    places = [*figure.position, *(t.position for t in figure.x_ticks)]
    x = Scale(min(places), max(places), left, figure.width - 10)
    y = Scale(min(levels), max(levels), bottom, 6)
    frame = Frame(x, y, figure.x_ticks, figure.y_ticks, figure.x_label, figure.y_label)
    frame.draw_grid(canvas)
    upper = [f"{num(x(t))} {num(y.inside(v))}" for t, v in zip(figure.position, figure.conf_high, strict=True)]
    lower = [f"{num(x(t))} {num(y.inside(v))}" for t, v in zip(figure.position, figure.conf_low, strict=True)]
    curve = [f"{num(x(t))} {num(y.inside(v))}" for t, v in zip(figure.position, figure.estimate, strict=True)]
    canvas.path("M" + "L".join([*upper, *reversed(lower)]) + "Z", fill=NAVY, opacity=0.13)
    if figure.reference is not None:
        _draw_reference(canvas, figure, figure.reference, x, y)
    canvas.path("M" + "L".join(curve), stroke=NAVY, width=1.5)
    frame.draw_axes(canvas, title_x)
    return canvas.finish()


def _draw_reference(canvas: Canvas, figure: SmoothFigure, reference: float, x: Scale, y: Scale) -> None:
    level = y.inside(reference)
    canvas.line(x.start, level, x.end, level, MUTED, 0.8, "3 2")
    if not figure.reference_label:
        return
    width = canvas.fonts.width(figure.reference_label, 7.2)
    options = [(start, base) for start in (x.end - width - 2, x.start + 4) for base in (level - 3.5, level + 8.5)]

    def clearance(option: tuple[float, float]) -> float:
        start, base = option
        inside = [
            y.inside(v)
            for t, v in zip(figure.position, figure.estimate, strict=True)
            if start - 6 <= x(t) <= start + width + 6
        ]
        return min((abs(v - (base - 2.5)) for v in inside), default=99.0) - (99 if base > y.start else 0)

    start, base = max(options, key=clearance)
    canvas.text(start, base, figure.reference_label, 7.2, MUTED)
