"""Efron's and Breslow's partial likelihood of a large cohort, on a packed design; the formulas of `partial_likelihood`.

The score needs no pass over the rows: it is the deaths' own columns less sum of (A1 S1 - A2 D1) over the event times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels import compiled
from reporter.analysis.kernels.newton import MAX_PREDICTOR, Evaluation, outside
from reporter.analysis.kernels.packed_rows import Columns, pack_rows
from reporter.analysis.kernels.risk_sets import RiskSets
from reporter.analysis.kernels.tabulate import tabulate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MAX_FLAGS = 255
SPREAD = 1e-6  # a standard deviation below this share of the values would lose digits
BLOCK = 8192


@dataclass(frozen=True)
class _Sums:
    """Sums over risk sets (s1) and deaths (d1), shape (J, p), those over ties (5, J), and the relative hazards (n,)."""

    risk: Floats
    s1: Floats
    d1: Floats
    ties: Floats
    value: float


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
        self.sets = sets
        n_ones = int(np.count_nonzero(x[:, flags]) if self.tabulated else np.rint(mean[flags] * x.shape[0]).sum())
        columns = Columns(numeric, flags, mean, deviation, sets.time.size, n_ones)
        self.rows = pack_rows(x, event, last, columns, weight, offset)
        if not self.tabulated:
            # The mean of one pass loses digits where the first row lies far off; what is left of the column has them.
            rest = self.rows.means * deviation[numeric]
            self.centre[numeric] += np.where(self.plain[numeric], 0.0, rest)
        self.efron = sets.ties == "efron"
        self.reached = self.rows.deaths(np.ones(sets.time.size))
        self.moved = 0.0 if offset is None else float(sets.weighted(offset)[event].sum())

    @property
    def width(self) -> Floats:
        """A bound of the size of each packed column, shape (p,)."""
        out: Floats = (self.sizes[self.columns] + np.abs(self.mean)) / self.scale
        return out

    def reach(self, step: Floats) -> float:
        """Return a bound of the largest change of a linear predictor by `step`."""
        return float(np.abs(step) @ self.width)

    def _sums(self, beta: Floats) -> _Sums:
        sets, found = self.sets, self.rows.sums(beta)
        ties = np.empty((5, sets.time.size))
        if not found.largest < MAX_PREDICTOR:
            return _Sums(found.risk, found.s1, found.d1, ties, -np.inf)
        compiled.accumulate(found.s0, found.s1, sets.start)
        value = float(beta @ self.reached) + self.moved
        value += compiled.tie_sums(found.s0, found.d0, sets.n_dead, sets.mean_weight, self.efron, ties)
        return _Sums(found.risk, found.s1, found.d1, ties, value)

    def _informations(self, found: _Sums, by_time: Floats) -> Floats:
        """Return for each row of `by_time` (K, J) the sum over event times of ``by_time`` V_j, shape (K, p, p)."""
        hazard = np.stack([compiled.running_hazard(found.ties[0] * each, self.sets.start) for each in by_time])
        grams = self.rows.grams(found.risk, hazard, found.ties[1] * by_time)
        for gram, weights in zip(grams, by_time, strict=True):
            self._subtract_means(gram, found, found.ties * weights)
        out: Floats = (grams + grams.transpose(0, 2, 1)) / 2
        return out

    @staticmethod
    def _subtract_means(gram: Floats, found: _Sums, ties: Floats) -> None:
        """Take from `gram`, in place, what the means of the risk sets contribute."""
        for low in range(0, ties.shape[1], BLOCK):
            part = slice(low, low + BLOCK)
            s1, d1 = found.s1[part], found.d1[part]
            gram -= s1.T @ (s1 * ties[2, part][:, None])
            if ties[3, part].any():
                cross = s1.T @ (d1 * ties[3, part][:, None])
                gram += cross + cross.T - d1.T @ (d1 * ties[4, part][:, None])

    def _expected(self, found: _Sums, by_time: Floats | None) -> Floats:
        ties = found.ties if by_time is None else found.ties * by_time
        out: Floats = ties[0] @ found.s1 - ties[1] @ found.d1
        return out

    def evaluate(self, beta: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and the information at `beta`."""
        found = self._sums(beta)
        if not np.isfinite(found.value):
            return outside(self.size)
        information = self._informations(found, np.ones((1, self.sets.time.size)))[0]
        return Evaluation(found.value, self.reached - self._expected(found, None), information)

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
        score = self.rows.deaths(g) - self._expected(found, g)
        plain, once, twice = self._informations(found, np.stack((np.ones(g.size), g, g**2)))
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
