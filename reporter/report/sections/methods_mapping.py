"""Methods text of variables that a shipped rule derives from others."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, join, words
from reporter.report.sections.references import Citations


def derived_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say from what a rule derived a variable, and who is left without a value."""
    _ = context.gettext
    derived = [info for info in context.results.columns if info.rule]
    if not derived:
        return None
    text = _(
        "{variable} was derived from {columns} by a fixed table{cite}: the first row that fits decides. Where a "
        "category that decides is unknown, or the combination is not in the table, the value is missing."
    )
    parts = [
        fill(
            text,
            variable=words(info.label),
            columns=words(", ".join(info.derived_from)),
            cite=citations.cite(info.rule),
        )
        for info in derived
    ]
    return MethodNote(_("Derived variables"), join(parts, " "))
