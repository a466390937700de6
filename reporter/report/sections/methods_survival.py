"""The methods of what a study asks for beside the curve and the log-rank test, and of late entry."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.report.sections.survival_estimates import LATE_ENTRY
from reporter.report.sections.survival_tests import adjustment_name, rank_test_name
from reporter.results.tree import AnalysisNode
from reporter.spec.options import (
    ConditionalOptions,
    DifferenceOptions,
    ModelOptions,
    PairwiseOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
)


def _nodes(context: Context, analysis: str) -> list[AnalysisNode]:
    return [node for node in context.results.analyses if node.analysis == analysis]


def _level(conf_level: float) -> str:
    return f"{plain_number(round(100 * conf_level, 6))}%"


def late_entry_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how patients who come under observation late are counted."""
    _ = context.gettext
    nodes = _nodes(context, "kaplan_meier")
    if not any(found.stat == LATE_ENTRY for node in nodes for row in node.rows for found in row.stats):
        return None
    text = _(
        "Patients count from their entry on (left truncation){cite}: at risk at t are those with entry < t ≤ T, and "
        "the number at risk under a figure is that at the next time of an event or censoring. The log-rank test is the "
        "score test of a Cox model on these risk sets. Median follow-up is not given: the reverse Kaplan–Meier "
        "estimate has no meaning with entry times."
    )
    return MethodNote(_("Late entry"), fill(text, cite=citations.cite("klein_moeschberger")))


def unweighted_note(context: Context, _citations: Citations) -> MethodNote | None:
    """Say that case weights and clusters belong to the models alone."""
    _ = context.gettext
    models = [node.options for node in context.results.analyses if isinstance(node.options, ModelOptions)]
    if not any(options.weights or options.cluster for options in models):
        return None
    text = _(
        "Case weights and clusters belong to the Cox models: Kaplan–Meier estimates, what is derived from them, and "
        "the tests of equal survival count every patient once and as independent of the others."
    )
    return MethodNote(_("Weights and clusters"), fill(text))


def rmst_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say what the restricted mean is."""
    _ = context.gettext
    options = next((n.options for n in _nodes(context, "rmst") if isinstance(n.options, RmstOptions)), None)
    if options is None:
        return None
    text = _(
        "Restricted mean survival{cite} is the area under the Kaplan–Meier curve to the time stated, its variance "
        "Greenwood’s; differences from the first level have limits estimate ± z SE ({level}) and a Wald test. A group "
        "whose curve ends above 0 before that time has none."
    )
    runs = fill(text, cite=citations.cite("royston_parmar"), level=words(_level(options.conf_level)))
    return MethodNote(_("Restricted mean survival"), runs)


def conditional_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say what conditional survival is."""
    _ = context.gettext
    nodes = _nodes(context, "conditional_survival")
    options = next((n.options for n in nodes if isinstance(n.options, ConditionalOptions)), None)
    if options is None:
        return None
    text = _(
        "Conditional survival{cite}, P(T > t | T > s), is the Kaplan–Meier estimate of the patients with T > s; its "
        "{level} limits ({type} transformation) are those of that estimate, not a ratio of limits."
    )
    runs = fill(
        text,
        cite=citations.cite("hieke"),
        level=words(_level(options.conf_level)),
        type=words(options.conf_type),
    )
    return MethodNote(_("Conditional survival"), runs)


def _weighted(context: Context, tests: list[RankTest], citations: Citations) -> MethodNote:
    _ = context.gettext
    text = _(
        "Further tests sum w (O − E) over the event times with the hypergeometric variance{cite}: {tests}; n is the "
        "number at risk, d the events, S the Kaplan–Meier estimate of all groups. Strata are summed over. A trend has "
        "the scores 0, 1, 2, … of the levels in their order and is tested in ordinal groups alone. No test is adjusted "
        "for the number of tests."
    )
    names = "; ".join(dict.fromkeys(rank_test_name(context, test) for test in tests))
    runs = fill(text, cite=citations.cite("klein_moeschberger", "fleming"), tests=words(names))
    return MethodNote(_("Further tests of equal survival"), runs)


def rank_test_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the tests by their weights."""
    nodes = _nodes(context, "rank_test")
    tests = [test for node in nodes if isinstance(node.options, RankTestOptions) for test in node.options.tests]
    return _weighted(context, tests, citations) if tests else None


def pairwise_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the adjustment of pairwise P values."""
    _ = context.gettext
    nodes = _nodes(context, "pairwise_log_rank")
    options = next((n.options for n in nodes if isinstance(n.options, PairwiseOptions)), None)
    if options is None:
        return None
    work = {"holm": ("holm",), "bh": ("benjamini",)}.get(options.adjust, ())
    text = _(
        "Every two levels of a group with more than two are compared by the log-rank test on the patients of these "
        "levels; P values are adjusted within the group by the method of {method}{cite}."
    )
    runs = fill(
        text,
        method=words(adjustment_name(context, options.adjust)),
        cite=citations.cite(*work) if work else words(""),
    )
    return MethodNote(_("Pairwise comparisons"), runs)


def difference_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how survival at a time is compared."""
    _ = context.gettext
    nodes = _nodes(context, "survival_difference")
    options = next((n.options for n in nodes if isinstance(n.options, DifferenceOptions)), None)
    if options is None:
        return None
    text = _(
        "Survival at a horizon is compared with that of the first level: the difference with {level} limits estimate ± "
        "z SE from Greenwood’s variances, and a test on the scale log(−log S){cite}; equality of all levels likewise."
    )
    runs = fill(text, level=words(_level(options.conf_level)), cite=citations.cite("klein_logan"))
    return MethodNote(_("Survival at the horizons"), runs)


SURVIVAL_NOTES = (
    late_entry_note, unweighted_note, rmst_note, conditional_note, difference_note, rank_test_note, pairwise_note,
)  # fmt: skip
