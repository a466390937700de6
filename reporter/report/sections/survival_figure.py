"""Kaplan–Meier figures: ticks, risk table, statistics in the plot."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from reporter.report.document import Figure, Inline, Run
from reporter.report.figures import draw_kaplan_meier
from reporter.report.figures.models import KaplanMeierFigure, SurvivalGroup, Tick
from reporter.report.format import ABSENT, Write, count, decimals, level_text, plain_number
from reporter.report.sections.context import Context, share
from reporter.report.sections.cox_parts import terms_alone
from reporter.report.sections.inline import fill, words
from reporter.report.sections.thinned import risk_is_known, thinning_notes
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, ColumnInfo, Curve, EndpointInfo
from reporter.results.value import Reason

MAX_GROUPS = 6
MIN_AT_RISK = 10
MIN_SHARE_AT_RISK = 0.05
MOST_TICKS = 9
_STEPS = {
    "years": (1, 2, 5, 10, 20),
    "months": (1, 2, 3, 6, 12, 24, 36, 60, 120),
    "days": (7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650),
}


def time_ticks(curves: Sequence[Curve], unit: str, horizons: Sequence[float]) -> tuple[Tick, ...]:
    """Return ticks from 0 to where enough patients are at risk over all curves, at least to the last horizon."""
    total = sum((curve.column("n_risk") or (0.0,))[0] or 0.0 for curve in curves)
    longest = max((curve.time[-1] for curve in curves if curve.time), default=1.0)
    enough = max(MIN_AT_RISK, MIN_SHARE_AT_RISK * total)
    times = sorted({t for curve in curves for t in curve.time})
    end = max((t for t in times if sum(_at_risk(curve, t) for curve in curves) >= enough), default=longest)
    end = min(max(end, *horizons) if horizons else end, longest)
    steps = _STEPS.get(unit, (1, 2, 5, 10, 20, 50, 100))
    fitting = [s for s in steps if end / s <= MOST_TICKS - 1]
    step = fitting[0] if fitting else steps[-1]
    n = max(int(end / step), 1)
    return tuple(Tick(float(i * step), plain_number(i * step)) for i in range(n + 1))


def _at_risk(curve: Curve, time: float) -> float:
    index = bisect_left(curve.time, time)
    values = curve.column("n_risk")
    return (values[index] or 0.0) if index < len(values) else 0.0


def _risk_cell(context: Context, node: AnalysisNode, curve: Curve, time: float) -> Inline:
    """Return the number at risk at `time` (T >= time) and the events up to it."""
    if not risk_is_known(curve, time):
        return (Run(ABSENT),)
    index = bisect_left(curve.time, time)
    at_risk = context.curve_number(node, curve, "n_risk", index) if index < len(curve.time) else Run("0", is_label=True)
    last = bisect_right(curve.time, time) - 1
    events = context.curve_number(node, curve, "cumulative_n_event", last) if last >= 0 else Run("0", is_label=True)
    return (at_risk, Run(" ("), events, Run(")"))


def curve_label(context: Context, variable: str, level: str, cohort: str) -> str:
    """Return the words beside a curve: the level, after the variable where the level alone says nothing."""
    if not variable:
        return context.cohort_label(cohort)
    return context.level_label(variable, level)


def _group(context: Context, node: AnalysisNode, curve: Curve, ticks: Sequence[Tick]) -> SurvivalGroup:
    estimates = curve.column("estimate")
    kept = [i for i, value in enumerate(estimates) if value is not None]
    censored = curve.column("n_censor")

    def of(stat: str) -> tuple[float | None, ...]:
        values = curve.column(stat)
        return tuple(values[i] for i in kept)

    return SurvivalGroup(
        label=curve_label(context, curve.group, curve.level, node.cohort),
        time=tuple(curve.time[i] for i in kept),
        estimate=tuple(value for value in estimates if value is not None),
        conf_low=of("conf_low"),
        conf_high=of("conf_high"),
        censor_times=tuple(t for t, n in zip(curve.time, censored, strict=True) if n),
        risk=tuple(_risk_cell(context, node, curve, tick.position) for tick in ticks),
    )


def _time_writer(unit: str) -> Write:
    return decimals(0 if unit == "days" else 1)


def _medians(context: Context, node: AnalysisNode, endpoint: EndpointInfo, levels: Sequence[str]) -> Inline:
    _ = context.gettext
    found = context.node("survival_quantile", node.cohort, endpoint.name, node.variable)
    rows = [found.find(group=node.variable, level=level) for level in levels] if found else []
    if found is None or any(row is None for row in rows) or not 1 <= len(rows) <= 2:
        return ()
    write = _time_writer(endpoint.unit)
    numbers = [context.spelt(found, row, "median", write) for row in rows if row is not None]
    if all(row is not None and row.get("median").reason is Reason.NOT_REACHED for row in rows):
        return fill(_("Median not reached"))
    text = _("Median, {unit}: {first} vs {second}") if len(numbers) == 2 else _("Median, {unit}: {first}")
    return fill(text, unit=words(context.unit(endpoint.unit)), first=numbers[0], second=numbers[-1])


def _adjusted(context: Context, info: ColumnInfo, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    node = context.node("cox_multivariable", "development", endpoint.name)
    if node is None or len(info.levels) != 2:
        return ()
    row = node.find(term=level_term(info.name, info.levels[1]))
    if row is None or row.get("hazard_ratio").value is None or row.term not in terms_alone(node):
        return ()
    ratio = context.hazard_ratio(node, row)
    text = _("Adjusted HR, {level}: {ratio}")
    return fill(text, level=words(level_text(info.levels[1])), ratio=ratio)


def _statistics(
    context: Context, node: AnalysisNode, endpoint: EndpointInfo, levels: Sequence[str]
) -> tuple[Inline, ...]:
    _ = context.gettext
    lines = [_medians(context, node, endpoint, levels)]
    test = context.node("log_rank", node.cohort, endpoint.name, node.variable)
    row = test.find(group=node.variable) if test and node.variable else None
    if test is not None and row is not None:
        lines.append(fill(_("Log-rank {p}"), p=context.p_statement(test, row)))
    if node.variable and node.cohort == "development":
        lines.append(_adjusted(context, context.column(node.variable), endpoint))
    return tuple(line for line in lines if line)


def _finding(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> str:
    """Return what the figure shows, in words, for those who do not see it."""
    _ = context.gettext
    counts = context.node("kaplan_meier", node.cohort, endpoint.name, node.variable)
    said = []
    for curve in node.curves:
        label = curve_label(context, curve.group, curve.level, node.cohort)
        row = counts.find(group=curve.group, level=curve.level) if counts else None
        text = label
        if counts is not None and row is not None:
            text = _("{label}: {n} patients, {events} events").format(
                label=label, n=count(row.get("n").value or 0), events=count(row.get("n_event").value or 0)
            )
            horizon = max(endpoint.horizons, default=None)
            at = counts.find(group=curve.group, level=curve.level, time=horizon) if horizon is not None else None
            value = at.get("estimate").value if at else None
            if value is not None and horizon is not None:
                point = context.time_point(horizon, endpoint.unit).text
                text += _(", {percent}% at {time}").format(percent=share(0)(value), time=point)
        said.append(text)
    return "; ".join(said)


def survival_figure(context: Context, node: AnalysisNode, endpoint: EndpointInfo, height: float = 160.0) -> Figure:
    """Return the Kaplan–Meier figure of a node of one to six curves.

    Parameters
    ----------
    node
        A node ``kaplan_meier_curve``.
    """
    _ = context.gettext
    ticks = time_ticks(node.curves, endpoint.unit, endpoint.horizons)
    label = context.column(node.variable).label if node.variable else ""
    text = _("{endpoint} by: {group} ({cohort}).") if node.variable else _("{endpoint}, all patients ({cohort}).")
    cohort = words(context.cohort_label(node.cohort).lower())
    caption = fill(text, endpoint=words(endpoint.label), group=words(label), cohort=cohort)
    levels = [curve.level for curve in node.curves]
    said = _finding(context, node, endpoint)
    figure = KaplanMeierFigure(
        title=_("Kaplan–Meier curves of {endpoint}").format(endpoint=endpoint.label),
        description=said,
        groups=tuple(_group(context, node, curve, ticks) for curve in node.curves),
        x_label=_("Time, {unit}").format(unit=context.unit(endpoint.unit)),
        y_label=_("{endpoint}, %").format(endpoint=endpoint.label),
        x_ticks=ticks,
        y_ticks=tuple(Tick(p / 100, str(p)) for p in (0, 25, 50, 75, 100)),
        risk_heading=_("No. at risk (cumulative No. of events)"),
        statistics=_statistics(context, node, endpoint, levels),
        plot_height=height,
    )
    name = "_".join(part for part in ("kaplan_meier", node.cohort, endpoint.name, node.variable) if part)
    drawn = draw_kaplan_meier(figure, context.fonts)
    return Figure(name, caption, drawn, said, thinning_notes(context, node.curves))
