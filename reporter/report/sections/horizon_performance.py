"""What the frozen model is worth at each horizon in the validation cohort: scores, calibration, net benefit."""

from __future__ import annotations

from reporter.report.document import Block, Cell, Columns, Figure, Inline, Paragraph, Table, TableRow
from reporter.report.figures import draw_decision, linear_ticks
from reporter.report.figures.decision import DecisionFigure
from reporter.report.figures.models import CalibrationPoint
from reporter.report.format import count, decimals, percent, plain_number
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.address import time_text
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

COHORT, KIND = "validation", "horizon_performance"
TENTHS = frozenset(round(0.1 * i, 1) for i in range(1, 10))


def _node(context: Context, endpoint: EndpointInfo, analysis: str) -> AnalysisNode | None:
    return context.node(analysis, COHORT, endpoint.name, kind=KIND)


def _at_horizons(node: AnalysisNode) -> list[Row]:
    return [row for row in node.rows if row.time is not None and not row.group]


def _level(context: Context, node: AnalysisNode) -> str:
    return context.level_of_confidence(getattr(node.options, "conf_level", 0.95)).text


def scores_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return AUC, Brier score and scaled Brier score at the horizons, with what their weights are."""
    _ = context.gettext
    node = _node(context, endpoint, "performance")
    rows = _at_horizons(node) if node is not None else []
    if node is None or not rows:
        return None

    level = _level(context, node)

    def interval(row: Row, stat: str, digits: int) -> Cell:
        write, ends = decimals(digits), (f"{stat}_conf_low", f"{stat}_conf_high")
        return Cell(context.with_interval(node, row, stat, write, *ends), "center")

    lines = tuple(
        TableRow(
            (
                cell(context.time_point(row.time or 0.0, endpoint.unit)),
                cell(context.number(node, row, "n_event", count), align="right"),
                interval(row, "auc", 2), interval(row, "brier", 3), interval(row, "brier_scaled", 2),
                cell(context.number(node, row, "uncensored", decimals(2)), align="right"),
                cell(context.number(node, row, "largest_weight", decimals(1)), align="right"),
                cell(context.number(node, row, "effective_n", count), align="right"),
            )
        )
        for row in rows
    )  # fmt: skip
    head = heads(
        (_("Horizon"), "left"), (_("Events"), "right"), (_("AUC ({ci})").format(ci=level), "center"),
        (_("Brier score ({ci})").format(ci=level), "center"), (_("Scaled ({ci})").format(ci=level), "center"),
        (_("Uncensored"), "right"), (_("Largest weight"), "right"),
        (_("Effective No."), "right"),
    )  # fmt: skip
    caption = fill(_("{endpoint}: performance at the horizons."), endpoint=words(endpoint.label))
    text = _(
        "AUC: a patient with the event by the horizon against one free of it. Brier score: mean squared "
        "error "
        "of the predicted risk; scaled: 1 − its ratio to that of the observed risk for all, 0 or less is no better. "
        "Weights against censoring, which is taken to be independent of the covariates; uncensored: probability just "
        "before the horizon."
    )
    return Table(f"performance_{endpoint.name}", caption, head, lines, notes=(note(text),))


def distances_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return slope, second interval of O/E and distances from the smooth calibration curve at the horizons."""
    _ = context.gettext
    node = _node(context, endpoint, "calibration")
    rows = _at_horizons(node) if node is not None else []
    if node is None or not rows:
        return None
    lines, level = [], _level(context, node)
    for row in rows:
        ends = ("calibration_slope_conf_low", "calibration_slope_conf_high")
        slope = context.with_interval(node, row, "calibration_slope", decimals(2), *ends)
        ratio = context.interval(
            node, row, decimals(2), "oe_ratio_events_conf_low", "oe_ratio_events_conf_high"
        )  # fmt: skip
        away = (
            cell(context.number(node, row, stat, share(1)), align="right") for stat in ("ici", "e50", "e90", "emax")
        )
        time = cell(context.time_point(row.time or 0.0, endpoint.unit))
        lines.append(TableRow((time, Cell(slope, "center"), Cell(ratio, "center"), *away)))
    head = heads(
        (_("Horizon"), "left"), (_("Slope ({ci})").format(ci=level), "center"),
        (_("{ci} of O/E, event count").format(ci=level), "center"),
        (_("ICI, %"), "right"), (_("E50, %"), "right"), (_("E90, %"), "right"), (_("Largest, %"), "right"),
    )  # fmt: skip
    caption = fill(_("{endpoint}: calibration at the horizons."), endpoint=words(endpoint.label))
    text = _(
        "Slope: follow-up to the horizon. ICI, E50, E90, largest: mean, median, 90th percentile and maximum "
        "of the distance between predicted risk and smooth calibration curve; chance alone makes them more than 0."
    )
    return Table(f"calibration_distance_{endpoint.name}", caption, head, tuple(lines), notes=(note(text),))


def smooth_points(context: Context, endpoint: EndpointInfo, time: float | None) -> tuple[CalibrationPoint, ...]:
    """Return the smooth calibration curve of a horizon; empty where there is none."""
    node = _node(context, endpoint, "calibration_curve")
    if node is None or time is None:
        return ()
    for curve in node.curves:
        if curve.level == time_text(time):
            columns = (curve.column(stat) for stat in ("predicted", "observed", "conf_low", "conf_high"))
            points = zip(*columns, strict=True)
            return tuple(
                CalibrationPoint(predicted, observed, low, high)
                for predicted, observed, low, high in points
                if predicted is not None and observed is not None
            )
    return ()


def _benefits(node: AnalysisNode, time: float) -> list[tuple[float, Row, Row]]:
    """Return threshold, the model's row and that of treating all, in rising order of the thresholds."""
    by_term: dict[str, dict[str, Row]] = {"cox": {}, "treat_all": {}}
    for row in node.rows:
        if row.group and row.time == time:
            by_term[row.term][row.level] = row
    pairs = ((float(level), row, by_term["treat_all"][level]) for level, row in by_term["cox"].items())
    return sorted(pairs, key=lambda pair: pair[0])


def _decision_figure(
    context: Context, endpoint: EndpointInfo, time: float, known: list[tuple[float, float, float]]
) -> Figure:
    _ = context.gettext
    at = context.time_point(time, endpoint.unit).text
    top = max(0.05, *(value for _threshold, *values in known for value in values))
    y_ticks = linear_ticks(-0.05, top, plain_number, 8)
    last = next((t for t, model, everybody in reversed(known) if max(model, everybody) > 0.0), known[-1][0])
    end = min(100, 20 * (int(100 * last) // 20 + 1))
    shown = [item for item in known if 100 * item[0] <= end]
    said = _("Net benefit of the model at thresholds: {pairs}.").format(
        pairs="; ".join(f"{percent(t, 0)}% → {decimals(2)(model)}" for t, model, _all in shown)
    )
    drawn = draw_decision(
        DecisionFigure(
            title=_("Decision curve at {time}").format(time=at),
            description=said,
            threshold=tuple(item[0] for item in shown),
            model=tuple(item[1] for item in shown),
            treat_all=tuple(item[2] for item in shown),
            model_label=_("Model"),
            all_label=_("Treat all"),
            none_label=_("Treat none"),
            x_label=_("Threshold of the risk by {time}, %").format(time=at),
            y_label=_("Net benefit"),
            x_ticks=linear_ticks(0.0, end / 100, lambda v: plain_number(round(100 * v)), 5),
            y_ticks=y_ticks,
        ),
        context.fonts,
    )
    caption = fill(_("Decision curve at {time}."), time=words(at))
    return Figure(f"decision_{endpoint.name}", caption, drawn, said, half_width=True)


def _decision_table(
    context: Context, node: AnalysisNode, endpoint: EndpointInfo, time: float, pairs: list[tuple[float, Row, Row]]
) -> Table:
    _ = context.gettext
    asked = frozenset(getattr(node.options, "thresholds", ()))
    lines = tuple(
        TableRow(
            (
                cell(words(f"{plain_number(round(100 * threshold, 6))}%")),
                cell(context.number(node, model, "net_benefit", decimals(3)), align="right"),
                cell(context.number(node, everybody, "net_benefit", decimals(3)), align="right"),
            )
        )
        for threshold, model, everybody in pairs
        if threshold in asked or threshold in TENTHS
    )
    head = heads((_("Threshold"), "left"), (_("Model"), "right"), (_("Treat all"), "right"))
    caption = fill(_("Net benefit at {time}."), time=context.time_point(time, endpoint.unit))
    text = _("Treating none has a net benefit of nil.")
    return Table(f"net_benefit_{endpoint.name}", caption, head, lines, notes=(note(text),))


def decision_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return decision curve and table of the last horizon whose net benefit is known; nothing where none is."""
    node = _node(context, endpoint, "performance")
    if node is None:
        return ()
    for time in sorted((row.time or 0.0 for row in _at_horizons(node)), reverse=True):
        pairs = _benefits(node, time)
        known = [
            (threshold, a, b)
            for threshold, model, everybody in pairs
            if (a := model.get("net_benefit").value) is not None
            and (b := everybody.get("net_benefit").value) is not None
        ]
        if len(known) > 1:
            figure = _decision_figure(context, endpoint, time, known)
            return (Columns((figure, _decision_table(context, node, endpoint, time, pairs))),)
    return ()


def _royston(context: Context, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    node = _node(context, endpoint, "performance")
    row = node.find(term="cox") if node is not None else None
    if node is None or row is None:
        return ()
    found = row.get("royston_d")
    if found.value is None:
        return fill(_("Royston’s D is not given: {why}."), why=words(found.note or context.reason(found.reason)))
    return fill(
        _("Royston’s D was {d} ({ci}, {interval}), which explains {r2}% of the variation (R²D)."),
        d=context.number(node, row, "royston_d", decimals(2)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, decimals(2), "royston_d_conf_low", "royston_d_conf_high"),
        r2=context.number(node, row, "royston_r2", share(0)),
    )


def horizon_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return tables and decision curve of the performance at the horizons; nothing where it was not measured."""
    said = _royston(context, endpoint)
    out: list[Block] = [Paragraph(said)] if said else []
    tables = (scores_table(context, endpoint), distances_table(context, endpoint))
    out += [table for table in tables if table is not None]
    return (*out, *decision_blocks(context, endpoint))


__all__ = ["horizon_blocks", "smooth_points"]
