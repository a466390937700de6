"""Distinct values and where each row stands among them; whole numbers (months, days) are tabulated, not sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPAN = 2**17  # widest table


def index_times(time: Floats | Ints) -> tuple[Floats, Ints]:
    """Return the distinct values, ascending, and the index of each row among them, shape (n,)."""
    if time.size:
        low, high = float(time.min()), float(time.max())
        if 0 <= high - low < min(SPAN, 4 * time.size) and abs(low) < 2**53:
            whole = (time - low).astype(np.int64)
            if low == np.floor(low) and (whole + low == time).all():
                present = np.flatnonzero(np.bincount(whole))
                place = np.zeros(int(high - low) + 1, dtype=np.int64)
                place[present] = np.arange(present.size)
                return (present + low).astype(np.float64), place[whole]
    distinct, index = np.unique(time, return_inverse=True)
    return distinct.astype(np.float64), index.astype(np.int64)
