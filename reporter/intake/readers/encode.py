"""Columns as distinct cells and an index, in Arrow."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa


class ColumnBuilder:
    """Gather the cells of one column; each distinct cell is kept once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._index = array("i")

    def add(self, cell: str) -> None:
        """Append one cell."""
        self._index.append(self._places.setdefault(cell, len(self._places)))

    def extend(self, cells: Sequence[str]) -> None:
        """Append cells."""
        places = self._places
        self._index.extend([places.setdefault(cell, len(places)) for cell in cells])

    def done(self) -> Any:
        """Return the column as a dictionary array of text."""
        index = pa.array(np.frombuffer(self._index, dtype=np.int32)) if self._index else pa.array([], pa.int32())
        return pa.DictionaryArray.from_arrays(index, pa.array(list(self._places), pa.string()))


def words_of(column: Any) -> list[str]:
    """Return the distinct cells of a dictionary column."""
    return [str(word) for word in column.dictionary.to_pylist()]


def row_counts(column: Any) -> list[int]:
    """Return in how many rows each distinct cell of a dictionary column stands."""
    counts = np.bincount(column.indices.to_numpy(), minlength=len(column.dictionary))
    return [int(n) for n in counts]


def with_words(column: Any, change: Callable[[str], str]) -> Any:
    """Return a dictionary column with each distinct cell changed; two cells may become the same text."""
    words = pa.array([change(word) for word in words_of(column)], pa.string())
    return pa.DictionaryArray.from_arrays(column.indices, words)


def table_of(names: Sequence[str], columns: Sequence[Any]) -> Any:
    """Return a table of such columns."""
    return pa.table(dict(zip(names, columns, strict=True)))
