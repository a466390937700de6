"""At which times a suppressed curve may be shown: months between which no small number of patients leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.results.small_cells import are_safe

Floats = NDArray[np.float64]

_SAME = 1e-9
_MONTH = {"years": 1 / 12, "months": 1.0, "days": 365.25 / 12}


@dataclass(frozen=True)
class Course:
    """What happens to the patients of one level over time.

    Parameters
    ----------
    time
        Ascending, shape (n,).
    events
        Events at each time by cause, shape (n, k).
    censored
        Censored at each time, shape (n,).
    n_risk
        At risk just before each time, shape (n,).
    """

    time: Floats
    events: Floats
    censored: Floats
    n_risk: Floats

    @property
    def late(self) -> bool:
        """True when patients come under observation late: then who leaves does not follow from who is at risk."""
        left = self.events.sum(axis=1) + self.censored
        return bool(self.n_risk.size) and not np.array_equal(self.n_risk, np.cumsum(left[::-1])[::-1])

    def events_by(self, times: Floats) -> Floats:
        """Return the events up to each time, shape (m, k)."""
        whole = np.vstack((np.zeros((1, self.events.shape[1])), np.cumsum(self.events, axis=0)))
        return np.asarray(whole[np.searchsorted(self.time, times, side="right")])

    def censored_before(self, times: Floats) -> Floats:
        """Return who was censored before each time, shape (m, 1)."""
        whole = np.concatenate(([0.0], np.cumsum(self.censored)))
        return np.asarray(whole[np.searchsorted(self.time, times, side="left")])[:, None]

    def left_before(self, times: Floats) -> Floats:
        """Return who had an event or was censored before each time, shape (m, 1): what the number at risk tells."""
        whole = np.concatenate(([0.0], np.cumsum(self.events.sum(axis=1) + self.censored)))
        return np.asarray(whole[np.searchsorted(self.time, times, side="left")])[:, None]

    def at_risk(self, times: Floats) -> Floats:
        """Return who is at risk just before each time, shape (m,)."""
        return np.append(self.n_risk, 0.0)[np.searchsorted(self.time, times, side="left")]

    def without(self, others: Sequence[Course]) -> Course:
        """Return the course of the patients who are in none of `others`."""
        time, events, censored = self.time, self.events.copy(), self.censored.copy()
        for other in others:
            place = np.searchsorted(time, other.time)
            np.subtract.at(events, place, other.events)
            np.subtract.at(censored, place, other.censored)
        left = events.sum(axis=1) + censored
        return Course(time, events, censored, np.cumsum(left[::-1])[::-1])


@dataclass(frozen=True)
class Grid:
    """Times at which a curve may be shown: `counted` with all its numbers, `drawn` (the others) the estimate alone."""

    counted: tuple[float, ...] = ()
    drawn: tuple[float, ...] = ()

    @property
    def times(self) -> tuple[float, ...]:
        """All times, ascending."""
        return tuple(sorted({*self.counted, *self.drawn}))


def _insert(
    found: Sequence[int], layers: Sequence[Sequence[int]], values: Floats, total: Floats, below: int
) -> list[int]:
    """Return `found` with the candidates that fit, those of the first layer first.

    A candidate fits when its numbers differ from those at 0, at the end and at every time that is kept by nothing or by
    at least `below`, and are not the same as at another.

    Parameters
    ----------
    values, total
        Numbers at each time, shape (m, q), and at the end, shape (q,).
    """
    kept = list(found)
    for i in (i for candidates in layers for i in candidates):
        known = np.vstack((np.zeros(values.shape[1]), total, values[kept]))
        gap = known - values[i]
        if are_safe(gap, below) and gap.any(axis=1)[[0, *range(2, len(known))]].all():
            kept.append(i)
    return sorted(kept)


def months_until(end: float, unit: str) -> Floats:
    """Return the whole months up to `end`, in the unit of the curves; shape (m,)."""
    month = _MONTH.get(unit, 1.0)
    return np.asarray(np.arange(1, int(end / month + 1e-9) + 1) * month, dtype=np.float64)


def shared_grid(
    courses: Iterable[Course], first: Iterable[float], unit: str, below: int, *, within: Grid | None = None
) -> Grid:
    """Return the times that all levels of one group may show.

    Between two of them (and from 0, and to the end) each level has no event or at least `below`, of each cause, and for
    the counted times as many censored and as many leaving at all; at each of them at least `below` are at risk. One
    grid for all levels: with two, the totals minus the other levels would give the counts between their times.

    Parameters
    ----------
    courses
        Of the levels that are shown, and of all other patients together.
    first
        Times that are wanted most: the horizons of the study.
    within
        The grid of all patients; the times are among its times.
    """
    parts = tuple(courses)
    end = min((float(part.time[-1]) for part in parts if part.time.size), default=0.0)
    wanted = {float(t) for t in first if 0 < t <= end}
    times = np.array(sorted({*months_until(end, unit).tolist(), *wanted}))
    if within is not None:
        times = np.array([t for t in within.times if t <= end])
    if not times.size or not parts:
        return Grid()
    allowed = np.flatnonzero(np.all([part.at_risk(times) >= below for part in parts], axis=0)).tolist()
    may_count = set() if any(part.late for part in parts) else set(allowed)
    if within is not None:
        may_count = {i for i in may_count if times[i] in within.counted}
    year = 12 * _MONTH.get(unit, 1.0)
    whole = [i for i in allowed if abs(times[i] / year - round(times[i] / year)) < _SAME]
    layers = ([i for i in allowed if times[i] in wanted], whole, allowed)
    counted = _insert([], [[i for i in layer if i in may_count] for layer in layers], *_leaving(parts, times), below)
    drawn = _insert(counted, layers, *_events(parts, times), below)
    return Grid(tuple(float(times[i]) for i in counted), tuple(float(times[i]) for i in drawn if i not in counted))


def _events(parts: Sequence[Course], times: Floats) -> tuple[Floats, Floats]:
    """Return the events by cause of each part up to each time, shape (m, q), and all of them, shape (q,)."""
    by_time = np.hstack([part.events_by(times) for part in parts])
    return by_time, np.concatenate([part.events.sum(axis=0) for part in parts])


def _leaving(parts: Sequence[Course], times: Floats) -> tuple[Floats, Floats]:
    """Return all that the numbers of each part at each time tell, shape (m, q), and the same at the end, shape (q,).

    The last of them, events up to a time less those who left before it, is the events at that very time wherever nobody
    was censored before.
    """
    events, all_events = _events(parts, times)
    by_now = np.hstack([part.events_by(times).sum(axis=1)[:, None] for part in parts])
    censored = np.hstack([part.censored_before(times) for part in parts])
    left = np.hstack([part.left_before(times) for part in parts])
    all_censored = np.array([part.censored.sum() for part in parts])
    all_left = np.array([part.events.sum() for part in parts]) + all_censored
    by_time = np.hstack((events, censored, left, by_now - left))
    return by_time, np.concatenate((all_events, all_censored, all_left, -all_censored))


__all__ = ["Course", "Grid", "months_until", "shared_grid"]
