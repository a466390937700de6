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


def infinite_by(pairs: Floats) -> tuple[Bools, float]:
    """Return which coefficients of identified columns are infinite, and how clear the answer is.

    Returns
    -------
    infinite
        Shape (p,).
    margin
        Where a direction was found, the least gain of a pair that gains; else how much the pairs together lose at best
        when one gains 1; of columns with unit standard deviation over the pairs.
    """
    p = pairs.shape[1]
    if not pairs.size:
        return np.zeros(p, dtype=bool), 1.0
    a = pairs / np.sqrt((pairs**2).mean(axis=0))
    gains = np.zeros(a.shape[0], dtype=bool)
    margin = 1.0
    while not gains.all():
        # The direction in which the pairs that have not gained yet gain most, none losing.
        best = linprog(-a[~gains].sum(axis=0), A_ub=-a, b_ub=np.zeros(a.shape[0]), bounds=(-1, 1), method="highs")
        assert best.status == 0, best.message
        gain = a @ best.x
        new = ~gains & (gain > 1e3 * SAME)
        if not new.any():
            break
        margin = min(margin, float(gain[new].min()))
        gains |= new
    if not gains.any():
        return np.zeros(p, dtype=bool), _least_loss(a)
    if gains.all():
        return np.ones(p, dtype=bool), margin
    _, sizes, directions = np.linalg.svd(a[~gains], full_matrices=True)
    sizes = np.concatenate((sizes, np.zeros(p - sizes.size)))
    free = directions[sizes <= SAME * sizes[0]]
    return (np.abs(free) > SAME).any(axis=0), margin


def _least_loss(a: Floats) -> float:
    """Return the least largest loss of a pair, over directions along which the pairs together gain 1 each on average."""
    p = a.shape[1]
    whole = a.mean(axis=0)
    found = linprog(
        np.append(np.zeros(p), 1.0), A_ub=np.column_stack((-a, -np.ones(a.shape[0]))), b_ub=np.zeros(a.shape[0]),
        A_eq=np.append(whole, 0.0)[None, :], b_eq=[1.0], bounds=[(None, None)] * p + [(0, None)], method="highs",
    )  # fmt: skip
    return float(found.fun) if found.status == 0 else 1.0
