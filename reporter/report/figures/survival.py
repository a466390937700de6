"""Kaplan-Meier figure with risk table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from reporter.errors import ReporterError
from reporter.report.document import Inline
from reporter.report.figures.axes import Frame, Scale
from reporter.report.figures.canvas import DASHES, HAIR, PALETTES, SIZE, Canvas, num, text_color
from reporter.report.figures.labels import Box, Traces, place_block, place_labels, spread
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import KaplanMeierFigure, SurvivalGroup
from reporter.report.figures.steps import Point, band_paths, clip_steps, line_path, thin_steps

_TOP = 8.0
_LINE = 9.4
_LABEL = SIZE + 0.6
_KEY = 12.5
_DASHED_KEY = 19.5
_STATISTIC = 10.5


@dataclass(frozen=True)
class _Plan:
    """Measured margins, the wrapped names of the risk table and of the right margin (empty: labels in the plot)."""

    left: float
    right: float
    key: float
    names: list[list[Inline]]
    side: list[list[Inline]]


def draw_kaplan_meier(figure: KaplanMeierFigure, fonts: FontMetrics | None = None) -> str:
    """Draw survival curves with bands, censor ticks, direct labels, statistics lines and risk table.

    Parameters
    ----------
    figure
        One to six groups; steps smaller than 0.1 pt are left out.
    fonts
        Widths to share between figures; read anew when None.

    Returns
    -------
    str
        An ``svg`` element.
    """
    if not 1 <= len(figure.groups) <= len(PALETTES):
        raise ReporterError(f"A Kaplan-Meier figure takes 1 to {len(PALETTES)} groups; got {len(figure.groups)}.")
    metrics = fonts or FontMetrics()
    plan = _plan(figure, metrics, [])
    drawing = _Drawing(figure, plan, metrics)
    labels = drawing.labels_in_plot()
    if labels is None:
        drawing = _Drawing(figure, _plan(figure, metrics, _side_names(figure, metrics)), metrics)
    return drawing.draw(labels)


def _side_names(figure: KaplanMeierFigure, fonts: FontMetrics) -> list[list[Inline]]:
    most = max(1, int(figure.plot_height / (len(figure.groups) * _LINE)))
    return [fonts.shorten(fonts.wrap(g.label, 92, _LABEL, 600), most) for g in figure.groups]


def _plan(figure: KaplanMeierFigure, fonts: FontMetrics, side: list[list[Inline]]) -> _Plan:
    cells = [fonts.inline_width(cell, SIZE) for g in figure.groups for cell in g.risk]
    half = max(cells, default=0.0) / 2
    key = _KEY if len(figure.groups) <= 2 else _DASHED_KEY
    widest = max(fonts.width(g.label, SIZE) for g in figure.groups)
    has_risk = bool(cells)
    name_width = min(widest, 104.0) + 1
    left = max(key + name_width + 8 + half, 46.0) if has_risk else 46.0
    names = [fonts.wrap(g.label, name_width, SIZE) for g in figure.groups] if has_risk else []
    right = max(half, 10.0)
    if side:
        right = max(right, 12 + max(fonts.inline_width(line, _LABEL, 600) for lines in side for line in lines))
    return _Plan(left, right, key, names, side)


def _points(group: SurvivalGroup, upper: float, begin: float) -> list[Point]:
    n = len(group.time)
    low, high = group.conf_low or (None,) * n, group.conf_high or (None,) * n
    known = bool(group.conf_low)
    start: Point = (0.0, begin, begin if known else None, begin if known else None)
    return clip_steps([start, *zip(group.time, group.estimate, low, high, strict=True)], upper)


class _Drawing:
    """One figure in the making."""

    def __init__(self, figure: KaplanMeierFigure, plan: _Plan, fonts: FontMetrics) -> None:
        self._figure = figure
        self._plan = plan
        self._fonts = fonts
        self._over = 0.0
        self._set_frame()
        self._statistics = self._place_statistics()
        if figure.statistics and self._statistics is None:
            self._over = _STATISTIC * len(figure.statistics) + 4
            self._set_frame()

    def _set_frame(self) -> None:
        figure, plan, top = self._figure, self._plan, _TOP + self._over
        bottom = top + figure.plot_height
        first, last = min(figure.x_ticks[0].position, 0.0), figure.x_ticks[-1].position
        x = Scale(first, last, plan.left, figure.width - plan.right)
        y = Scale(0.0, figure.y_ticks[-1].position, bottom, top)
        self._frame = Frame(x, y, figure.x_ticks, figure.y_ticks, figure.x_label, figure.y_label)
        self._box = Box(x.start, top, x.end, bottom)
        self._canvas = Canvas(figure.width, bottom + 30, figure.title, figure.description, self._fonts)
        self._colors = PALETTES[len(figure.groups) - 1]
        self._points = [thin_steps(_points(g, x.upper, figure.start), y) for g in figure.groups]
        self._traces = Traces(self._points, x, y)

    def draw(self, labels: list[Box] | None) -> str:
        """Return the finished drawing."""
        self._frame.draw_grid(self._canvas)
        for points, color in zip(self._points, self._colors, strict=True):
            self._canvas.path(band_paths(points, self._frame.x, self._frame.y), fill=color, opacity=0.13)
        for i in range(len(self._points)):
            self._draw_curve(i)
        self._frame.draw_axes(self._canvas, self._box.left - 27)
        if labels is not None:
            self._draw_labels(labels)
        else:
            self._draw_side_labels()
        self._draw_statistics()
        if self._plan.names:
            self._draw_risk()
        return self._canvas.finish()

    def labels_in_plot(self) -> list[Box] | None:
        """Return places beside the curves for all group names, None when one has no free place."""
        groups = self._figure.groups
        if len(groups) == 1:
            return []
        sizes = [(self._canvas.fonts.width(g.label, _LABEL, weight=600), _LABEL) for g in groups]
        taken = [self._statistics] if self._statistics else []
        return place_labels(sizes, self._traces, self._box, taken)

    def _dash(self, i: int) -> str:
        return DASHES[i] if len(self._points) > 2 else ""

    def _draw_curve(self, i: int) -> None:
        x, y, color = self._frame.x, self._frame.y, self._colors[i]
        self._canvas.path(line_path(self._points[i], x, y), stroke=color, width=1.5, dash=self._dash(i))
        ticks, before = [], ""
        for time in sorted(t for t in self._figure.groups[i].censor_times if x.lower <= t <= x.upper):
            place = num(x(time))
            if place != before:
                ticks.append(f"M{place} {num(y.inside(self._level(i, time)) - 1.9)}v3.8")
            before = place
        self._canvas.path("".join(ticks), stroke=color, width=0.4)

    def _level(self, i: int, time: float) -> float:
        points = self._points[i]
        lower, upper = 0, len(points)
        while upper - lower > 1:
            middle = (lower + upper) // 2
            lower, upper = (middle, upper) if points[middle][0] <= time else (lower, middle)
        return points[lower][1]

    def _draw_labels(self, boxes: list[Box]) -> None:
        for box, group, color in zip(boxes, self._figure.groups, self._colors, strict=False):
            y = box.bottom - 1.6
            self._canvas.text(box.left, y, group.label, _LABEL, text_color(color), weight=600)

    def _draw_side_labels(self) -> None:
        ends = [(self._frame.x(p[-1][0]), self._frame.y.inside(p[-1][1])) for p in self._points]
        heights = [len(lines) * _LINE for lines in self._plan.side]
        tops = spread([y for _, y in ends], heights, self._box.top, self._box.bottom)
        for i, lines in enumerate(self._plan.side):
            x, y = self._box.right + 10, tops[i] + heights[i] / 2
            way = f"M{num(ends[i][0] + 1)} {num(ends[i][1])}L{num(x - 6)} {num(y)}H{num(x - 2)}"
            self._canvas.path(way, stroke=HAIR if len(ends) > 1 else self._colors[i], width=0.6)
            for j, line in enumerate(lines):
                base = tops[i] + _LINE * j + _LINE - 2.4
                self._canvas.text(x, base, line, _LABEL, text_color(self._colors[i]), weight=600)

    def _place_statistics(self) -> Box | None:
        lines = self._figure.statistics
        if not lines:
            return None
        width = max(self._canvas.fonts.inline_width(line, SIZE + 0.2, 400) for line in lines)
        return place_block(width, len(lines) * _STATISTIC, self._traces, self._box)

    def _draw_statistics(self) -> None:
        left = self._statistics.left if self._statistics else self._box.left
        top = self._statistics.top if self._statistics else 0.0
        for i, line in enumerate(self._figure.statistics):
            self._canvas.text(left, top + _STATISTIC * i + 8, line, SIZE + 0.2)

    def _draw_risk(self) -> None:
        canvas, figure = self._canvas, self._figure
        y = self._box.bottom + 37.0
        canvas.text(0, y, figure.risk_heading, weight=600)
        y += 2.1
        stride = self._risk_stride()
        for i, group in enumerate(figure.groups):
            lines = self._plan.names[i]
            base = y + _LINE
            canvas.line(0, base - 2.6, self._plan.key - 3.5, base - 2.6, self._colors[i], 1.5, self._dash(i))
            for j, line in enumerate(lines):
                canvas.text(self._plan.key, base + j * 8.8, line)
            for j, (tick, cell) in enumerate(zip(figure.x_ticks, group.risk, strict=True)):
                if j % stride == 0:
                    canvas.text(self._frame.x(tick.position), base, cell, anchor="middle")
            y = base + (len(lines) - 1) * 8.8 + 2.1
        canvas.height = y + 3

    def _risk_stride(self) -> int:
        cells = [self._canvas.fonts.inline_width(c, SIZE) for g in self._figure.groups for c in g.risk]
        places = [self._frame.x(t.position) for t in self._figure.x_ticks]
        step = min((b - a for a, b in pairwise(places)), default=1e9)
        return 1 + int((max(cells, default=0.0) + 2.5) // max(step, 1.0))
