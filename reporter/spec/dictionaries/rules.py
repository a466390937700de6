"""Rules that derive a column from others: ordered rows of a table, the first that fits holds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from reporter.resources import dictionaries_folder
from reporter.spec.cells import cell_key, parse_number
from reporter.spec.dictionaries.read import read_dictionary

MISSING = "?"
NOT_GIVEN = "not known to the rule"


@dataclass(frozen=True)
class RuleInput:
    """One column that a rule reads.

    Parameters
    ----------
    title
        Words for findings.
    required
        Whether the study must name it.
    prefixes
        Letters before a category that say nothing to the rule, longest first.
    tokens, absent
        Spelling (lower case) to the rule's category, or to the reason why there is none.
    bins, bin_tokens
        Right-closed cut points of a number, and the category of each part.
    unit
        Unit that a number must have; empty when there is none.
    refused
        Part of a header (lower case) whose categories the rule cannot read; empty when there is none.
    groups
        Spelling (as in the file) to a group of a dictionary, which is then looked up.
    """

    title: str
    required: bool
    prefixes: tuple[str, ...]
    tokens: Mapping[float | str, str]
    absent: Mapping[float | str, str]
    bins: tuple[float, ...]
    bin_tokens: tuple[str, ...]
    unit: str
    refused: str
    groups: Mapping[float | str, str]

    def category(self, cell: str) -> tuple[str, str]:
        """Return category and reason of a cell: ``?`` and why when it is missing, `NOT_GIVEN` when it is unknown."""
        if cell == "":
            return MISSING, f"{self.title} missing"
        if self.bins:
            number = parse_number(cell)
            place = -1 if number is None else sum(number > cut for cut in self.bins)
            return (NOT_GIVEN, "") if place < 0 else (self.bin_tokens[place], "")
        word = self.groups.get(cell_key(cell), cell).strip().lower()
        for spelled in (word, *(word.removeprefix(prefix) for prefix in self.prefixes if word.startswith(prefix))):
            key = cell_key(spelled)
            if key in self.tokens:
                return self.tokens[key], ""
            if key in self.absent:
                return MISSING, self.absent[key]
        return NOT_GIVEN, ""


@dataclass(frozen=True)
class RuleRow:
    """Categories that must hold (by input, ``?`` for missing), and what then holds: by detail, or a reason."""

    when: Mapping[str, tuple[str, ...]]
    values: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Rule:
    """A derivation as data; `levels` and `default_detail` by detail, `source` says where it is published."""

    name: str
    title: str
    source: str
    default_detail: str
    levels: Mapping[str, tuple[str, ...]]
    inputs: Mapping[str, RuleInput]
    rows: tuple[RuleRow, ...]

    @property
    def required(self) -> dict[str, str]:
        """Inputs that the study must name, with their titles."""
        return {name: given.title for name, given in self.inputs.items() if given.required}

    def value(self, found: Mapping[str, tuple[str, str]], detail: str) -> tuple[str, str]:
        """Return the level and the reason for none, from category and reason of each input that was given."""
        for row in self.rows:
            if all(name in found and found[name][0] in allowed for name, allowed in row.when.items()):
                if row.reason:
                    return "", row.reason
                level = row.values.get(detail, "")
                return level, "" if level else f"{detail} not recorded"
        missing = next((reason for category, reason in found.values() if category == MISSING), "")
        return "", missing or "a combination of categories that does not exist"


def rule_names() -> tuple[str, ...]:
    """Return the names of the shipped rules."""
    return tuple(sorted(path.stem for path in (dictionaries_folder() / "rules").glob("*.toml")))


def _by_spelling(table: Mapping[str, list[str]]) -> dict[float | str, str]:
    return {cell_key(spelling.lower()): name for name, spellings in table.items() for spelling in spellings}


def _groups(given: str) -> dict[float | str, str]:
    if not given:
        return {}
    dictionary, _, column = given.partition(".")
    codes: Mapping[str, str] = read_dictionary(dictionary)[column]["codes"]
    return {cell_key(code): group for code, group in codes.items()}


def _input(data: Mapping[str, Any]) -> RuleInput:
    return RuleInput(
        title=data["title"], required=data.get("required", False),
        prefixes=tuple(sorted(data.get("prefixes", ()), key=len, reverse=True)),
        tokens=_by_spelling(data.get("tokens", {})), absent=_by_spelling(data.get("absent", {})),
        bins=tuple(data.get("bins", ())), bin_tokens=tuple(data.get("bin_tokens", ())), unit=data.get("unit", ""),
        refused=data.get("refused", ""), groups=_groups(data.get("groups", "")),
    )  # fmt: skip


def _row(data: Mapping[str, Any], inputs: Mapping[str, RuleInput], levels: Mapping[str, Any]) -> RuleRow:
    when = {name: tuple(data[name]) for name in inputs if name in data}
    return RuleRow(when, {detail: data[detail] for detail in levels if detail in data}, data.get("reason", ""))


@cache
def read_rule(name: str) -> Rule:
    """Return a shipped rule.

    Parameters
    ----------
    name
        One of `rule_names`.
    """
    with (dictionaries_folder() / "rules" / f"{name}.toml").open("rb") as file:
        data = tomllib.load(file)
    inputs = {key: _input(given) for key, given in data["inputs"].items()}
    levels = {detail: tuple(given) for detail, given in data["levels"].items()}
    return Rule(
        name=name, title=data["title"], source=data["source"], default_detail=data["default_detail"], levels=levels,
        inputs=inputs, rows=tuple(_row(row, inputs, levels) for row in data["rows"]),
    )  # fmt: skip
