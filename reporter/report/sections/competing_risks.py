"""Competing risks: cumulative incidence of every cause, Gray's tests, cause-specific and Fine–Gray models."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.report.document import Block, Cell, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.format import count, decimals, p_value
from reporter.report.sections.competing_figure import cause_label, incidence_figure
from reporter.report.sections.competing_validation import validation_blocks
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import absent_cell, cell, fill, join, level_words, words
from reporter.report.sections.survival_figure import MAX_GROUPS
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

ANALYSES = ("cumulative_incidence", "gray_test", "cause_specific", "fine_gray")
_MOST_HORIZONS = 3
_SIGNIFICANT = 0.05


def _causes(endpoint: EndpointInfo) -> tuple[str, ...]:
    return (endpoint.name, *endpoint.causes)


def incidence_lead(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return the incidence of the event at the last horizon, and what 1 minus Kaplan–Meier would have said."""
    _ = context.gettext
    node = context.node("cumulative_incidence", "development", endpoint.name)
    net = context.node("kaplan_meier", "development", endpoint.name)
    row = last_incidence(node, endpoint)
    if node is None or row is None:
        return ()
    horizon = row.time or 0.0
    text = _(
        "By {time} the event had occurred in {estimate}% of the patients ({ci}, {interval}%), a competing event "
        "without it in: {others}."
    )
    out = fill(
        text,
        time=context.time_point(horizon, endpoint.unit),
        estimate=context.number(node, row, "estimate", share(1)),
        ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        interval=context.interval(node, row, share(1)),
        others=join([_other(context, node, endpoint, cause, horizon) for cause in endpoint.causes]),
    )
    at = net.find(time=horizon) if net is not None else None
    if net is None or at is None or at.get("estimate").value is None:
        return out
    text = _(
        " The Kaplan–Meier estimate of {survival}% event-free describes a world without competing events; 100% "
        "less this number is not a risk."
    )
    return (*out, *fill(text, survival=context.number(net, at, "estimate", share(1))))


def last_incidence(node: AnalysisNode | None, endpoint: EndpointInfo) -> Row | None:
    """Return the row of the latest horizon at which the incidence of the event could be estimated."""
    horizons = sorted(endpoint.horizons, reverse=True) if node is not None else []
    rows = [node.find(term=endpoint.name, time=horizon) for horizon in horizons] if node is not None else []
    return next((row for row in rows if row is not None and row.get("estimate").value is not None), None)


def _other(context: Context, node: AnalysisNode, endpoint: EndpointInfo, cause: str, horizon: float) -> Inline:
    row = node.find(term=cause, time=horizon)
    name = words(cause_label(endpoint, cause))
    if row is None:
        return (name,)
    text = context.gettext("{cause} {estimate}%")
    return fill(text, cause=name, estimate=context.spelt(node, row, "estimate", share(1)))


def _header(context: Context, cohort: str, endpoint: EndpointInfo, variable: str, cause: str, span: int) -> TableRow:
    _ = context.gettext
    label: Inline = (words(cause_label(endpoint, cause)),)
    if variable:
        label = fill(_("{cause} by {group}"), cause=label, group=words(context.column(variable).label))
    test = context.node("gray_test", cohort, endpoint.name, variable) if variable else None
    row = test.find(group=variable, term=cause) if test is not None else None
    if test is not None and row is not None and row.get("statistic").value is not None:
        label = fill(
            _("{cause} (Gray’s test χ² = {statistic}, {df} df, {p})"),
            cause=label,
            statistic=context.number(test, row, "statistic", decimals(1)),
            df=context.number(test, row, "df", count),
            p=context.p_statement(test, row),
        )
    return TableRow((Cell(label, span=span),), "header")


def _rows(context: Context, node: AnalysisNode, cause: str, horizons: Sequence[float], *, lead: bool) -> list[TableRow]:
    _ = context.gettext
    variable, rows = node.variable, []
    for row in node.rows:
        if row.term != cause or row.time is not None:
            continue
        cells = [cell(level_words(row.level) if variable else words(_("All patients")))]
        if lead:
            n, events = (context.number(node, row, stat, count) for stat in ("n", "n_event"))
            cells.append(cell(n, Run("/"), events, align="center"))
        for horizon in horizons:
            at = node.find(group=variable, level=row.level, term=cause, time=horizon)
            runs = context.with_interval(node, at, "estimate", share(1)) if at is not None else ()
            cells.append(Cell(runs, "center") if runs else absent_cell())
        rows.append(TableRow(tuple(cells), "level"))
    return rows


def incidence_tables(
    context: Context, cohort: str, endpoint: EndpointInfo, variables: Sequence[str], name: str
) -> tuple[Block, ...]:
    """Return the incidence of every cause at the horizons, for all patients and by each variable."""
    _ = context.gettext
    nodes = [n for v in variables if (n := context.node("cumulative_incidence", cohort, endpoint.name, v)) is not None]
    if not nodes:
        return ()
    horizons = endpoint.horizons
    chunks = [horizons[i : i + _MOST_HORIZONS] for i in range(0, len(horizons), _MOST_HORIZONS)] or [()]
    level = context.level_of_confidence(getattr(nodes[0].options, "conf_level", 0.95)).text
    text = _("{endpoint}: cumulative incidence with competing events ({cohort}).")
    caption = fill(text, endpoint=words(endpoint.label), cohort=words(context.cohort_label(cohort).lower()))
    out: list[Block] = []
    for i, chunk in enumerate(chunks):
        lead = i == 0
        titles = [(_("Group"), "left"), *([(_("No./events"), "center")] if lead else [])]
        times = [context.time_point(horizon, endpoint.unit).text for horizon in chunk]
        titles += [(_("% by {time} ({ci})").format(time=time, ci=level), "center") for time in times]
        rows: list[TableRow] = []
        for node in nodes:
            for cause in _causes(endpoint):
                rows.append(_header(context, cohort, endpoint, node.variable, cause, len(titles)))
                rows += _rows(context, node, cause, chunk, lead=lead)
        notes = (note(_("Aalen–Johansen estimates: who had one event can no longer have another.")),)
        out.append(Table(name if lead else f"{name}_{i + 1}", caption, heads(*titles), tuple(rows), notes=notes))
    return tuple(out)


def _models(context: Context, endpoint: EndpointInfo) -> list[tuple[str, AnalysisNode, str]]:
    """Return heading, node and level of each model: event, competing causes, Fine–Gray."""
    _ = context.gettext
    found: list[tuple[str, AnalysisNode | None, str]] = [
        (_("{cause}: hazard ratio"), context.node("cox_multivariable", "development", endpoint.name), "")
    ]
    for cause in endpoint.causes:
        node = context.node("cox_cause_specific", "development", endpoint.name, cause)
        found.append((_("{cause}: hazard ratio"), node, cause))
    fine_gray = context.node("fine_gray", "development", endpoint.name)
    found.append((_("{cause}: subdistribution hazard ratio"), fine_gray, ""))
    return [
        (text.format(cause=cause_label(endpoint, level or endpoint.name)), node, level)
        for text, node, level in found
        if node is not None
    ]


def _model_cells(context: Context, node: AnalysisNode, level: str, term: str) -> tuple[Cell, Cell]:
    row = node.find(group="cause" if level else "", level=level, term=term)
    if row is None:
        return absent_cell(), absent_cell("right")
    value = row.get("p_value").value
    strong = value is not None and value < _SIGNIFICANT
    p = cell(context.number(node, row, "p_value", p_value), align="right", strong=strong)
    return Cell(context.hazard_ratio(node, row), "center"), p


def _has_ratio(row: Row) -> bool:
    return any(found.stat == "hazard_ratio" for found in row.stats)


def models_table(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return hazard ratios of every cause and of the subdistribution, with the same covariates side by side."""
    _ = context.gettext
    models = _models(context, endpoint)
    if not any(node.analysis != "cox_multivariable" for _heading, node, _level in models):
        return ()
    level = context.level_of_confidence(getattr(models[0][1].options, "conf_level", 0.95)).text
    titles = [(_("Covariate"), "left")]
    for heading, _node, _level in models:
        titles += [(f"{heading} ({level})", "center"), ("P", "right")]
    terms = dict.fromkeys(row.term for _heading, node, _level in models for row in node.rows if _has_ratio(row))
    rows = []
    for term in terms:
        cells = [cell(words(context.term_label(term)))]
        for _heading, node, name in models:
            cells += _model_cells(context, node, name, term)
        rows.append(TableRow(tuple(cells)))
    caption = fill(
        _("{endpoint}: cause-specific and Fine–Gray models, all covariates together."), endpoint=words(endpoint.label)
    )
    text = _(
        "A cause-specific hazard ratio compares rates among those still free of every event; a subdistribution hazard "
        "ratio orders the cumulative incidence itself and depends on the rates of the competing events too."
    )
    return (Table(f"competing_models_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=(note(text),)),)


def _figures(context: Context, cohort: str, endpoint: EndpointInfo, variables: Sequence[str]) -> list[Block]:
    out: list[Block] = []
    for variable in variables:
        node = context.node("cumulative_incidence_curve", cohort, endpoint.name, variable)
        if node is None or not node.curves:
            continue
        curves = [curve for curve in node.curves if not variable or curve.term == endpoint.name]
        if len(curves) <= MAX_GROUPS:
            out.append(incidence_figure(context, node, endpoint, curves))
    return out


def competing_risks_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return cumulative incidence and models of an endpoint with competing events; None for any other."""
    if not endpoint.causes:
        return None
    variables = ("", *context.groups("development", endpoint))
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    lead = incidence_lead(context, endpoint)
    if lead:
        blocks.append(Paragraph(lead, "lead"))
    blocks += _figures(context, "development", endpoint, variables)
    blocks += incidence_tables(context, "development", endpoint, variables, f"cumulative_incidence_{endpoint.name}")
    blocks += models_table(context, endpoint)
    if context.has_cohort("validation"):
        blocks += context.failures((*ANALYSES, "competing_validation"), "validation", endpoint.name)
        blocks += validation_blocks(context, endpoint)
        name = f"cumulative_incidence_{endpoint.name}_validation"
        blocks += incidence_tables(context, "validation", endpoint, ("",), name)
    return Section(anchor, heading, tuple(blocks), new_page=True) if blocks else None
