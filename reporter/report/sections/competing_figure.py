"""Figures of cumulative incidence, and the words of causes and of net quantities."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from reporter.report.document import Figure, Inline, Run
from reporter.report.figures import draw_kaplan_meier
from reporter.report.figures.models import KaplanMeierFigure, SurvivalGroup, Tick
from reporter.report.format import ABSENT, count, level_text
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import fill, words
from reporter.report.sections.survival_figure import curve_label, time_ticks
from reporter.report.sections.thinned import risk_is_known, thinning_notes
from reporter.results.tree import AnalysisNode, Curve, EndpointInfo

_HEIGHT = 126.0
_STEPS = (0.02, 0.05, 0.1, 0.2, 0.25)
_MOST_STEPS = 5


def cause_label(endpoint: EndpointInfo, cause: str) -> str:
    """Return the words of a cause: the endpoint's label, or the name of the competing event."""
    if cause == endpoint.name:
        return endpoint.label
    text = cause.replace("_", " ")
    return level_text(text[:1].upper() + text[1:])


def net_endpoint(context: Context, endpoint: EndpointInfo) -> EndpointInfo:
    """Return the endpoint named as what Kaplan–Meier estimates when competing events are censored."""
    if not endpoint.causes:
        return endpoint
    label = context.gettext("{endpoint}, net (hypothetical)").format(endpoint=endpoint.label)
    return endpoint.model_copy(update={"label": label})


def _risk_cell(context: Context, node: AnalysisNode, curve: Curve, time: float) -> Inline:
    """Return the number at risk at `time` and the events of the cause up to it."""
    if not risk_is_known(curve, time):
        return (Run(ABSENT),)
    index, last = bisect_left(curve.time, time), bisect_right(curve.time, time) - 1
    zero = Run("0", is_label=True)
    at_risk = context.curve_number(node, curve, "n_risk", index) if index < len(curve.time) else zero
    events = context.curve_number(node, curve, "cumulative_n_event", last) if last >= 0 else zero
    return (at_risk, Run(" ("), events, Run(")"))


def _label(context: Context, endpoint: EndpointInfo, curve: Curve, cohort: str) -> str:
    return curve_label(context, curve.group, curve.level, cohort) if curve.group else cause_label(endpoint, curve.term)


def _group(
    context: Context, node: AnalysisNode, endpoint: EndpointInfo, curve: Curve, ticks: Sequence[Tick]
) -> SurvivalGroup:
    return SurvivalGroup(
        label=_label(context, endpoint, curve, node.cohort),
        time=curve.time,
        estimate=tuple(value or 0.0 for value in curve.column("estimate")),
        conf_low=curve.column("conf_low"),
        conf_high=curve.column("conf_high"),
        risk=tuple(_risk_cell(context, node, curve, tick.position) for tick in ticks),
    )


def _y_ticks(curves: Sequence[Curve], end: float) -> tuple[Tick, ...]:
    """Return ticks from 0 to above every estimate and limit up to the end of the axis."""
    values = [
        value
        for curve in curves
        for stat in ("estimate", "conf_high")
        for time, value in zip(curve.time, curve.column(stat), strict=True)
        if value is not None and time <= end
    ]
    top = max(values, default=0.0)
    step = next((s for s in _STEPS if top / s <= _MOST_STEPS), _STEPS[-1])
    n = min(max(int(-(-top // step)), 1), round(1 / step))
    return tuple(Tick(round(i * step, 4), str(round(100 * i * step))) for i in range(n + 1))


def _finding(context: Context, node: AnalysisNode, endpoint: EndpointInfo, curves: Sequence[Curve]) -> str:
    """Return what the figure shows, in words."""
    _ = context.gettext
    counts = context.node("cumulative_incidence", node.cohort, endpoint.name, node.variable)
    horizon, said = max(endpoint.horizons, default=None), []
    for curve in curves:
        text = _label(context, endpoint, curve, node.cohort)
        row = counts.find(group=curve.group, level=curve.level, term=curve.term) if counts is not None else None
        if row is not None:
            text = _("{label}: {n} patients, {events} events").format(
                label=text, n=count(row.get("n").value or 0), events=count(row.get("n_event").value or 0)
            )
        at = None
        if counts is not None and horizon is not None:
            at = counts.find(group=curve.group, level=curve.level, term=curve.term, time=horizon)
        value = at.get("estimate").value if at is not None else None
        if value is not None and horizon is not None:
            point = context.time_point(horizon, endpoint.unit).text
            text += _(", {percent}% by {time}").format(percent=share(0)(value), time=point)
        said.append(text)
    return "; ".join(said)


def _statistics(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> tuple[Inline, ...]:
    test = context.node("gray_test", node.cohort, endpoint.name, node.variable) if node.variable else None
    row = test.find(group=node.variable, term=endpoint.name) if test is not None else None
    if test is None or row is None:
        return ()
    return (fill(context.gettext("Gray’s test {p}"), p=context.p_statement(test, row)),)


def incidence_figure(context: Context, node: AnalysisNode, endpoint: EndpointInfo, curves: Sequence[Curve]) -> Figure:
    """Return the figure of one to six curves of a node ``cumulative_incidence_curve``, rising from 0."""
    _ = context.gettext
    ticks = time_ticks(curves[:1] if not node.variable else curves, endpoint.unit, endpoint.horizons)
    text = _("{endpoint} and competing events: cumulative incidence, all patients ({cohort}).")
    if node.variable:
        text = _("{endpoint}: cumulative incidence by: {group} ({cohort}).")
    parts = {"endpoint": endpoint.label, "group": context.column(node.variable).label if node.variable else ""}
    parts["cohort"] = context.cohort_label(node.cohort).lower()
    caption = fill(text, **{key: words(value) for key, value in parts.items()})
    said = _finding(context, node, endpoint, curves)
    figure = KaplanMeierFigure(
        title=_("Cumulative incidence of {endpoint}").format(endpoint=endpoint.label),
        description=said,
        groups=tuple(_group(context, node, endpoint, curve, ticks) for curve in curves),
        x_label=_("Time, {unit}").format(unit=context.unit(endpoint.unit)),
        y_label=_("Cumulative incidence, %"),
        x_ticks=ticks,
        y_ticks=_y_ticks(curves, ticks[-1].position),
        risk_heading=_("No. at risk (cumulative No. of events)"),
        statistics=_statistics(context, node, endpoint),
        plot_height=_HEIGHT,
        start=0.0,
    )
    name = "_".join(part for part in ("cumulative_incidence", node.cohort, endpoint.name, node.variable) if part)
    drawn = draw_kaplan_meier(figure, context.fonts)
    return Figure(name, caption, drawn, said, thinning_notes(context, curves))
