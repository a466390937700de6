"""The absolute risk of an endpoint with competing events, in the validation cohort."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.report.document import Block, Cell, Inline, Paragraph, Table, TableRow
from reporter.report.format import count, decimals, ratio_writer
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

COHORT = "validation"


def _discrimination(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Iterator[Inline]:
    _ = context.gettext
    text = _(
        "The cause-specific models of the development cohort were applied, unchanged, to {n} patients of the "
        "validation cohort, {events} with the event and {competing} with a competing event. "
    )
    row = node.rows[0]
    names = {"n": "n", "events": "n_event", "competing": "n_competing"}
    yield fill(text, **{key: context.number(node, row, stat, count) for key, stat in names.items()})
    for row in node.rows[1:]:
        yield fill(
            _("Wolbers’ C of the risk by {time} was {c} ({ci}, {interval})."),
            time=context.time_point(row.time or 0.0, endpoint.unit),
            c=context.spelt(node, row, "wolbers_c", decimals(3)),
            ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
            interval=context.interval(node, row, decimals(3), "wolbers_c_conf_low", "wolbers_c_conf_high"),
        )


def _ratio(context: Context, node: AnalysisNode, row: Row) -> Inline:
    low, high = "oe_ratio_conf_low", "oe_ratio_conf_high"
    write = ratio_writer(*(row.get(stat).value for stat in ("oe_ratio", low, high)))
    return context.with_interval(node, row, "oe_ratio", write, low, high)


def _table(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Table:
    _ = context.gettext
    level = context.level_of_confidence(getattr(node.options, "conf_level", 0.95)).text
    rows = [
        TableRow(
            (
                cell(context.time_point(row.time or 0.0, endpoint.unit)),
                cell(context.number(node, row, "n_risk", count), align="right"),
                cell(context.number(node, row, "observed", share(1)), align="right"),
                cell(context.number(node, row, "predicted", share(1)), align="right"),
                Cell(_ratio(context, node, row), "center"),
            )
        )
        for row in node.rows
    ]
    titles = (
        (_("By"), "left"), (_("No. at risk"), "right"), (_("Observed, %"), "right"), (_("Predicted, %"), "right"),
        (_("Observed/expected ({ci})").format(ci=level), "center"),
    )  # fmt: skip
    caption = fill(_("{endpoint}: calibration of the absolute risk."), endpoint=words(endpoint.label))
    text = _("Observed: Aalen–Johansen. Predicted: mean risk from the cause-specific models of all causes.")
    return Table(f"competing_calibration_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=(note(text),))


def validation_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return discrimination and calibration of the absolute risk; nothing where it was not measured."""
    performance = context.node("competing_performance", COHORT, endpoint.name)
    calibration = context.node("competing_calibration", COHORT, endpoint.name)
    out: list[Block] = []
    if performance is not None and performance.rows:
        runs = tuple(run for part in _discrimination(context, performance, endpoint) for run in part)
        out.append(Paragraph(runs))
    if calibration is not None and calibration.rows:
        out.append(_table(context, calibration, endpoint))
    return tuple(out)
