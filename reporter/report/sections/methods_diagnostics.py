"""Methods text of the diagnostics: Uno's concordance, time split, influence, functional form."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import (
    ConcordanceOptions,
    FunctionalFormOptions,
    InfluenceOptions,
    StratifiedOptions,
    TimeSplitOptions,
    ValidationOptions,
)


def uno_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how Uno's C weights pairs, and when it is not given."""
    _ = context.gettext
    found = (node.options for node in context.results.analyses)
    options = next((o for o in found if isinstance(o, ConcordanceOptions | ValidationOptions)), None)
    if options is None:
        return None
    text = _(
        "Uno’s C{cite} weights each pair by 1/G(t−)² at the shorter time t, up to the last horizon. G is the reverse "
        "Kaplan–Meier estimate, in which deaths precede censorings; censoring is taken to be independent of the "
        "covariates, and G as known in the standard error (infinitesimal jackknife). It is given where {n} patients "
        "are at risk and G is at least {least}."
    )
    runs = fill(
        text,
        cite=citations.cite("uno"),
        n=words(str(options.uno_min_at_risk)),
        least=words(plain_number(options.uno_min_uncensored)),
    )
    return MethodNote(_("Discrimination weighted against censoring"), runs)


def time_split_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say what stands beside the prespecified model where hazards are not proportional."""
    _ = context.gettext
    nodes = context.results.analyses
    if not any(isinstance(node.options, TimeSplitOptions) and not node.failed for node in nodes):
        return None
    text = _(
        "Where a covariate fails the test of proportional hazards at the 5% level, alternatives stand beside the "
        "prespecified model{cite}. Split time: the model is fitted to follow-up up to the lower median event time, and "
        "to follow-up after it, so that every coefficient has a value a period; a Wald test compares the two."
    )
    runs = fill(text, cite=citations.cite("therneau"))
    if any(isinstance(node.options, StratifiedOptions) and not node.failed for node in nodes):
        more = _(
            " Stratification: the model is fitted with a baseline hazard for each level of a failing covariate, which "
            "then has no hazard ratio."
        )
        runs = (*runs, *fill(more))
    return MethodNote(_("Where hazards are not proportional"), runs)


def diagnostics_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how influence and functional form are examined."""
    _ = context.gettext
    options = [node.options for node in context.results.analyses]
    influence = next((o for o in options if isinstance(o, InfluenceOptions)), None)
    if influence is None or not any(isinstance(o, FunctionalFormOptions) for o in options):
        return None
    text = _(
        "Influence is measured by the dfbetas of the score residuals{cite}, cut-off 2/√n; the model is fitted again "
        "without the {counts} most influential patients. The functional form of a numeric covariate is read from the "
        "martingale residuals of the model without it{form}, smoothed by a natural cubic spline of 4 degrees of "
        "freedom with inner knots at the thirds of its distinct values."
    )
    runs = fill(
        text,
        cite=citations.cite("therneau"),
        counts=words(", ".join(str(k) for k in influence.left_out)),
        form=citations.cite("martingale"),
    )
    return MethodNote(_("Diagnostics of the model"), runs)
