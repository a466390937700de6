"""Errors that the library raises on purpose.

ReporterError                 exit code 1
├── UsageError                exit code 2: the command was called wrongly
├── FindingsError             exit code 3: the study file or its data have errors (all of them, at once)
└── VerificationError         exit code 4: R and Python disagree
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One problem in a study file or its data.

    Parameters
    ----------
    code
        Stable identifier, e.g. ``unknown_key``.
    place
        Where: file and line, or the dotted key of the study file, or the column.
    message
        What was got, what is allowed and what to do, in one or two sentences.
    severity
        An ``error`` stops the run; a ``warning`` is printed in the report.
    n_rows
        Number of affected rows, where rows are affected.
    column
        Key of the dictionary or header of the table, where one column is meant.
    ids
        Identifiers of the first ten affected rows, or ``row 5`` (the fifth patient of the table) where identifiers may
        not be shown.
    allowed, todo
        What is allowed and what to do, where `message` does not say it.
    cohort
        ``development`` or ``validation``; empty for the study file.
    rows
        Places of the first ten affected rows in the table, from 0, of which `ids` are made.
    """

    code: str
    place: str
    message: str
    severity: Literal["error", "warning"] = "error"
    n_rows: int | None = None
    column: str = ""
    ids: tuple[str, ...] = ()
    allowed: str = ""
    todo: str = ""
    cohort: str = ""
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # A finding of a child process arrives with lists.
        object.__setattr__(self, "ids", tuple(self.ids))
        object.__setattr__(self, "rows", tuple(self.rows))

    @property
    def text(self) -> str:
        """What was got, what is allowed and what to do, in one line."""
        allowed = f"Allowed: {self.allowed}." if self.allowed else ""
        return " ".join(part for part in (self.message, allowed, self.todo) if part)

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.text} [{self.code}]"


class ReporterError(Exception):
    """Base of all errors raised on purpose; the message is fit for the user."""

    exit_code = 1


class UsageError(ReporterError):
    """The command or function was called with something it does not allow."""

    exit_code = 2


class FindingsError(ReporterError):
    """The study file or its data have at least one error; `text` replaces the lines of the findings."""

    exit_code = 3

    def __init__(self, findings: Sequence[Finding], text: str = "") -> None:
        self.findings = tuple(findings)
        super().__init__(text or "\n".join(str(f) for f in self.findings))


class VerificationError(ReporterError):
    """R and Python disagree, or the check did not run although it was demanded."""

    exit_code = 4


def did_you_mean(got: str, allowed: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest allowed word, or an empty string."""
    near = get_close_matches(got, list(allowed), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""
