"""Efron's and Breslow's partial likelihood of a large cohort, on a packed design; the formulas of `partial_likelihood`.

The score needs no pass over the rows: it is the deaths' own columns less sum of (A1 S1 - A2 D1) over the event times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels import compiled
from reporter.analysis.kernels.newton import MAX_PREDICTOR, Evaluation, outside
from reporter.analysis.kernels.risk_sets import RiskSets, sort_stably
from reporter.analysis.kernels.tabulate import tabulate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

TABLE = 4096  # event times whose sums stay in the processor's cache; beyond, the rows are sorted by time
MAX_FLAGS = 255
SPREAD = 1e-6  # a standard deviation below this share of the values would lose digits
BLOCK = 8192


Value = TypeVar("Value", np.bool_, np.int32, np.float64)


def _in_order(values: NDArray[Value], order: Ints) -> NDArray[Value]:
    return values[order] if order.size else values


@dataclass(frozen=True)
class _Sums:
    """Sums over risk sets (s1) and deaths (d1), shape (J, p), those over ties (5, J), and the relative hazards (n,)."""

    risk: Floats
    s1: Floats
    d1: Floats
    ties: Floats
    value: float
    largest: float


class CompiledLikelihood:
    """A packed design with its risk sets; coefficients are those of the packed columns.

    Parameters
    ----------
    columns
        Column of the design that each packed one came from, shape (p,).
    mean, scale
        A packed column is (x - mean) / scale; 0 and 1 for 0/1 columns. Shape (p,).
    """

    def __init__(self, x: Floats, event: Bools, sets: RiskSets, offset: Floats | None) -> None:
        facts = compiled.column_facts(x)
        mean, deviation, self.sizes, binary, self.plain = facts
        self.centre, self.deviation = np.where(self.plain, 0.0, mean), deviation
        numeric, flags = np.flatnonzero(~binary), np.flatnonzero(binary)
        self.columns = np.concatenate((numeric, flags))
        self.size = self.columns.size
        self.mean = np.where(binary, 0.0, mean)[self.columns]
        self.scale = np.where(binary, 1.0, deviation)[self.columns]
        self.suits = flags.size <= MAX_FLAGS and bool((deviation > SPREAD * self.sizes).all())
        if not self.suits:
            return
        last, weight = sets.last, sets.weight
        table = tabulate(x, event, last, sets.time.size) if weight is None and offset is None else None
        if table is not None:
            x, event, last, weight = table.x, table.event, table.last, table.count
        self.tabulated = table is not None
        order = sort_stably(last + 1, sets.time.size + 1) if sets.time.size > TABLE else np.empty(0, np.int64)
        n_active = int(np.count_nonzero(x[:, flags]) if self.tabulated else np.rint(mean[flags] * x.shape[0]).sum())
        self.dense, self.begin, self.active = compiled.pack(x, order, numeric, flags, mean, deviation, n_active)
        if not self.tabulated:
            # The mean of one pass loses digits where the first row lies far off; what is left of the column has them.
            rest = self.dense.mean(axis=0) * deviation[numeric]
            self.centre[numeric] += np.where(self.plain[numeric], 0.0, rest)
        self.sets = sets
        self.last, self.event = _in_order(last.astype(np.int32), order), _in_order(event, order)
        nothing = np.empty(0)
        self.weight = nothing if weight is None else _in_order(weight, order)
        self.offset = nothing if offset is None else _in_order(offset, order)
        self.efron = sets.ties == "efron"
        self.reached = self._deaths(np.ones(sets.time.size))

    def _deaths(self, by_time: Floats) -> Floats:
        """Return the sum over the deaths of ``by_time`` x, shape (p,)."""
        return compiled.score_sums(
            self.dense, self.begin, self.active, self.last, self.event, self.weight, by_time, self.size
        )

    @property
    def width(self) -> Floats:
        """A bound of the size of each packed column, shape (p,)."""
        out: Floats = (self.sizes[self.columns] + np.abs(self.mean)) / self.scale
        return out

    def reach(self, step: Floats) -> float:
        """Return a bound of the largest change of a linear predictor by `step`."""
        return float(np.abs(step) @ self.width)

    def _sums(self, beta: Floats) -> _Sums:
        sets, n_times = self.sets, self.sets.time.size
        risk = np.empty(self.last.size)
        s0, d0 = np.zeros(n_times), np.zeros(n_times)
        s1, d1 = np.zeros((n_times, self.size)), np.zeros((n_times, self.size))
        reached, largest = compiled.risk_sums(
            self.dense, self.begin, self.active, self.last, self.event, self.weight, self.offset, beta, risk, s0, s1,
            d0, d1,
        )  # fmt: skip
        ties = np.empty((5, n_times))
        if not largest < MAX_PREDICTOR:
            return _Sums(risk, s1, d1, ties, -np.inf, largest)
        compiled.accumulate(s0, s1, sets.start)
        value = reached + compiled.tie_sums(s0, d0, sets.n_dead, sets.mean_weight, self.efron, ties)
        return _Sums(risk, s1, d1, ties, value, largest)

    def _information(self, found: _Sums, by_time: Floats | None) -> Floats:
        """Return sum over event times of ``by_time`` V_j (None: of V_j), shape (p, p)."""
        ties = found.ties if by_time is None else found.ties * by_time
        hazard = compiled.running_hazard(ties[0], self.sets.start)
        gram = compiled.weighted_gram(
            self.dense, self.begin, self.active, self.last, self.event, found.risk, hazard, ties[1], self.size
        )
        for low in range(0, ties.shape[1], BLOCK):
            part = slice(low, low + BLOCK)
            s1, d1 = found.s1[part], found.d1[part]
            gram -= s1.T @ (s1 * ties[2, part][:, None])
            if ties[3, part].any():
                cross = s1.T @ (d1 * ties[3, part][:, None])
                gram += cross + cross.T - d1.T @ (d1 * ties[4, part][:, None])
        return (gram + gram.T) / 2

    def _expected(self, found: _Sums, by_time: Floats | None) -> Floats:
        ties = found.ties if by_time is None else found.ties * by_time
        out: Floats = ties[0] @ found.s1 - ties[1] @ found.d1
        return out

    def evaluate(self, beta: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and the information at `beta`."""
        found = self._sums(beta)
        if not np.isfinite(found.value):
            return outside(self.size)
        return Evaluation(found.value, self.reached - self._expected(found, None), self._information(found, None))

    def hazards(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the increments of the hazard and of its variance, (J,), and of the hazard times xbar, (J, p).

        They are those of a packed row of zeros without offset.
        """
        found = self._sums(beta)
        mean = found.s1 * found.ties[2][:, None] - found.d1 * found.ties[3][:, None]
        return found.ties[0], found.ties[2], mean

    def proportionality(self, beta: Floats, g: Floats) -> tuple[Floats, Floats]:
        """Return the score of the trends in `g` (J,), shape (p,), and the information of both halves, (2p, 2p)."""
        found = self._sums(beta)
        score = self._deaths(g) - self._expected(found, g)
        plain, once, twice = (self._information(found, by_time) for by_time in (None, g, g**2))
        return score, np.block([[plain, once], [once, twice]])


def well_conditioned(information: Floats) -> bool:
    """Tell whether each column keeps a share of its information when those before it are accounted for."""
    unit = np.sqrt(np.maximum(np.diag(information), 0.0))
    if not (unit > 0).all():
        return False
    try:
        factor = np.linalg.cholesky(information / np.outer(unit, unit))
    except np.linalg.LinAlgError:
        return False
    return bool((np.diag(factor) > 1e-4).all())
