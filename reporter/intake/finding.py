"""How findings of the data list values and rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHOWN_ROWS = 10


def first_rows(rows: NDArray[np.bool_] | NDArray[np.int64]) -> tuple[int, ...]:
    """Return the places of the first ten affected rows, from 0; `rows` is a mask or places."""
    places = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.sort(rows)
    return tuple(int(place) for place in places[:SHOWN_ROWS])


def listed(values: Iterable[str], limit: int = 8) -> str:
    """Return the first values in quotes, and how many more there are."""
    every = list(values)
    text = ", ".join(f"'{value}'" for value in every[:limit])
    return f"{text} and {len(every) - limit} more" if len(every) > limit else text
