"""All checks, in the order of their findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reporter.errors import Finding
from reporter.intake.quality.combinations import combinations
from reporter.intake.quality.constant import constant_columns
from reporter.intake.quality.dates import dates
from reporter.intake.quality.examined import Examined
from reporter.intake.quality.identity import identifiers
from reporter.intake.quality.magnitude import magnitudes
from reporter.intake.quality.repeated import repeated_rows
from reporter.intake.quality.times import missing_outcomes
from reporter.intake.quality.units import units_in_text
from reporter.intake.quality.wording import wordings

Check = Callable[[Examined], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    repeated_rows, missing_outcomes, dates, units_in_text, magnitudes, combinations, constant_columns, wordings,
    identifiers,
)  # fmt: skip


def examine(examined: Examined) -> tuple[Finding, ...]:
    """Return what all checks found; n rows and p columns cost time proportional to n × p.

    Parameters
    ----------
    examined
        One cohort whose columns could be read.
    """
    return tuple(finding for check in CHECKS for finding in check(examined))
