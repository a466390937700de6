"""How findings of the data list values."""

from __future__ import annotations

from collections.abc import Iterable


def listed(values: Iterable[str], limit: int = 8) -> str:
    """Return the first values in quotes, and how many more there are."""
    every = list(values)
    text = ", ".join(f"'{value}'" for value in every[:limit])
    return f"{text} and {len(every) - limit} more" if len(every) > limit else text
