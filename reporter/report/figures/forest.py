"""Forest plot as small drawings, one per table row, on one logarithmic axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from math import isfinite, log

from reporter.report.figures.axes import Scale
from reporter.report.figures.canvas import INK, MUTED, NAVY, WHITE, Canvas, num
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import ForestAxis, ForestRow, Tick

ROW_HEIGHT = 14.0
_SIZE = 7.2
_SIDE = 3.0
_TICK_SETS = (
    (0.8, 0.9, 1.0, 1.1, 1.25),
    (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0),
    (0.25, 0.5, 1.0, 2.0, 4.0),
    (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0),
    (0.01, 0.1, 1.0, 10.0, 100.0),
    (1e-4, 1e-2, 1.0, 1e2, 1e4),
)
_WIDEST = 4.0


def choose_forest_axis(
    rows: Iterable[ForestRow], label: Callable[[float], str], fonts: FontMetrics | None = None, width: float = 120.0
) -> ForestAxis:
    """Return the common axis of the rows: all estimates, and intervals up to four times beyond them.

    Parameters
    ----------
    rows
        All rows of the table; those without an estimate do not count.
    label
        Writes the text of a tick.
    width
        Width in points.
    """
    known = [r for r in rows if r.estimate is not None and isfinite(r.estimate) and r.estimate > 0]
    estimates = [r.estimate for r in known if r.estimate is not None] + [1.0]
    lows = [r.conf_low for r in known if r.conf_low and isfinite(r.conf_low)] + estimates
    highs = [r.conf_high for r in known if r.conf_high and isfinite(r.conf_high)] + estimates
    lower = max(min(lows), min(estimates) / _WIDEST)
    upper = min(max(highs), max(estimates) * _WIDEST)
    pad = max((upper / lower) ** 0.05, 1.03)
    lower, upper = lower / pad, upper * pad
    metrics = fonts or FontMetrics()
    return ForestAxis(lower, upper, _choose_ticks(lower, upper, label, metrics, width), width)


def _choose_ticks(
    lower: float, upper: float, label: Callable[[float], str], fonts: FontMetrics, width: float
) -> tuple[Tick, ...]:
    scale = Scale(log(lower), log(upper), _SIDE, width - _SIDE)
    best: tuple[Tick, ...] = (Tick(1.0, label(1.0)),)
    for values in _TICK_SETS:
        ticks = tuple(Tick(v, label(v)) for v in values if lower <= v <= upper)
        ends = [(scale(log(t.position)), fonts.width(t.label, _SIZE) / 2) for t in ticks]
        fits = all(a + p + 5 <= b - q for (a, p), (b, q) in pairwise(ends))
        if fits and len(ticks) > len(best):
            best = ticks
    return best


def _scale(axis: ForestAxis) -> Scale:
    return Scale(log(axis.lower), log(axis.upper), _SIDE, axis.width - _SIDE)


def reference_share(axis: ForestAxis) -> float:
    """Return the place of ratio 1 as a share of the width."""
    return _scale(axis)(0.0) / axis.width


def draw_forest_row(row: ForestRow, axis: ForestAxis, fonts: FontMetrics | None = None) -> str:
    """Draw one interval with its square; an arrow where the axis cuts it, a circle for the reference.

    The element says where ratio 1 lies (``data-reference``), so that a table writer can draw the line through all rows.
    """
    canvas = Canvas(axis.width, ROW_HEIGHT, row.description, "", fonts or FontMetrics())
    scale, middle = _scale(axis), ROW_HEIGHT / 2
    if row.estimate is None:
        canvas.circle(scale(0.0), middle, 1.9, WHITE, MUTED, 0.8)
    else:
        if row.conf_low is not None and row.conf_high is not None:
            _draw_interval(canvas, scale, row.conf_low, row.conf_high)
        x = scale.inside(_log(row.estimate))
        canvas.rect(x - 2.6, middle - 2.6, 5.2, 5.2, NAVY)
    return canvas.finish().replace("<svg ", f'<svg data-reference="{num(reference_share(axis) * 100)}" ', 1)


def _log(value: float) -> float:
    return log(value) if value > 0 else float("-inf")


def _draw_interval(canvas: Canvas, scale: Scale, low: float, high: float) -> None:
    middle, d = ROW_HEIGHT / 2, ""
    left, right = scale.inside(_log(low)), scale.inside(_log(high))
    d += f"M{num(left)} {middle}H{num(right)}"
    if _log(low) < scale.lower:
        d += f"M{num(left + 3)} {num(middle - 2.4)}L{num(left)} {middle}L{num(left + 3)} {num(middle + 2.4)}"
    else:
        d += f"M{num(left)} {num(middle - 2)}v4"
    if _log(high) > scale.upper:
        d += f"M{num(right - 3)} {num(middle - 2.4)}L{num(right)} {middle}L{num(right - 3)} {num(middle + 2.4)}"
    else:
        d += f"M{num(right)} {num(middle - 2)}v4"
    canvas.path(d, stroke=NAVY, width=1.0)


def draw_forest_axis(
    axis: ForestAxis, description: str, lower_words: str = "", higher_words: str = "", fonts: FontMetrics | None = None
) -> str:
    """Draw the axis under the rows with its ticks and, if given, the words to the left and right of ratio 1."""
    words = bool(lower_words or higher_words)
    canvas = Canvas(axis.width, 26.0 if words else 15.0, description, "", fonts or FontMetrics())
    scale = _scale(axis)
    marks = "".join(f"M{num(scale(log(t.position)))} .5v3" for t in axis.ticks)
    canvas.path(f"M0 .5H{num(axis.width)}{marks}", stroke=INK)
    for tick in axis.ticks:
        half = canvas.fonts.width(tick.label, _SIZE) / 2
        x = min(max(scale(log(tick.position)), half), axis.width - half)
        canvas.text(x, 11, tick.label, _SIZE, anchor="middle", label=True)
    if words:
        _draw_words(canvas, scale(0.0), f"← {lower_words}", f"{higher_words} →")
    return canvas.finish()


def _draw_words(canvas: Canvas, one: float, lower: str, higher: str) -> None:
    left, right = (canvas.fonts.width(text, _SIZE) for text in (lower, higher))
    if left + right + 8 > canvas.width:
        return
    middle = min(max(one, left + 4), canvas.width - right - 4)
    canvas.text(middle - 4, 21.5, lower, _SIZE, MUTED, anchor="end")
    canvas.text(middle + 4, 21.5, higher, _SIZE, MUTED)
