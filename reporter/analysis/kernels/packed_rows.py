"""The rows of a large cohort in the two forms that compiled loops read: lists of 0/1 columns, and cells of patterns.

Both hold numeric columns standardised and 0/1 columns as they are, in the order numeric, then 0/1. Cells are several
times faster and need few event times; lists do for any number, with the rows sorted by time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels import compiled, compiled_cells
from reporter.analysis.kernels.newton import MAX_PREDICTOR
from reporter.analysis.kernels.risk_sets import sort_stably

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

TABLE = 4096  # event times whose sums stay in the processor's cache; beyond, the rows are sorted by time
CODES = 4  # codes of patterns, at most
CELLS = 2**19  # numbers of all tables of patterns by event time, at most
PAIRS = 2**17  # numbers of a table of two codes, at most

Value = TypeVar("Value", np.bool_, np.int32, np.float64)


@dataclass(frozen=True)
class Columns:
    """Numeric and 0/1 columns of a design and what is known of them.

    Parameters
    ----------
    numeric, flags
        Which columns are numeric and which are 0/1.
    mean, deviation
        Of all columns, shape (p,).
    n_times
        Event times, J.
    n_ones
        Ones in the 0/1 columns of all rows.
    """

    numeric: Ints
    flags: Ints
    mean: Floats
    deviation: Floats
    n_times: int
    n_ones: int

    @property
    def size(self) -> int:
        """Number of columns, p."""
        return self.numeric.size + self.flags.size


@dataclass(frozen=True)
class RowSums:
    """Sums of relative hazards r and of r x by event time, over all rows (s) and over the deaths (d).

    Parameters
    ----------
    risk
        Case weight times relative hazard of each row, shape (n,).
    s0, d0
        Shape (J,).
    s1, d1
        Shape (J, p).
    largest
        Largest size of a linear predictor.
    """

    risk: Floats
    s0: Floats
    s1: Floats
    d0: Floats
    d1: Floats
    largest: float


class Rows(Protocol):
    """A packed design with the last event time of each row."""

    means: Floats

    def sums(self, beta: Floats) -> RowSums:
        """Return the sums at coefficients `beta`, shape (p,)."""

    def deaths(self, by_time: Floats) -> Floats:
        """Return the sum over the deaths of case weight times ``by_time`` (J,) times x, shape (p,)."""

    def grams(self, risk: Floats, hazard: Floats, tied: Floats) -> Floats:
        """Return the sums of r (hazard - event tied) x x' over the rows, shape (K, p, p).

        `hazard` and `tied`, shape (K, J), are taken at the last event time of each row.
        """


class ListedRows:
    """Rows of 0/1 columns as lists of those that are 1."""

    def __init__(
        self, x: Floats, event: Bools, last: Ints, columns: Columns, weight: Floats | None, offset: Floats | None
    ) -> None:
        order = sort_stably(last + 1, columns.n_times + 1) if columns.n_times > TABLE else np.empty(0, np.int64)
        self.n_times, self.size = columns.n_times, columns.size
        self.dense, self.begin, self.active = compiled.pack(
            x, order, columns.numeric, columns.flags, columns.mean, columns.deviation, columns.n_ones
        )
        self.means: Floats = self.dense.mean(axis=0)
        self.last, self.event = _in_order(last.astype(np.int32), order), _in_order(event, order)
        nothing = np.empty(0)
        self.weight = nothing if weight is None else _in_order(weight, order)
        self.offset = nothing if offset is None else _in_order(offset, order)

    def sums(self, beta: Floats) -> RowSums:
        """Return the sums at coefficients `beta`, shape (p,)."""
        risk = np.empty(self.last.size)
        s0, d0 = np.zeros(self.n_times), np.zeros(self.n_times)
        s1, d1 = np.zeros((self.n_times, self.size)), np.zeros((self.n_times, self.size))
        largest = compiled.risk_sums(
            self.dense, self.begin, self.active, self.last, self.event, self.weight, self.offset, beta, risk, s0, s1,
            d0, d1,
        )  # fmt: skip
        return RowSums(risk, s0, s1, d0, d1, largest)

    def deaths(self, by_time: Floats) -> Floats:
        """Return the sum over the deaths of case weight times ``by_time`` (J,) times x, shape (p,)."""
        return compiled.score_sums(
            self.dense, self.begin, self.active, self.last, self.event, self.weight, by_time, self.size
        )

    def grams(self, risk: Floats, hazard: Floats, tied: Floats) -> Floats:
        """Return the sums of r (hazard - event tied) x x' over the rows, shape (K, p, p)."""
        return np.stack([
            compiled.weighted_gram(
                self.dense, self.begin, self.active, self.last, self.event, risk, h, a, self.size
            )
            for h, a in zip(hazard, tied, strict=True)
        ])  # fmt: skip


class CelledRows:
    """Rows of 0/1 columns as codes of patterns; a slot is an event time and whether the row died there.

    Slots 0 and 1 are those of rows that were at risk at no event time. `fits` is False where the tables would be large.
    """

    def __init__(
        self, x: Floats, event: Bools, last: Ints, columns: Columns, weight: Floats | None, offset: Floats | None
    ) -> None:
        n_flags = columns.flags.size
        n_codes = -(-n_flags // compiled_cells.BITS)
        self.fits = n_codes <= CODES and columns.n_times <= TABLE
        if not self.fits:
            return
        self.n_slots, self.q = 2 * (columns.n_times + 1), columns.numeric.size
        edges = np.linspace(0, n_flags, n_codes + 1).round().astype(np.int64)
        self.edges, self.size = edges, columns.size
        self.dense, self.codes, seen = compiled_cells.pack_cells(
            x, columns.numeric, columns.flags, edges, columns.mean, columns.deviation
        )
        self.width = seen.sum(axis=1)
        if not self._small():
            self.fits = False
            return
        self._number(seen)
        self.means: Floats = self.dense.mean(axis=1)
        self.slot = (2 * (last + 1) + event).astype(np.int32)
        self.weight = weight
        self.offset = np.empty(0) if offset is None else offset
        self.at_0 = self._by_time(np.ones(event.size) if weight is None else weight, 0.0)

    def _small(self) -> bool:
        pairs = [int(self.width[g] * self.width[h]) for g in range(self.width.size) for h in range(g)]
        self.pair_base = np.cumsum([0, *pairs])
        return self.n_slots * int(self.width.sum()) <= CELLS and max(pairs, default=0) <= PAIRS

    def _number(self, seen: Bools) -> None:
        """Give numbers to the codes that occur; keep the columns, 0 or 1, of each, shape (width, flags of the code)."""
        place = np.zeros(seen.shape, dtype=np.uint16)
        self.patterns: list[Floats] = []
        for g, row in enumerate(seen):
            found = np.flatnonzero(row)
            place[g, found] = np.arange(found.size)
            bits = np.arange(self.edges[g + 1] - self.edges[g])
            self.patterns.append((found[:, None] >> bits & 1).astype(np.float64))
        compiled_cells.recode(self.codes, place)
        self.begin = np.concatenate(([0], np.cumsum(self.width)))

    def _part(self, g: int) -> slice:
        """Return where the columns of code `g` stand."""
        return slice(self.q + int(self.edges[g]), self.q + int(self.edges[g + 1]))

    def _by_time(self, risk: Floats, largest: float) -> RowSums:
        sums = np.zeros((self.q + 1, self.n_slots))
        base = self.begin * self.n_slots
        cells = np.zeros(base[-1])
        compiled_cells.slot_sums(self.dense, self.codes, self.slot, risk, self.width, base, sums, cells)
        by_slot = np.empty((self.n_slots, self.size))
        by_slot[:, : self.q] = sums[:-1].T
        for g, pattern in enumerate(self.patterns):
            by_slot[:, self._part(g)] = cells[base[g] : base[g + 1]].reshape(self.n_slots, -1) @ pattern
        d0, d1 = sums[-1, 3::2].copy(), by_slot[3::2].copy()
        return RowSums(risk, sums[-1, 2::2] + d0, by_slot[2::2] + d1, d0, d1, largest)

    def sums(self, beta: Floats) -> RowSums:
        """Return the sums at coefficients `beta`, shape (p,)."""
        if not beta.any() and not self.offset.size:
            known = self.at_0
            return RowSums(known.risk, known.s0.copy(), known.s1.copy(), known.d0, known.d1, 0.0)
        table = np.zeros((self.width.size, int(self.width.max(initial=0))))
        for g, pattern in enumerate(self.patterns):
            table[g, : self.width[g]] = pattern @ beta[self._part(g)]
        risk = np.empty(self.slot.size)
        compiled_cells.predictors(self.dense, self.codes, beta[: self.q], table, self.offset, risk)
        largest = max(float(risk.max()), -float(risk.min()))
        if not largest < MAX_PREDICTOR:  # the caller refuses it
            return replace(self.at_0, largest=largest)
        np.exp(risk, out=risk)
        if self.weight is not None:
            risk *= self.weight
        return self._by_time(risk, largest)

    def deaths(self, by_time: Floats) -> Floats:
        """Return the sum over the deaths of case weight times ``by_time`` (J,) times x, shape (p,)."""
        return by_time @ self.at_0.d1

    def grams(self, risk: Floats, hazard: Floats, tied: Floats) -> Floats:
        """Return the sums of r (hazard - event tied) x x' over the rows, shape (K, p, p)."""
        n_kinds, q = hazard.shape[0], self.q
        by_slot = np.zeros((n_kinds, self.n_slots))
        by_slot[:, 2::2], by_slot[:, 3::2] = hazard, hazard - tied
        gram = np.zeros((n_kinds, q, q))
        by_code, by_pair = np.zeros((n_kinds, self.begin[-1], q + 1)), np.zeros((n_kinds, self.pair_base[-1]))
        compiled_cells.cell_grams(
            self.dense, self.codes, self.slot, risk, by_slot, self.width, self.begin, self.pair_base, gram, by_code,
            by_pair,
        )  # fmt: skip
        return np.stack([self._gram(*parts) for parts in zip(gram, by_code, by_pair, strict=True)])

    def _gram(self, dense: Floats, by_code: Floats, by_pair: Floats) -> Floats:
        """Put one matrix (p, p) together from the sums over cells."""
        out = np.zeros((self.size, self.size))
        out[: self.q, : self.q] = dense
        u = 0
        for g, pattern in enumerate(self.patterns):
            part, cells = self._part(g), by_code[self.begin[g] : self.begin[g + 1]]
            out[part, : self.q] = pattern.T @ cells[:, :-1]
            out[part, part] = pattern.T @ (pattern * cells[:, -1:])
            for h in range(g):
                both = by_pair[self.pair_base[u] : self.pair_base[u + 1]].reshape(self.width[h], self.width[g])
                out[part, self._part(h)] = pattern.T @ both.T @ self.patterns[h]
                u += 1
        lower = np.tril(out)
        full: Floats = lower + np.tril(out, -1).T
        return full


def _in_order(values: NDArray[Value], order: Ints) -> NDArray[Value]:
    return values[order] if order.size else values


def pack_rows(
    x: Floats, event: Bools, last: Ints, columns: Columns, weight: Floats | None, offset: Floats | None
) -> Rows:
    """Return the rows as cells where their tables are small, else as lists.

    Parameters
    ----------
    x
        Shape (n, p), stored by rows.
    last
        Index of the last event time that each row lived to see, -1 for none; shape (n,).
    """
    cells = CelledRows(x, event, last, columns, weight, offset)
    return cells if cells.fits else ListedRows(x, event, last, columns, weight, offset)
