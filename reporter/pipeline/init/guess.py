"""What a column means: its kind, its levels in order, its codes, its unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from reporter.pipeline.init.draft import Entry
from reporter.pipeline.init.profile import Profile
from reporter.pipeline.init.words import (
    ADMINISTRATIVE,
    COUNT,
    DOUBTFUL_MISSING,
    NEGATIVE,
    ORDERED,
    POSITIVE,
    SCALES,
    STAGE,
    TREATMENT,
    UNITS,
    UNNAMED_CODES,
    bare,
    first_match,
    says_missing,
)
from reporter.spec.cells import parse_number

MOST_LEVELS = 12
FEWEST_ROWS_A_LEVEL = 3.0
LONGEST_LEVEL = 100
MOST_MISSING = 0.5
MOST_CODES = 6
LARGEST_CODE = 9
SHORTEST_NUMBER = 100_000.0
MOSTLY_NUMBERS = 0.8
YEARS = (1900, 2200)

_STAGE = re.compile(r"(?:.*(?:stage|figo|期)\s*|[cp]?)?(iv|i{1,3}|[1-4])\s*([a-d]?[0-9]?)(?:期)?", re.IGNORECASE)
_BAND = re.compile(
    r"([<>]=?|[≤≥])?\s*(\d+(?:\.\d+)?)\s*(\+)?(?:\s*(?:-|–|~|to|至)\s*[<]?\d+(?:\.\d+)?)?\s*(?:[^\W\d_]+|%)?"
)
_YEAR = re.compile(r"(^|_)(year|yr|dxyr)(_|$)|年份")
_ROMAN = {"i": "I", "ii": "II", "iii": "III", "iv": "IV", "1": "I", "2": "II", "3": "III", "4": "IV"}


class LeftOut(Exception):  # noqa: N818
    """The column does not enter the study file; the message says why."""


def key_of(header: str, taken: set[str]) -> str:
    """Return a key for a header: letters, digits and ``_``, not yet taken."""
    plain = unicodedata.normalize("NFKC", header)
    plain = re.sub(r"\W+", "_", plain).strip("_") or "column"
    key, more = plain, 1
    while key in taken or key == "phenotype":
        more += 1
        key = f"{plain}_{more}"
    return key


def label_of(header: str) -> str:
    """Return a header as a label: signs between words become blanks."""
    words = re.sub(r"[_\s]+", " ", header).strip()
    words = re.sub(r"(?<=[a-z])\.(?=[a-z])", " ", words)
    words = re.sub(r"(?<=.)\s*[(\uff08](岁|天|月|年|cm|mm|kg|%)[)\uff09]$", "", words)
    words = re.sub(r"(?<=.) (cm|mm|kg|pct|percent|days|months)$", "", words, flags=re.IGNORECASE)
    return words[:1].upper() + words[1:] if words else header


def stage_group(word: str) -> str:
    """Return I, II, III or IV for a stage such as ``stage iiic1``, also in Chinese; empty when it is none."""
    found = _STAGE.fullmatch(unicodedata.normalize("NFKC", word).strip().lower())
    return _ROMAN[found.group(1)] if found else ""


def _band(word: str) -> tuple[float, float] | None:
    """Return where a level such as ``<=20``, ``20-50`` or ``>50`` lies."""
    found = _BAND.fullmatch(unicodedata.normalize("NFKC", word).strip())
    if not found:
        return None
    sign = found.group(1) or ""
    return float(found.group(2)), -1.0 if sign[:1] in "<≤" and sign else 1.0 if sign or found.group(3) else 0.0


def _by_scale(words: Sequence[str]) -> list[str] | None:
    for scale in SCALES:
        place = {w: [i for i, step in enumerate(scale) if bare(w).startswith(step)] for w in words}
        if all(len(found) == 1 for found in place.values()) and len({p[0] for p in place.values()}) == len(words):
            return sorted(words, key=lambda word: place[word][0])
    return None


def natural_order(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return levels in their order, and whether it is one of more and less."""
    numbers = [parse_number(word) for word in words]
    if None not in numbers:
        return sorted(words, key=lambda word: (parse_number(word) or 0.0, word)), len(words) > 2
    if len(words) == 2 and {bare(words[0]), bare(words[1])} & NEGATIVE:
        return sorted(words, key=lambda word: (bare(word) not in NEGATIVE, word)), False
    scaled = _by_scale(words)
    if scaled:
        return scaled, len(words) > 2
    stages = {word: stage_group(word) for word in words}
    if all(stages.values()):
        return sorted(words, key=lambda word: (("I", "II", "III", "IV").index(stages[word]), bare(word))), True
    bands = {word: _band(word) for word in words}
    if all(band is not None for band in bands.values()):
        return sorted(words, key=lambda word: (bands[word] or (0.0, 0.0), word)), True
    return sorted(words, key=lambda word: (bare(word), word)), False


def missing_of(column: Profile) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the words for missing, what to check of them, and their counts."""
    if not column.missing:
        return {}, [], []
    words = sorted(column.missing)
    shown = ", ".join(f'"{word}" {column.missing[word]}' for word in words)
    checks = [
        f'"{word}" is taken as missing; if it is a finding of its own, take it out of missing and into the levels.'
        for word in words if bare(word) in DOUBTFUL_MISSING or not (says_missing(word) or not word.strip())
    ]  # fmt: skip
    return {"missing": words}, checks, [f"Said to be missing (rows): {shown}."]


def _nice_per(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return 1, 10, 100 or 1000: the largest that is not above the interquartile range, or a smaller decimal step."""
    low, high = np.nanquantile(values, [0.25, 0.75])
    spread = float(high - low)
    return next((step for step in (1000.0, 100.0, 10.0) if spread >= step), 1.0)


def _numeric(column: Profile) -> tuple[dict[str, Any], list[str], list[str]]:
    spec: dict[str, Any] = {"kind": "numeric"}
    checks, notes = [], []
    unit = first_match(UNITS, column.name)
    values = column.rows
    if re.search(r"(^|_)age(_|$)|年龄", column.name) and float(np.nanmedian(values)) > 150:
        spec |= {"unit": "years", "unit_in_file": "days"}
        values, unit = values / 365.25, ""
        checks.append("The ages are above 150, so they are read as days.")
    if unit:
        spec["unit"] = unit
    elif column.integer and len(column.words) <= MOST_LEVELS:
        n = len(column.words)
        checks.append(f'{n} different whole numbers: if they are codes of groups, write kind = "categorical".')
    per = _nice_per(values)
    if per > 1:
        spec["per"] = int(per)
        notes.append(f"The hazard ratio is per {per:g}.")
    return spec, checks, notes


def _codes(column: Profile) -> tuple[dict[str, Any], list[str]]:
    """Return kind, levels and codes of two values."""
    words, _ = natural_order(column.words)
    plain = {bare(word) for word in words}
    if [parse_number(word) for word in words] == [0.0, 1.0] and not UNNAMED_CODES.search(column.name):
        return {"kind": "binary", "codes": {words[0]: "No", words[1]: "Yes"}}, []
    if len(plain & NEGATIVE) == 1 and len(plain & POSITIVE) == 1:
        low = next(word for word in words if bare(word) in NEGATIVE)
        high = next(word for word in words if word != low)
        if all(bare(word).isascii() for word in words) and "negative" not in plain and "absent" not in plain:
            return {"kind": "binary", "codes": {low: "No", high: "Yes"}}, []
        return {"kind": "binary", "levels": [low, high]}, []
    checks = []
    if column.numbers is not None:
        shown = ", ".join(f'{word} = "..."' for word in words)
        checks.append(f"Name the levels: codes = {{{shown}}} instead of levels.")
    return {"kind": "binary", "levels": words}, checks


def _levels(column: Profile) -> tuple[dict[str, Any], list[str], list[str]]:
    words, ordered = natural_order(column.words)
    kind = "ordinal" if ordered and (column.numbers is None or ORDERED.search(column.name)) else "categorical"
    groups = {word: stage_group(word) for word in words}
    if STAGE.search(column.name) and column.numbers is None and all(groups.values()):
        if len(set(groups.values())) < len(words):
            codes = {word: groups[word] for word in words}
            check = "Stages I to IV; write the substages as levels if you need them."
            return {"kind": "ordinal", "codes": codes}, [check], []
        return {"kind": "ordinal", "levels": words}, [], []
    checks = []
    if column.numbers is not None and not ORDERED.search(column.name):
        checks.append('Numbers taken as codes of groups; for a count or a score write kind = "numeric" without levels.')
    return {"kind": kind, "levels": words}, checks, []


def _is_measure(column: Profile) -> bool:
    """Tell whether numbers are measured or counted, not codes of groups."""
    if not column.integer:
        return len(column.words) > MOST_CODES or bool(COUNT.search(column.name))
    values = sorted(column.numbers or ())
    few = len(values) <= MOST_CODES and values[0] >= 0 and values[-1] <= LARGEST_CODE
    few |= bool(UNNAMED_CODES.search(column.name)) and len(values) <= MOST_LEVELS
    return not few or bool(COUNT.search(column.name) and not ORDERED.search(column.name) and len(values) > 3)


def _check_content(column: Profile) -> None:
    """Raise LeftOut for a column that cannot be a covariate or a group."""
    if column.personal:
        raise LeftOut("may identify a person; nothing of it is copied")
    if not column.words:
        raise LeftOut("no value in any row")
    if column.share_missing > MOST_MISSING:
        raise LeftOut(f"{100 * column.share_missing:.0f} % missing")
    if len(column.words) == 1:
        raise LeftOut("the same in every row that has a value")
    if set(column.name.split("_")) & set(ADMINISTRATIVE) or column.name in ADMINISTRATIVE:
        raise LeftOut("where or how a patient was recorded; a centre may be strata or cluster of [analysis]")
    if _YEAR.search(column.name) and all(YEARS[0] < value < YEARS[1] for value in column.numbers or (0.0,)):
        raise LeftOut("a calendar year; name it as year under [analysis] to count missing values by it")
    if column.date_form is not None:
        raise LeftOut("a date")
    if column.unique and _numbers_patients(column):
        raise LeftOut("another value in every row: an identifier or free text")


def _numbers_patients(column: Profile) -> bool:
    """Tell whether a value for each row numbers the rows: words, numbers in a row, or long whole numbers."""
    if column.numbers is None:
        return True
    low, high = min(column.numbers), max(column.numbers)
    return column.integer and (high - low == column.n - 1 or low >= SHORTEST_NUMBER)


def _content(column: Profile) -> tuple[dict[str, Any], list[str], list[str]]:
    counted = column.numbers is not None and COUNT.search(column.name) and max(column.numbers) > 1
    if len(column.words) == 2 and not counted:
        spec, checks = _codes(column)
        return spec, checks, []
    if column.numbers is not None and _is_measure(column):
        return _numeric(column)
    if column.numbers is None and column.first_numbers:
        return {"kind": "numeric", "number": "first"}, [], ["The first number of a cell is its value."]
    _check_levels(column)
    return _levels(column)


def _check_levels(column: Profile) -> None:
    """Raise LeftOut where the values are too many or too rare to be levels."""
    stages = bool(STAGE.search(column.name)) and all(stage_group(word) for word in column.words)
    counted = zip(column.words, column.counts, strict=True)
    others = sum(count for word, count in counted if parse_number(word) is None)
    n = len(column.words)
    if column.numbers is None and n > MOST_LEVELS and others < (1 - MOSTLY_NUMBERS) * column.n_given:
        raise LeftOut(f"numbers but for {others} rows; list their words under missing, or under codes as numbers")
    if n > MOST_LEVELS and not stages:
        raise LeftOut(f"{n} different values, too many for levels; group them with codes")
    if max(map(len, column.words)) > LONGEST_LEVEL:
        raise LeftOut("free text")
    if column.n_given < FEWEST_ROWS_A_LEVEL * n and not stages:
        raise LeftOut("values of few rows each")


def guess_column(column: Profile, taken: set[str]) -> Entry:
    """Return the dictionary entry of a column.

    Parameters
    ----------
    column
        From `reporter.pipeline.init.profile.profile`.
    taken
        Names that the key may not have: other headers and keys.

    Raises
    ------
    LeftOut
        The column is not for the dictionary; the message says why.
    """
    _check_content(column)
    spec, checks, notes = _content(column)
    missing, doubts, counts = missing_of(column)
    key = key_of(column.header, taken)
    head = {"label": label_of(column.header)} | ({} if key == column.header else {"source": column.header})
    why_not = ""
    if TREATMENT.search(column.name):
        spec = {**spec, "after_start": True}
        why_not = "a treatment that may begin after time zero"
        checks = [*checks, "A treatment? If it was given before time zero, remove after_start and make it a covariate."]
    return Entry(key, column.header, {**head, **spec, **missing}, (*checks, *doubts), (*notes, *counts), why_not)
