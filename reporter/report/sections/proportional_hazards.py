"""The check of proportional hazards: tests and the smoothed residuals over time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import log

from reporter.report.document import Block, Callout, Columns, Figure, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.figures import draw_smooth, linear_ticks
from reporter.report.figures.models import SmoothFigure, Tick
from reporter.report.format import count, decimals, p_value, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, join, words
from reporter.report.sections.survival_figure import time_ticks
from reporter.report.sections.tables import heads, note
from reporter.report.sections.time_split import advice, exact_ties, sensitivity_table
from reporter.results.tree import AnalysisNode, Curve, EndpointInfo

ANALYSES = ("ph_test", "cox_time_split", "cox_stratified")
MOST_PLOTS = 12
_SIGNIFICANT = 0.05
GLOBAL = "GLOBAL"


def _label(context: Context, term: str) -> Run:
    _ = context.gettext
    return words(_("Global test")) if term == GLOBAL else words(context.covariate_label(term))


def ph_table(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Table:
    """Return the test of each covariate and the global test."""
    _ = context.gettext
    rows = []
    for row in node.rows:
        value = row.get("p_value").value
        strong = value is not None and value < _SIGNIFICANT
        rows.append(
            TableRow(
                (
                    cell(_label(context, row.term)),
                    cell(context.number(node, row, "statistic", decimals(2)), align="right"),
                    cell(context.number(node, row, "df", count), align="right"),
                    cell(context.number(node, row, "p_value", p_value), align="right", strong=strong),
                )
            )
        )
    caption = fill(_("{endpoint}: test of proportional hazards."), endpoint=words(endpoint.label))
    head = heads((_("Covariate"), "left"), ("χ²", "right"), (_("df"), "right"), ("P", "right"))
    transform = getattr(node.options, "transform", "km")
    text = _(
        "Score test for a trend of the coefficient over time, transform '{transform}'; small P values speak "
        "against proportional hazards."
    )
    notes = (note(text.format(transform=transform)),)
    return Table(f"ph_test_{endpoint.name}", caption, head, tuple(rows), notes=notes, widths=(3.0, 1.0, 1.0, 1.0))


def ph_statement(context: Context, node: AnalysisNode) -> Callout | Paragraph | None:
    """Return in plain words which effects change over time, or that none was seen to."""
    _ = context.gettext
    rows = [row for row in node.rows if row.get("p_value").value is not None]
    if not rows:
        return None
    broken = [row for row in rows if row.term != GLOBAL and (row.get("p_value").value or 0.0) < _SIGNIFICANT]
    whole = node.find(term=GLOBAL)
    total: Inline = fill(_(" Global test: {p}."), p=context.p_statement(node, whole)) if whole else ()
    if not broken:
        text = _(
            "No covariate showed a change of its hazard ratio over time at the 5% level; that does not prove "
            "that none has one."
        )
        return Paragraph((*fill(text), *total))
    items = join(
        [(*(_label(context, row.term),), Run(" ("), *context.p_statement(node, row), Run(")")) for row in broken], "; "
    )
    text = _(
        "There is evidence (P < .05) that the hazard ratio changes during follow-up for: {terms}. The estimates "
        "of these covariates in the Cox model are "
        "averages over the observed time, not constants; early and late effects differ as the plots show."
    )
    return Callout((*fill(text, terms=items), *total), "warning")


def _survival_before(context: Context, endpoint: EndpointInfo, time: float) -> float | None:
    node = context.node("kaplan_meier_curve", "development", endpoint.name)
    if node is None or not node.curves:
        return None
    curve = node.curves[0]
    last = bisect_left(curve.time, time) - 1
    return 1.0 if last < 0 else curve.column("estimate")[last]


def _place(context: Context, endpoint: EndpointInfo, transform: str, time: float) -> float | None:
    """Return g(t), where the axis carries the time; None where the tree does not say."""
    if transform == "identity":
        return time
    if transform == "log":
        return log(time) if time > 0 else None
    if transform == "km":
        survival = _survival_before(context, endpoint, time)
        return None if survival is None else 1 - survival
    return None


def axis_ticks(context: Context, endpoint: EndpointInfo, transform: str, curve: Curve) -> tuple[Tick, ...]:
    """Return ticks at round times where the transformed axis has room; none where time cannot be placed."""
    node = context.node("kaplan_meier_curve", "development", endpoint.name)
    if node is None or not node.curves:
        return ()
    low, high = min(curve.time), max(curve.time)
    ticks, before = [], -1e9
    for tick in time_ticks(node.curves, endpoint.unit, endpoint.horizons):
        place = _place(context, endpoint, transform, tick.position)
        if place is None or not low <= place <= high or place - before < 0.07 * (high - low):
            continue
        ticks.append(Tick(place, tick.label))
        before = place
    return tuple(ticks)


def _smooth_figure(context: Context, node: AnalysisNode, curve: Curve, endpoint: EndpointInfo) -> Figure:
    _ = context.gettext
    transform = getattr(node.options, "transform", "km")
    columns = [
        tuple(v if v is not None else 0.0 for v in curve.column(s)) for s in ("estimate", "conf_low", "conf_high")
    ]
    reference = _reference(context, endpoint, curve.term)
    ticks = axis_ticks(context, endpoint, transform, curve)
    unit = context.unit(endpoint.unit)
    x_label = _("Time, {unit}").format(unit=unit) if ticks else _("Time (transform '{name}')").format(name=transform)
    known = [*columns[1], *columns[2], *([reference] if reference is not None else [])]
    label = context.term_label(curve.term)
    said = _(
        "Smoothed coefficient of {term} over time: from {first} at the first events to {last} at the last."
    ).format(term=label, first=decimals(2)(columns[0][0]), last=decimals(2)(columns[0][-1]))
    drawn = draw_smooth(
        SmoothFigure(
            title=_("Coefficient of {term} over time").format(term=label),
            description=said,
            position=curve.time,
            estimate=columns[0],
            conf_low=columns[1],
            conf_high=columns[2],
            reference=reference,
            reference_label=_("Cox estimate"),
            x_label=x_label,
            y_label=_("Log hazard ratio"),
            x_ticks=ticks or linear_ticks(min(curve.time), max(curve.time), plain_number),
            y_ticks=linear_ticks(min(known), max(known), plain_number, 4),
            height=132.0,
        ),
        context.fonts,
    )
    name = f"ph_{endpoint.name}_{_file_name(curve.term)}"
    return Figure(name, fill(_("Coefficient over time: {term}."), term=words(label)), drawn, said, half_width=True)


def _file_name(term: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in term.replace("<=", "le").replace(">", "gt").replace("<", "lt"))


def _reference(context: Context, endpoint: EndpointInfo, term: str) -> float | None:
    node = context.node("cox_multivariable", "development", endpoint.name)
    row = node.find(term=term) if node is not None else None
    return row.get("estimate").value if row is not None and any(s.stat == "estimate" for s in row.stats) else None


def _shown(node: AnalysisNode, tests: AnalysisNode) -> Sequence[Curve]:
    """Return the curves to draw: all, or where they are many those whose covariate fails the test."""
    if len(node.curves) <= MOST_PLOTS:
        return node.curves
    broken = [r.term for r in tests.rows if (p := r.get("p_value").value) is not None and p < _SIGNIFICANT]
    return [c for c in node.curves if c.term.partition("=")[0].rstrip("'") in broken][:MOST_PLOTS]


def _plots(context: Context, tests: AnalysisNode, endpoint: EndpointInfo) -> tuple[Block, ...]:
    _ = context.gettext
    node = context.node("ph_smooth_curve", "development", endpoint.name)
    if node is None or not node.curves:
        return ()
    shown = _shown(node, tests)
    out: list[Block] = []
    if len(shown) < len(node.curves):
        text = _(
            "Of {all} coefficients the {shown} with the clearest change are drawn; the others are in results.json."
        )
        numbers = {"all": Run(count(len(node.curves)), is_label=True), "shown": Run(count(len(shown)), is_label=True)}
        out.append(Paragraph(fill(text, **numbers), "note"))
    figures = [_smooth_figure(context, node, curve, endpoint) for curve in shown]
    for i in range(0, len(figures), 2):
        pair = tuple(figures[i : i + 2])
        out.append(Columns((*pair, Paragraph(())) if len(pair) == 1 else pair))
    out.append(Paragraph(_plot_note(context, node, endpoint), "note"))
    return tuple(out)


def _plot_note(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    text = _(
        "Scaled Schoenfeld residuals plus the coefficient, smoothed by a natural spline; bands are two standard errors "
        "wide on each side; a level course means a constant hazard ratio."
    )
    model = context.node("cox_model", "development", endpoint.name)
    missing = model.rows[0].get("n_missing").value if model is not None else None
    if missing and getattr(node.options, "transform", "") == "km":
        text += _(" The marks of the time axis are placed by the Kaplan–Meier curve of all patients.")
    return fill(text)


def ph_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return the check of proportional hazards; None when there is no model."""
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    node = context.node("ph_test", "development", endpoint.name)
    if node is not None:
        statement = ph_statement(context, node)
        if statement is not None:
            blocks.append(statement)
        blocks.append(ph_table(context, node, endpoint))
        blocks += sensitivity_table(context, node, endpoint)
        blocks += advice(context, node, endpoint)
        blocks += _plots(context, node, endpoint)
    without = exact_ties(context, endpoint)
    blocks += [without] if without is not None else []
    return Section(anchor, heading, tuple(blocks)) if blocks else None
