"""Figures of covariates that enter as splines: the hazard ratio against the median, over the range."""

from __future__ import annotations

from reporter.report.document import Block, Columns, Figure, Inline, Paragraph
from reporter.report.figures import draw_smooth, linear_ticks
from reporter.report.figures.models import SmoothFigure
from reporter.report.format import decimals, plain_number, significant
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, join, words
from reporter.results.tree import AnalysisNode, Curve, EndpointInfo

CURVE = "cox_spline_curve"


def _figure(context: Context, curve: Curve, endpoint: EndpointInfo) -> Figure:
    _ = context.gettext
    label = context.column_label(curve.term, unit=True)
    columns = [tuple(v or 0.0 for v in curve.column(s)) for s in ("estimate", "conf_low", "conf_high")]
    known = [*columns[1], *columns[2], 0.0]
    said = _(
        "Log hazard ratio of {term} against its median: from {first} at the lowest value to {last} at the highest."
    )
    said = said.format(term=label, first=decimals(2)(columns[0][0]), last=decimals(2)(columns[0][-1]))
    drawn = draw_smooth(
        SmoothFigure(
            title=_("Effect of {term}").format(term=label),
            description=said,
            position=curve.time,
            estimate=columns[0],
            conf_low=columns[1],
            conf_high=columns[2],
            reference=0.0,
            reference_label=_("As at the median"),
            x_label=label,
            y_label=_("Log hazard ratio"),
            x_ticks=linear_ticks(min(curve.time), max(curve.time), plain_number),
            y_ticks=linear_ticks(min(known), max(known), plain_number, 4),
            height=132.0,
        ),
        context.fonts,
    )
    name = f"cox_spline_{endpoint.name}_{curve.term}"
    return Figure(
        name, fill(_("Effect of {term}, multivariable model."), term=words(label)), drawn, said, half_width=True
    )


def _reference(context: Context, endpoint: EndpointInfo, term: str) -> Inline:
    node = context.node("cox_term_test", "development", endpoint.name)
    row = node.find(term=f"{term}=nonlinear") if node is not None else None
    if node is None or row is None:
        return ()
    return (words(f"{context.column_label(term)}, "), context.number(node, row, "reference_value", significant))


def _note(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Paragraph:
    _ = context.gettext
    text = _(
        "Log hazard ratio against the median of the covariate ({medians}), the others held, with pointwise {level} "
        "bands; above the dashed line the hazard is higher than at the median."
    )
    level = context.level_of_confidence(getattr(node.options, "conf_level", 0.95))
    medians = join([_reference(context, endpoint, curve.term) for curve in node.curves], "; ")
    return Paragraph(fill(text, level=level, medians=medians), "note")


def spline_figures(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return the figure of each spline; none without splines."""
    node = context.node(CURVE, "development", endpoint.name)
    if node is None:
        return ()
    said: tuple[Block, ...] = tuple(Paragraph((words(f"{text}."),), "note") for text in node.notes)
    if not node.curves:
        return said
    figures = [_figure(context, curve, endpoint) for curve in node.curves]
    out: list[Block] = []
    for i in range(0, len(figures), 2):
        pair = tuple(figures[i : i + 2])
        out.append(Columns((*pair, Paragraph(())) if len(pair) == 1 else pair))
    return (*out, _note(context, node, endpoint), *said)
