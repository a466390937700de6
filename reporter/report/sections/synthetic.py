"""The statement that the patients of a report are synthetic."""

from __future__ import annotations

from reporter.report.document import Callout
from reporter.report.sections.context import Context
from reporter.report.sections.inline import words


def synthetic_lines(context: Context) -> tuple[Callout, ...]:
    """Return a box of the first page when a table says itself that its patients are synthetic; nothing otherwise."""
    _ = context.gettext
    made = [context.cohort_label(info.name) for info in context.results.cohorts if info.synthetic]
    if not made:
        return ()
    text = _("Synthetic data: {cohorts}. No row describes a person, and no number of this report is a finding.")
    named = made[0] if len(made) == 1 else _("{first} and {second}").format(first=made[0], second=made[1].lower())
    return (Callout((words(text.format(cohorts=named)),), "warning"),)
