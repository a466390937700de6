"""What one column of a table holds: distinct cells, words for missing, numbers, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.intake.mapping import distinct_cells
from reporter.pipeline.init.words import DATE_FORMS, PERSONAL, PERSONAL_CELLS, SENTINELS, bare, says_missing, tokens
from reporter.spec.cells import cell_key, parse_number

FAR = 3.0
"""A sentinel lies at least this many times beyond the next largest number."""

_X = re.compile(r"((?:.*[^a-z])?[a-z]?)x")
_DIGITS = re.compile(r"\d{8}")
_WITH_UNIT = re.compile(r"\d+(?:\.\d+)?\+?\s*([^\W\d_]+|%)\.?")


@dataclass(frozen=True)
class Profile:
    """One column as it stands in the table.

    Parameters
    ----------
    header, name
        As in the table, and in lower case with words joined by ``_``.
    words, counts
        Distinct cells that hold a value (one spelling of a number), and how often each occurs.
    index
        Row to word, -1 where there is no value; shape = (n,).
    missing
        Cells that mean missing, and how often each occurs.
    n_empty
        Empty cells.
    """

    header: str
    name: str
    words: tuple[str, ...]
    counts: tuple[int, ...]
    index: NDArray[np.int64]
    missing: dict[str, int]
    n_empty: int

    @property
    def n(self) -> int:
        """Rows of the table."""
        return len(self.index)

    @property
    def n_given(self) -> int:
        """Rows with a value."""
        return sum(self.counts)

    @property
    def share_missing(self) -> float:
        """Share of the rows without a value."""
        return 1.0 - self.n_given / self.n if self.n else 1.0

    @cached_property
    def numbers(self) -> tuple[float, ...] | None:
        """The number of each word; None when a word is none."""
        found = [parse_number(word) for word in self.words]
        return tuple(v for v in found if v is not None) if found and None not in found else None

    @cached_property
    def first_numbers(self) -> bool:
        """Every word is a number with one and the same unit behind it, such as ``062 years``."""
        found = [_WITH_UNIT.fullmatch(word) for word in self.words]
        return bool(found) and len({match and match.group(1).lower() for match in found}) == 1 and found[0] is not None

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """The number of each row, NaN without one; shape = (n,)."""
        values = np.array([*(self.numbers or ()), np.nan])
        return values[self.index] if self.numbers else np.full(self.n, np.nan)

    @property
    def integer(self) -> bool:
        """Every word is a whole number."""
        return self.numbers is not None and all(value.is_integer() for value in self.numbers)

    @cached_property
    def date_form(self) -> str | None:
        """The first form in which every word is a date; None when there is none."""
        if not self.words or len(self.words[0]) < 8:
            return None
        return next((form for form in DATE_FORMS if all(_is_date(word, form) for word in self.words)), None)

    @property
    def other_date_form(self) -> str:
        """A second form that fits as well: day and month may be changed over."""
        swapped = {"%d/%m/%Y": "%m/%d/%Y"}.get(self.date_form or "", "")
        return swapped if swapped and all(_is_date(word, swapped) for word in self.words) else ""

    @property
    def personal(self) -> bool:
        """The header or the cells are those of a personal identifier."""
        if PERSONAL.search(self.name):
            return True
        shown = self.words[:200]
        return bool(shown) and sum(bool(PERSONAL_CELLS.fullmatch(word.strip())) for word in shown) > len(shown) / 2

    @property
    def unique(self) -> bool:
        """Every row has a value of its own."""
        return self.n > 0 and self.n_given == self.n and len(self.words) == self.n


def _is_date(word: str, form: str) -> bool:
    try:
        if form:
            if form == "%Y%m%d" and not _DIGITS.fullmatch(word):
                return False
            year = dt.datetime.strptime(word.strip(), form).year  # noqa: DTZ007
        else:
            year = dt.date.fromisoformat(word).year if len(word) == 10 else 0
    except ValueError:
        return False
    return 1850 <= year <= 2200


def _cannot_be_assessed(words: Sequence[str]) -> set[str]:
    """Return ``TX`` beside ``T1``, ``rx`` beside ``r0``: UICC's X means that it cannot be assessed."""
    lower = {word: bare(word) for word in words}
    found = set()
    for word, text in lower.items():
        match = _X.fullmatch(text)
        stem = match.group(1) if match else ""
        if stem and any(re.fullmatch(re.escape(stem) + r"\d.*", other) for other in lower.values()):
            found.add(word)
    return found


def _sentinels(words: Sequence[str]) -> set[str]:
    """Return numbers such as 999 that lie far beyond the others, and 9 beside 0 to 4."""
    numbers = {word: parse_number(word) for word in words}
    known = {word: value for word, value in numbers.items() if value is not None}
    if len(known) < 3 or len(known) < len(words):
        return set()
    special = {word for word, value in known.items() if value in SENTINELS}
    others = [value for word, value in known.items() if word not in special]
    if not others:
        return set()
    low, high = min(others), max(others)
    found = {w for w in special if known[w] > FAR * max(abs(high), 1.0) or (known[w] < 0 <= low)}
    if all(value.is_integer() and 0 <= value <= 4 for value in known.values() if value != 9):
        found |= {word for word, value in known.items() if value == 9}
    return found


def profile(column: pd.Series) -> Profile:
    """Return what one column of a table holds.

    Parameters
    ----------
    column
        As `reporter.intake.read.read_table` gives it, shape = (n,).
    """
    cells = distinct_cells(column)
    given = [word for word in cells.distinct if word.strip()]
    said = {word for word in given if says_missing(word)}
    rest = [word for word in given if word not in said]
    missing = said | _cannot_be_assessed(rest) | _sentinels(rest)
    count = dict(zip(cells.distinct, map(int, cells.counts), strict=True))
    words: dict[float | str, str] = {}
    counts: dict[float | str, int] = {}
    for word in given:
        if word not in missing:
            words.setdefault(cell_key(word), word)
            counts[cell_key(word)] = counts.get(cell_key(word), 0) + count[word]
    place = {key: i for i, key in enumerate(words)}
    values = [-1 if word in missing or not word.strip() else place[cell_key(word)] for word in cells.distinct]
    codes = np.array(values or [-1], dtype=np.int64)
    blank = {word: n for word, n in count.items() if word and not word.strip()}
    return Profile(
        header=str(column.name), name=tokens(str(column.name)),
        words=tuple(words.values()), counts=tuple(counts.values()),
        index=codes[cells.index] if len(column) else np.empty(0, np.int64),
        missing={**blank, **{word: count[word] for word in given if word in missing}}, n_empty=count.get("", 0),
    )  # fmt: skip


def same_partition(one: Profile, other: Profile) -> bool:
    """Tell whether two columns say the same of every row: their cells correspond one to one."""
    if len(one.words) != len(other.words) or one.n_given != other.n_given or len(one.words) < 2:
        return False
    pairs = np.unique(np.stack([one.index, other.index]), axis=1)
    return bool(pairs.shape[1] == len(one.words) + int((one.index < 0).any()))
