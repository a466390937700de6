"""Curves of more than 5,000 points: some stay in the tree, the whole curve goes into a file beside it.

The rule: kept are both ends, the last value of each column, the points on both sides of every time that an axis may
print, and each point at which the leading column has moved into another of 4,000 equal parts of its range. Read as a
step function the kept points are off by no more than the largest error, which the tree states for each column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Results, Thinned, last_point

MOST_POINTS = 5_000
PARTS = 4_000
RULE = "points where the leading column enters another of 4,000 parts of its range, and those beside printed times"
# What happens at one time alone: nothing to carry to the next.
_INCREMENTS = ("n_event", "n_censor")
_LEADING = ("estimate", "cumulative_hazard")
# Ticks of an axis are the first multiples of one of these, in days, months or years.
_TICK_STEPS = (1, 2, 3, 5, 6, 7, 10, 12, 14, 20, 24, 30, 36, 60, 90, 120, 180, 365, 730, 1825, 3650)
_TICKS = np.unique([i * step for step in _TICK_STEPS for i in range(13)]).astype(np.float64)

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def _values(column: CurveColumn) -> Floats:
    return np.array([np.nan if value is None else value for value in column.values], dtype=np.float64)


def _leading(curve: Curve) -> Floats:
    by_name = {column.stat: column for column in curve.columns}
    name = next((name for name in _LEADING if name in by_name), curve.columns[0].stat)
    return _values(by_name[name])


def kept_points(curve: Curve) -> Indices:
    """Return the indices of the points that stay, ascending."""
    values, time = _leading(curve), np.array(curve.time)
    low, high = np.nanmin(values), np.nanmax(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(np.isnan(values), -1.0, np.floor((values - low) / (high - low) * PARTS))
    moved = np.flatnonzero(np.diff(part, prepend=np.nan) != 0)
    if moved.size > PARTS + 2:
        moved = np.linspace(0, time.size - 1, PARTS).astype(np.int64)
    ends = [0, time.size - 1, *(last for c in curve.columns if (last := last_point(c.values)) is not None)]
    ticks = _TICKS[time[-1] >= _TICKS]
    beside = np.concatenate((np.searchsorted(time, ticks), np.searchsorted(time, ticks, side="right") - 1))
    every = np.concatenate((moved, ends, beside)).astype(np.int64)
    return np.unique(every[(every >= 0) & (every < time.size)])


def _largest_errors(curve: Curve, kept: Indices) -> dict[str, float]:
    """Return by column how far the last kept value is from the value, at most."""
    before = kept[np.searchsorted(kept, np.arange(len(curve.time)), side="right") - 1]
    errors = {}
    for column in curve.columns:
        if column.stat not in _INCREMENTS:
            values = _values(column)
            difference = np.abs(values - values[before])
            errors[column.stat] = float(np.nanmax(difference, initial=0.0))
    return errors


def thin(curve: Curve, file: str) -> Curve:
    """Return the curve with the points that stay; the same curve when it has no more than 5,000.

    Parameters
    ----------
    file
        Where the whole curve is, relative to the report's folder.
    """
    if len(curve.time) <= MOST_POINTS:
        return curve
    kept = kept_points(curve)
    columns = tuple(
        CurveColumn(stat=column.stat, values=tuple(column.values[i] for i in kept)) for column in curve.columns
    )
    said = Thinned(n_points=len(curve.time), rule=RULE, file=file, largest_error=_largest_errors(curve, kept))
    time = tuple(curve.time[i] for i in kept)
    return curve.model_copy(update={"time": time, "columns": columns, "thinned": said})


def _whole(curve: Curve) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("time", *(column.stat for column in curve.columns)))
    rows = zip(curve.time, *(column.values for column in curve.columns), strict=True)
    writer.writerows(["" if value is None else repr(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def _thinned_node(node: AnalysisNode, files: dict[str, bytes]) -> Iterator[Curve]:
    for curve in node.curves:
        file = f"curves/{node.address(curve, 'curve')}.csv"
        short = thin(curve, file)
        if short is not curve:
            files[file] = _whole(curve)
        yield short


def thin_curves(results: Results) -> tuple[Results, dict[str, bytes]]:
    """Return the tree with long curves thinned, and the files with the whole ones."""
    files: dict[str, bytes] = {}
    nodes = []
    for node in results.analyses:
        curves = tuple(_thinned_node(node, files))
        same = all(new is old for new, old in zip(curves, node.curves, strict=True))
        nodes.append(node if same else node.model_copy(update={"curves": curves}))
    return (results.model_copy(update={"analyses": tuple(nodes)}) if files else results), files
