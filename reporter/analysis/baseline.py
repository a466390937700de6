"""Table 1: how the patients are, overall or by the levels of one variable."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kaplan_meier import iterate_levels
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import BaselineOptions


def quantile(values: NDArray[np.float64], p: float) -> float:
    """Return the p-quantile, type 7 of Hyndman & Fan; R: ``quantile(values, p, type = 7)``."""
    ordered = np.sort(values)
    place = (ordered.size - 1) * p
    below, above = int(np.floor(place)), int(np.ceil(place))
    share = place - below
    return float((1 - share) * ordered[below] + share * ordered[above] if share else ordered[below])


def _numeric(column: Column, keep: NDArray[np.bool_]) -> tuple[Statistic, ...]:
    """Mean, sd (n - 1), quartiles (R's type 7) and range of the observed values."""
    values = column.values[keep & column.observed]
    counts = (statistic("n", values.size), statistic("n_missing", int(keep.sum()) - values.size))
    names = ("mean", "std_dev", "median", "q1", "q3", "minimum", "maximum")
    if not values.size:
        return (*counts, *(statistic(name, float("nan"), unit=column.unit, note="no value") for name in names))
    q1, median, q3 = (quantile(values, p) for p in (0.25, 0.5, 0.75))
    spread = float(values.std(ddof=1)) if values.size > 1 else float("nan")
    if values.size > 1 and values.min() == values.max():
        spread = 0.0  # the mean of equal values is rounded
    found = (fsum(values) / values.size, spread, median, q1, q3, values.min(), values.max())
    return (*counts, *(statistic(n, v, unit=column.unit) for n, v in zip(names, found, strict=True)))


def _levels(column: Column, keep: NDArray[np.bool_], group: str, level: str) -> Iterator[Row]:
    codes = column.codes[keep]
    n_observed = int((codes >= 0).sum())
    counts = (statistic("n", n_observed), statistic("n_missing", codes.size - n_observed))
    yield Row(group=group, level=level, term=column.name, stats=counts)
    for code, name in enumerate(column.levels):
        n = int((codes == code).sum())
        percent = 100 * n / n_observed if n_observed else float("nan")
        stats = (statistic("n", n), statistic("percent", percent, unit="%"))
        yield Row(group=group, level=level, term=level_term(column.name, name), stats=stats)


def _rows(frame: AnalysisFrame, options: BaselineOptions, level: str, keep: NDArray[np.bool_]) -> Iterator[Row]:
    counts = (statistic("n", keep.sum()), statistic("n_event", frame.event[keep].sum()))
    yield Row(group=options.group, level=level, term="GLOBAL", stats=counts)
    for name in options.columns:
        column = frame.columns[name]
        if name == options.group:
            continue
        if column.is_numeric:
            yield Row(group=options.group, level=level, term=name, stats=_numeric(column, keep))
        else:
            yield from _levels(column, keep, options.group, level)


def analyse_baseline(frame: AnalysisFrame, options: BaselineOptions) -> tuple[AnalysisNode, ...]:
    """Describe ``options.columns``; rows without a value of the group are left out of a grouped table."""
    rows = [
        row for level, keep in iterate_levels(frame, options.group) if keep.any()
        for row in _rows(frame, options, level, keep)
    ]  # fmt: skip
    left_out = 0 if not options.group else int((~frame.columns[options.group].observed).sum())
    notes = (f"{left_out} patients without a value of {options.group} are left out",) if left_out else ()
    node = AnalysisNode(
        cohort=frame.cohort,
        endpoint=frame.endpoint,
        analysis="baseline",
        variable=options.group,
        options=options,
        rows=tuple(rows),
        notes=notes,
    )
    return (node,)
