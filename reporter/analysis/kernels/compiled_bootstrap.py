"""Compiled loops of the optimism bootstrap: one Cox fit on rows that count several times, and what it is worth.

Rows are sorted by time, events first among equal times; a row drawn m times stands for m tied rows, so the ties of
deaths are those of the repeated rows, not R's case weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.compiled import compiled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STEPS = 25
SHORT = 1e-9  # a last step this short squares to rounding error
DEPENDENT = 1e-6  # share of a column's information that those before it leave, below which the caller decides
FALLING = 1e-9  # fall of the log-likelihood, relative, after which the caller decides


@compiled
def add_row(row: Floats, weight: float, s1: Floats, s2: Floats) -> None:
    """Add weight x to `s1` (p,) and the lower half of weight x x' to `s2` (p, p)."""
    for a in range(row.size):
        v = weight * row[a]
        s1[a] += v
        for b in range(a + 1):
            s2[a, b] += v * row[b]


@compiled
def take_death(left: float, s1: Floats, s2: Floats, score: Floats, information: Floats) -> None:
    """Take the mean and the variance of those at risk, sums `left`, `s1` and `s2`, into score and information."""
    for a in range(score.size):
        mean = s1[a] / left
        score[a] -= mean
        for b in range(a + 1):
            information[a, b] += s2[a, b] / left - mean * s1[b] / left


@compiled
def efron_sums(
    x: Floats, event: Bools, begin: Ints, copies: Ints, beta: Floats, efron: bool, derivatives: bool,
    score: Floats, information: Floats,
) -> float:  # fmt: skip
    """Return the log partial likelihood; fill `score` (p,) and `information` (p, p) where asked for.

    ``begin`` (J + 1,) holds the first row of each distinct time and the number of rows.
    """
    p = x.shape[1]
    total, s0, s1, s2 = 0.0, 0.0, np.zeros(p), np.zeros((p, p))
    score[:] = 0.0
    information[:] = 0.0
    d1, d2, moved, spread = np.zeros(p), np.zeros((p, p)), np.zeros(p), np.zeros((p, p))
    for j in range(begin.size - 2, -1, -1):
        d0, deaths = 0.0, 0
        d1[:] = 0.0
        d2[:] = 0.0
        for i in range(begin[j], begin[j + 1]):
            m = copies[i]
            eta = 0.0
            for a in range(p):
                eta += x[i, a] * beta[a]
            r = m * np.exp(eta)
            s0 += r
            if derivatives:
                add_row(x[i], r, s1, s2)
            if event[i]:
                d0 += r
                deaths += m
                total += m * eta
                if derivatives:
                    add_row(x[i], r, d1, d2)
                    score += m * x[i]
        for k in range(deaths):
            share = k / deaths if efron else 0.0
            total -= np.log(s0 - share * d0)
            if derivatives:
                moved[:] = s1 - share * d1
                spread[:] = s2 - share * d2
                take_death(s0 - share * d0, moved, spread, score, information)
    return total


@compiled
def solve_step(information: Floats, score: Floats, step: Floats) -> bool:
    """Solve by Cholesky's method into `step`; False where a column depends on those before it. Uses the lower half."""
    p = score.size
    low = np.zeros((p, p))
    for a in range(p):
        for b in range(a + 1):
            found = information[a, b]
            for c in range(b):
                found -= low[a, c] * low[b, c]
            if a == b:
                if not found > DEPENDENT * information[a, a] or not np.isfinite(found):
                    return False
                low[a, a] = np.sqrt(found)
            else:
                low[a, b] = found / low[b, b]
    for a in range(p):
        found = score[a]
        for c in range(a):
            found -= low[a, c] * step[c]
        step[a] = found / low[a, a]
    for a in range(p - 1, -1, -1):
        found = step[a]
        for c in range(a + 1, p):
            found -= low[c, a] * step[c]
        step[a] = found / low[a, a]
    return True


@compiled
def climb(
    x: Floats, event: Bools, begin: Ints, copies: Ints, guess: Floats, efron: bool, beta: Floats
) -> tuple[bool, float]:  # fmt: skip
    """Maximise by plain Newton steps from `guess` into `beta`; False where they are not enough. Log-likelihood too."""
    p = x.shape[1]
    score, information, step = np.zeros(p), np.zeros((p, p)), np.zeros(p)
    beta[:] = guess
    before = -np.inf
    for _ in range(STEPS):
        value = efron_sums(x, event, begin, copies, beta, efron, True, score, information)
        if not np.isfinite(value) or value < before - FALLING * abs(value):
            return False, value
        before = value
        if not solve_step(information, score, step):
            return False, value
        longest = 0.0
        for a in range(p):
            longest = max(longest, abs(step[a]))
            beta[a] += step[a]
        if longest <= SHORT:
            return True, value
    return False, before


@compiled
def predictors(x: Floats, beta: Floats) -> Floats:
    """Return x beta; equal rows get equal values."""
    out = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            out[i] += x[i, a] * beta[a]
    return out


@compiled
def dense_ranks(score: Floats) -> tuple[Ints, int]:
    """Return the rank of each score from 1, equal scores alike, and the largest rank."""
    order = np.argsort(score)
    rank, top = np.zeros(score.size, dtype=np.int64), 0
    for k in range(score.size):
        if k == 0 or score[order[k]] != score[order[k - 1]]:
            top += 1
        rank[order[k]] = top
    return rank, top


@compiled
def insert(tree: Ints, rank: int, copies: int) -> None:
    """Count `copies` more at `rank` in a Fenwick tree."""
    at = rank
    while at < tree.size:
        tree[at] += copies
        at += at & -at


@compiled
def count_to(tree: Ints, rank: int) -> int:
    """Count those at ranks up to `rank` in a Fenwick tree."""
    found, at = 0, rank
    while at > 0:
        found += tree[at]
        at -= at & -at
    return found


@compiled
def concordances(score: Floats, event: Bools, begin: Ints, copies: Ints, n_early: int) -> tuple[float, float]:
    """Return Harrell's C over all events, and over the events of the first `n_early` distinct times; NaN without pairs.

    Two rows with an event at the same time are not comparable; an event comes before a censoring at its time.
    """
    rank, top = dense_ranks(score)
    tree, later = np.zeros(top + 1, dtype=np.int64), 0
    good, pairs = np.zeros(2), np.zeros(2)
    for j in range(begin.size - 2, -1, -1):
        rows = range(begin[j], begin[j + 1])
        for i in rows:
            if not event[i]:
                insert(tree, rank[i], copies[i])
                later += copies[i]
        for i in rows:
            if event[i]:
                value = 0.5 * (count_to(tree, rank[i] - 1) + count_to(tree, rank[i])) * copies[i]
                for part in range(2 if j < n_early else 1):
                    good[part] += value
                    pairs[part] += copies[i] * later
        for i in rows:
            if event[i]:
                insert(tree, rank[i], copies[i])
                later += copies[i]
    return (
        good[0] / pairs[0] if pairs[0] > 0 else np.nan,
        good[1] / pairs[1] if pairs[1] > 0 else np.nan,
    )


@compiled
def hazard_by(score: Floats, event: Bools, begin: Ints, copies: Ints, efron: bool, n_early: int) -> float:
    """Return the cumulative baseline hazard, at a predictor of 0, over the first `n_early` distinct times."""
    s0, total = 0.0, 0.0
    for j in range(begin.size - 2, -1, -1):
        d0, deaths = 0.0, 0
        for i in range(begin[j], begin[j + 1]):
            r = copies[i] * np.exp(score[i])
            s0 += r
            if event[i]:
                d0 += r
                deaths += copies[i]
        if j < n_early:
            for k in range(deaths):
                total += 1.0 / (s0 - (k / deaths if efron else 0.0) * d0)
    return total


@compiled
def brier(
    time: Floats, event: Bools, begin: Ints, copies: Ints, risk: Floats, horizon: float
) -> float:  # fmt: skip
    """Return the Brier score at `horizon`, weights from the reverse Kaplan–Meier estimate of these rows."""
    at_risk = 0
    for i in range(copies.size):
        at_risk += copies[i]
    n, free, total, at_horizon, passed = at_risk, 1.0, 0.0, 1.0, False
    for j in range(begin.size - 1):
        now = time[begin[j]]
        if now >= horizon and not passed:
            at_horizon, passed = free, True
        deaths, censored = 0, 0
        for i in range(begin[j], begin[j + 1]):
            if event[i]:
                deaths += copies[i]
            else:
                censored += copies[i]
            if copies[i] > 0 and event[i] and now <= horizon:
                total += copies[i] * (1.0 - risk[i]) ** 2 / free
            elif copies[i] > 0 and now >= horizon:
                total += copies[i] * risk[i] ** 2 / at_horizon
        if censored > 0 and at_risk > deaths:
            free *= 1.0 - censored / (at_risk - deaths)
        at_risk -= deaths + censored
    return total / n
