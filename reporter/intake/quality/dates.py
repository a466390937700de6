"""Dates that cannot be: later than today, or far from all others of the column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from reporter.errors import Finding
from reporter.intake.mapping import map_dates
from reporter.intake.quality.examined import Examined, Floats

FAR_DAYS = 10 * 365.25
MOST_FAR = 0.01
FEWEST = 20
_EPOCH = dt.date(1970, 1, 1)


def _today() -> float:
    """Return tomorrow in days since 1970-01-01: somewhere it is already that day."""
    return float((dt.datetime.now(tz=dt.UTC).date() - _EPOCH).days + 1)


def _columns(examined: Examined) -> Iterator[tuple[str, Floats]]:
    """Yield the columns of dates: those of the dictionary, and those that an endpoint reads."""
    resolver = examined.resolver
    of_dictionary = [name for name, spec in resolver.columns.items() if spec.kind == "date"]
    for name in dict.fromkeys((*of_dictionary, *examined.dates)):
        if not resolver.knows(name):
            continue
        if name in resolver.columns:
            mapped, _ = resolver.mapped(name)
            values = None if mapped is None else mapped.values
        else:
            values, _ = map_dates(examined.table[name], (), "")
        if values is not None:
            yield name, values


def _years(days: Floats) -> str:
    found = np.unique(days.astype(np.int64).astype("datetime64[D]").astype("datetime64[Y]")).astype(str)
    return ", ".join(found[:6])


def far_off(days: Floats) -> tuple[float, float]:
    """Return the bounds outside which lie dates far from all others; a bound is infinite where there are none.

    Far: beyond ten years without any date, and on that side no more than one row in a hundred (or two rows).
    """
    given = np.sort(days[~np.isnan(days)])
    if given.size < FEWEST:
        return -np.inf, np.inf
    most = max(2, int(MOST_FAR * given.size))
    gaps = np.flatnonzero(np.diff(given) > FAR_DAYS) + 1
    early = [int(gap) for gap in gaps if gap <= most]
    late = [int(gap) for gap in gaps if given.size - gap <= most]
    return (given[max(early)] if early else -np.inf), (given[min(late) - 1] if late else np.inf)


def dates(examined: Examined) -> Iterator[Finding]:
    """Report dates after today (errors where an endpoint reads them) and dates far from all others."""
    for name, days in _columns(examined):
        future = days > _today()
        if future.any():
            message = (
                f"column '{name}' has dates after today in {int(future.sum())} rows (of the years "
                f"{_years(days[future])})."
            )
            yield examined.finding(
                "date_in_future", name, message, future, allowed="dates up to today",
                todo="Correct the dates, or list the cells under missing.",
                severity="error" if name in examined.dates else "warning",
            )  # fmt: skip
        low, high = far_off(np.where(future, np.nan, days))
        far = ~future & ((days < low) | (days > high))
        if far.any():
            message = (
                f"column '{name}' has dates more than ten years from all others in {int(far.sum())} rows (of the "
                f"years {_years(days[far])})."
            )
            todo = "Correct the dates, or list the cells under missing: a placeholder such as 1900-01-01 is no date."
            yield examined.finding("date_far_off", name, message, far, todo=todo)
