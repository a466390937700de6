"""Cells of a table and how they compare; the base of the tables of a study file."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def parse_number(text: str) -> float | None:
    """Return the finite number that a cell or a code spells, or None; words such as ``nan`` are not numbers."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def same_value(one: str, other: str) -> bool:
    """Compare a cell with a code: as numbers when both sides parse, else as text."""
    left, right = parse_number(one), parse_number(other)
    return one == other if left is None or right is None else left == right


def cell_key(cell: str) -> float | str:
    """Return what two cells share exactly when `same_value` holds: the number, else the text."""
    number = parse_number(cell)
    return cell if number is None else number


def as_text(value: object) -> object:
    """Return a TOML scalar as the text that a cell would hold."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, (list, tuple, dict)) else str(value)


Cell = Annotated[str, BeforeValidator(as_text)]


class Section(BaseModel):
    """Base of the tables of a study file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
