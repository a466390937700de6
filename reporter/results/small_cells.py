"""Which counts are small, and what has to be hidden with them so that nothing follows by subtraction.

A count from 1 to `below` - 1 is small (primary). Everything else here is secondary: a hidden cell must stay hidden when
the attacker has every total and every other cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

REST = ""


def is_small(value: float, below: int) -> bool:
    """Tell whether a count is at least 1 and less than `below`."""
    return 0 < value < below


def are_safe(values: Vector, below: int) -> bool:
    """Tell whether no count of an array is small; the sign of a difference does not matter."""
    size = np.abs(values)
    return not bool(((size > 0) & (size < below)).any())


def hidden_levels(levels: Mapping[str, Vector], total: Vector, below: int, *, also: Sequence[str] = ()) -> set[str]:
    """Return the levels to hide so that neither a level nor what is left of the total is small.

    Parameters
    ----------
    levels
        Counts of each level, shape (m,): patients first, then events, censored, ...
    total
        The same counts of all patients, with those who have no level; shape (m,).
    also
        Levels that are hidden in any case.

    Returns
    -------
    set of str
        Levels with a small count, then the smallest others until the counts of all that is hidden (and of the
        patients without a level) together are not small.
    """
    hidden = {name for name, counts in levels.items() if name in also or not are_safe(counts, below)}
    for name in sorted(levels, key=lambda level: float(levels[level][0])):
        rest = total - sum((counts for level, counts in levels.items() if level not in hidden), np.zeros(total.size))
        if are_safe(rest, below):
            break
        hidden.add(name)
    return hidden


def hidden_cells(cells: NDArray[np.float64], below: int) -> NDArray[np.bool_] | None:
    """Return which cells of a two-way table to hide; None when only the whole table will do.

    Every small cell p gets a rectangle: b in its row, c in its column, both at least `below`, and d opposite, at least
    p. Moving p by x and d with it, b and c against it, leaves every total and every shown cell as it is, for any x from
    -p to min(b, c): p may be 0 or more than `below`.

    Parameters
    ----------
    cells
        Counts, shape (r, k), with the row and the column of those without a level.
    """
    hidden = np.zeros(cells.shape, dtype=bool)
    small = np.argwhere((cells > 0) & (cells < below))
    for i, j in small[np.argsort(cells[tuple(small.T)])] if small.size else ():
        best: tuple[float, int, int] | None = None
        for k in range(cells.shape[0]):
            for m in range(cells.shape[1]):
                others = (cells[i, m], cells[k, j], cells[k, m])
                if k == i or m == j or min(others[:2]) < below or others[2] < max(cells[i, j], 1):
                    continue
                shown = ((i, m), (k, j), (k, m))
                cost = sum(0.0 if hidden[place] else float(cells[place]) for place in shown)
                if best is None or cost < best[0]:
                    best = (cost, k, m)
        if best is None:
            return None
        for place in ((i, j), (i, best[2]), (best[1], j), (best[1], best[2])):
            hidden[place] = True
    return hidden
