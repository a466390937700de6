"""Step functions as paths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reporter.report.figures.axes import Scale
from reporter.report.figures.canvas import num

TOLERANCE = 0.1
Point = tuple[float, float, float | None, float | None]


def clip_steps(points: Sequence[Point], upper: float) -> list[Point]:
    """Return the steps up to `upper`, the last level carried on to it where steps were cut off."""
    kept = [p for p in points if p[0] <= upper]
    if kept and len(kept) < len(points):
        kept.append((upper, *kept[-1][1:]))
    return kept


def thin_steps(points: Sequence[Point], y: Scale, tolerance: float = TOLERANCE) -> list[Point]:
    """Leave out steps that move no line by `tolerance` points; the first and the last stay."""
    kept = list(points[:1])
    for point in points[1:-1]:
        if any(_moved(a, b, y, tolerance) for a, b in zip(point[1:], kept[-1][1:], strict=True)):
            kept.append(point)
    return kept + list(points[-1:]) if len(points) > 1 else kept


def _moved(a: float | None, b: float | None, y: Scale, tolerance: float) -> bool:
    if a is None or b is None:
        return a is not b
    return abs(y(a) - y(b)) >= tolerance


def line_path(points: Sequence[Point], x: Scale, y: Scale) -> str:
    """Return the path of a step function."""
    d: list[str] = []
    before_y = ""
    for time, level, _, _ in points:
        place_x, place_y = num(x(time)), num(y.inside(level))
        d.append(f"M{place_x} {place_y}" if not d else f"H{place_x}")
        if before_y and place_y != before_y:
            d.append(f"V{place_y}")
        before_y = place_y
    return "".join(d)


def band_paths(points: Sequence[Point], x: Scale, y: Scale) -> str:
    """Return closed paths between the limits, one per stretch on which both are known."""
    boxes: list[list[tuple[float, float, float, float]]] = [[]]
    for (start, _, low, high), (end, _, _, _) in pairwise(points):
        if low is None or high is None:
            boxes.append([])
        elif end > start:
            boxes[-1].append((x(start), x(end), y.inside(low), y.inside(high)))
    return "".join(_closed(stretch) for stretch in boxes if stretch)


def _closed(stretch: list[tuple[float, float, float, float]]) -> str:
    d = f"M{num(stretch[0][0])} {num(stretch[0][3])}"
    for _, end, _, high in stretch:
        d += f"V{num(high)}H{num(end)}"
    for start, _, low, _ in reversed(stretch):
        d += f"V{num(low)}H{num(start)}"
    return d + "Z"
