"""Units that convert into each other."""

from __future__ import annotations

# A year is 365.25 days and a month a twelfth of it, as in the cohort layer.
_DIMENSIONS = (
    {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4},
    {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25},
    {"mg": 1.0, "g": 1e3, "kg": 1e6},
)
UNITS = tuple(unit for dimension in _DIMENSIONS for unit in dimension)


def unit_factor(unit_in_file: str, unit: str) -> float | None:
    """Return by what a number in `unit_in_file` is multiplied to be in `unit`; None when they do not convert."""
    if unit_in_file == unit:
        return 1.0
    for dimension in _DIMENSIONS:
        if unit_in_file in dimension and unit in dimension:
            return dimension[unit_in_file] / dimension[unit]
    return None
