"""Figures of the patient page."""

from __future__ import annotations

from bisect import bisect_right

from reporter.report.figures.axes import Frame, Scale
from reporter.report.figures.canvas import INK, MUTED, NAVY, ORANGE, SIZE, WHITE, Canvas, num
from reporter.report.figures.labels import spread
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import (
    ContributionsFigure,
    IconsFigure,
    PatientCurveFigure,
    RankFigure,
)
from reporter.report.figures.steps import Point, band_paths, clip_steps, line_path, thin_steps

_EMPTY = "#9AA5B1"
_LABEL_LINES = 2
_NEAR = 0.25  # a cohort curve that runs less above a read-out would cross its text
_STEP = 0.25  # points that a step has to move a line of 1.8 points to be drawn; the numbers are not read from it
_STRIP = ("#DCE6F0", "#B9CEE3", "#86ADCF", "#F2CDA9", "#E39B5C")


def draw_patient_curve(figure: PatientCurveFigure, fonts: FontMetrics | None = None) -> str:
    """Draw the patient's predicted course with its band and read-outs, and that of the cohort, dashed."""
    metrics = fonts or FontMetrics()
    side = [metrics.wrap(text, 70, SIZE, 600) for text in (figure.label, figure.reference_label)]
    right = 6 + max(metrics.inline_width(line, SIZE, 600) for lines in side for line in lines)
    bottom = figure.height - 28
    x = Scale(0.0, figure.x_ticks[-1].position, 34.0, figure.width - right - 2)
    y = Scale(0.0, 1.0, bottom, 8.0)
    frame = Frame(x, y, figure.x_ticks, figure.y_ticks, figure.x_label, figure.y_label)
    canvas = Canvas(figure.width, figure.height, figure.title, figure.description, metrics)
    limits = zip(figure.time, figure.estimate, figure.conf_low, figure.conf_high, strict=True)
    own: list[Point] = thin_steps(clip_steps([(0.0, 1.0, 1.0, 1.0), *limits], x.upper), y, _STEP)
    cohort = zip(figure.reference_time, figure.reference_estimate, strict=True)
    others: list[Point] = [(t, s, None, None) for t, s in cohort]
    reference = thin_steps(clip_steps([(0.0, 1.0, None, None), *others], x.upper), y, _STEP)
    frame.draw_grid(canvas)
    canvas.path(band_paths(own, x, y), fill=NAVY, opacity=0.13)
    canvas.path(line_path(reference, x, y), stroke=MUTED, width=1.0, dash="3 2")
    canvas.path(line_path(own, x, y), stroke=NAVY, width=1.8)
    frame.draw_axes(canvas, 8.0)
    _draw_marks(canvas, figure, x, y)
    ends = [y.inside(own[-1][1]), y.inside(reference[-1][1])]
    heights = [9.4 * len(lines) for lines in side]
    for top, lines, color, weight in zip(
        spread(ends, heights, 6.0, bottom), side, (NAVY, MUTED), (600, 400), strict=True
    ):
        for i, line in enumerate(lines):
            canvas.text(x.end + 5, top + 7 + 9.4 * i, line, SIZE, color, weight=weight)
    return canvas.finish()


def _draw_marks(canvas: Canvas, figure: PatientCurveFigure, x: Scale, y: Scale) -> None:
    for mark in figure.marks:
        place_x, place_y = x.inside(mark.time), y.inside(mark.estimate)
        canvas.line(place_x, place_y, place_x, y.start, NAVY, 0.6, "1.5 1.5")
        canvas.circle(place_x, place_y, 3, NAVY, WHITE, 1.0)
        width = canvas.fonts.inline_width(mark.text, SIZE + 1.4, 700)
        above = _level_at(figure, mark.time) - mark.estimate
        if 0 < above < _NEAR and place_y + 13 < y.start:
            start, base = max(place_x - 4 - width, x.start + 2), place_y + 11
        else:
            start, base = min(place_x + 5, x.end - width), max(place_y - 6, 7.5)
        canvas.text(start, base, mark.text, SIZE + 1.4, NAVY, weight=700)


def _level_at(figure: PatientCurveFigure, time: float) -> float:
    """Return the level of the cohort's curve at a time."""
    step = bisect_right(figure.reference_time, time) - 1
    return figure.reference_estimate[step] if step >= 0 else 1.0


def draw_icons(figure: IconsFigure, fonts: FontMetrics | None = None) -> str:
    """Draw ten rows of ten dots, the first `n_filled` filled."""
    canvas = Canvas(figure.width, figure.width, figure.title, figure.description, fonts or FontMetrics())
    step = figure.width / 10
    for i in range(100):
        filled = i < figure.n_filled
        x, y = (i % 10 + 0.5) * step, (i // 10 + 0.5) * step
        canvas.circle(x, y, step * 0.34, NAVY if filled else WHITE, NAVY if filled else _EMPTY)
    return canvas.finish()


def draw_contributions(figure: ContributionsFigure, fonts: FontMetrics | None = None) -> str:
    """Draw one bar per factor, to the left where it lowers the hazard, with the printed multiplier at its end."""
    metrics = fonts or FontMetrics()
    canvas = Canvas(figure.width, 0.0, figure.title, figure.description, metrics)
    values = max((metrics.width(r.value, SIZE, weight=600) for r in figure.rows), default=0.0)
    values = min(values, 0.27 * figure.width)
    name = min(max((metrics.width(r.label, SIZE) for r in figure.rows), default=0.0) + 1, 0.5 * figure.width - values)
    left = name + values + 8
    texts = max((metrics.inline_width(r.text, SIZE - 0.6) for r in figure.rows), default=0.0) + 6
    centre = (left + figure.width) / 2
    largest = max((abs(r.log_hazard) for r in figure.rows), default=0.0) or 1.0
    scale = ((figure.width - left) / 2 - texts) / max(largest, 0.05)
    y = 2.0
    for row in figure.rows:
        lines = metrics.shorten(metrics.wrap(row.label, name, SIZE), _LABEL_LINES)
        shown = metrics.wrap(row.value, values + 1, SIZE, 600)
        height = max(18.0, 9.2 * max(len(lines), len(shown)) + 4)
        middle = y + height / 2
        for i, line in enumerate(lines):
            canvas.text(0, middle + 2.6 + 9.2 * (i - (len(lines) - 1) / 2), line)
        for i, line in enumerate(shown):
            base = middle + 2.6 + 9.2 * (i - (len(shown) - 1) / 2)
            canvas.text(left - 4, base, line, anchor="end", weight=600, label=True)
        length = row.log_hazard * scale
        color = ORANGE if length > 0 else NAVY
        canvas.rect(min(centre, centre + length), middle - 4.5, max(abs(length), 0.4), 9, color)
        end, anchor = (centre + length + 3, "start") if length >= 0 else (centre + length - 3, "end")
        canvas.text(end, middle + 2.4, row.text, SIZE - 0.6, MUTED, anchor=anchor)
        y += height
    canvas.line(centre, 0, centre, y + 2)
    canvas.text(centre - 5, y + 12, f"← {figure.lower_words}", SIZE - 0.4, MUTED, anchor="end")
    canvas.text(centre + 5, y + 12, f"{figure.higher_words} →", SIZE - 0.4, MUTED)
    canvas.height = y + 16
    return canvas.finish()


def draw_rank(figure: RankFigure, fonts: FontMetrics | None = None) -> str:
    """Draw a strip of five fifths with a pointer where the patient stands."""
    canvas = Canvas(figure.width, 42.0, figure.title, figure.description, fonts or FontMetrics())
    left, right, y = 2.0, figure.width - 2, 22.0
    step = (right - left) / len(_STRIP)
    for i, color in enumerate(_STRIP):
        canvas.rect(left + i * step, y - 5, step - 1, 10, color)
    x = left + (right - left) * min(max(figure.percent, 0.0), 100.0) / 100
    canvas.polygon([(x - 4, y - 13), (x + 4, y - 13), (x, y - 6.5)])
    canvas.path(f"M{num(x)} {num(y - 7)}V{num(y + 5)}", stroke=INK, width=0.9)
    canvas.text(left, y + 15, figure.lowest_words, SIZE - 0.2, MUTED)
    canvas.text((left + right) / 2, y + 15, figure.middle_words, SIZE - 0.2, MUTED, anchor="middle")
    canvas.text(right, y + 15, figure.highest_words, SIZE - 0.2, MUTED, anchor="end")
    return canvas.finish()
