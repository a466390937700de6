"""Tables of the tests of equal survival that a study asks for."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.report.document import Block, Cell, Run, Table, TableRow
from reporter.report.format import count, decimals, level_text, p_value, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import PairwiseOptions, RankTest, RankTestOptions

_COHORT = "development"


def rank_test_name(context: Context, test: RankTest) -> str:
    """Return the name of a test with the formula of its weight, and its strata."""
    _ = context.gettext
    name = {
        "log_rank": _("Log-rank"),
        "gehan": _("Gehan (weight n)"),
        "tarone_ware": _("Tarone–Ware (weight √n)"),
        "peto_peto": _("Peto–Peto (weight ∏(1 − d/(n + 1)))"),
        "fleming_harrington": _("Fleming–Harrington (weight S(t−)^{rho} (1 − S(t−))^{gamma})").format(
            rho=plain_number(test.rho), gamma=plain_number(test.gamma)
        ),
        "trend": _("Log-rank for trend"),
    }[test.name]
    if not test.strata:
        return name
    strata = ", ".join(context.column(column).label for column in test.strata)
    return _("{test}, stratified by {strata}").format(test=name, strata=strata)


def adjustment_name(context: Context, method: str) -> str:
    """Return the name of an adjustment of P values."""
    _ = context.gettext
    return {"holm": _("Holm"), "bh": _("Benjamini–Hochberg"), "bonferroni": _("Bonferroni")}[method]


def _numbers(context: Context, node: AnalysisNode, row: Row, *p_values: str) -> tuple[Cell, ...]:
    runs: list[Run] = [
        context.number(node, row, "n", count),
        context.number(node, row, "statistic", decimals(2)),
        context.number(node, row, "df", count),
        *(context.number(node, row, stat, p_value) for stat in p_values),
    ]
    return tuple(cell(run, align="center") for run in runs)


def _header(context: Context, variable: str, span: int) -> TableRow:
    return TableRow((cell(words(context.column(variable).label), span=span),), "header")


def rank_test_table(context: Context, endpoint: EndpointInfo, groups: Sequence[str]) -> tuple[Block, ...]:
    """Return the tests beside the log-rank test, by group."""
    _ = context.gettext
    rows: list[TableRow] = []
    for variable in groups:
        node = context.node("rank_test", _COHORT, endpoint.name, variable)
        if node is None or not isinstance(node.options, RankTestOptions):
            continue
        rows.append(_header(context, variable, 5))
        for test in node.options.tests:
            row = node.find(group=variable, term=test.term)
            if row is not None:
                name = cell(words(rank_test_name(context, test)))
                rows.append(TableRow((name, *_numbers(context, node, row, "p_value")), "level"))
    if not rows:
        return ()
    caption = fill(_("{endpoint}: further tests of equal survival."), endpoint=words(endpoint.label))
    head = heads((_("Test"), "left"), (_("No."), "center"), ("χ²", "center"), (_("df"), "center"), ("P", "center"))
    return (Table(f"tests_{endpoint.name}", caption, head, tuple(rows)),)


def pair_table(context: Context, endpoint: EndpointInfo, groups: Sequence[str]) -> tuple[Block, ...]:
    """Return the log-rank test of every two levels with its adjusted P value, by group."""
    _ = context.gettext
    rows: list[TableRow] = []
    method = ""
    for variable in groups:
        node = context.node("pairwise_log_rank", _COHORT, endpoint.name, variable)
        if node is None or not node.rows or not isinstance(node.options, PairwiseOptions):
            continue
        method = adjustment_name(context, node.options.adjust)
        rows.append(_header(context, variable, 6))
        for row in node.rows:
            text = _("{level} vs {other}").format(
                level=level_text(row.level), other=level_text(row.term.partition("=")[2])
            )
            values = _numbers(context, node, row, "p_value", "adjusted_p_value")
            rows.append(TableRow((cell(words(text)), *values), "level"))
    if not rows:
        return ()
    caption = fill(
        _("{endpoint}: log-rank tests of every two levels, P values adjusted by group ({method})."),
        endpoint=words(endpoint.label),
        method=words(method),
    )
    columns = (_("No."), "χ²", _("df"), "P", _("Adjusted P"))
    head = heads((_("Levels"), "left"), *((title, "center") for title in columns))
    return (Table(f"pairs_{endpoint.name}", caption, head, tuple(rows)),)
