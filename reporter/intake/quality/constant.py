"""Columns that say nothing: empty, the same in all patients, or in nearly all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.errors import Finding
from reporter.intake.quality.examined import Examined, Floats, Mask

FEWEST_OTHERS = 5
SMALLEST_SHARE = 0.005


def _rare(values: Floats) -> tuple[float, int]:
    """Return the most frequent value and how many rows have another."""
    distinct, counts = np.unique(values, return_counts=True)
    most = int(counts.argmax())
    return float(distinct[most]), int(values.size - counts[most])


def _word(examined: Examined, name: str, value: float) -> str:
    mapped, _ = examined.resolver.mapped(name)
    if mapped is not None and mapped.levels:
        return f"'{mapped.levels[int(value)]}'"
    return f"{value:g}"


def _used(examined: Examined, name: str, values: Floats, chosen: Mask) -> Iterator[Finding]:
    """Warn where a covariate, group or feature does not vary (validation), or hardly does, among the selected rows."""
    n = values.size
    value, others = _rare(values)
    word = _word(examined, name, value)
    if others == 0:
        if not examined.is_development:  # in the development cohort it is an error of the built frame
            message = f"column '{name}' is {word} in all {n} selected rows with a value."
            todo = "Correct the column, or know that it tells these patients apart in nothing."
            yield examined.finding("constant_column", name, message, todo=todo)
    elif others < max(FEWEST_OTHERS, SMALLEST_SHARE * n):
        mapped, _ = examined.resolver.mapped(name)
        rows = chosen & (mapped.values != value) if mapped is not None else None
        message = f"column '{name}' is {word} in all but {others} of {n} selected rows with a value."
        todo = "Merge levels, or leave it out: a few patients decide what is said of it."
        yield examined.finding("near_constant", name, message, rows, todo=todo)


def constant_columns(examined: Examined) -> Iterator[Finding]:
    """Warn of columns of the dictionary without a value, and of used ones that hardly vary."""
    for name, spec in examined.resolver.columns.items():
        if not examined.resolver.knows(name):
            continue
        mapped, problems = examined.resolver.mapped(name)
        if mapped is None or any(problem.severity == "error" for problem in problems):
            continue
        observed = ~np.isnan(mapped.values)
        if not observed.any() and spec.kind != "date":
            message = f"column '{name}' has no value in any of the {examined.n} rows."
            todo = "Check its header, codes and missing, or take it out of the study file."
            yield examined.finding("empty_column", name, message, todo=todo)
            continue
        chosen = observed & examined.keep
        if name in examined.used and chosen.any():
            yield from _used(examined, name, mapped.values[chosen], chosen)
