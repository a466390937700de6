"""Scales, ticks and frames of plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from reporter.report.figures.canvas import FAINT, INK, SIZE, Canvas
from reporter.report.figures.models import Tick


@dataclass(frozen=True)
class Scale:
    """A linear map of `lower`..`upper` to `start`..`end` points."""

    lower: float
    upper: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value in points."""
        if self.upper == self.lower:
            return (self.start + self.end) / 2
        return self.start + (self.end - self.start) * (value - self.lower) / (self.upper - self.lower)

    def inside(self, value: float) -> float:
        """Return the place of a value, held within the plot."""
        return self(min(max(value, self.lower), self.upper))


def linear_ticks(lower: float, upper: float, label: Callable[[float], str], count: int = 5) -> tuple[Tick, ...]:
    """Return about `count` round ticks that cover `lower`..`upper`; `label` writes the text of one."""
    span = (upper - lower) or abs(upper) or 1.0
    power = 10.0 ** floor(log10(span / count))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if span / (m * power) <= count)
    first, last = floor(lower / step + 1e-9), ceil(upper / step - 1e-9)
    positions = [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]
    return tuple(Tick(p, label(p)) for p in positions)


@dataclass(frozen=True)
class Frame:
    """The axes of a plot: horizontal and vertical scale with their ticks and titles."""

    x: Scale
    y: Scale
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    x_label: str
    y_label: str

    def draw_grid(self, canvas: Canvas) -> None:
        """Draw the faint horizontal lines."""
        for tick in self.y_ticks:
            if self.y(tick.position) != self.y.start:
                canvas.line(self.x.start, self.y(tick.position), self.x.end, self.y(tick.position), FAINT, 0.5)

    def draw_axes(self, canvas: Canvas, label_x: float) -> None:
        """Draw both axes with ticks and titles; the vertical title stands at `label_x`."""
        x0, y0 = self.x.start, self.y.start
        marks = "".join(f"M{x0 - 3:.2f} {self.y(t.position):.2f}h3" for t in self.y_ticks)
        marks += "".join(f"M{self.x(t.position):.2f} {y0:.2f}v3" for t in self.x_ticks)
        canvas.path(f"M{x0:.2f} {self.y.end:.2f}V{y0:.2f}H{self.x.end:.2f}{marks}", stroke=INK)
        for tick in self.y_ticks:
            canvas.text(x0 - 5.5, self.y(tick.position) + 2.6, tick.label, anchor="end", label=True)
        last_end = -1e9
        for tick in self.x_ticks:
            half = canvas.fonts.width(tick.label, SIZE) / 2
            if self.x(tick.position) - half > last_end + 2:
                canvas.text(self.x(tick.position), y0 + 11, tick.label, anchor="middle", label=True)
                last_end = self.x(tick.position) + half
        self._draw_titles(canvas, label_x)

    def _draw_titles(self, canvas: Canvas, label_x: float) -> None:
        height, size = self.y.start - self.y.end, SIZE + 0.2
        lines = canvas.fonts.wrap(self.y_label, max(height + 12, 40), size, 600)
        for i, line in enumerate(lines):
            x = label_x - (len(lines) - 1 - i) * 9.2
            canvas.text(x, (self.y.start + self.y.end) / 2, line, size, anchor="middle", weight=600, rotate=-90)
        wide = canvas.fonts.wrap(self.x_label, self.x.end - self.x.start + 24, size, 600)
        for i, line in enumerate(wide):
            y = self.y.start + 22.5 + i * 9.2
            canvas.text((self.x.start + self.x.end) / 2, y, line, size, anchor="middle", weight=600)
