"""Risk sets of a Cox model and the sums over them, with Efron's or Breslow's ties.

Strata and entry times enter through one pooled index of (stratum, event time): a row is at risk on a run of it.
References: Efron, J Am Stat Assoc 1977;72:557; Therneau & Grambsch, Modeling Survival Data, 2000, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.interval_sums import IntervalSums, segmented_cumsum
from reporter.analysis.kernels.time_index import index_times
from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RiskSets:
    """Who is at risk when; J distinct (stratum, event time), m deaths, n rows, K strata.

    Parameters
    ----------
    time
        Event time of each, ascending within strata, shape (J,).
    n_dead
        Deaths at each, shape (J,).
    last
        Index of the last event time of its stratum that row i lived to see (time_j <= t_i), -1 if it was at risk at
        none; shape (n,).
    event
        Shape (n,).
    ties
        Rule for deaths at one time.
    start
        First index of each stratum and J, shape (K + 1,).
    mean_weight
        Mean case weight of the deaths at each time, shape (J,).
    weight
        Case weights, shape (n,); None: all 1.
    entered
        With entry times: who is at risk from where; else None.
    strata
        Stratum of each row, shape (n,); None: one stratum.
    """

    time: Floats
    n_dead: Floats
    last: Ints
    event: Bools
    ties: Ties
    start: Ints
    mean_weight: Floats
    weight: Floats | None = None
    entered: IntervalSums | None = None
    strata: Ints | None = None

    @cached_property
    def dead(self) -> Ints:
        """Rows of the deaths in the order of their event times, shape (m,)."""
        rows = np.flatnonzero(self.event)
        return rows[sort_stably(self.last[rows], self.time.size)]

    @cached_property
    def own(self) -> Ints:
        """Event time of each death, shape (m,)."""
        return self.last[self.dead]

    @cached_property
    def fraction(self) -> Floats:
        """Efron's k/d of each death, shape (m,); 0 for other ties."""
        if self.ties != "efron":
            return np.zeros(self.own.size)
        begins = np.concatenate(([0], np.cumsum(self.n_dead)[:-1])).astype(np.int64)
        out: Floats = (np.arange(self.own.size) - begins[self.own]) / self.n_dead[self.own]
        return out

    @property
    def first(self) -> Ints:
        """First event time at which each row is at risk if it is at any, shape (n,)."""
        if self.entered is not None:
            return self.entered.first
        return self.start[np.searchsorted(self.start, np.maximum(self.last, 0), side="right") - 1]

    @property
    def stratum(self) -> Ints:
        """Stratum of each event time, shape (J,)."""
        return np.repeat(np.arange(self.start.size - 1), np.diff(self.start))

    def weighted(self, values: Floats) -> Floats:
        """Multiply the rows of `values`, shape (n,), by their case weights."""
        return values if self.weight is None else values * self.weight

    def over_rows(self, values: Floats) -> Floats:
        """Sum `values` (n,) or (n, p) over the rows at risk at each event time: (J,) or (J, p)."""
        if self.entered is not None:
            return self.entered.over_rows(values)
        seen = self.last >= 0
        flat = values[seen].reshape(int(seen.sum()), -1)
        sums = np.zeros((self.time.size, flat.shape[1]))
        for column in range(flat.shape[1]):
            sums[:, column] = np.bincount(self.last[seen], weights=flat[:, column], minlength=self.time.size)
        out = segmented_cumsum(sums, self.start, backwards=True)
        return out[:, 0] if values.ndim == 1 else out

    def over_times(self, values: Floats) -> Floats:
        """Sum `values` (J,) or (J, p) over the event times at which each row is at risk: (n,) or (n, p)."""
        if self.entered is not None:
            return self.entered.over_times(values)
        sums = segmented_cumsum(values, self.start)
        return np.concatenate((np.zeros((1, *values.shape[1:])), sums))[self.last + 1]

    def over_deaths(self, values: Floats) -> Floats:
        """Sum `values` (m,) or (m, p) over the deaths at each event time."""
        size = self.time.size
        if values.ndim == 1:
            return np.bincount(self.own, weights=values, minlength=size).astype(np.float64)
        return np.column_stack([np.bincount(self.own, weights=column, minlength=size) for column in values.T])


def _check(time: Floats, entry: Floats | None, weights: Floats | None) -> None:
    if entry is not None and not (entry < time).all():
        raise ReporterError("a patient enters at or after the end of follow-up: the risk sets cannot be formed")
    if weights is not None and not ((weights > 0) & np.isfinite(weights)).all():
        raise ReporterError("a case weight is 0, negative or infinite; allowed: positive numbers")


def sort_stably(values: Ints, size: int) -> Ints:
    """Return the stable order of integers below `size`; few values are sorted by their digits."""
    return np.argsort(values.astype(np.uint16) if size < 2**16 else values, kind="stable")


def make_risk_sets(
    time: Floats, event: Bools, ties: Ties, *, entry: Floats | None = None, strata: Ints | None = None,
    weights: Floats | None = None,
) -> RiskSets:  # fmt: skip
    """Index the risk sets; Breslow's ties are Efron's with all fractions 0, and exact ties are indexed like Breslow's.

    Parameters
    ----------
    time, event
        Shape (n,).
    entry
        A row is at risk at times in (entry, time]; None: from the start.
    strata
        Codes from 0; None: one stratum.
    weights
        Case weights, above 0; None: all 1.
    """
    _check(time, entry, weights)
    distinct, index = index_times(time)
    has_event = np.bincount(index[event], minlength=distinct.size) > 0
    grid, place = distinct[has_event], np.cumsum(has_event)[index]
    width = grid.size + 1
    code = place if strata is None else strata * width + place
    keys = np.arange(1, width) if strata is None else np.unique(code[event])
    last = code - 1 if strata is None else np.searchsorted(keys, code, side="right") - 1
    n_strata = 1 if strata is None else int(strata.max(initial=0)) + 1
    start = np.searchsorted(keys, np.arange(n_strata + 1) * width)
    entered = None
    if entry is not None:
        before = np.searchsorted(grid, entry, side="right") + (0 if strata is None else strata * width)
        first = np.searchsorted(keys, before, side="right")
        entered = IntervalSums(first, last, keys.size)
        last = np.where(last >= first, last, -1)
    elif strata is not None:
        last = np.where(last >= start[strata], last, -1)
    own = last[event]
    n_dead = np.bincount(own, minlength=keys.size).astype(np.float64)
    mean_weight = np.ones(keys.size)
    if weights is not None:
        mean_weight = np.bincount(own, weights=weights[event], minlength=keys.size) / n_dead
    at = grid if strata is None else grid[keys % width - 1]
    return RiskSets(at, n_dead, last, event, ties, start, mean_weight, weights, entered, strata)


@dataclass(frozen=True)
class Moments:
    """Sums over the risk sets at one value of the coefficients; r = case weight times relative hazard.

    Parameters
    ----------
    weight
        w = 1 / (S0 - f D0) of each death, shape (m,).
    a1, a2, b0, b1, b2
        Sums over the deaths at a time of w, wf, w^2, w^2 f, w^2 f^2, times their mean case weight; shape (J,).
    s1, d1
        Sums of r x over the risk set and over the deaths; shape (J, p).
    """

    weight: Floats
    a1: Floats
    a2: Floats
    b0: Floats
    b1: Floats
    b2: Floats
    s1: Floats
    d1: Floats


def moments(x: Floats, risk: Floats, sets: RiskSets) -> Moments:
    """Return the risk-set sums for relative hazards `risk` (n,)."""
    risk = sets.weighted(risk)
    s0 = sets.over_rows(risk)
    d0 = sets.over_deaths(risk[sets.dead])
    f = sets.fraction
    weight = 1.0 / (s0[sets.own] - f * d0[sets.own])
    square = weight**2
    mass = sets.mean_weight
    weighted = risk[:, None] * x
    return Moments(
        weight=weight,
        a1=mass * sets.over_deaths(weight),
        a2=mass * sets.over_deaths(weight * f),
        b0=mass * sets.over_deaths(square),
        b1=mass * sets.over_deaths(square * f),
        b2=mass * sets.over_deaths(square * f**2),
        s1=sets.over_rows(weighted),
        d1=sets.over_deaths(weighted[sets.dead]),
    )


def information_by_time(x: Floats, risk: Floats, sets: RiskSets, found: Moments, weights: Floats) -> Floats:
    """Return sum over event times of weights_j V_j, V_j the (Efron) covariance at time j; shape (p, p)."""
    risk = sets.weighted(risk)
    row_weight = risk * sets.over_times(weights * found.a1)
    row_weight[sets.dead] -= (risk[sets.dead]) * (weights * found.a2)[sets.own]
    gram = x.T @ (row_weight[:, None] * x)
    s1, d1 = found.s1, found.d1
    cross = (s1 * (weights * found.b1)[:, None]).T @ d1
    corrections = (s1 * (weights * found.b0)[:, None]).T @ s1 - cross - cross.T
    corrections += (d1 * (weights * found.b2)[:, None]).T @ d1
    out: Floats = gram - corrections
    return out
