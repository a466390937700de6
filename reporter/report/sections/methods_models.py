"""Methods text of what a model has beside its covariates: splines and interactions."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import CoxOptions


def _options(context: Context) -> CoxOptions | None:
    found = [
        node.options
        for name in ("cox_multivariable", "cox_univariable")
        for node in context.results.analyses
        if node.analysis == name
    ]
    return next((options for options in found if isinstance(options, CoxOptions)), None)


def spline_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the knots of each restricted cubic spline."""
    _ = context.gettext
    options = _options(context)
    terms = [term for term in options.terms if term.spline] if options else []
    if not terms:
        return None
    said = "; ".join(
        _("{label} (knots {knots})").format(
            label=context.column(term.column).label, knots=", ".join(plain_number(knot) for knot in term.spline)
        )
        for term in terms
    )
    text = _(
        "Restricted cubic splines{cite}, linear beyond the outer knots, scaled by the square of the distance between "
        "them: {terms}. The first column is the covariate itself; a test of the others is a test of non-linearity."
    )
    runs = fill(text, cite=citations.cite("splines"), terms=words(said))
    return MethodNote(_("Splines"), runs)


def interaction_note(context: Context, citations: Citations) -> MethodNote | None:  # noqa: ARG001 as all notes
    """Name the interactions."""
    _ = context.gettext
    options = _options(context)
    if options is None or not options.interactions:
        return None
    said = "; ".join(" × ".join(context.column(name).label for name in pair) for pair in options.interactions)
    text = _(
        "The multivariable model has, beside the covariates themselves, the products of their columns for: {pairs}."
    )
    return MethodNote(_("Interactions"), fill(text, pairs=words(said)))
