"""Loops over the rows of a large cohort, compiled by numba; imported only where a cohort is large.

A design is packed: numeric columns as a standardised block `dense` (n, q), 0/1 columns as lists of those that are 1
(``active[begin[i]:begin[i + 1]]``), so a row of dummies costs what it has of them. Coefficients stand in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Bytes = NDArray[np.uint8]

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function at its first call and keep the machine code in the first cache folder that can be written."""
    try:
        found = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder can be written: compiled anew in each process
        found = numba.njit(nogil=True)(function)
    return cast(Function, found)


@compiled
def column_facts(x: Floats) -> tuple[Floats, Floats, Floats, Bools, Bools]:
    """Return mean, standard deviation, largest size, and whether all are in {0, 1} and in {-1, 0, 1}; shape (p,)."""
    n, p = x.shape
    total, square, largest = np.zeros(p), np.zeros(p), np.zeros(p)
    not_binary, not_plain = np.zeros(p), np.zeros(p)
    first = x[0].copy()
    for i in range(n):
        for j in range(p):
            v = x[i, j]
            d = v - first[j]
            total[j] += d
            square[j] += d * d
            largest[j] = max(largest[j], abs(v))
            not_binary[j] += v * v != v
            not_plain[j] += v * v * v != v
    mean, sd = np.empty(p), np.empty(p)
    for j in range(p):
        shift = total[j] / n
        mean[j] = first[j] + shift
        sd[j] = np.sqrt(max(square[j] / n - shift * shift, 0.0))
    return mean, sd, largest, not_binary == 0, not_plain == 0


@compiled
def pack(x: Floats, order: Ints, numeric: Ints, flags: Ints, mean: Floats, scale: Floats, n_active: int) -> tuple[
    Floats, Ints, Bytes
]:  # fmt: skip
    """Return `dense`, `begin` and `active` of the rows of `x` in `order` (empty: as they are)."""
    n = x.shape[0]
    q = numeric.size
    dense = np.empty((n, q))
    begin = np.zeros(n + 1, dtype=np.int64)
    active = np.empty(n_active + 1, dtype=np.uint8)
    k = 0
    for i in range(n):
        row = order[i] if order.size else i
        for j in range(q):
            c = numeric[j]
            dense[i, j] = (x[row, c] - mean[c]) / scale[c]
        for j in range(flags.size):
            active[k] = j  # without a branch, which the processor could not foresee
            k += x[row, flags[j]] != 0.0
        begin[i + 1] = k
    return dense, begin, active


@compiled
def risk_sums(
    dense: Floats, begin: Ints, active: Bytes, last: Small, event: Bools, weight: Floats, offset: Floats, beta: Floats,
    risk: Floats, s0: Floats, s1: Floats, d0: Floats, d1: Floats,
) -> float:  # fmt: skip
    """Fill `risk` (n,), add up by event time; return the largest abs(eta).

    `last` is the event time of each row; `s0` (J,), `s1` (J, p): sums of all rows; `d0`, `d1`: of the deaths. `weight`
    and `offset` may be empty.
    """
    n, q = dense.shape
    largest = 0.0
    for i in range(n):
        t = last[i]
        if t < 0:
            risk[i] = 0.0
            continue
        eta = offset[i] if offset.size else 0.0
        for j in range(q):
            eta += dense[i, j] * beta[j]
        for a in range(begin[i], begin[i + 1]):
            eta += beta[q + active[a]]
        largest = max(largest, abs(eta))
        w = weight[i] if weight.size else 1.0
        r = np.exp(eta) * w
        risk[i] = r
        s0[t] += r
        for j in range(q):
            s1[t, j] += r * dense[i, j]
        for a in range(begin[i], begin[i + 1]):
            s1[t, q + active[a]] += r
        if event[i]:
            d0[t] += r
            for j in range(q):
                d1[t, j] += r * dense[i, j]
            for a in range(begin[i], begin[i + 1]):
                d1[t, q + active[a]] += r
    return largest


@compiled
def accumulate(s0: Floats, s1: Floats, start: Ints) -> None:
    """Turn sums by event time into sums over the risk sets, in place; strata begin at `start`."""
    p = s1.shape[1]
    for k in range(start.size - 1):
        for j in range(start[k + 1] - 2, start[k] - 1, -1):
            s0[j] += s0[j + 1]
            for c in range(p):
                s1[j, c] += s1[j + 1, c]


@compiled
def tie_sums(s0: Floats, d0: Floats, n_dead: Floats, mean_weight: Floats, efron: bool, out: Floats) -> float:
    """Fill a1, a2, b0, b1, b2, the rows of `out`, shape (5, J); return the sum of log(1 / (S0 - f D0)), weighted."""
    total = 0.0
    for j in range(s0.size):
        d = int(n_dead[j])
        product = 1.0  # one logarithm for many factors
        mass = mean_weight[j]
        if d == 1 or not efron:
            w = 1.0 / s0[j]
            total += d * mass * np.log(w)
            out[0, j] = d * mass * w
            out[2, j] = d * mass * w * w
            out[1, j] = out[3, j] = out[4, j] = 0.0
            continue
        a1 = a2 = b0 = b1 = b2 = 0.0
        for k in range(d):
            f = k / d
            w = 1.0 / (s0[j] - f * d0[j])
            product *= w
            if product < 1e-150 or product > 1e150:
                total += mass * np.log(product)
                product = 1.0
            a1 += w
            a2 += w * f
            b0 += w * w
            b1 += w * w * f
            b2 += w * w * f * f
        total += mass * np.log(product)
        out[0, j], out[1, j], out[2, j], out[3, j], out[4, j] = mass * a1, mass * a2, mass * b0, mass * b1, mass * b2
    return total


@compiled
def running_hazard(a1: Floats, start: Ints) -> Floats:
    """Return running sums of `a1` (J,) within strata."""
    out = np.empty(a1.size)
    for k in range(start.size - 1):
        total = 0.0
        for j in range(start[k], start[k + 1]):
            total += a1[j]
            out[j] = total
    return out


@compiled
def weighted_gram(
    dense: Floats, begin: Ints, active: Bytes, last: Small, event: Bools, risk: Floats, hazard: Floats, a2: Floats,
    p: int,
) -> Floats:  # fmt: skip
    """Return the sum of r (Λ(t) - event A2) x x' over the rows, shape (p, p); `hazard` and `a2` by event time."""
    n, q = dense.shape
    gram = np.zeros((p, p))
    for i in range(n):
        t = last[i]
        if t < 0:
            continue
        w = risk[i] * (hazard[t] - a2[t]) if event[i] else risk[i] * hazard[t]
        for j in range(q):
            v = w * dense[i, j]
            for k in range(j + 1):
                gram[j, k] += v * dense[i, k]
            for a in range(begin[i], begin[i + 1]):
                gram[q + active[a], j] += v
        for a in range(begin[i], begin[i + 1]):
            x = q + active[a]
            for b in range(begin[i], a + 1):
                gram[x, q + active[b]] += w
    for j in range(p):
        for k in range(j):
            gram[k, j] = gram[j, k]
    return gram


@compiled
def score_sums(
    dense: Floats, begin: Ints, active: Bytes, last: Small, event: Bools, weight: Floats, by_time: Floats, p: int
) -> Floats:
    """Return the sum over the deaths of case weight times ``by_time[last]`` times x, shape (p,)."""
    n, q = dense.shape
    out = np.zeros(p)
    for i in range(n):
        if event[i]:
            w = by_time[last[i]] * (weight[i] if weight.size else 1.0)
            for j in range(q):
                out[j] += w * dense[i, j]
            for a in range(begin[i], begin[i + 1]):
                out[q + active[a]] += w
    return out
