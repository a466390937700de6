"""Methods text of what a model has beside its covariates: splines and interactions."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import CoxOptions, ModelOptions


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


def _part_texts(context: Context, options: ModelOptions) -> list[str]:
    _ = context.gettext

    def labels(*names: str) -> str:
        return ", ".join(context.column(name).label for name in names)

    out = []
    if options.strata:
        text = _("the baseline hazard is that of each stratum of {names}, the hazard ratios are common to all strata")
        out.append(text.format(names=labels(*options.strata)))
    if options.cluster:
        text = _(
            "standard errors, intervals and tests are robust, from residuals summed within {name}; those of the "
            "likelihood stand beside them in the tables of numbers, and nothing that compares likelihoods is given"
        )
        out.append(text.format(name=labels(options.cluster)))
    if options.weights:
        text = _("patients count by their case weights ({name}), in the models alone")
        out.append(text.format(name=labels(options.weights)))
    if options.offset:
        text = _("{name} is part of the linear predictor with the coefficient 1")
        out.append(text.format(name=labels(options.offset)))
    if options.ties == "exact":
        out.append(_("the likelihood of tied times is the discrete conditional one, as R calls exact"))
    return out


def parts_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say what strata, clusters, case weights, an offset and exact ties mean for the models."""
    _ = context.gettext
    options = _options(context)
    parts = _part_texts(context, options) if options else []
    if options is None or not parts:
        return None
    text = _("In all Cox models, {parts}.{cite}")
    cite = citations.cite("lin_wei") if options.cluster else words("")
    return MethodNote(_("Parts of the models"), fill(text, parts=words("; ".join(parts)), cite=cite))


def term_test_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how whole covariates are tested."""
    _ = context.gettext
    if not context.results.nodes("cox_term_test"):
        return None
    text = _(
        "Whole covariates are tested by the likelihood ratio of the model without them and by Wald’s statistic{cite}; "
        "no covariate is taken out from under an interaction that it is part of."
    )
    return MethodNote(_("Tests of covariates"), fill(text, cite=citations.cite("splines")))
