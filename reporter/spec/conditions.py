"""Tests of one column's values: data, never code."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from reporter.spec.cells import Cell, Section

Bound = float | dt.date


class ValueTest(Section):
    """Tests of the values of one column (a key of the dictionary, else a header); every test given must hold.

    ``matches`` is a regular expression searched for in the value. A missing value satisfies no test;
    ``not_missing = true`` is the test for it.
    """

    column: str
    min: Bound | None = None
    max: Bound | None = None
    in_: tuple[Cell, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Cell, ...] | None = None
    equals: Cell | None = None
    matches: str | None = None
    not_missing: Literal[True] | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        """Names of the tests that are given."""
        names = {"min": self.min, "max": self.max, "in": self.in_, "not_in": self.not_in, "equals": self.equals,
                 "matches": self.matches, "not_missing": self.not_missing}  # fmt: skip
        return tuple(name for name, value in names.items() if value is not None)


class Pattern(Section):
    """A regular expression that a whole cell must match, and the level of such cells that codes do not name."""

    matches: str
    level: Cell


class Case(Section):
    """A value and when it applies: all conditions must hold; without any it always applies."""

    when: tuple[ValueTest, ...] = ()
    value: Cell
