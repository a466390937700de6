"""Uno's concordance in words, beside Harrell's."""

from __future__ import annotations

from reporter.report.document import Inline
from reporter.report.format import decimals
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.results.tree import AnalysisNode, EndpointInfo, Row


def uno_sentence(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Inline:
    """Return Uno's C of a concordance or performance node, or why there is none; nothing in trees without it."""
    _ = context.gettext
    row = next((row for row in node.rows if any(found.stat == "uno_c" for found in row.stats)), None)
    if row is None:
        return ()
    found = row.get("uno_c")
    if found.value is None:
        return fill(_(" Uno’s C is not given: {why}."), why=words(found.note))
    text = _(
        " Uno’s C up to {tau}, in which pairs are weighted against censoring, is {c} ({ci}, {interval}; SE, {se}, with "
        "the censoring distribution treated as known; largest weight, {weight})."
    )
    return fill(
        text,
        tau=_tau(context, node, row, endpoint),
        c=context.spelt(node, row, "uno_c", decimals(3)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, decimals(3), "uno_c_conf_low", "uno_c_conf_high"),
        se=context.number(node, row, "uno_c_std_error", decimals(4)),
        weight=context.spelt(node, row, "uno_largest_weight", decimals(1)),
    )


def _tau(context: Context, node: AnalysisNode, row: Row, endpoint: EndpointInfo) -> Inline:
    if row.time is not None:
        return (context.time_point(row.time, endpoint.unit),)
    text = context.gettext("the last event at {tau} {unit}")
    unit = words(context.unit(endpoint.unit))
    return fill(text, tau=context.spelt(node, row, "tau", decimals(1)), unit=unit)
