"""Loops over the rows of a large cohort with few event times, whose 0/1 columns are read as patterns; compiled.

Up to ten 0/1 columns that stand side by side are one code: whoever has the same pattern of them shares the code, so a
row adds itself to one cell of a table where it would add itself to each of its columns. A table of patterns by event
time, or of two codes, is small enough for the processor's cache, and the columns' sums follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.compiled import compiled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Codes = NDArray[np.uint16]

BITS = 10  # 0/1 columns to a code, at most
ROWS = 2048  # of a block that stays in the cache while several loops go over it

Function = TypeVar("Function", bound=Callable[..., object])


def reordered(function: Function) -> Function:
    """Compile as `compiled` does, with sums added in an order that fills vector registers; NaN and inf keep."""
    loose = {"reassoc", "contract", "nsz"}
    try:
        found = numba.njit(cache=True, nogil=True, fastmath=loose)(function)
    except RuntimeError:  # no folder can be written: compiled anew in each process
        found = numba.njit(nogil=True, fastmath=loose)(function)
    return cast(Function, found)


@compiled
def pack_cells(x: Floats, numeric: Ints, flags: Ints, edges: Ints, mean: Floats, scale: Floats) -> tuple[
    Floats, Codes, Bools
]:  # fmt: skip
    """Return the standardised numeric columns (q, n), the codes (G, n) and which codes occur (G, 2^BITS).

    Code g holds the columns ``flags[edges[g]:edges[g + 1]]``, the first in its lowest bit.
    """
    n, q, n_codes = x.shape[0], numeric.size, edges.size - 1
    dense = np.empty((q, n))
    codes = np.empty((n_codes, n), np.uint16)
    seen = np.zeros((n_codes, 1 << BITS), np.bool_)
    for i in range(n):
        for j in range(q):
            c = numeric[j]
            dense[j, i] = (x[i, c] - mean[c]) / scale[c]
        for g in range(n_codes):
            code = 0
            for k in range(edges[g], edges[g + 1]):
                code |= np.int64(x[i, flags[k]] != 0.0) << (k - edges[g])
            codes[g, i] = code
            seen[g, code] = True
    return dense, codes, seen


@compiled
def recode(codes: Codes, place: Codes) -> None:
    """Replace in place each code of `codes` (G, n) by its number among those that occur, `place` (G, 2^BITS)."""
    for g in range(codes.shape[0]):
        for i in range(codes.shape[1]):
            codes[g, i] = place[g, codes[g, i]]


@reordered
def predictors(dense: Floats, codes: Codes, beta: Floats, table: Floats, offset: Floats, eta: Floats) -> None:
    """Fill `eta` (n,) from coefficients `beta` (q,), what each pattern adds, `table` (G, P), and `offset` or none."""
    q, n = dense.shape
    for low in range(0, n, ROWS):
        high = min(low + ROWS, n)
        part = eta[low:high]
        for i in range(part.size):
            part[i] = offset[low + i] if offset.size else 0.0
        for j in range(q):
            column, b = dense[j, low:high], beta[j]
            for i in range(part.size):
                part[i] += column[i] * b
        for g in range(codes.shape[0]):
            code, value = codes[g, low:high], table[g]
            for i in range(part.size):
                part[i] += value[code[i]]


@compiled
def slot_sums(
    dense: Floats, codes: Codes, slot: Small, risk: Floats, width: Ints, base: Ints, sums: Floats, cells: Floats
) -> None:
    """Add up `risk` (n,) by `slot`: times 1 and each numeric column into `sums` (q + 1, S), by pattern into `cells`.

    The table of code g, shape (S, width[g]), is ``cells[base[g]:base[g + 1]]``. The plain sums are the last of `sums`.
    """
    q, n = dense.shape
    for low in range(0, n, ROWS):
        high = min(low + ROWS, n)
        at, r = slot[low:high], risk[low:high]
        out = sums[q]
        for i in range(r.size):
            out[at[i]] += r[i]
        for j in range(q):
            out, column = sums[j], dense[j, low:high]
            for i in range(r.size):
                out[at[i]] += r[i] * column[i]
        for g in range(codes.shape[0]):
            out, code, size = cells[base[g] : base[g + 1]], codes[g, low:high], width[g]
            for i in range(r.size):
                out[at[i] * size + code[i]] += r[i]


@reordered
def _add_numeric(dense: Floats, low: int, w: Floats, products: Floats, gram: Floats) -> None:
    """Fill `products` (q, ROWS) with w times each column, from row `low` on, and add their products to `gram`."""
    high = low + w.size
    for j in range(dense.shape[0]):
        column, product = dense[j, low:high], products[j]
        for i in range(w.size):
            product[i] = w[i] * column[i]
        for k in range(j + 1):
            other, total = dense[k, low:high], 0.0
            for i in range(w.size):
                total += product[i] * other[i]
            gram[j, k] += total


@compiled
def _add_by_code(code: Codes, w: Floats, products: Floats, out: Floats) -> None:
    """Add the block's `products` (q, ROWS) and `w` (B,) to the rows of their codes, `out` (patterns, q + 1)."""
    q = products.shape[0]
    for j in range(q):
        product = products[j]
        for i in range(w.size):
            out[code[i], j] += product[i]
    for i in range(w.size):
        out[code[i], q] += w[i]


@compiled
def _add_by_pair(first: Codes, second: Codes, w: Floats, width: int, out: Floats) -> None:
    """Add the block's `w` (B,) to the cells of two codes; the second has `width` patterns."""
    for i in range(w.size):
        out[first[i] * width + second[i]] += w[i]


@compiled
def cell_grams(
    dense: Floats, codes: Codes, slot: Small, risk: Floats, by_slot: Floats, width: Ints, begin: Ints, base: Ints,
    gram: Floats, by_code: Floats, by_pair: Floats,
) -> None:  # fmt: skip
    """Add up, for each row of `by_slot` (K, S), the products of the columns with weight risk times by_slot[k, slot].

    Parameters
    ----------
    gram
        Numeric by numeric, lower triangle, shape (K, q, q).
    by_code
        Numeric columns and 1, by the patterns of all codes one after the other (code g from ``begin[g]``);
        shape (K, begin[-1], q + 1).
    by_pair
        Pattern by pattern of two codes h < g, in the order of g, then h: (width[h], width[g]) from
        ``base[u]``; shape (K, base[-1]).
    """
    q, n = dense.shape
    room, products = np.empty(ROWS), np.empty((q, ROWS))
    for low in range(0, n, ROWS):
        high = min(low + ROWS, n)
        at, r, w = slot[low:high], risk[low:high], room[: high - low]
        for k in range(by_slot.shape[0]):
            weight = by_slot[k]
            for i in range(w.size):
                w[i] = r[i] * weight[at[i]]
            _add_numeric(dense, low, w, products, gram[k])
            u = 0
            for g in range(codes.shape[0]):
                _add_by_code(codes[g, low:high], w, products, by_code[k, begin[g] : begin[g + 1]])
                for h in range(g):
                    out = by_pair[k, base[u] : base[u + 1]]
                    _add_by_pair(codes[h, low:high], codes[g, low:high], w, width[g], out)
                    u += 1
