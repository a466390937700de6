"""Tests of whole covariates, interactions and non-linearity."""

from __future__ import annotations

from reporter.report.document import Cell, Table, TableRow
from reporter.report.format import count, decimals, p_value
from reporter.report.sections.context import Context
from reporter.report.sections.inline import blank, cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

ANALYSIS = "cox_term_test"
_SIGNIFICANT = 0.05
_NONLINEAR = "=nonlinear"


def _label(context: Context, term: str) -> str:
    _ = context.gettext
    if not term.endswith(_NONLINEAR):
        return context.effect_label(term)
    name = term.removesuffix(_NONLINEAR)
    if name == "GLOBAL":
        return _("Non-linearity of all splines")
    return _("Non-linearity of {label}").format(label=context.column(name).label)


def _p(context: Context, node: AnalysisNode, row: Row, stat: str) -> Cell:
    value = row.get(stat).value
    strong = value is not None and value < _SIGNIFICANT
    return cell(context.number(node, row, stat, p_value), align="right", strong=strong)


def _row(context: Context, node: AnalysisNode, row: Row) -> TableRow:
    cells = [cell(words(_label(context, row.term)))]
    for name in ("lr", "wald"):
        cells += [
            cell(context.number(node, row, f"{name}_statistic", decimals(2)), align="right"),
            cell(context.number(node, row, f"{name}_df", count), align="right"),
            _p(context, node, row, f"{name}_p_value"),
        ]
    return TableRow(tuple(cells))


def term_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return likelihood-ratio and Wald tests of each covariate and interaction; None where they were not asked for."""
    _ = context.gettext
    node = context.node(ANALYSIS, "development", endpoint.name)
    if node is None:
        return None
    caption = fill(
        _("{endpoint}: tests of whole covariates in the multivariable model."), endpoint=words(endpoint.label)
    )
    titles = [(_("Covariate"), "left"), *([("χ²", "right"), (_("df"), "right"), ("P", "right")] * 2)]
    spanner = (
        blank(1),
        cell(words(_("Likelihood ratio")), align="center", span=3),
        cell(words(_("Wald")), align="center", span=3),
    )
    text = _(
        "Each row: the model against the model without these coefficients. A covariate is tested together with its "
        "interactions; a test of non-linearity is that of the curved columns of its spline."
    )
    rows = tuple(_row(context, node, row) for row in node.rows)
    return Table(f"cox_terms_{endpoint.name}", caption, heads(*titles), rows, spanner, (note(text),))
