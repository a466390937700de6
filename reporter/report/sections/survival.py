"""Survival: Kaplan–Meier figures, medians and S(t) at the horizons, log-rank tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reporter.report.document import Block, Cell, Figure, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.format import Write, count, decimals
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import absent_cell, cell, fill, level_words, sentence, words
from reporter.report.sections.landmark import immortal_time_in_groups
from reporter.report.sections.survival_estimates import FURTHER_ANALYSES, LATE_ENTRY, further_survival_tables
from reporter.report.sections.survival_figure import MAX_GROUPS, survival_figure
from reporter.report.sections.tables import heads
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.results.value import Statistic

_MOST_HORIZONS = 3
ALL_HEIGHT, GROUP_HEIGHT = 118.0, 126.0
ANALYSES = ("kaplan_meier", "log_rank", *FURTHER_ANALYSES)


def curves_figure(
    context: Context, cohort: str, endpoint: EndpointInfo, variable: str, height: float = 160.0
) -> tuple[Block, ...]:
    """Return the figure of one variable, a sentence where it has more groups than a figure can show."""
    _ = context.gettext
    node = context.node("kaplan_meier_curve", cohort, endpoint.name, variable)
    if node is None or not node.curves:
        return ()
    if len(node.curves) > MAX_GROUPS:
        text = _("{group} has {n} groups, more than one figure can show; the table gives their survival.")
        n = Run(count(len(node.curves)), is_label=True)
        return (Paragraph(fill(text, group=words(context.column(variable).label), n=n)),)
    return (survival_figure(context, node, endpoint, height),)


def _late(context: Context, node: AnalysisNode) -> Iterator[Statistic]:
    counts = context.node("kaplan_meier", node.cohort, node.endpoint, node.variable)
    for row in counts.rows if counts else ():
        yield from row.stats


def curve_note(context: Context, node: AnalysisNode) -> Inline:
    """Return what bands and marks of the figures are."""
    _ = context.gettext
    options = node.options
    text = _(
        "In the figures, shaded areas are pointwise confidence intervals ({ci}, {type} transformation), tick marks are "
        "censored patients, and the number at risk at a time counts those followed to it or beyond."
    )
    if any(found.stat == LATE_ENTRY for found in _late(context, node)):
        text = _(
            "In the figures, shaded areas are pointwise confidence intervals ({ci}, {type} transformation), tick marks "
            "are censored patients, and the number at risk at a time counts those who had entered by the next time of "
            "an event or censoring and were followed to it or beyond."
        )
    level = context.level_of_confidence(getattr(options, "conf_level", 0.95))
    return fill(text, ci=level, type=words(getattr(options, "conf_type", "")))


def _survival_cells(
    context: Context, cohort: str, endpoint: EndpointInfo, variable: str, level: str, horizons: Sequence[float]
) -> tuple[Cell, ...]:
    node = context.node("kaplan_meier", cohort, endpoint.name, variable)
    cells = []
    for horizon in horizons:
        row = node.find(group=variable, level=level, time=horizon) if node else None
        if node is None or row is None:
            cells.append(absent_cell())
        else:
            cells.append(Cell(context.with_interval(node, row, "estimate", share(1)), "center"))
    return tuple(cells)


def _lead_cells(context: Context, cohort: str, endpoint: EndpointInfo, variable: str, level: str) -> tuple[Cell, ...]:
    """Return patients and events, and the median with its interval."""
    node = context.node("kaplan_meier", cohort, endpoint.name, variable)
    row = node.find(group=variable, level=level) if node else None
    counts = absent_cell()
    if node is not None and row is not None:
        counts = cell(
            context.number(node, row, "n", count), Run("/"), context.number(node, row, "n_event", count), align="center"
        )
    quantiles = context.node("survival_quantile", cohort, endpoint.name, variable)
    at = quantiles.find(group=variable, level=level) if quantiles else None
    median = absent_cell()
    if quantiles is not None and at is not None:
        write = decimals(0 if endpoint.unit == "days" else 1)
        median = Cell(_median_runs(context, quantiles, at, write), "center")
    return (counts, median)


def _median_runs(context: Context, node: AnalysisNode, row: Row, write: Write) -> Inline:
    first = context.number(node, row, "median", write)
    if all(row.get(stat).value is None for stat in ("median", "conf_low", "conf_high")):
        return (first,)
    return (first, Run(" ("), *context.interval(node, row, write), Run(")"))


def _header(context: Context, cohort: str, endpoint: EndpointInfo, variable: str, span: int) -> TableRow:
    _ = context.gettext
    label: Inline = (words(context.column(variable).label),)
    test = context.node("log_rank", cohort, endpoint.name, variable)
    row = test.find(group=variable) if test else None
    if test is not None and row is not None and row.get("statistic").value is not None:
        label = fill(
            _("{group} (log-rank χ² = {statistic}, {df} df, {p})"),
            group=label,
            statistic=context.number(test, row, "statistic", decimals(1)),
            df=context.number(test, row, "df", count),
            p=context.p_statement(test, row),
        )
    elif test is not None and row is not None:
        label = fill(
            _("{group} (log-rank test {reason}: {note})"),
            group=label,
            reason=context.spelt(test, row, "statistic", decimals(1)),
            note=words(row.get("statistic").note),
        )
    return TableRow((Cell(label, span=span),), "header")


def _rows(
    context: Context,
    cohort: str,
    endpoint: EndpointInfo,
    variables: Sequence[str],
    horizons: Sequence[float],
    *,
    lead: bool,
) -> list[TableRow]:
    _ = context.gettext
    rows: list[TableRow] = []
    for variable in variables:
        node = context.node("kaplan_meier", cohort, endpoint.name, variable)
        if node is None:
            continue
        levels = [row.level for row in node.rows if row.time is None]
        if variable:
            rows.append(_header(context, cohort, endpoint, variable, 1 + 2 * lead + len(horizons)))
        for level in levels:
            name = level_words(level) if variable else words(_("All patients"))
            first = _lead_cells(context, cohort, endpoint, variable, level) if lead else ()
            cells = _survival_cells(context, cohort, endpoint, variable, level, horizons)
            rows.append(TableRow((cell(name), *first, *cells), "level" if variable else "value"))
    return rows


def _notes(context: Context, cohort: str, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Inline, ...]:
    _ = context.gettext
    texts: list[str] = []
    for variable in variables:
        node = context.node("kaplan_meier", cohort, endpoint.name, variable)
        texts += node.notes if node else ()
    return tuple((sentence(text),) for text in dict.fromkeys(texts))


def survival_tables(
    context: Context, cohort: str, endpoint: EndpointInfo, variables: Sequence[str], name: str
) -> tuple[Block, ...]:
    """Return medians and survival at the horizons for all patients and by each variable, three horizons a table."""
    _ = context.gettext
    horizons = endpoint.horizons
    chunks = [horizons[i : i + _MOST_HORIZONS] for i in range(0, len(horizons), _MOST_HORIZONS)] or [()]
    out: list[Block] = []
    node = next((n for v in variables if (n := context.node("kaplan_meier", cohort, endpoint.name, v))), None)
    if node is None:
        return ()
    level = context.level_of_confidence(getattr(node.options, "conf_level", 0.95)).text
    for i, chunk in enumerate(chunks):
        lead = i == 0
        titles = [(_("Group"), "left")]
        if lead:
            median = _("Median ({ci}), {unit}").format(ci=level, unit=context.unit(endpoint.unit))
            titles += [(_("No./events"), "center"), (median, "center")]
        titles += [
            (_("% at {time} ({ci})").format(time=_point(context, h, endpoint), ci=level), "center") for h in chunk
        ]
        text = (
            _("{endpoint}: median and survival at the horizons ({cohort}).")
            if chunk
            else _("{endpoint}: medians ({cohort}).")
        )
        caption = fill(text, endpoint=words(endpoint.label), cohort=words(context.cohort_label(cohort).lower()))
        rows = _rows(context, cohort, endpoint, variables, chunk, lead=lead)
        notes = _notes(context, cohort, endpoint, variables)
        out.append(Table(name if lead else f"{name}_{i + 1}", caption, heads(*titles), tuple(rows), notes=notes))
    return tuple(out)


def _point(context: Context, horizon: float, endpoint: EndpointInfo) -> str:
    return context.time_point(horizon, endpoint.unit).text


def last_estimated(node: AnalysisNode, endpoint: EndpointInfo) -> Row | None:
    """Return the row of the latest horizon at which the survival of all patients could be estimated."""
    rows = [node.find(time=horizon) for horizon in sorted(endpoint.horizons, reverse=True)]
    return next((row for row in rows if row is not None and row.get("estimate").value is not None), None)


def lead_sentence(context: Context, cohort: str, endpoint: EndpointInfo) -> Inline:
    """Return survival at the last horizon and the median of all patients."""
    _ = context.gettext
    node = context.node("kaplan_meier", cohort, endpoint.name)
    quantiles = context.node("survival_quantile", cohort, endpoint.name)
    out: Inline = ()
    row = last_estimated(node, endpoint) if node is not None else None
    if node is not None and row is not None:
        out = fill(
            _("{endpoint} at {time} was {estimate}% ({ci}, {interval}%)."),
            endpoint=words(endpoint.label),
            time=context.time_point(row.time or 0.0, endpoint.unit),
            estimate=context.number(node, row, "estimate", share(0)),
            ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
            interval=context.interval(node, row, share(0)),
        )
    at = quantiles.find() if quantiles else None
    if quantiles is not None and at is not None:
        out += (Run(" "),) if out else ()
        out += _median_sentence(context, quantiles, endpoint)
    return out


def _median_sentence(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    row = node.rows[0]
    write = decimals(0 if endpoint.unit == "days" else 1)
    if row.get("median").value is None:
        return fill(_("The median was {median}."), median=context.spelt(node, row, "median", write))
    return fill(
        _("The median was {median} {unit} ({ci}, {interval})."),
        median=context.number(node, row, "median", write),
        unit=words(context.unit(endpoint.unit)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, write),
    )


def _with_note(context: Context, endpoint: EndpointInfo, blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with the explanation of bands and marks under the first figure."""
    node = context.node("kaplan_meier_curve", "development", endpoint.name)
    out = list(blocks)
    for i, block in enumerate(out):
        if isinstance(block, Figure) and node is not None:
            out[i] = replace(block, notes=(curve_note(context, node), *block.notes))
            break
    return out


def survival_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return the survival of the development cohort; None when nothing was estimated or tried."""
    _ = context.gettext
    variables = ("", *context.groups("development", endpoint))
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    sentence = lead_sentence(context, "development", endpoint)
    if sentence:
        blocks.append(Paragraph(sentence, "lead"))
    blocks += immortal_time_in_groups(context, variables)
    figures: list[Block] = []
    for variable in variables:
        figures += curves_figure(context, "development", endpoint, variable, GROUP_HEIGHT if variable else ALL_HEIGHT)
    blocks += _with_note(context, endpoint, figures[:2])
    blocks += survival_tables(context, "development", endpoint, variables, f"survival_{endpoint.name}")
    blocks += figures[2:]
    blocks += further_survival_tables(context, endpoint, variables)
    return Section(anchor, heading, tuple(blocks), new_page=True) if blocks else None
