"""Nomogram: its figure, the points of each value, survival by total points."""

from __future__ import annotations

from collections.abc import Callable

from reporter.report.document import Block, Cell, Figure, Inline, Paragraph, Run, Table, TableRow
from reporter.report.figures.axes import linear_ticks
from reporter.report.figures.models import Tick
from reporter.report.figures.nomogram import NomogramFigure, NomogramScale, draw_nomogram
from reporter.report.format import decimals, level_text, plain_number
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import cell, fill, join, sentence, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import NomogramOptions

_TOTAL, _SURVIVAL = "total_points", "survival"


def _rows_of(node: AnalysisNode, group: str, *, stat: str) -> list[Row]:
    return [row for row in node.rows if row.group == group and row.stats[0].stat == stat]


def _number(text: str) -> str:
    return plain_number(float(text))


def _value(row: Row, stat: str) -> float:
    found = row.get(stat).value
    return 0.0 if found is None else found


def _ticks(rows: list[Row], stat: str, label: Callable[[str], str]) -> tuple[Tick, ...]:
    return tuple(Tick(_value(row, stat), label(row.level)) for row in rows)


def _scales(
    context: Context, endpoint: EndpointInfo, node: AnalysisNode, options: NomogramOptions, most: float
) -> tuple[NomogramScale, ...]:
    _ = context.gettext
    points = linear_ticks(0.0, options.largest, plain_number, 10)
    out = [NomogramScale(_("Points"), points, strong=True)]
    for term in options.terms:
        rows = _rows_of(node, term.column, stat="points")
        label = level_text if term.levels else _number
        out.append(NomogramScale(context.column_label(term.column, unit=True), _ticks(rows, "points", label)))
    total = tuple(tick for tick in linear_ticks(0.0, most, plain_number, 12) if tick.position <= most)
    out.append(NomogramScale(_("Total points"), total, of_total=True, strong=True))
    for time in options.horizons:
        rows = [row for row in _rows_of(node, _SURVIVAL, stat="total_points") if row.time == time]
        if rows:
            name = _("Survival at {time}, %").format(time=context.time_point(time, endpoint.unit).text)
            ticks = _ticks(rows, "total_points", lambda level: plain_number(round(100 * float(level), 6)))
            out.append(NomogramScale(name, ticks, of_total=True))
    return tuple(out)


def _figure(context: Context, endpoint: EndpointInfo, node: AnalysisNode, options: NomogramOptions) -> Figure:
    _ = context.gettext
    most = _value(node.rows[0], "most_points")
    widest = [
        (max(_value(row, "points") for row in _rows_of(node, term.column, stat="points")), term.column)
        for term in options.terms
    ]
    said = _("Most points by covariate: {pairs}.").format(
        pairs="; ".join(f"{context.column(name).label} {decimals(0)(value)}" for value, name in widest)
    )
    drawn = draw_nomogram(
        NomogramFigure(
            title=_("Nomogram: {endpoint}").format(endpoint=endpoint.label),
            description=said,
            scales=_scales(context, endpoint, node, options, most),
            largest=options.largest,
            most=most,
        ),
        context.fonts,
    )
    text = _(
        "{endpoint}: nomogram of the multivariable model. Read the points of each value on the scale above, add them, "
        "and read survival below their total."
    )
    return Figure(f"nomogram_{endpoint.name}", fill(text, endpoint=words(endpoint.label)), drawn, said)


def _points_table(context: Context, endpoint: EndpointInfo, node: AnalysisNode, options: NomogramOptions) -> Table:
    _ = context.gettext
    lines = []
    for term in options.terms:
        label = level_text if term.levels else _number
        pairs: list[Inline] = [
            (words(label(row.level)), Run(": "), context.number(node, row, "points", decimals(1)))
            for row in _rows_of(node, term.column, stat="points")
        ]
        lines.append(TableRow((cell(words(context.column_label(term.column, unit=True))), Cell(join(pairs, "; ")))))
    caption = fill(_("{endpoint}: points of the nomogram."), endpoint=words(endpoint.label))
    text = _("Value: points. Between two values of a number the points lie between theirs.")
    head = heads((_("Covariate"), "left"), (_("Points"), "left"))
    return Table(
        f"nomogram_points_{endpoint.name}", caption, head, tuple(lines), notes=(note(text),), widths=(1.0, 3.2)
    )  # fmt: skip


def _total_table(context: Context, endpoint: EndpointInfo, node: AnalysisNode, options: NomogramOptions) -> Table:
    """Return one line a horizon, one column a total."""
    _ = context.gettext
    by_time = {
        time: [row for row in _rows_of(node, _TOTAL, stat="survival") if row.time == time] for time in options.horizons
    }
    shown = {time: rows for time, rows in by_time.items() if rows}
    lines = tuple(
        TableRow(
            (
                cell(context.time_point(time, endpoint.unit)),
                *(cell(context.number(node, row, "survival", share(0)), align="right") for row in rows),
            )
        )
        for time, rows in shown.items()
    )
    totals = [(_number(row.level), "right") for row in next(iter(shown.values()), [])]
    caption = fill(_("{endpoint}: survival (%) by total points."), endpoint=words(endpoint.label))
    return Table(
        f"nomogram_survival_{endpoint.name}", caption, heads((_("Total points"), "left"), *totals), lines
    )  # fmt: skip


def nomogram_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return figure and tables; a sentence where there is no nomogram, nothing without a model."""
    node = context.node("nomogram", "development", endpoint.name)
    if node is None or not isinstance(node.options, NomogramOptions):
        return ()
    if not node.rows:
        return tuple(Paragraph((sentence(text),)) for text in node.notes)
    if any(found.value is None for row in node.rows for found in row.stats):
        return ()
    blocks: list[Block] = [
        _figure(context, endpoint, node, node.options), _points_table(context, endpoint, node, node.options),
    ]  # fmt: skip
    if any(row.group == _TOTAL for row in node.rows):
        blocks.append(_total_table(context, endpoint, node, node.options))
    return tuple(blocks)
