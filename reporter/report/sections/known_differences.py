"""The appendix on where other tools print other numbers."""

from __future__ import annotations

from reporter.report.document import Paragraph, Section, Table, TableRow
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads
from reporter.results.known_differences import REGISTER


def known_differences_section(context: Context) -> Section:
    """Return the register of known differences as a table."""
    _ = context.gettext
    head = heads((_("Quantity"), "left"), (_("R"), "left"), (_("Other tools"), "left"), (_("This report"), "left"))
    rows = tuple(
        # The words of the register are marked for translation where they stand.
        TableRow(tuple(cell(words(context.gettext(said))) for said in entry.words))
        for entry in REGISTER
    )
    caption = fill(_("Where R, other tools and this report follow different conventions."))
    intro = _(
        "Two right programs can print different numbers. The command reporter explain computes a number of this report "
        "with the conventions of other tools and names the one that gives yours."
    )
    table = Table("known_differences", caption, head, rows, widths=(2.0, 3.0, 3.4, 2.6))
    return Section("known-differences", _("Known differences between tools"), (Paragraph(fill(intro)), table))
