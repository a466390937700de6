"""Read a shipped dictionary and spell its shorthands out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reporter.resources import dictionaries_folder

Entry = Mapping[str, Any]


def dictionary_names() -> tuple[str, ...]:
    """Return the names of the shipped dictionaries."""
    return tuple(sorted(path.stem for path in dictionaries_folder().glob("*.toml")))


def _spelled_range(code: str) -> Iterator[str]:
    """Yield the whole numbers of ``1..90``, else the code itself."""
    low, dots, high = code.partition("..")
    if dots and low.isdigit() and high.isdigit():
        yield from map(str, range(int(low), int(high) + 1))
    else:
        yield code


def _grouped(groups: Mapping[str, list[str]]) -> dict[str, str]:
    """Return code to level from level to codes, in the order of the levels."""
    return {code: level for level, codes in groups.items() for given in codes for code in _spelled_range(given)}


def _termed(terms: list[Mapping[str, Any]], forms: list[str]) -> dict[str, str]:
    """Return every spelling of every term with its group; of two terms with one spelling the first has it."""
    found: dict[str, str] = {}
    for term in terms:
        spelled = [form.format_map(term) for form in forms if form.format_map(term).strip()]
        for spelling in (*spelled, *term.get("names", ())):
            found.setdefault(spelling, term["group"])
    return found


def _spelled_out(entry: dict[str, Any]) -> Entry:
    codes: dict[str, str] = {}
    codes |= _grouped(entry.pop("groups", {}))
    codes |= _termed(entry.pop("terms", []), entry.pop("forms", []))
    if codes:
        entry["codes"] = codes
    reasons = entry.pop("absent", {})
    if reasons:
        entry["missing"] = {word: reason for reason, words in reasons.items() for given in words
                            for word in _spelled_range(given)}  # fmt: skip
    return entry


@cache
def read_dictionary(name: str) -> Mapping[str, Entry]:
    """Return the columns of a shipped dictionary, each as the table of a study file; labels by language.

    Parameters
    ----------
    name
        One of `dictionary_names`.
    """
    with (dictionaries_folder() / f"{name}.toml").open("rb") as file:
        columns = tomllib.load(file)["columns"]
    return {key: _spelled_out(dict(entry)) for key, entry in columns.items()}
