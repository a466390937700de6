"""Risk sets of a Cox model and the sums over them, with Efron's or Breslow's ties.

References: Efron, J Am Stat Assoc 1977;72:557; Therneau & Grambsch, Modeling Survival Data, 2000, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class RiskSets:
    """Who is at risk when; J distinct event times, m deaths, n rows.

    Parameters
    ----------
    time
        Distinct event times, shape (J,).
    n_dead
        Deaths at each, shape (J,).
    last
        Index of the last event time that row i lived to see (time_j <= t_i), -1 if none; shape (n,).
    own
        Event time of each death, shape (m,); `dead` its row, `fraction` its Efron k/d.
    """

    time: Floats
    n_dead: Floats
    last: NDArray[np.int64]
    dead: NDArray[np.int64]
    own: NDArray[np.int64]
    fraction: Floats


def make_risk_sets(time: Floats, event: Bools, ties: Ties) -> RiskSets:
    """Index the risk sets; Breslow's ties are Efron's with all fractions 0."""
    if ties == "exact":
        raise ReporterError("ties = 'exact' is not offered by this version; allowed: 'efron', 'breslow'.")
    dead = np.flatnonzero(event)
    distinct, own = np.unique(time[dead], return_inverse=True)
    order = np.argsort(own, kind="stable")
    dead, own = dead[order], own[order]
    n_dead = np.bincount(own, minlength=distinct.size).astype(np.float64)
    first = np.concatenate(([0], np.cumsum(n_dead)[:-1])).astype(np.int64)
    fraction = (np.arange(dead.size) - first[own]) / n_dead[own]
    if ties == "breslow":
        fraction = np.zeros_like(fraction)
    last = np.searchsorted(distinct, time, side="right") - 1
    return RiskSets(distinct, n_dead, last, dead, own, fraction)


@dataclass(frozen=True)
class Moments:
    """Sums over the risk sets at one value of the coefficients.

    Parameters
    ----------
    weight
        1 / (S0 - f D0) of each death, shape (m,).
    a1, a2, b0, b1, b2
        Sums over the deaths at a time of w, wf, w^2, w^2 f, w^2 f^2; shape (J,).
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


def _at_risk_sums(values: Floats, sets: RiskSets) -> Floats:
    """Sum `values` (n,) or (n, p) over the rows at risk at each event time: (J,) or (J, p)."""
    size = sets.time.size
    seen = sets.last >= 0
    flat = values[seen].reshape(int(seen.sum()), -1)
    sums = np.zeros((size, flat.shape[1]))
    for column in range(flat.shape[1]):
        sums[:, column] = np.bincount(sets.last[seen], weights=flat[:, column], minlength=size)
    out: Floats = np.cumsum(sums[::-1], axis=0)[::-1]
    return out[:, 0] if values.ndim == 1 else out


def _dead_sums(values: Floats, sets: RiskSets) -> Floats:
    """Sum `values` (m,) or (m, p) over the deaths at each event time."""
    sums = np.zeros((sets.time.size, *values.shape[1:]))
    np.add.at(sums, sets.own, values)
    return sums


def moments(x: Floats, risk: Floats, sets: RiskSets) -> Moments:
    """Return the risk-set sums for relative hazards `risk` (n,)."""
    s0 = _at_risk_sums(risk, sets)
    d0 = _dead_sums(risk[sets.dead], sets)
    f = sets.fraction
    weight = 1.0 / (s0[sets.own] - f * d0[sets.own])
    square = weight**2
    weighted = risk[:, None] * x
    return Moments(
        weight=weight,
        a1=_dead_sums(weight, sets),
        a2=_dead_sums(weight * f, sets),
        b0=_dead_sums(square, sets),
        b1=_dead_sums(square * f, sets),
        b2=_dead_sums(square * f**2, sets),
        s1=_at_risk_sums(weighted, sets),
        d1=_dead_sums(weighted[sets.dead], sets),
    )


def information_by_time(x: Floats, risk: Floats, sets: RiskSets, found: Moments, weights: Floats) -> Floats:
    """Return sum over event times of weights_j V_j, V_j the (Efron) covariance at time j; shape (p, p)."""
    total = np.concatenate(([0.0], np.cumsum(weights * found.a1)))[sets.last + 1]
    row_weight = risk * total
    row_weight[sets.dead] -= (risk[sets.dead]) * (weights * found.a2)[sets.own]
    gram = x.T @ (row_weight[:, None] * x)
    s1, d1 = found.s1, found.d1
    cross = (s1 * (weights * found.b1)[:, None]).T @ d1
    corrections = (s1 * (weights * found.b0)[:, None]).T @ s1 - cross - cross.T
    corrections += (d1 * (weights * found.b2)[:, None]).T @ d1
    out: Floats = gram - corrections
    return out
