"""Time and event of an endpoint, one value a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.cohort.status import read_status
from reporter.cohort.timefix import merge_near_times
from reporter.errors import Finding
from reporter.intake.conditions import is_any
from reporter.intake.finding import first_rows, listed
from reporter.intake.mapping import distinct_cells, map_dates, map_numbers
from reporter.intake.resolve import Resolver
from reporter.spec.columns import ColumnSpec, same_value
from reporter.spec.endpoints import EndpointSpec, TimeUnit

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DAYS_IN: Mapping[TimeUnit, float] = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}


@dataclass(frozen=True)
class Outcome:
    """An endpoint on all rows of a table.

    Parameters
    ----------
    time
        Shape = (n,), in the unit of the file; NaN where time or status is missing.
    status
        1 event, 0 censored, NaN where missing; shape = (n,).
    gap
        Rows whose event was seen after another component's follow-up had ended, shape = (n,).
    gap_time
        The end of that follow-up, shape = (n,); NaN elsewhere.
    cause
        0 censored, 1 the event of interest, 2 and above the competing events, NaN where missing; None without any.
    entry
        Start of observation, in the unit of the file, NaN where missing; None without left truncation.
    """

    time: Floats
    status: Floats
    gap: Mask
    gap_time: Floats
    cause: Floats | None = None
    entry: Floats | None = None

    @property
    def known(self) -> Mask:
        """Rows with time and status (and entry), shape = (n,)."""
        known = ~(np.isnan(self.time) | np.isnan(self.status))
        return known if self.entry is None else known & ~np.isnan(self.entry)

    def censored_at_gap(self) -> Outcome:
        """Return the outcome with gap rows censored where the other component's follow-up ended."""
        time = np.where(self.gap, self.gap_time, self.time)
        return replace(self, time=time, status=np.where(self.gap, 0.0, self.status))


@dataclass(frozen=True)
class _Reader:
    """Reads columns of one table for one endpoint and collects findings."""

    resolver: Resolver
    place: str
    findings: list[Finding]

    def _cells(self, name: str) -> pd.Series | None:
        self.findings.extend(self.resolver.problems(name, self.place))
        return self.resolver.cells(name)

    def _missing(self, name: str) -> tuple[str, ...]:
        return self.resolver.missing(name)

    def _empty(self) -> Floats:
        return np.full(len(self.resolver.table), np.nan)

    def _typed(self, name: str, kind: str) -> Floats | None:
        """Return the values of a key of the dictionary of this kind, whose own findings stand at the column."""
        spec = self.resolver.columns.get(name)
        if spec is None or spec.kind != kind:
            return None
        mapped, findings = self.resolver.mapped(name)
        if kind == "date":
            self.findings.extend(findings)
        return self._empty() if mapped is None else mapped.values  # noqa: PD011

    def time(self, name: str) -> Floats:
        """Return a column of times; a negative one is a finding."""
        cells = self._cells(name)
        if cells is None:
            return self._empty()
        values = self._typed(name, "numeric")
        if values is None:
            values, findings = map_numbers(cells, self._missing(name), self.place)
            self.findings.extend(findings)
        bad = np.flatnonzero(values < 0)
        if bad.size:
            message = (
                f"column '{name}' has a negative time in {bad.size} rows, first '{cells.iloc[bad[0]]}' in row "
                f"{bad[0] + 1}."
            )
            todo = "A time is 0 or more: correct the rows, or list the value under missing in the column's dictionary."
            self._report("negative_time", message, name, bad, todo)
        return values

    def _report(self, code: str, message: str, column: str, rows: NDArray[np.int64], todo: str) -> None:
        n_rows = int(rows.size)
        self.findings.append(
            Finding(code, self.place, message, n_rows=n_rows, column=column, rows=first_rows(rows), todo=todo)
        )

    def between(self, start: str, end: str) -> Floats:
        """Return the days from a date to another; an end before its start is a finding."""
        first = self.date(start)
        values = self.date(end) - first
        bad = np.flatnonzero(values < 0)
        if bad.size:
            message = (
                f"'{end}' is before '{start}' in {bad.size} rows, first by {-values[bad[0]]:g} days in row "
                f"{bad[0] + 1}."
            )
            todo = (
                "The end of follow-up is the start or later: correct the dates, or list the cells under missing in the "
                "column's dictionary."
            )
            self._report("end_before_start", message, end, bad, todo)
        return values

    def date(self, name: str) -> Floats:
        """Return a column of dates as days."""
        cells = self._cells(name)
        if cells is None:
            return self._empty()
        values = self._typed(name, "date")
        if values is None:
            values, findings = map_dates(cells, self._missing(name), self.place)
            self.findings.extend(findings)
        return values

    def status(
        self,
        name: str,
        values: tuple[str, ...],
        censored: tuple[str, ...] | None,
        elsewhere: tuple[str, ...] = (),
    ) -> Floats:
        """Return the status of one column; `elsewhere` are values of the column that mean another event."""
        cells = self._cells(name)
        if cells is None:
            return self._empty()
        levels, findings = self._levels(name, cells, (*values, *(censored or ()), *elsewhere), values)
        self.findings.extend(findings)
        missing = self._missing(name) if levels is None else ()
        cells = cells if levels is None else levels
        status, findings = read_status(cells, values, censored, missing, self.place, elsewhere)
        self.findings.extend(findings)
        return status

    def _levels(
        self, name: str, cells: pd.Series, named: tuple[str, ...], values: tuple[str, ...]
    ) -> tuple[pd.Series | None, list[Finding]]:
        """Return a status column in levels where the study names levels, and a finding where they are codes too."""
        levels = self.resolver.levels_of(name)
        if not levels or not all(any(same_value(word, level) for level in levels) for word in named):
            return None, []
        mapped = self.resolver.in_levels(name)
        as_code, as_level = (is_any(distinct_cells(column), values) for column in (cells, mapped))
        if (as_code & ~as_level).any():
            message = (
                f"{listed(values)} of '{name}' are levels and also cells of the file that mean other levels. Give the "
                "levels other names, or name a header of the file."
            )
            return mapped, [Finding("ambiguous_status", self.place, message)]
        return mapped, []


def first_event(times: Floats, statuses: Floats) -> Outcome:
    """Combine components: the earliest event's time, else the smallest follow-up time.

    Parameters
    ----------
    times, statuses
        Shape = (n, components); status 1 event, 0 censored, NaN missing. A missing part makes the row missing.
    """
    is_event = statuses == 1
    event_time = np.where(is_event, times, np.inf).min(axis=1)
    follow_up = np.where(is_event, np.inf, times).min(axis=1)
    known = ~(np.isnan(times) | np.isnan(statuses)).any(axis=1)
    has_event = is_event.any(axis=1)
    gap = known & has_event & (follow_up < event_time)
    time = np.where(known, np.where(has_event, event_time, follow_up), np.nan)
    status = np.where(known, has_event.astype(np.float64), np.nan)
    return Outcome(time, status, gap, np.where(gap, follow_up, np.nan))


def read_outcome(
    spec: EndpointSpec,
    table: pd.DataFrame,
    dictionary: Mapping[str, ColumnSpec],
    *,
    source: str,
    place: str,
    resolver: Resolver | None = None,
) -> tuple[Outcome, tuple[Finding, ...]]:
    """Read time and event of one endpoint on all rows, in the unit of the file.

    Parameters
    ----------
    spec
        Simple, dates or composite form.
    table, dictionary
        Text of the cohort, and its dictionary: names are keys of it, else headers of the table.
    source, place
        Name of the table and key of the endpoint, for findings.
    resolver
        Both as read before; None: they are read here.
    """
    reader = _Reader(resolver or Resolver(table, dictionary, source=source), place, [])
    if spec.form == "composite":
        times = np.column_stack([reader.time(part.time) for part in spec.events])
        statuses = np.column_stack([reader.status(p.column, p.values, p.censored_values) for p in spec.events])
        found = _with_entry(first_event(times, statuses), spec, reader)
        return found, tuple(dict.fromkeys(reader.findings))
    is_dated = spec.form == "dates"
    time = reader.between(spec.start or "", spec.end or "") if is_dated else reader.time(spec.time or "")
    elsewhere = _other_events(spec, spec.event or "", spec.event_values)
    status = reader.status(spec.event or "", spec.event_values, spec.censored_values, elsewhere)
    none = np.zeros(len(table), dtype=bool)
    found = Outcome(time, status, none, np.full(len(table), np.nan))
    if spec.competing:
        found = _with_competing(found, spec, reader)
    return _with_entry(found, spec, reader), tuple(dict.fromkeys(reader.findings))


def _with_entry(found: Outcome, spec: EndpointSpec, reader: _Reader) -> Outcome:
    return found if spec.entry is None else replace(found, entry=reader.time(spec.entry))


def _other_events(spec: EndpointSpec, column: str, own: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of a status column that mean another event of the endpoint."""
    competing = (event.model_dump(include={"column", "values"}) for event in spec.competing.values())
    named = [(spec.event, spec.event_values), *((event["column"], event["values"]) for event in competing)]
    return tuple(value for name, cells in named if name == column and cells != own for value in cells)


def _with_competing(found: Outcome, spec: EndpointSpec, reader: _Reader) -> Outcome:
    """Let the earliest of all events end the time; the event of interest comes first where two are dated alike."""
    times, statuses = [found.time], [found.status]
    for event in spec.competing.values():
        censored = spec.censored_values if event.column == spec.event else None
        elsewhere = _other_events(spec, event.column, event.values)
        statuses.append(reader.status(event.column, event.values, censored, elsewhere))
        times.append(found.time if event.time is None else reader.time(event.time))
    first = first_event(np.column_stack(times), np.column_stack(statuses))
    dated = np.where(np.column_stack(statuses) == 1, np.column_stack(times), np.inf)
    cause = np.where(np.isnan(first.status), np.nan, np.where(first.status == 1, dated.argmin(axis=1) + 1.0, 0.0))
    status = np.where(np.isnan(cause), np.nan, (cause == 1).astype(np.float64))
    return replace(found, time=first.time, status=status, cause=cause)


def _in_unit(time: Floats, spec: EndpointSpec) -> Floats:
    if spec.time_unit == spec.shown_unit:
        return time
    return time * DAYS_IN[spec.time_unit] / DAYS_IN[spec.shown_unit]


@dataclass(frozen=True)
class Timing:
    """Times and events of the patients that are analysed, in the report unit; shapes (n,)."""

    time: Floats
    event: Mask
    entry: Floats | None
    cause: NDArray[np.int64] | None

    @property
    def observed(self) -> Mask:
        """Rows whose entry precedes their time, shape (n,)."""
        return np.ones(self.time.size, dtype=bool) if self.entry is None else self.entry < self.time

    def rows(self, keep: Mask) -> Timing:
        """Return the timing of some rows."""
        entry = None if self.entry is None else self.entry[keep]
        return Timing(self.time[keep], self.event[keep], entry, None if self.cause is None else self.cause[keep])


def in_report_unit(outcome: Outcome, keep: Mask, spec: EndpointSpec, *, merge: bool = True) -> Timing:
    """Convert to the report unit (year = 365.25 days, month = 365.25/12 days), censor at `max_time`, merge near times.

    Parameters
    ----------
    outcome, keep
        The outcome of all rows, and which rows to take; none of them may be missing.
    spec
        Units and `max_time`; a patient followed to exactly `max_time` keeps the status.
    merge
        False leaves near-equal times apart, as other tools do.
    """
    time, event = _in_unit(outcome.time[keep], spec), outcome.status[keep] == 1
    cause = None if outcome.cause is None else outcome.cause[keep].astype(np.int64)
    if spec.max_time is not None:
        early = time <= spec.max_time
        event, cause = event & early, None if cause is None else np.where(early, cause, 0)
        time = np.minimum(time, spec.max_time)
    merged = merge_near_times if merge else np.asarray
    if outcome.entry is None:
        return Timing(merged(time), event, None, cause)
    both = merged(np.concatenate((time, _in_unit(outcome.entry[keep], spec))))
    return Timing(both[: time.size], event, both[time.size :], cause)
