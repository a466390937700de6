"""The data dictionary of a study file: one specification per column."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ColumnKind = Literal["numeric", "categorical", "ordinal", "binary", "date"]
Transform = Literal["identity", "log1p", "log2"]

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def parse_number(text: str) -> float | None:
    """Return the finite number that a cell or a code spells, or None; words such as ``nan`` are not numbers."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def same_value(one: str, other: str) -> bool:
    """Compare a cell with a code: as numbers when both sides parse, else as text."""
    left, right = parse_number(one), parse_number(other)
    return one == other if left is None or right is None else left == right


def _as_text(value: object) -> object:
    """Return a TOML scalar as the text that a cell would hold."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, (list, tuple, dict)) else str(value)


Cell = Annotated[str, BeforeValidator(_as_text)]


class Section(BaseModel):
    """Base of the tables of a study file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSpec(Section):
    """One column of the data dictionary.

    Parameters
    ----------
    per
        Hazard ratio per this many units; numeric columns only.
    transform, winsorize
        Values above `winsorize` are set to it, then the transform is taken, then `per`.
    spline
        Knots of a restricted cubic spline, at least three, ascending, in units of the column.
    levels
        Level names in order; the first is the reference unless `reference` is given.
    codes
        Code in the file to level name; several codes may share a level.
    bins
        Cut points of a numeric column in the file, right-closed, giving `levels`.
    missing
        Cell values that mean missing, beside the empty cell.
    modifiable
        True when a clinician can change the value (a treatment).
    """

    label: str = ""
    kind: ColumnKind
    unit: str = ""
    per: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    transform: Transform = "identity"
    winsorize: float | None = Field(default=None, allow_inf_nan=False)
    spline: tuple[float, ...] = ()
    levels: tuple[Cell, ...] = ()
    reference: Cell | None = None
    codes: dict[str, Cell] = Field(default_factory=dict)
    bins: tuple[float, ...] = ()
    missing: tuple[Cell, ...] = ()
    modifiable: bool = False

    @model_validator(mode="before")
    @classmethod
    def _unfold_transform(cls, data: object) -> object:
        """Read ``transform = {winsorize = 19, spline = [...]}`` as its parts."""
        if isinstance(data, dict) and isinstance(data.get("transform"), dict):
            parts = data["transform"]
            unknown = sorted(set(parts) - {"winsorize", "spline"})
            if unknown:
                raise ValueError(f"transform: unknown key '{unknown[0]}'; allowed are winsorize and spline")
            return {**{k: v for k, v in data.items() if k != "transform"}, **parts}
        return data

    @property
    def is_numeric(self) -> bool:
        """True for a numeric column."""
        return self.kind == "numeric"

    @property
    def declared_levels(self) -> tuple[str, ...]:
        """Levels in the order of the file, before the reference moves first; empty when the data decide."""
        if self.levels:
            return self.levels
        if self.bins:
            low, high = _cut(self.bins[0]), _cut(self.bins[-1])
            middle = (f"{_cut(a)}-{_cut(b)}" for a, b in zip(self.bins, self.bins[1:], strict=False))
            return (f"<={low}", *middle, f">{high}")
        return tuple(dict.fromkeys(self.codes.values()))


def _cut(value: float) -> str:
    return f"{value:g}"


class ColumnOverride(Section):
    """What differs for one column in the validation cohort; the rest is the development dictionary's."""

    codes: dict[str, Cell] | None = None
    bins: tuple[float, ...] | None = None
    missing: tuple[Cell, ...] | None = None

    def applied_to(self, spec: ColumnSpec) -> ColumnSpec:
        """Return the development column as it is read in the validation cohort.

        Levels and reference stay those of the development cohort; `codes` replace `bins` and the other way round.
        """
        change: dict[str, Any] = {"levels": spec.declared_levels}
        if self.codes is not None:
            change |= {"codes": self.codes, "bins": ()}
        if self.bins is not None:
            change |= {"bins": self.bins, "codes": self.codes or {}}
        if self.missing is not None:
            change["missing"] = self.missing
        return spec.model_copy(update=change)
