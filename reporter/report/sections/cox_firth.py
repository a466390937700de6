"""Penalised estimates for the coefficients that run to infinity."""

from __future__ import annotations

from reporter.report.document import Cell, MethodNote, Table, TableRow
from reporter.report.format import decimals, p_value, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.references import Citations
from reporter.report.sections.tables import heads, note
from reporter.results.tree import EndpointInfo
from reporter.spec.options import FirthOptions

ANALYSIS = "cox_firth"


def firth_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return Firth estimates with profile limits; None where no coefficient runs to infinity."""
    _ = context.gettext
    node = context.node(ANALYSIS, "development", endpoint.name)
    if node is None or not node.rows or not isinstance(node.options, FirthOptions):
        return None
    rows = tuple(
        TableRow(
            (
                cell(words(context.term_label(row.term))),
                Cell(context.hazard_ratio(node, row), "center"),
                cell(context.number(node, row, "statistic", decimals(2)), align="right"),
                cell(context.number(node, row, "p_value", p_value), align="right"),
            )
        )
        for row in node.rows
    )
    caption = fill(_("{endpoint}: hazard ratios by Firth’s penalised likelihood."), endpoint=words(endpoint.label))
    ratio = _("HR ({ci})").format(ci=context.level_of_confidence(node.options.conf_level).text)
    head = heads((_("Characteristic"), "left"), (ratio, "center"), ("χ²", "right"), ("P", "right"))
    text = _(
        "For the rows of the multivariable model whose ratio runs to infinity or 0, because a group has no event, or "
        "all of them. Limits and P values are those of the profile of the penalised likelihood."
    )
    return Table(f"cox_firth_{endpoint.name}", caption, head, rows, notes=(note(text),))


def firth_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how the penalised estimates are found."""
    _ = context.gettext
    nodes = context.results.nodes(ANALYSIS)
    options = nodes[0].options if nodes else None
    if not isinstance(options, FirthOptions):
        return None
    text = _(
        "Where a coefficient of the multivariable model runs to infinity, its estimate is that of Firth’s penalised "
        "partial likelihood{cite}, l(b) + log det I(b) / 2, with {level} profile limits and likelihood-ratio tests; "
        "it is not computed for more than {pairs} pairs of a patient and an event."
    )
    level = words(f"{plain_number(round(100 * options.conf_level, 6))}%")
    runs = fill(text, cite=citations.cite("firth"), level=level, pairs=words(plain_number(options.max_pairs)))
    return MethodNote(_("Penalised estimates"), runs)
