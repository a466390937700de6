"""One cell as a number: special codes, the first number of a cell, units."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.spec.columns import ColumnSpec, cell_key
from reporter.spec.units import unit_factor

Floats = NDArray[np.float64]

# A number that goes on behind a comma or a further point is not the first number of the cell.
_FIRST = re.compile(r"(?<![\d.,])[0-9]+(?:\.[0-9]+)?(?![.,]?[0-9])", re.ASCII)
PLAIN = ColumnSpec(kind="numeric")


def first_number(cell: str) -> float | str:
    """Return the first number of a cell, else the cell; with a sign before it the cell is not plain."""
    found = None if cell.lstrip().startswith("-") else _FIRST.search(cell)
    return cell if found is None else float(found.group())


def tidy(values: Floats) -> Floats:
    """Return numbers rounded to 14 digits, so that 1.1 cm are 11 mm and not 11.000000000000002 mm."""
    size = np.abs(np.where(np.isfinite(values) & (values != 0), values, 1.0))
    scale = 10.0 ** np.clip(13 - np.floor(np.log10(size)), 0, 22)
    return np.asarray(np.round(values * scale) / scale, dtype=np.float64)


class NumberReader:
    """Reads one cell as a number by the dictionary's entry."""

    def __init__(self, missing: Sequence[str], spec: ColumnSpec) -> None:
        self.missing = {cell_key(word) for word in missing}
        self.codes = {cell_key(code): float(value) for code, value in spec.codes.items()}
        self.first = spec.number == "first"
        self.factor = unit_factor(spec.unit_in_file, spec.unit) if spec.unit_in_file else 1.0

    def parse(self, cell: str) -> float | None:
        """Return the number in the unit of the file, NaN where the cell means missing, None where it is none."""
        key = cell_key(cell)
        if isinstance(key, str) and self.first and key not in self.missing and key not in self.codes:
            key = first_number(cell)
        if cell == "" or key in self.missing:
            return float("nan")
        if key in self.codes:
            return self.codes[key]
        return key if isinstance(key, float) and self._stays_finite(key) else None

    def _stays_finite(self, number: float) -> bool:
        return math.isfinite(number * (self.factor or 1.0))

    def of_numbers(self, column: pd.Series) -> Floats:
        """Return a column that holds numbers already."""
        values = column.to_numpy(dtype=np.float64, copy=True)
        given = values.copy()
        for code, value in self.codes.items():
            values[given == code] = value
        values[np.isin(given, [word for word in self.missing if isinstance(word, float)])] = np.nan
        return self.converted(values)

    def converted(self, values: Floats) -> Floats:
        """Return values in the unit of the column."""
        if self.factor is None or self.factor == 1.0:
            return values
        return tidy(values * self.factor if self.factor > 1 else values / (1 / self.factor))
