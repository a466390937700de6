"""The methods text on competing risks."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.competing_figure import cause_label
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.report.sections.survival_estimates import LATE_ENTRY
from reporter.results.tree import AnalysisNode
from reporter.spec.options import (
    CompetingValidationOptions,
    CumulativeIncidenceOptions,
    FineGrayOptions,
    GrayTestOptions,
)


def _first(context: Context, kind: type) -> AnalysisNode | None:
    """Return the first node of a kind of options that gave something."""
    return next((n for n in context.results.analyses if isinstance(n.options, kind) and not n.failed), None)


def _late_entry(context: Context) -> bool:
    """Return whether a cohort has patients who come under observation late."""
    nodes = (node for node in context.results.analyses if node.analysis == "kaplan_meier")
    return any(found.stat == LATE_ENTRY for node in nodes for row in node.rows for found in row.stats)


def competing_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how cumulative incidence, its interval, Gray's test and the models are found, and what is net."""
    _ = context.gettext
    node = _first(context, CumulativeIncidenceOptions)
    if node is None or not isinstance(node.options, CumulativeIncidenceOptions):
        return None
    options = node.options
    labels = [
        f"{endpoint.label}: {', '.join(cause_label(endpoint, cause) for cause in endpoint.causes)}"
        for endpoint in context.results.endpoints
        if endpoint.causes
    ]
    text = _(
        "Competing events ({causes}). The first event ends the time at risk; of two on the same day the event of "
        "interest counts. Cumulative incidence is the Aalen–Johansen estimate{cite} with infinitesimal-jackknife "
        "standard errors; its {level} intervals are on the {type} scale of the incidence itself. Kaplan–Meier "
        "estimates, medians and restricted means of such an endpoint censor competing events: they are net "
        "(hypothetical) and 1 minus them is never given as a risk. The concordance ranks patients by the linear "
        "predictor of the cause-specific model; who had a competing event counts as never having the event of "
        "interest{wolbers}. In the follow-up estimate, competing events are events, not censorings. "
        "Cause-specific hazard ratios are those of Cox models that censor all other events."
    )
    runs = fill(
        text,
        causes=words("; ".join(labels)),
        cite=citations.cite("aalen"),
        level=words(f"{plain_number(round(100 * options.conf_level, 6))}%"),
        type=words(options.conf_type),
        wolbers=citations.cite("wolbers"),
    )
    if _first(context, GrayTestOptions) is not None:
        runs += fill(_(" Groups are compared by Gray’s test{cite} (rho 0)."), cite=citations.cite("gray"))
    model = _first(context, FineGrayOptions)
    if model is not None and isinstance(model.options, FineGrayOptions):
        text = _(
            " The Fine–Gray model{cite} weights those with a competing event by the Kaplan–Meier estimate of being "
            "uncensored; ties by the {ties} method, robust standard errors with each patient a cluster."
        )
        runs += fill(text, cite=citations.cite("fine_gray"), ties=words(model.options.ties.capitalize()))
        if _late_entry(context):
            text = _(
                " As some patients come under observation late, the weights also hold the product-limit estimate of "
                "having come under observation{cite}."
            )
            runs += fill(text, cite=citations.cite("geskus"))
    if _first(context, CompetingValidationOptions) is not None:
        text = _(
            " In the validation cohort the absolute risk comes from the frozen cause-specific Cox models of all causes "
            "together{cite}; it is compared with the Aalen–Johansen estimate, limits by the delta method on the log "
            "scale."
        )
        runs += fill(text, cite=citations.cite("benichou"))
    return MethodNote(_("Competing risks"), runs)
