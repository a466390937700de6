"""The data dictionary of a study file: one specification per column."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from reporter.spec.cells import Cell, Section, cell_key, parse_number, same_value
from reporter.spec.conditions import Case, Pattern

__all__ = [
    "Cell", "ColumnKind", "ColumnOverride", "ColumnSpec", "Section", "Transform", "cell_key", "parse_number",
    "same_value",
]  # fmt: skip

ColumnKind = Literal["numeric", "categorical", "ordinal", "binary", "date"]
Transform = Literal["identity", "log1p", "log2"]
Headers = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]


def _with_reasons(data: object) -> object:
    """Read ``missing = {word = "reason"}`` as the words and their reasons."""
    if isinstance(data, dict) and isinstance(data.get("missing"), dict):
        reasons = {word: reason for word, reason in data["missing"].items() if reason}
        return {**data, "missing": list(data["missing"]), "missing_reasons": reasons}
    return data


ORIGINS = ("source", "headers", "cases", "derive")
FIXED = ("rule", "detail")


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
        Code in the file to level name; several codes may share a level. Of numbers: special code to number.
    bins
        Cut points of a numeric column in the file, right-closed, giving `levels`.
    missing, missing_reasons
        Cell values that mean missing, beside the empty cell, and why (by word).
    patterns
        Regular expressions that whole cells match, for cells that `codes` does not name, and their levels.
    source
        Headers in the file, the first that is not missing wins; empty: the name of the column.
    headers
        Of a shipped dictionary: for each field in turn the spellings of its header.
    unit_in_file
        Unit of the cells where it differs from `unit`.
    number
        ``first``: the first number in the cell is its value.
    format
        How dates are written (``%Y``, ``%m``, ``%d``); empty: YYYY-MM-DD.
    cases
        The value of the first case that holds; the empty value and no case mean missing.
    derive
        A rule of a shipped dictionary and the columns that it reads.
    unknown_level
        The level that a missing value becomes.
    range
        Lowest and highest plausible number.
    note
        What a reader of an unknown code must know.
    modifiable
        True when a clinician can change the value (a treatment).
    after_start
        True for a treatment that begins after time zero: whoever got it lived until it began.
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
    patterns: tuple[Pattern, ...] = ()
    missing: tuple[Cell, ...] = ()
    missing_reasons: dict[str, str] = Field(default_factory=dict)
    source: Headers = ()
    headers: tuple[tuple[str, ...], ...] = ()
    unit_in_file: str = ""
    number: Literal["", "first"] = ""
    format: str = ""
    cases: tuple[Case, ...] = ()
    derive: dict[str, str] = Field(default_factory=dict)
    unknown_level: Cell | None = None
    range: tuple[float, float] | None = None
    note: str = ""
    modifiable: bool = False
    after_start: bool = False

    @model_validator(mode="before")
    @classmethod
    def _unfold_transform(cls, data: object) -> object:
        """Read ``transform = {winsorize = 19, spline = [...]}`` as its parts."""
        if isinstance(data, dict) and isinstance(data.get("transform"), dict):
            parts = data["transform"]
            unknown = sorted(set(parts) - {"winsorize", "spline"})
            if unknown:
                raise ValueError(f"transform: unknown key '{unknown[0]}'; allowed are winsorize and spline")
            data = {**{k: v for k, v in data.items() if k != "transform"}, **parts}
        return _with_reasons(data)

    @property
    def is_numeric(self) -> bool:
        """True for a numeric column."""
        return self.kind == "numeric"

    @property
    def declared_levels(self) -> tuple[str, ...]:
        """Levels in the order of the file, before the reference moves first; empty when the data decide."""
        known = self.levels or self._levels_of_cells()
        if known and self.unknown_level is not None and self.unknown_level not in known:
            return (*known, self.unknown_level)
        return known

    def _levels_of_cells(self) -> tuple[str, ...]:
        if self.bins:
            low, high = _cut(self.bins[0]), _cut(self.bins[-1])
            middle = (f"{_cut(a)}-{_cut(b)}" for a, b in zip(self.bins, self.bins[1:], strict=False))
            return (f"<={low}", *middle, f">{high}")
        values = [*self.codes.values(), *(pattern.level for pattern in self.patterns)]
        values = values or [case.value for case in self.cases]
        return tuple(dict.fromkeys(value for value in values if value and value not in self.missing))

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the columns that `cases` or `derive` read."""
        tested = [test.column for case in self.cases for test in case.when]
        return tuple(dict.fromkeys([*tested, *(name for key, name in self.derive.items() if key not in FIXED)]))


def _cut(value: float) -> str:
    return f"{value:g}"


class ColumnOverride(Section):
    """What differs for one column in the validation cohort; the rest is the development dictionary's.

    A column that the validation table alone has (a date from which its follow-up counts) gives its `kind`, and may have
    `label`, `unit` and `levels`.
    """

    kind: ColumnKind | None = None
    label: str | None = None
    unit: str | None = None
    levels: tuple[Cell, ...] | None = None
    codes: dict[str, Cell] | None = None
    bins: tuple[float, ...] | None = None
    patterns: tuple[Pattern, ...] | None = None
    missing: tuple[Cell, ...] | None = None
    missing_reasons: dict[str, str] | None = None
    source: Headers | None = None
    headers: tuple[tuple[str, ...], ...] | None = None
    unit_in_file: str | None = None
    number: Literal["", "first"] | None = None
    format: str | None = None
    cases: tuple[Case, ...] | None = None
    derive: dict[str, str] | None = None
    unknown_level: Cell | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_reasons(cls, data: object) -> object:
        return _with_reasons(data)

    @property
    def own_keys(self) -> tuple[str, ...]:
        """Keys that only a column of the validation table alone may have."""
        return tuple(key for key in ("kind", "label", "unit", "levels") if getattr(self, key) is not None)

    def as_own_column(self) -> ColumnSpec:
        """Return a column that the validation table alone has."""
        return ColumnSpec.model_validate({name: value for name, value in self if value is not None})

    def applied_to(self, spec: ColumnSpec) -> ColumnSpec:
        """Return the development column as it is read in the validation cohort.

        Levels and reference stay those of the development cohort; `codes` replace `bins` and the other way round, and
        of `source`, `cases` and `derive` the one that is given replaces the others.
        """
        given = {name: value for name, value in self if value is not None}
        change: dict[str, Any] = {"levels": spec.declared_levels}
        if self.codes:
            change["bins"] = ()
        if self.bins:
            change["codes"] = {}
        if any(given.get(origin) for origin in ORIGINS):
            change |= dict.fromkeys(ORIGINS[:3], ()) | {"derive": {}}
        if "missing" in given:
            change["missing_reasons"] = {}
        return spec.model_copy(update=change | given)
