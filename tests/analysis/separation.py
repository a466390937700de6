"""Which coefficients of a Cox model are at infinity, decided by linear programming and not by following the likelihood.

A partial likelihood rises for ever along a direction d if nobody at risk ever has a higher linear predictor x'd than
those who die then: (x_i - x_j)'d >= 0 for every death i and every j at risk with it, and > 0 for some pair. The pairs
with 0 along all such directions are those that stay; coefficients not determined by them alone are infinite.
References: Albert & Anderson, Biometrika 1984;71:1; Bryson & Johnson, Technometrics 1981;23:381.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SAME = 1e-7  # of a standardised column: what HiGHS holds its constraints to


def pairs_of(x: Floats, time: Floats, event: Bools, *, entry: Floats | None = None, strata: Ints | None = None,
             exact: bool = False, staying: Bools | None = None) -> Floats:  # fmt: skip
    """Return x_i - x_j of every death i and every other j at risk at its time, shape (pairs, p), without repetition.

    With exact ties only those who survive the time are compared with those who die; rows `staying` remain at risk
    after their time.
    """
    codes = np.zeros(time.size, dtype=np.int64) if strata is None else strata
    out = [np.zeros((0, x.shape[1]))]
    for i in np.flatnonzero(event):
        at_risk = (time >= time[i]) & (codes == codes[i])
        if entry is not None:
            at_risk &= entry < time[i]
        if staying is not None:
            at_risk |= staying & (time < time[i])
        if exact:
            at_risk &= ~(event & (time == time[i]))
        at_risk[i] = False
        out.append(x[i] - x[at_risk])
    return np.unique(np.concatenate(out), axis=0)


def identified_by(pairs: Floats) -> Bools:
    """Return which columns are no combination of those before them in any pair, shape (p,)."""
    used: list[int] = []
    for j in range(pairs.shape[1]):
        part = pairs[:, [*used, j]]
        size = np.linalg.norm(part, axis=0)
        if (size > 0).all() and (np.linalg.svd(part / size, compute_uv=False) > SAME).sum() > len(used):
            used.append(j)
    return np.isin(np.arange(pairs.shape[1]), used)


def _scaled(pairs: Floats) -> Floats:
    out: Floats = pairs / np.sqrt((pairs**2).mean(axis=0))
    return out


def _gaining(a: Floats) -> Bools:
    """Return which pairs gain along some direction in which none loses, shape (pairs,)."""
    gains = np.zeros(a.shape[0], dtype=bool)
    while not gains.all():
        # The direction in which the pairs that have not gained yet gain most, none losing.
        best = linprog(-a[~gains].sum(axis=0), A_ub=-a, b_ub=np.zeros(a.shape[0]), bounds=(-1, 1), method="highs")
        assert best.status == 0, best.message
        new = ~gains & (a @ best.x > 1e3 * SAME)
        if not new.any():
            break
        gains |= new
    return gains


def infinite_by(pairs: Floats) -> Bools:
    """Return which coefficients of identified columns are infinite, shape (p,)."""
    p = pairs.shape[1]
    a = _scaled(pairs)
    gains = _gaining(a)
    if gains.all() or not gains.any():
        return np.full(p, bool(gains.any()))
    sizes, directions = np.linalg.svd(a[~gains], full_matrices=True)[1:]
    free = directions[np.concatenate((sizes, np.zeros(max(p - sizes.size, 0)))) <= SAME * sizes[0]]
    return (np.abs(free) > SAME).any(axis=0)


def condition_of(pairs: Floats) -> float:
    """Return the condition number of the pairs, columns of unit size; the information loses digits by its square."""
    sizes = np.linalg.svd(_scaled(pairs), compute_uv=False)
    return float(sizes[0] / sizes[-1])


def distance_of(pairs: Floats) -> float:
    """Return how clear it is, between 0 and 1, whether a coefficient is infinite.

    With a direction to infinity: the largest share that the gain of the pair that gains least can have of that of the
    pair that gains most; where it is small some hazards overflow before others have run their course. Without: the
    least loss of a pair where the pairs gain 1 on average; where it is small the optimum is as far off.
    """
    a = _scaled(pairs)
    p = a.shape[1]
    gains = _gaining(a)
    limits = np.column_stack((a, np.zeros(a.shape[0])))
    if gains.any():
        found = linprog(
            np.append(np.zeros(p), -1.0),
            A_ub=np.concatenate((np.column_stack((-a[gains], np.ones(gains.sum()))), limits[gains], -limits[~gains])),
            b_ub=np.concatenate((np.zeros(gains.sum()), np.ones(gains.sum()), np.zeros((~gains).sum()))),
            bounds=[(None, None)] * p + [(0, 1)], method="highs",
        )  # fmt: skip
        return float(-found.fun)
    found = linprog(
        np.append(np.zeros(p), 1.0), A_ub=np.column_stack((-a, -np.ones(a.shape[0]))), b_ub=np.zeros(a.shape[0]),
        A_eq=np.append(a.mean(axis=0), 0.0)[None, :], b_eq=[1.0], bounds=[(None, None)] * p + [(0, None)],
        method="highs",
    )  # fmt: skip
    return min(float(found.fun), 1.0) if found.status == 0 else 1.0
