"""Numbers of another order of magnitude than all others: another unit, or a code for missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.errors import Finding
from reporter.intake.deidentify import is_age
from reporter.intake.quality.examined import Examined, Floats, Mask
from reporter.spec.columns import ColumnSpec

GAP = float(np.log10(2))
NEAR_POWER = 0.2
SPREAD = 1.0
LANDS = 0.8
FEWEST = 10

PLAUSIBLE_AGE = (0.0, 120.0)
_HIGH_CODES = (88.0, 98.0, 99.0, 888.0, 998.0, 999.0, 8888.0, 9998.0, 9999.0, 99999.0, 999999.0)
_LOW_CODES = (-1.0, -7.0, -8.0, -9.0, -88.0, -99.0, -999.0, -9999.0)
_CALENDAR = (1900.0, 2100.0)


def other_unit(values: Floats) -> dict[int, tuple[float, float]]:
    """Return ranges of values that seem to be in another unit, by the power of ten by which they differ.

    The rule, on log10 of the positive values: distinct values are cut into clusters where two neighbours differ by more
    than a factor of 2. The cluster with most rows must have ten rows or more, and the middle 90% of it must span less
    than a factor of 10, else nothing is judged. Another cluster is in another unit when the medians differ by a power
    of ten (10, 100 or 1000) to within 0.2 in log10, and at least 80% of its rows lie within the range of the largest
    cluster once they are multiplied by that power. Ages, years of the calendar and counts (whole numbers, most of them
    below 10, without a unit) are not judged.

    Parameters
    ----------
    values
        Shape = (n,); missing values are NaN.

    Returns
    -------
    dict
        Power (-1: the values are ten times too small) to lowest and highest such value.
    """
    logs = np.sort(np.log10(values[(values > 0) & np.isfinite(values)]))
    if logs.size < FEWEST:
        return {}
    clusters = np.split(logs, np.flatnonzero(np.diff(logs) > GAP) + 1)
    main = max(clusters, key=lambda cluster: cluster.size)
    low, high = np.quantile(main, [0.05, 0.95])
    if main.size < FEWEST or high - low >= SPREAD:
        return {}
    found: dict[int, tuple[float, float]] = {}
    for cluster in clusters:
        away = float(np.median(cluster) - np.median(main))
        power = round(away)
        if cluster is main or not 1 <= abs(power) <= 3 or abs(away - power) > NEAR_POWER:
            continue
        moved = cluster - power
        if ((moved >= main[0]) & (moved <= main[-1])).mean() >= LANDS:
            ends = (float(cluster[0]), float(cluster[-1]))
            before = found.get(power, ends)
            found[power] = (min(before[0], ends[0]), max(before[1], ends[1]))
    return found


def _mixed(examined: Examined, name: str, values: Floats) -> Iterator[Finding]:
    for power, (low, high) in sorted(other_unit(values).items()):
        logs = np.log10(np.where(values > 0, values, np.nan))
        rows = (logs >= low) & (logs <= high)
        size = f"{10 ** abs(power)} times {'smaller' if power < 0 else 'larger'}"
        ends = f"{10**low:g}" if low == high else f"{10**low:g} to {10**high:g}"
        message = (
            f"column '{name}' has {ends} in {int(rows.sum())} rows, about {size} than the others (median "
            f"{np.nanmedian(values[~rows]):g}); the values are kept."
        )
        todo = "If these rows are in another unit, bring them to one unit; correct a lost decimal point."
        yield examined.finding("mixed_units", name, message, rows, todo=todo)


def special_codes(values: Floats) -> Mask:
    """Return the rows with a number that stands for missing in many tables, far from all others; shape = (n,).

    A run of nines or eights counts where it is at least twice the largest other value; negative codes count where
    nothing else is negative.
    """
    distinct = np.unique(values[~np.isnan(values)])
    none = np.zeros(values.size, dtype=bool)
    if distinct.size < 3 or (~np.isnan(values)).sum() < FEWEST:
        return none
    negative = distinct[distinct < 0]
    if negative.size and np.isin(negative, _LOW_CODES).all():
        none |= values < 0
    others = distinct[~np.isin(distinct, _HIGH_CODES)]
    if others.size >= 2:
        high = distinct[np.isin(distinct, _HIGH_CODES) & (distinct / 2 >= others[-1])]
        if high.size and others[-1] > 0:
            none |= np.isin(values, high)
    return none


def _special(examined: Examined, name: str, rows: Mask, values: Floats) -> Iterator[Finding]:
    if rows.any():
        words = ", ".join(f"{value:g}" for value in np.unique(values[rows])[:8])
        message = f"column '{name}' has {words} in {int(rows.sum())} rows, far from all others; counted as a number."
        todo = "If it means missing, list it under missing."
        yield examined.finding("looks_like_missing_code", name, message, rows, todo=todo)


def _age(examined: Examined, name: str, spec: ColumnSpec, values: Floats) -> Iterator[Finding]:
    low, high = PLAUSIBLE_AGE
    rows = (values < low) | (values > high)
    if spec.range is None and rows.any():
        words = ", ".join(f"{value:g}" for value in np.unique(values[rows])[:8])
        message = f"column '{name}' is an age of {words} in {int(rows.sum())} rows; the values are kept."
        yield examined.finding(
            "implausible_age", name, message, rows, allowed="0 to 120 years",
            todo="Correct the rows, list the values under missing, or set range.",
        )  # fmt: skip


def magnitudes(examined: Examined) -> Iterator[Finding]:
    """Report numbers in another unit, codes for missing among numbers, and ages that cannot be."""
    for name, spec in examined.resolver.columns.items():
        if not spec.is_numeric or not examined.resolver.knows(name):
            continue
        mapped, _ = examined.resolver.mapped(name)
        if mapped is None:
            continue
        values = mapped.values
        codes = special_codes(values)
        yield from _special(examined, name, codes, values)
        rest = np.where(codes, np.nan, values)
        if is_age(name, spec.label, spec.unit):
            yield from _age(examined, name, spec, rest)
        elif not _is_calendar(rest) and (spec.unit or not _is_count(rest)):
            yield from _mixed(examined, name, rest)


def _is_count(values: Floats) -> bool:
    """Tell whether most numbers are whole and below 10."""
    given = values[~np.isnan(values)]
    return bool(given.size) and float(np.mean((given == np.round(given)) & (np.abs(given) < 10))) > 0.5


def _is_calendar(values: Floats) -> bool:
    """Tell whether the numbers are years of the calendar."""
    given = values[~np.isnan(values)]
    return bool(given.size) and float(np.median(given)) >= _CALENDAR[0] and float(np.median(given)) <= _CALENDAR[1]
