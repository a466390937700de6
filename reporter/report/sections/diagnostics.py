"""Diagnostics that a study asks for: influential patients and the functional form of numeric covariates."""

from __future__ import annotations

from reporter.report.document import Block, Callout, Cell, Columns, Figure, Paragraph, Section, Table, TableRow
from reporter.report.figures import draw_smooth, linear_ticks
from reporter.report.figures.models import SmoothFigure
from reporter.report.format import count, decimals, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import absent_cell, cell, fill, sentence, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, Curve, EndpointInfo, Row
from reporter.spec.options import InfluenceOptions

ANALYSES = ("influence", "functional_form")
GLOBAL = "GLOBAL"


def influence_table(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Table | None:
    """Return the largest |dfbetas| of each coefficient and its hazard ratio without the most influential patients."""
    _ = context.gettext
    whole, options = node.find(term=GLOBAL), node.options
    if whole is None or not isinstance(options, InfluenceOptions):
        return None
    rows = []
    for row in node.rows:
        if row.group or row.term == GLOBAL:
            continue
        cells = [
            cell(words(context.term_label(row.term))),
            cell(context.number(node, row, "max_abs_dfbetas", decimals(2)), align="right"),
            cell(context.number(node, row, "n_above", count), align="right"),
        ]
        for k in options.left_out:
            rest = node.find(group="left_out", level=str(k), term=row.term)
            cells.append(Cell(context.hazard_ratio(node, rest), "center") if rest is not None else absent_cell())
        rows.append(TableRow(tuple(cells)))
    caption = fill(_("{endpoint}: influence of single patients on the model."), endpoint=words(endpoint.label))
    without = [(_("HR without {n}").format(n=plain_number(k)), "center") for k in options.left_out]
    head = heads((_("Covariate"), "left"), (_("Largest |dfbetas|"), "right"), (_("Above cut-off"), "right"), *without)
    text = _(
        "dfbetas: change of the coefficient, in standard errors, when one patient is left out; cut-off 2/√n = "
        "{cutoff}. The last columns are the hazard ratios without the patients that have the largest dfbetas of any "
        "coefficient."
    )
    told = fill(text, cutoff=context.number(node, whole, "cutoff", decimals(3)))
    widths = (3.0, 1.0, 1.0, *(2.0 for _k in options.left_out))
    return Table(f"influence_{endpoint.name}", caption, head, tuple(rows), notes=(told,), widths=widths)


def _form_figure(context: Context, curve: Curve, endpoint: EndpointInfo) -> Figure:
    _ = context.gettext
    columns = [
        tuple(v if v is not None else 0.0 for v in curve.column(s)) for s in ("estimate", "conf_low", "conf_high")
    ]
    label = context.covariate_label(curve.term)
    said = _(
        "Smoothed martingale residual over {term}: from {first} at its lowest value to {last} at its highest."
    ).format(term=label, first=decimals(2)(columns[0][0]), last=decimals(2)(columns[0][-1]))
    drawn = draw_smooth(
        SmoothFigure(
            title=_("Functional form of {term}").format(term=label),
            description=said,
            position=curve.time,
            estimate=columns[0],
            conf_low=columns[1],
            conf_high=columns[2],
            reference=None,
            reference_label="",
            x_label=label,
            y_label=_("Martingale residual"),
            x_ticks=linear_ticks(min(curve.time), max(curve.time), plain_number),
            y_ticks=linear_ticks(min(columns[1]), max(columns[2]), plain_number, 4),
            height=132.0,
        ),
        context.fonts,
    )
    name = f"functional_form_{endpoint.name}_{curve.term}"
    return Figure(name, fill(_("Functional form: {term}."), term=words(label)), drawn, said, half_width=True)


def _forms(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    _ = context.gettext
    node = context.node("functional_form_curve", "development", endpoint.name)
    if node is None:
        return ()
    figures = [_form_figure(context, curve, endpoint) for curve in node.curves]
    out: list[Block] = []
    for i in range(0, len(figures), 2):
        pair = tuple(figures[i : i + 2])
        out.append(Columns((*pair, Paragraph(())) if len(pair) == 1 else pair))
    if figures:
        text = _(
            "Martingale residuals of the model without the covariate, smoothed over the covariate as it enters the "
            "model, with pointwise intervals. A straight course speaks for the form in which it was entered; ends with "
            "few patients have wide bands."
        )
        out.append(Paragraph(note(text), "note"))
    out += [Paragraph((sentence(text),), "note") for text in node.notes]
    return tuple(out)


def diagnostics_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return influence and functional form; None when the study did not ask for them."""
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    node = context.node("influence", "development", endpoint.name)
    if node is not None:
        blocks += _influence(context, node, endpoint)
    blocks += _forms(context, endpoint)
    return Section(anchor, heading, tuple(blocks)) if blocks else None


def _differs(row: Row, usual: Row) -> bool:
    """Return whether one of two intervals contains 1 and the other does not; false where one is missing."""
    contain = []
    for found in (row, usual):
        low, high = found.get("conf_low").value, found.get("conf_high").value
        if low is None or high is None:
            return False
        contain.append(low <= 1 <= high)
    return contain[0] != contain[1]


def _influence(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return the table, and a warning where leaving out a few patients changes what an interval says."""
    _ = context.gettext
    table = influence_table(context, node, endpoint)
    blocks: tuple[Block, ...] = (table,) if table is not None else ()
    main = context.node("cox_multivariable", "development", endpoint.name)
    turned = []
    for row in node.rows:
        usual = main.find(term=row.term) if main is not None and row.group else None
        if usual is not None and _differs(row, usual):
            turned.append(row.term)
    if not turned:
        return blocks
    terms = "; ".join(context.term_label(term) for term in dict.fromkeys(turned))
    text = _("Leaving out a few patients decides whether the interval of the hazard ratio contains one for: {terms}.")
    return (Callout(fill(text, terms=words(terms)), "warning"), *blocks)
