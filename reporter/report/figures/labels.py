"""Places for words beside curves: on no line, on no other word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.report.figures.axes import Scale
from reporter.report.figures.steps import Point


@dataclass(frozen=True)
class Box:
    """A rectangle in points; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, gap: float = 2.0) -> bool:
        """Return whether the rectangles come closer than `gap`."""
        apart_x = self.left >= other.right + gap or other.left >= self.right + gap
        return not (apart_x or self.top >= other.bottom + gap or other.top >= self.bottom + gap)


class Traces:
    """Where each curve and its band run, point by point across the plot."""

    def __init__(self, curves: Sequence[Sequence[Point]], x: Scale, y: Scale) -> None:
        self._start = x.start
        grid = np.arange(x.start, x.end + 1.0)
        self.levels = [_levels(points, 1, grid, x, y) for points in curves]
        self._lower = [_levels(points, 2, grid, x, y) for points in curves]
        self._upper = [_levels(points, 3, grid, x, y) for points in curves]

    def _part(self, levels: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
        first = max(int(box.left - self._start) - 1, 0)
        part = levels[first : int(box.right - self._start) + 2]
        return part[~np.isnan(part)]

    def span(self, curve: int, box: Box) -> tuple[float, float]:
        """Return top and bottom of a curve over the width of a box; inf where it does not run."""
        part = self._part(self.levels[curve], box)
        return (float(part.min()), float(part.max())) if part.size else (float("inf"), float("-inf"))

    def band_overlap(self, box: Box) -> int:
        """Return how many bands a box touches."""
        count = 0
        for lower, upper in zip(self._lower, self._upper, strict=True):
            low, high = self._part(lower, box), self._part(upper, box)
            count += bool(low.size and high.size and high.min() < box.bottom and low.max() > box.top)
        return count

    def overlap(self, box: Box, gap: float = 2.5) -> int:
        """Return how many curves cross a box."""
        spans = [self.span(i, box) for i in range(len(self.levels))]
        return sum(1 for top, bottom in spans if top < box.bottom + gap and bottom > box.top - gap)


def _levels(points: Sequence[Point], column: int, grid: NDArray[np.float64], x: Scale, y: Scale) -> NDArray[np.float64]:
    times = np.array([x(p[0]) for p in points])
    values = [p[column] for p in points]
    heights = np.array([np.nan if v is None else y.inside(v) for v in values])
    index = np.searchsorted(times, grid, side="right") - 1
    out: NDArray[np.float64] = np.where(grid <= times[-1] + 1e-9, heights[np.clip(index, 0, None)], np.nan)
    return out


def place_labels(
    sizes: Sequence[tuple[float, float]], traces: Traces, frame: Box, taken: Sequence[Box]
) -> list[Box] | None:
    """Return a free box beside each curve, or None when one curve has none.

    Each label goes as close as it can to its own curve, and must be nearer to it than to any other.
    """
    placed: list[Box] = []
    order = sorted(range(len(sizes)), key=lambda i: traces.span(i, frame)[1])
    result: dict[int, Box] = {}
    for i in order:
        options = [b for b in _candidates(i, sizes[i], traces, frame) if _is_free(b, i, traces, [*taken, *placed])]
        if not options:
            return None
        best = min(options, key=lambda b: _cost(b, i, traces, frame))
        placed.append(best)
        result[i] = best
    return [result[i] for i in range(len(sizes))]


def _candidates(curve: int, size: tuple[float, float], traces: Traces, frame: Box) -> list[Box]:
    width, height = size
    boxes = []
    for left in np.arange(frame.left + 8, frame.right - width - 2, 6.0):
        top, bottom = traces.span(curve, Box(float(left), 0, float(left) + width, 0))
        for start in [s for gap in (5, 9, 14, 20) for s in (top - gap - height, bottom + gap)]:
            box = Box(float(left), start, float(left) + width, start + height)
            if np.isfinite(start) and box.top >= frame.top and box.bottom <= frame.bottom - 3:
                boxes.append(box)
    return boxes


def _is_free(box: Box, curve: int, traces: Traces, taken: Sequence[Box]) -> bool:
    if traces.overlap(box) or any(box.meets(other, 4.0) for other in taken):
        return False
    own = _distance(box, curve, traces)
    others = [_distance(box, i, traces) for i in range(len(traces.levels)) if i != curve]
    return all(other > own + 1.0 for other in others)


def _distance(box: Box, curve: int, traces: Traces) -> float:
    middle = (box.left + box.right) / 2
    top, bottom = traces.span(curve, Box(middle - 2, 0, middle + 2, 0))
    if top == float("inf"):
        return float("inf")
    return min(abs(box.top - bottom), abs(top - box.bottom))


def _cost(box: Box, curve: int, traces: Traces, frame: Box) -> float:
    middle = (box.left + box.right) / 2
    wanted = frame.left + 0.72 * (frame.right - frame.left)
    return _distance(box, curve, traces) * 4 + abs(middle - wanted) * 0.15 + 60 * traces.band_overlap(box)


def place_block(width: float, height: float, traces: Traces, frame: Box) -> Box | None:
    """Return a place for a block of lines that no curve crosses: a corner, else where there is room."""
    lows = (frame.bottom - 6 - height, frame.top + 2)
    corners = [(x, y) for y in lows for x in (frame.left + 10, frame.right - width - 6)]
    inner = [
        (float(x), float(y))
        for y in np.arange(frame.bottom - 6 - height, frame.top, -8.0)
        for x in np.arange(frame.left + 10, frame.right - width - 6, 12.0)
    ]
    for allowed_bands in (0, len(traces.levels)):
        for x, y in corners + inner:
            box = Box(x, y, x + width, y + height)
            if not traces.overlap(box, 5.0) and traces.band_overlap(box) <= allowed_bands:
                return box
    return None


def spread(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return top edges near the `wanted` middles, in their order, without overlap, between `top` and `bottom`."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    tops = [0.0] * len(wanted)
    edge = top
    for i in order:
        tops[i] = max(edge, wanted[i] - heights[i] / 2)
        edge = tops[i] + heights[i]
    edge = bottom
    for i in reversed(order):
        tops[i] = min(tops[i], edge - heights[i])
        edge = tops[i]
    return tops
