"""Patients without an outcome."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.errors import Finding
from reporter.intake.quality.examined import Examined


def missing_outcomes(examined: Examined) -> Iterator[Finding]:
    """Warn of selected patients whose time or status is missing; they are a box of the flow diagram."""
    for name, known in examined.known.items():
        rows = examined.keep & ~known
        if rows.any():
            message = (
                f"time or status is missing or cannot be read in {int(rows.sum())} of {int(examined.keep.sum())} "
                "selected rows; they are left out of this endpoint."
            )
            todo = "Complete the follow-up where it can be had; the flow diagram counts the rest."
            place = f"{examined.prefix}endpoints.{name}"
            yield examined.finding("missing_time", "", message, rows, todo=todo, place=place)
