"""Limits that the data and the design force."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.report.document import Bullets, Inline, Section
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.landmark import features_with_late_treatment
from reporter.report.sections.methods import options_of
from reporter.results.tree import EndpointInfo
from reporter.spec.options import CoxOptions

_FEW_AT_RISK = 20
_SIGNIFICANT = 0.05


def _design(context: Context) -> Iterator[Inline]:
    _ = context.gettext
    has_model = options_of(context, CoxOptions) is not None
    if not context.results.verification.ran:
        yield fill(_("The numbers of this report were not checked against R."))
    yield fill(
        _(
            "The cohorts are observational: differences between groups are associations, and groups differ in other "
            "ways too."
        )
    )
    if has_model:
        yield fill(_("P values are not adjusted for the number of tests; single small ones are expected by chance."))
    if has_model and not context.has_cohort("validation"):
        yield fill(_("There is no validation cohort: how well the model predicts other patients is unknown."))
    features = features_with_late_treatment(context)
    if features:
        text = _(
            "{names} began after time zero and is a feature of the phenotypes: whoever got it lived until then, so "
            "that survival by phenotype is biased."
        )
        yield fill(text, names=words(", ".join(features)))
    if any(endpoint.n_gap for endpoint in context.results.endpoints):
        yield fill(
            _(
                "For some patients a component of the endpoint was seen after the follow-up for another had ended; "
                "the other rule gives other numbers."
            )
        )


def _broken_terms(context: Context, endpoint: EndpointInfo) -> str:
    node = context.node("ph_test", "development", endpoint.name)
    names = []
    for row in node.rows if node is not None else ():
        p = row.get("p_value").value
        if row.term != "GLOBAL" and p is not None and p < _SIGNIFICANT:
            names.append(context.column(row.term).label)
    return ", ".join(dict.fromkeys(names))


def _few_at_risk(context: Context, cohort: str, endpoint: EndpointInfo) -> Iterator[Inline]:
    """Yield the first horizon at which hardly anybody is followed any more."""
    _ = context.gettext
    node = context.node("kaplan_meier", cohort, endpoint.name)
    for horizon in endpoint.horizons if node is not None else ():
        row = node.find(time=horizon) if node is not None else None
        if node is None or row is None or (row.get("n_risk").value or 0.0) >= _FEW_AT_RISK:
            continue
        yield fill(
            _("{endpoint}, {cohort}: only {n} patients are followed to {time}; estimates from there on are uncertain."),
            endpoint=words(endpoint.label),
            cohort=words(context.cohort_label(cohort).lower()),
            n=context.number(node, row, "n_risk", count),
            time=context.time_point(horizon, endpoint.unit),
        )
        return


def _of_endpoint(context: Context, endpoint: EndpointInfo) -> Iterator[Inline]:
    _ = context.gettext
    label = words(endpoint.label)
    broken = _broken_terms(context, endpoint)
    if broken:
        text = _("{endpoint}: hazard ratios of {terms} changed during follow-up; the estimates are averages over time.")
        yield fill(text, endpoint=label, terms=words(broken))
    model = context.node("cox_model", "development", endpoint.name)
    if model is not None and model.rows[0].get("n_missing").value:
        text = _(
            "{endpoint}: the multivariable model leaves out {n} patients with a missing covariate; where they differ "
            "from the others, its estimates are biased."
        )
        yield fill(text, endpoint=label, n=context.number(model, model.rows[0], "n_missing", count))
    if endpoint.causes:
        text = _(
            "{endpoint}: Kaplan–Meier estimates leave competing events out (net, hypothetical); risks are the "
            "cumulative incidences. Cause-specific hazard ratios alone do not say how the risk changes."
        )
        yield fill(text, endpoint=label)
    for info in context.results.cohorts:
        yield from _few_at_risk(context, info.name, endpoint)


def limits_section(context: Context) -> Section:
    """Return the limits that the data and the design force."""
    _ = context.gettext
    items = [*_design(context)]
    for endpoint in context.results.endpoints:
        items += _of_endpoint(context, endpoint)
    return Section("limits", _("Limits"), (Bullets(tuple(items)),))
