"""The ledger: each number beside its value from R and, where one exists, from lifelines."""

from __future__ import annotations

from enum import StrEnum

from reporter.results.value import Frozen


class Verdict(StrEnum):
    """Outcome of one comparison of Python with R."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    MISSING_IN_R = "missing_in_r"
    MISSING_IN_PYTHON = "missing_in_python"
    NOT_CHECKABLE = "not_checkable"
    NOT_RUN = "not_run"


class LedgerRow(Frozen):
    """One comparison.

    Parameters
    ----------
    address
        Address of the number; for a column of a curve, of its last point.
    python, r, lifelines
        The values; None where absent.
    abs_diff, rel_diff
        Differences of Python and R; for a column of a curve those of its worst point.
    tolerance
        The tolerance in words, e.g. ``1e-9 relative or 1e-9 SE``.
    note
        The reason of an absence, the worst point of a curve, a known difference of lifelines.
    """

    address: str
    python: float | None
    r: float | None
    lifelines: float | None = None
    abs_diff: float | None = None
    rel_diff: float | None = None
    tolerance: str = ""
    verdict: Verdict
    note: str = ""


class Subset(Frozen):
    """A frame that was checked on some of its rows, drawn at random with `seed`; both engines computed on them.

    `limit_s` is the rule: R was expected to need longer for all rows of the study.
    """

    cohort: str
    endpoint: str
    n_checked: int
    n_used: int
    seed: int
    limit_s: float


class Verification(Frozen):
    """The whole check.

    Parameters
    ----------
    ran
        False when R was absent or the check was switched off; `why_not` says which.
    r_version, survival_version, lifelines_version
        Versions that took part; empty when they did not.
    subsets
        Frames that were checked on a random subset of their rows; all others were checked whole.
    without_values
        Cohorts of which the ledger keeps the verdicts alone: values would give back what small cells hide.
    """

    ran: bool
    why_not: str = ""
    r_version: str = ""
    survival_version: str = ""
    lifelines_version: str = ""
    subsets: tuple[Subset, ...] = ()
    without_values: tuple[str, ...] = ()
    rows: tuple[LedgerRow, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Return the number of rows with this verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def n_checked(self) -> int:
        """Rows that R and Python were both asked for and compared."""
        return len(self.rows) - self.count(Verdict.NOT_CHECKABLE) - self.count(Verdict.NOT_RUN)

    @property
    def largest_relative_difference(self) -> float | None:
        """Largest relative difference over the compared rows; None when nothing was compared."""
        found = [row.rel_diff for row in self.rows if row.rel_diff is not None]
        return max(found) if found else None

    @property
    def all_agree(self) -> bool:
        """True when the check ran and every row agrees or is not checkable."""
        good = self.count(Verdict.AGREES) + self.count(Verdict.NOT_CHECKABLE)
        return self.ran and bool(self.rows) and good == len(self.rows)
