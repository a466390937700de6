"""The study file in the making: tables with their comments, nothing of the text of TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One column of the dictionary.

    Parameters
    ----------
    key, header
        Name in the study file, and header of the table.
    spec
        Its keys of the study file.
    checks, notes
        What the user must decide, and what was seen.
    why_not
        Why it is no covariate; empty where it may be one.
    """

    key: str
    header: str
    spec: Mapping[str, Any]
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def name(self) -> str:
        """The words of the key and of the label, by which a covariate is ranked."""
        return self.key.lower()


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: its keys of the study file, and the headers that it reads."""

    name: str
    spec: Mapping[str, Any]
    headers: frozenset[str]
    entries: tuple[Entry, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One ``[[cohort.include]]``."""

    spec: Mapping[str, Any]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A whole study file.

    Parameters
    ----------
    id, source
        Of the study, and as ``[data]`` names it.
    data
        Further keys of ``[data]``.
    left_out
        Headers that are not in the dictionary, and why.
    headers
        Every header of the table: no key of a column may be the header of another.
    """

    id: str
    source: str
    n_rows: int
    data: Mapping[str, Any]
    headers: frozenset[str] = frozenset()
    data_checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    steps: tuple[Step, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    covariates: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    not_in_model: tuple[tuple[str, str], ...] = ()
    analysis_notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    def without(self, key: str, why: str) -> Draft:
        """Return the draft without one column."""
        lost = next(entry for entry in self.entries if entry.key == key)
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if entry.key != key),
            left_out=(*self.left_out, (lost.header, why)),
        )
