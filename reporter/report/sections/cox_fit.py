"""How well the multivariable model fits: its tests, its concordance."""

from __future__ import annotations

from reporter.report.document import Inline, Run, Table, TableRow
from reporter.report.format import count, decimals, p_value
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads
from reporter.report.sections.uno import uno_sentence
from reporter.results.tree import EndpointInfo


def fit_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the three tests of the multivariable model."""
    _ = context.gettext
    node = context.node("cox_model", "development", endpoint.name)
    if node is None:
        return None
    row = node.rows[0]
    rows = []
    for name, label in (("lr", _("Likelihood ratio")), ("wald", _("Wald")), ("score", _("Score"))):
        rows.append(
            TableRow(
                (
                    cell(words(label)),
                    cell(context.number(node, row, f"{name}_statistic", decimals(1)), align="right"),
                    cell(context.number(node, row, f"{name}_df", count), align="right"),
                    cell(context.number(node, row, f"{name}_p_value", p_value), align="right"),
                )
            )
        )
    caption = fill(
        _("{endpoint}: tests of the multivariable model against no covariates."), endpoint=words(endpoint.label)
    )
    head = heads((_("Test"), "left"), ("χ²", "right"), (_("df"), "right"), ("P", "right"))
    return Table(f"cox_tests_{endpoint.name}", caption, head, tuple(rows), widths=(3.0, 1.0, 1.0, 1.0))


def fit_sentence(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return events per coefficient, AIC and Harrell's C."""
    _ = context.gettext
    node = context.node("cox_model", "development", endpoint.name)
    out: Inline = ()
    if node is not None:
        row = node.rows[0]
        out = fill(
            _("The multivariable model has {events} events per coefficient, an AIC of {aic} and a BIC of {bic}."),
            events=context.spelt(node, row, "events_per_variable", decimals(1)),
            aic=context.spelt(node, row, "aic", decimals(1)),
            bic=context.spelt(node, row, "bic", decimals(1)),
        )
    found = concordance_sentence(context, endpoint)
    return (*out, Run(" "), *found) if out and found else out or found


def concordance_sentence(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return Harrell's C of the development cohort, over the whole follow-up and up to the last horizon."""
    _ = context.gettext
    node = context.node("concordance", "development", endpoint.name)
    if node is None:
        return ()
    out: list[Run] = []
    for row in node.rows:
        text = _(
            " Harrell’s C over the follow-up, to the last event at {tau} {unit}, is {c} ({ci}, {interval}; SE, {se})."
        )
        if endpoint.causes:
            text = _(
                " Wolbers’ C (competing events never have the event of interest), to the last event at {tau} {unit}, "
                "is {c} ({ci}, {interval}; SE, {se})."
            )
        if row.time is not None:
            text = _(" Up to {time} it is {c} ({ci}, {interval}; SE, {se}).")
        out += fill(
            text,
            time=context.time_point(row.time or 0.0, endpoint.unit),
            tau=context.spelt(node, row, "tau", decimals(1)),
            unit=words(context.unit(endpoint.unit)),
            c=context.spelt(node, row, "estimate", decimals(3)),
            ci=context.level_of_confidence(getattr(node.options, "conf_level", 0.95)),
            interval=context.interval(node, row, decimals(3)),
            se=context.number(node, row, "std_error", decimals(4)),
        )
    out[0] = Run(out[0].text.lstrip(), is_label=out[0].is_label)
    closing = _(" Both are apparent: measured on the patients the model was fitted to.")
    if len(node.rows) == 1:
        closing = _(" It is apparent: measured on the patients the model was fitted to.")
    return (*out, words(closing), *uno_sentence(context, node, endpoint))
