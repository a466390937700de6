"""Patients: flow, follow-up, characteristics, findings of intake."""

from __future__ import annotations

from reporter.report.document import Block, Inline, Paragraph, Run, Section, Table
from reporter.report.format import count, decimals
from reporter.report.sections.context import Context, share
from reporter.report.sections.drift import drift_blocks
from reporter.report.sections.findings import finding_blocks
from reporter.report.sections.flow import flow_figure
from reporter.report.sections.inline import fill, words
from reporter.report.sections.missing import ANALYSES as MISSING_ANALYSES
from reporter.report.sections.missing import missing_blocks
from reporter.report.sections.table_one import (
    MAX_LEVELS,
    Place,
    characteristics_table,
    level_places,
    variables_of,
)
from reporter.results.tree import EndpointInfo


def follow_up_sentence(context: Context, cohort: str, endpoint: EndpointInfo) -> Inline:
    """Return events and follow-up of one cohort as a sentence; nothing when the analysis is not there."""
    _ = context.gettext
    node = context.node("follow_up", cohort, endpoint.name)
    if node is None:
        return ()
    row = node.rows[0]
    level = getattr(node.options, "conf_level", 0.95)
    parts: dict[str, Run | Inline] = {
        "cohort": words(context.cohort_label(cohort)),
        "n": context.number(node, row, "n", count),
        "events": context.number(node, row, "n_event", count),
        "median": context.spelt(node, row, "median", decimals(1)),
        "unit": words(context.unit(endpoint.unit)),
        "ci": context.level_of_confidence(level),
        "interval": context.interval(node, row, decimals(1)),
        "person_time": context.number(node, row, "person_time", count),
    }
    text = _(
        "{cohort}: {n} patients, {events} of them with an event, during {person_time} patient-{unit}; "
        "median follow-up {median} {unit} ({ci}, {interval}; reverse Kaplan–Meier)."
    )
    if row.get("median").value is None:
        text = _(
            "{cohort}: {n} patients, {events} of them with an event, during {person_time} patient-{unit}; "
            "median follow-up (reverse Kaplan–Meier) {median}."
        )
    return fill(text, **parts)


def _gap_sentence(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    _ = context.gettext
    if not endpoint.n_gap:
        return ()
    rule = {
        "event": _("it is counted, at its own time"),
        "censor": _("it is not counted; the follow-up ends where the shorter one ended"),
    }.get(endpoint.gap_rule, endpoint.gap_rule)
    text = context.ngettext(
        "In {n} patient one component of {endpoint} was seen after the follow-up for another had ended: {rule}.",
        "In {n} patients one component of {endpoint} was seen after the follow-up for another had ended: {rule}.",
        endpoint.n_gap,
    )
    label = words(endpoint.label[:1].lower() + endpoint.label[1:])
    n = Run(count(endpoint.n_gap), is_label=True)
    said = fill(text, n=n, endpoint=label, rule=words(rule))
    return (Paragraph((*said, *_other_rule(context, endpoint))),)


def _other_rule(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return events and survival at the last horizon under the rule for gaps that the study did not choose."""
    _ = context.gettext
    node = context.node("gap_sensitivity", "development", endpoint.name)
    if node is None or not node.rows:
        return ()
    first, last = node.rows[0], node.rows[-1]
    parts: dict[str, Run | Inline] = {"events": context.number(node, first, "n_event", count)}
    if last.time is None:
        return fill(_(" With the other rule there would be {events} events."), **parts)
    parts |= {
        "endpoint": words(endpoint.label[:1].lower() + endpoint.label[1:]),
        "time": context.time_point(last.time, endpoint.unit),
        "estimate": context.spelt(node, last, "estimate", share(1)),
        "ci": context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
        "interval": context.interval(node, last, share(1)),
    }
    text = _(
        " With the other rule there would be {events} events, and {endpoint} at {time} would be {estimate}% "
        "({ci}, {interval})."
    )
    return fill(text, **parts)


def _fits_table_one(context: Context, group: str) -> bool:
    return len(context.column(group).levels) <= MAX_LEVELS - context.has_cohort("validation")


def _overall_places(context: Context, endpoint: EndpointInfo, group: str) -> tuple[Place, ...]:
    _ = context.gettext
    places: list[Place] = []
    development = context.node("baseline", "development", endpoint.name)
    validation = context.node("baseline", "validation", endpoint.name)
    both = validation is not None
    first = context.cohort_label("development") if both else ""
    if development is not None:
        places.append(Place(development, "", words(_("All")), first))
    grouped = context.node("baseline", "development", endpoint.name, group) if group else None
    if grouped is not None and _fits_table_one(context, group):
        places += level_places(context, grouped, first)
    if validation is not None:
        places.append(Place(validation, "", words(_("All")), context.cohort_label("validation")))
    return tuple(places)


def first_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return Table 1: all patients, the levels of the first group, and the validation cohort."""
    _ = context.gettext
    groups = context.groups("development", endpoint)
    group = groups[0] if groups else ""
    places = _overall_places(context, endpoint, group)
    if not places:
        return None
    caption = fill(_("Characteristics of the patients."))
    if any(place.level for place in places):
        label = words(context.column(group).label)
        caption = fill(_("Characteristics of the patients, overall and by: {group}."), group=label)
    return characteristics_table(context, "characteristics", caption, places, variables_of(places[0].node))


def group_tables(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return the characteristics by the groups that are not in Table 1."""
    _ = context.gettext
    out: list[Block] = []
    groups = context.groups("development", endpoint)
    for group in groups[1:] if groups and _fits_table_one(context, groups[0]) else groups:
        node = context.node("baseline", "development", endpoint.name, group)
        if node is None:
            continue
        label = words(context.column(group).label)
        if len(context.column(group).levels) > MAX_LEVELS:
            text = _("{group} has more levels than a table can show; its characteristics are in stats.csv.")
            out.append(Paragraph(fill(text, group=label), "note"))
            continue
        caption = fill(_("Characteristics by: {group} (development cohort)."), group=label)
        places = level_places(context, node)
        out.append(characteristics_table(context, f"characteristics_{group}", caption, places, variables_of(node)))
    return tuple(out)


def patients_section(context: Context) -> Section:
    """Return the section of patients; its numbers are those of the first endpoint."""
    _ = context.gettext
    endpoint = context.results.endpoints[0]
    blocks: list[Block] = []
    for info in context.results.cohorts:
        blocks += context.failures(("baseline", "follow_up", *MISSING_ANALYSES), info.name, endpoint.name)
        sentence = follow_up_sentence(context, info.name, endpoint)
        if sentence:
            blocks.append(Paragraph(sentence))
    blocks += _gap_sentence(context, endpoint)
    blocks += finding_blocks(context)
    blocks.append(flow_figure(context, endpoint))
    table = first_table(context, endpoint)
    if table is not None:
        blocks.append(table)
    blocks += missing_blocks(context, endpoint)
    blocks += drift_blocks(context, endpoint)
    return Section("patients", _("Patients and follow-up"), tuple(blocks), new_page=True)
