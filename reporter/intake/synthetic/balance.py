"""Random survival with little noise: exponential draws exchanged until the true model's score is near zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.intake.synthetic.draws import Draws, Floats

_ROUNDS, _LAST_ROUNDS = 600, 200
_PAIRS = 256


@dataclass(frozen=True)
class Score:
    """A part of the score: columns, shape = (n, p), and the cumulative hazard up to which each row is observed."""

    columns: Floats
    cap: Floats

    def residual(self, draw: Floats, rows: NDArray[np.int64]) -> Floats:
        """Return the martingale residual of unit exponential draws: event minus the hazard lived through."""
        cap = self.cap[rows]
        return np.asarray((draw <= cap) - np.minimum(draw, cap), dtype=np.float64)


def _change(parts: Sequence[Score], draw: Floats, one: NDArray[np.int64], two: NDArray[np.int64]) -> Floats:
    """Return how the score changes when two rows exchange their draws, shape = (pairs, p)."""
    out = []
    for part in parts:
        first = part.residual(draw[two], one) - part.residual(draw[one], one)
        second = part.residual(draw[one], two) - part.residual(draw[two], two)
        out.append(part.columns[one] * first[:, None] + part.columns[two] * second[:, None])
    return np.concatenate(out, axis=1)


def balanced_exponential(parts: Sequence[Score], group: NDArray[np.object_], draws: Draws) -> Floats:
    """Return unit exponential draws for which the score of the true model is nearly zero in each group, shape = (n,).

    The draws of each group cover the distribution evenly; pairs exchange theirs where that brings the score, in units
    of its standard deviation, nearest to zero. Estimates from the cohort then lie nearer to the figures it was drawn
    from than chance alone would have it.
    """
    draw = -np.log(draws.even(group))
    order = np.argsort(group.astype(str), kind="stable")
    _, sizes = np.unique(group.astype(str), return_counts=True)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    parts = [Score(part.columns[order], part.cap[order]) for part in parts]
    mixed = draw[order]
    for start, size in zip(starts, sizes, strict=True):
        rows = slice(start, start + size)
        own = [Score(part.columns[rows], part.cap[rows]) for part in parts]
        mixed[rows] = _settle(own, mixed[rows], np.zeros(size, dtype=np.int64), np.full(size, size), draws, _ROUNDS)
    mixed = _settle(parts, mixed, np.repeat(starts, sizes), np.repeat(sizes, sizes), draws, _LAST_ROUNDS)
    draw[order] = mixed
    return draw


def _settle(
    parts: Sequence[Score], draw: Floats, start: NDArray[np.int64], size: NDArray[np.int64], draws: Draws, rounds: int
) -> Floats:
    """Exchange draws of pairs; the partners of a row are the `size` rows from `start` on."""
    every = np.arange(draw.size)
    now = np.concatenate([part.columns.T @ part.residual(draw, every) for part in parts])
    spread = np.concatenate([(part.columns**2).T @ -np.expm1(-part.cap) for part in parts])
    weight = np.where(spread > 0.5, 1 / np.maximum(spread, 0.5), 0.0)
    for _ in range(rounds):
        one = np.floor(draws.uniform(_PAIRS) * draw.size).astype(np.int64)
        two = start[one] + np.floor(draws.uniform(_PAIRS) * size[one]).astype(np.int64)
        change = _change(parts, draw, one, two)
        change[one == two] = 0.0
        distance = ((now + change) ** 2) @ weight
        best = int(distance.argmin())
        if distance[best] < (now**2) @ weight:
            now = now + change[best]
            draw[[one[best], two[best]]] = draw[[two[best], one[best]]]
    return draw
