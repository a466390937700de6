"""Methods text of the diagnostics: Uno's concordance, time split, influence, functional form."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import ConcordanceOptions, ValidationOptions


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
