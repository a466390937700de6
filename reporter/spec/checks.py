"""Combinations of values that a table may not have: data, never code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from reporter.resources import dictionaries_folder
from reporter.spec.cells import Section
from reporter.spec.conditions import ValueTest


class DataCheck(Section):
    """``[[checks]]`` of a study file, ``[[impossible]]`` of a shipped dictionary: rows for which all of it holds.

    Parameters
    ----------
    label
        What such a row is, in words: "stage I with a metastasis".
    when
        Conditions, as in the selection; a missing value satisfies none.
    greater
        Two numeric or date columns, the first greater than the second.
    severity
        An ``error`` stops the run.
    todo
        What to do; empty: to correct the rows.
    """

    label: str = Field(min_length=1)
    when: tuple[ValueTest, ...] = ()
    greater: tuple[str, str] | None = None
    severity: Literal["error", "warning"] = "warning"
    todo: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> DataCheck:
        if not self.when and self.greater is None:
            raise ValueError("give when = [{column = ..., in = [...]}, ...] or greater = [column, column]")
        for test in self.when:
            if not test.tests:
                raise ValueError(
                    f"a condition on '{test.column}' has no test; add one of min, max, in, not_in, equals, matches, "
                    "not_missing"
                )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are compared."""
        return tuple(dict.fromkeys([*(test.column for test in self.when), *(self.greater or ())]))


@cache
def _of_dictionary(name: str) -> tuple[DataCheck, ...]:
    with (dictionaries_folder() / f"{name}.toml").open("rb") as file:
        found = tomllib.load(file).get("impossible", [])
    return tuple(DataCheck.model_validate(entry) for entry in found)


def impossible_combinations(dictionaries: Iterable[str]) -> tuple[DataCheck, ...]:
    """Return what the shipped dictionaries do not allow.

    Parameters
    ----------
    dictionaries
        Names as in ``[data] dictionary``.
    """
    return tuple(check for name in dict.fromkeys(dictionaries) for check in _of_dictionary(name))
