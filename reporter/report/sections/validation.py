"""The frozen model on another cohort: discrimination, calibration, survival there."""

from __future__ import annotations

from reporter.report.document import (
    Block,
    Callout,
    Cell,
    Columns,
    Figure,
    Inline,
    Paragraph,
    Run,
    Section,
    Table,
    TableRow,
)
from reporter.report.figures import draw_calibration
from reporter.report.figures.models import CalibrationFigure, CalibrationPoint, Tick
from reporter.report.format import count, decimals, percent, ratio
from reporter.report.sections.context import Context, share
from reporter.report.sections.horizon_performance import horizon_blocks, smooth_points
from reporter.report.sections.inline import cell, fill, sentence, words
from reporter.report.sections.survival import curves_figure, lead_sentence, survival_tables
from reporter.report.sections.tables import heads, note
from reporter.report.sections.uno import uno_sentence
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

COHORT = "validation"
ANALYSES = ("validation", "performance", "calibration", "calibration_group", "kaplan_meier", "log_rank",
            "horizon_performance")  # fmt: skip
FEW = 100


def discrimination(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return Harrell's C of the frozen model."""
    _ = context.gettext
    node = context.node("performance", COHORT, endpoint.name)
    if node is None:
        return ()
    out: list[Run] = []
    for row in node.rows:
        if row.time is None:
            out += _whole(context, node, row, endpoint.unit)
        else:
            text = _(" Up to {time} it was {c} ({interval}).")
            out += fill(
                text,
                time=context.time_point(row.time, endpoint.unit),
                c=context.spelt(node, row, "harrell_c", decimals(3)),
                interval=context.interval(node, row, decimals(3), "harrell_c_conf_low", "harrell_c_conf_high"),
            )
    return (*out, *uno_sentence(context, node, endpoint))


def _whole(context: Context, node: AnalysisNode, row: Row, unit: str) -> Inline:
    _ = context.gettext
    text = _(
        "The model of the development cohort was applied, unchanged, to {n} patients with {events} events. "
        "Harrell’s C over the follow-up, to the last event at {tau} {unit}, was {c} ({ci}, {interval})."
    )
    return fill(
        text,
        tau=context.spelt(node, row, "tau", decimals(1)),
        unit=words(context.unit(unit)),
        n=context.number(node, row, "n", count),
        events=context.number(node, row, "n_event", count),
        c=context.spelt(node, row, "harrell_c", decimals(3)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, decimals(3), "harrell_c_conf_low", "harrell_c_conf_high"),
    )


def slope_sentence(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return the calibration slope and what it says."""
    _ = context.gettext
    node = context.node("calibration", COHORT, endpoint.name)
    row = node.find(term="cox") if node is not None else None
    if node is None or row is None:
        return ()
    low, high = row.get("calibration_slope_conf_low").value, row.get("calibration_slope_conf_high").value
    text = _("The calibration slope was {slope} ({ci}, {interval}).")
    if high is not None and high < 1:
        text += _(" Below 1: predicted risks are spread too far, the low ones too low and the high ones too high.")
    elif low is not None and low > 1:
        text += _(" Above 1: predicted risks are not spread far enough.")
    else:
        text += _(" The interval includes 1, the slope of a model that keeps its spread.")
    return fill(
        text,
        slope=context.spelt(node, row, "calibration_slope", decimals(2)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, decimals(2), "calibration_slope_conf_low", "calibration_slope_conf_high"),
    )


def calibration_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return observed over expected events at the horizons."""
    _ = context.gettext
    node = context.node("calibration", COHORT, endpoint.name)
    rows = [row for row in node.rows if row.time is not None] if node is not None else []
    if node is None or not rows:
        return None
    lines = []
    for row in rows:
        oe = context.with_interval(node, row, "oe_ratio", ratio, "oe_ratio_conf_low", "oe_ratio_conf_high")
        lines.append(
            TableRow(
                (
                    cell(context.time_point(row.time or 0.0, endpoint.unit)),
                    cell(context.number(node, row, "n_risk", count), align="right"),
                    cell(context.number(node, row, "predicted", share(1)), align="right"),
                    cell(context.number(node, row, "observed", share(1)), align="right"),
                    Cell(oe, "center"),
                )
            )
        )
    level = context.level_of_confidence(getattr(node.options, "conf_level", 0.95)).text
    head = heads(
        (_("Horizon"), "left"),
        (_("No. at risk"), "right"),
        (_("Mean predicted risk, %"), "right"),
        (_("Observed risk, %"), "right"),
        (_("Observed/expected ({ci})").format(ci=level), "center"),
    )
    caption = fill(_("{endpoint}: calibration in the validation cohort."), endpoint=words(endpoint.label))
    notes = [
        note(
            _(
                "Observed risk: 1 − Kaplan–Meier. A ratio above 1 means more events than the model expects. "
                "Limits by the delta method on the log scale."
            )
        )
    ]
    notes += [(sentence(text),) for text in node.notes]
    return Table(f"calibration_{endpoint.name}", caption, head, tuple(lines), notes=tuple(notes))


def _risk_groups(node: AnalysisNode) -> list[tuple[Row, float, float]]:
    out = []
    for row in node.rows:
        predicted, observed = row.get("predicted").value, row.get("observed").value
        if predicted is not None and observed is not None:
            out.append((row, predicted, observed))
    return out


def calibration_figure(context: Context, endpoint: EndpointInfo) -> Figure | None:
    """Return observed against predicted risk by groups of predicted risk at the last horizon."""
    _ = context.gettext
    node = context.node("calibration_group", COHORT, endpoint.name)
    found = _risk_groups(node) if node is not None else []
    if node is None or not found:
        return None
    points = tuple(
        CalibrationPoint(predicted, observed, row.get("conf_low").value, row.get("conf_high").value)
        for row, predicted, observed in found
    )
    smooth = smooth_points(context, endpoint, found[0][0].time)
    top = max(max(p.predicted, p.observed, p.conf_high or 0.0) for p in (*points, *smooth))
    ends = (20, 40, 60, 80, 100)
    end = next(e for e in ends if e >= 100 * min(top, 1.0) - 1e-9)
    step = 5 if end == 20 else 10 if end == 40 else 20
    ticks = tuple(Tick(p / 100, str(p)) for p in range(0, end + 1, step))
    time = context.time_point(found[0][0].time or 0.0, endpoint.unit).text
    said = _("{n} groups; mean predicted against observed risk: {pairs}.").format(
        n=len(points), pairs="; ".join(f"{percent(p, 0)}% → {percent(o, 0)}%" for _row, p, o in found)
    )
    drawn = draw_calibration(
        CalibrationFigure(
            title=_("Calibration at {time}").format(time=time),
            description=said,
            points=points,
            x_label=_("Predicted risk at {time}, %").format(time=time),
            y_label=_("Observed risk at {time}, %").format(time=time),
            ticks=ticks,
            height=168.0,
            smooth=smooth,
        ),
        context.fonts,
    )
    caption = fill(_("Calibration at {time} by groups of predicted risk."), time=words(time))
    notes = (
        note(
            _(
                "Points: mean predicted against observed (1 − Kaplan–Meier) risk with intervals; dashed: perfect "
                "agreement."
            )
            + (" " + _("Orange: smooth calibration curve with its band.") if smooth else "")
        ),
    )
    return Figure(f"calibration_{endpoint.name}", caption, drawn, said, notes, half_width=True)


def risk_groups_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the numbers of the calibration plot."""
    _ = context.gettext
    node = context.node("calibration_group", COHORT, endpoint.name)
    if node is None or not node.rows:
        return None
    rows = []
    for row in node.rows:
        observed = context.with_interval(node, row, "observed", share(0))
        rows.append(
            TableRow(
                (
                    cell(words(row.level)),
                    cell(context.number(node, row, "n", count), align="right"),
                    cell(context.number(node, row, "predicted", share(0)), align="right"),
                    Cell(observed, "center"),
                )
            )
        )
    head = heads(
        (_("Group"), "left"), (_("No."), "right"), (_("Predicted, %"), "right"), (_("Observed, % (CI)"), "center")
    )
    time = context.time_point(node.rows[0].time or 0.0, endpoint.unit)
    caption = fill(_("Risk at {time} by groups of predicted risk."), time=time)
    return Table(f"calibration_group_{endpoint.name}", caption, head, tuple(rows))


def _few_events(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    _ = context.gettext
    node = context.node("performance", COHORT, endpoint.name)
    row = node.find(term="cox") if node is not None else None
    if node is None or row is None:
        return ()
    n, events = row.get("n").value or 0.0, row.get("n_event").value or 0.0
    if events >= FEW and n - events >= FEW:
        return ()
    text = _("With {events} events in {n} patients the validation is small: its estimates are a rough guide only.")
    runs = fill(text, events=context.number(node, row, "n_event", count), n=context.number(node, row, "n", count))
    return (Callout(runs, "warning"),)


def _model_blocks(context: Context, endpoint: EndpointInfo) -> list[Block]:
    blocks: list[Block] = []
    first = discrimination(context, endpoint)
    slope = slope_sentence(context, endpoint)
    if first or slope:
        blocks.append(Paragraph((*first, Run(" "), *slope) if first and slope else first or slope))
    blocks += _few_events(context, endpoint)
    table = calibration_table(context, endpoint)
    if table is not None:
        blocks.append(table)
    figure, groups = calibration_figure(context, endpoint), risk_groups_table(context, endpoint)
    if figure is not None and groups is not None:
        blocks.append(Columns((figure, groups)))
    blocks += horizon_blocks(context, endpoint)
    return blocks


def validation_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return the section of the validation cohort; None when there is none."""
    if not context.has_cohort(COHORT):
        return None
    blocks: list[Block] = [*context.failures(ANALYSES, COHORT, endpoint.name), *_model_blocks(context, endpoint)]
    variables = ("", *context.groups(COHORT, endpoint))
    sentence = lead_sentence(context, COHORT, endpoint)
    if sentence:
        blocks.append(Paragraph(sentence))
    blocks += survival_tables(context, COHORT, endpoint, variables, f"survival_validation_{endpoint.name}")
    for variable in variables[1:] or variables:
        blocks += curves_figure(context, COHORT, endpoint, variable, 104.0)
    return Section(anchor, heading, tuple(blocks), new_page=True) if blocks else None
