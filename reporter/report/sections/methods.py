"""The methods text: every option and version, read from the option objects in the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reporter.report.document import Block, MethodNote, References, Run, Section
from reporter.report.format import count, level_text, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.cox_firth import firth_note
from reporter.report.sections.drift import drift_note
from reporter.report.sections.imputation import imputation_note
from reporter.report.sections.inline import fill, join, words
from reporter.report.sections.methods_competing import competing_note
from reporter.report.sections.methods_diagnostics import diagnostics_note, time_split_note, uno_note
from reporter.report.sections.methods_landmark import landmark_note
from reporter.report.sections.methods_mapping import derived_note
from reporter.report.sections.methods_models import interaction_note, parts_note, spline_note, term_test_note
from reporter.report.sections.methods_performance import horizon_performance_note
from reporter.report.sections.methods_prognosis import nomogram_note, optimism_note, sample_size_note
from reporter.report.sections.methods_survival import SURVIVAL_NOTES
from reporter.report.sections.missing import missing_note
from reporter.report.sections.protection import deidentification_note, suppression_note
from reporter.report.sections.references import Citations
from reporter.report.sections.structure import structure_note
from reporter.spec.options import (
    AnalysisOptions,
    ConcordanceOptions,
    CoxOptions,
    FollowUpOptions,
    KaplanMeierOptions,
    LogRankOptions,
    PhenotypeOptions,
    PhTestOptions,
    TermSpec,
    ValidationOptions,
)

_Kind = TypeVar("_Kind", bound=AnalysisOptions)
Note = Callable[[Context, Citations], MethodNote | None]


def options_of(context: Context, kind: type[_Kind], analysis: str = "") -> _Kind | None:
    """Return the first options of a kind in the tree."""
    for node in context.results.analyses:
        if isinstance(node.options, kind) and analysis in ("", node.analysis):
            return node.options
    return None


def _confidence(level: float) -> Run:
    return words(f"{plain_number(round(100 * level, 6))}%")


def data_note(context: Context, _citations: Citations) -> MethodNote:
    """Say where the data come from, how time is counted, what happens to missing values."""
    _ = context.gettext
    sources = join(
        [
            fill(_("{cohort}: {source}"), cohort=words(context.cohort_label(c.name)), source=words(c.source))
            for c in context.results.cohorts
        ],
        "; ",
    )
    text = _(
        "{sources}. Time is converted once: 1 year is 365.25 days, 1 month 365.25/12 days. Times closer than rounding "
        "error (1.49e-8, absolute or relative) are tied. Each model uses the patients with a value of all its "
        "covariates "
        "(complete cases); tables count the missing values."
    )
    return MethodNote(_("Data"), fill(text, sources=sources))


def endpoint_note(context: Context, _citations: Citations) -> MethodNote:
    """Name endpoints, horizons and gap rules."""
    _ = context.gettext
    parts = []
    for endpoint in context.results.endpoints:
        horizons = ", ".join(plain_number(h) for h in endpoint.horizons)
        at = _("; horizons {times} {unit}").format(times=horizons, unit=context.unit(endpoint.unit)) if horizons else ""
        gap = ""
        if endpoint.gap_rule == "event":
            gap = _("; an event seen after another component’s follow-up had ended counts as an event")
        elif endpoint.gap_rule == "censor":
            gap = _("; follow-up ends where a component’s follow-up ends")
        parts.append((words(f"{endpoint.label} ({context.unit(endpoint.unit)}{at}{gap})"),))
    text = _("{endpoints}. Patients without an event are censored at the end of their follow-up.")
    return MethodNote(_("Endpoints"), fill(text, endpoints=join(parts, "; ")))


def follow_up_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the estimate of follow-up."""
    _ = context.gettext
    options = options_of(context, FollowUpOptions)
    if options is None:
        return None
    text = _(
        "Median follow-up is that of the reverse Kaplan–Meier estimate{cite}, in which deaths precede censorings "
        "at the same "
        "time; {level} interval, {type} transformation."
    )
    runs = fill(
        text, cite=citations.cite("schemper"), level=_confidence(options.conf_level), type=words(options.conf_type)
    )
    return MethodNote(_("Follow-up"), runs)


def survival_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how survival, its intervals, medians and the number at risk are found."""
    _ = context.gettext
    options = options_of(context, KaplanMeierOptions)
    if options is None:
        return None
    text = _(
        "Survival is the Kaplan–Meier estimate{cite} with pointwise {level} intervals from Greenwood’s variance "
        "on the {type} "
        "scale. A median is the first time at which the curve falls below one half, or the middle of the plateau "
        "where it "
        "equals one half; its interval is where the limits cross one half. The number at risk at t counts T ≥ t. "
        "Nothing is "
        "estimated past the last follow-up of a group."
    )
    runs = fill(
        text, cite=citations.cite("kaplan_meier"), level=_confidence(options.conf_level), type=words(options.conf_type)
    )
    return MethodNote(_("Survival"), runs)


def log_rank_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the log-rank test and its weights."""
    _ = context.gettext
    options = options_of(context, LogRankOptions)
    if options is None:
        return None
    text = _(
        "Groups are compared by the log-rank test{cite} with the weights S(t−) to the power {rho} (0: all times alike)."
    )
    runs = fill(text, cite=citations.cite("mantel"), rho=words(plain_number(options.rho)))
    return MethodNote(_("Comparison of groups"), runs)


def _term_words(context: Context, term: TermSpec) -> str:
    _ = context.gettext
    label = context.column(term.column).label
    if term.levels:
        return _("{label} (reference {level})").format(label=label, level=level_text(term.levels[0]))
    said = (
        []
        if term.winsorize is None
        else [_("values above {limit} set to it").format(limit=plain_number(term.winsorize))]
    )
    said += [{"log1p": _("log(1 + x)"), "log2": _("log base 2")}.get(term.transform, "")]
    said += [_("per {n}").format(n=plain_number(term.per))] if term.per != 1 else []
    said = [text for text in said if text]
    return f"{label} ({', '.join(said)})" if said else label


def cox_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how covariates enter, how ties are treated, which tests are printed."""
    _ = context.gettext
    options = options_of(context, CoxOptions, "cox_multivariable") or options_of(context, CoxOptions)
    if options is None:
        return None
    tie_work = {"efron": ("efron",), "breslow": ("breslow",)}.get(options.ties, ())
    text = _(
        "Hazard ratios are those of Cox models{cite}, ties by the {ties} method{tie_cite}, fitted by Newton’s "
        "method until the "
        "step is rounding error. Covariates, all entered together in the multivariable model without selection: "
        "{terms}. "
        "Limits are exp(b ± z SE) at {level}; P values are two-sided Wald tests, without adjustment for multiple "
        "testing."
    )
    terms = "; ".join(_term_words(context, term) for term in options.terms)
    runs = fill(
        text,
        cite=citations.cite("cox"),
        ties=words("Efron" if options.ties == "efron" else options.ties.capitalize()),
        tie_cite=citations.cite(*tie_work) if tie_work else words(""),
        terms=words(terms),
        level=_confidence(options.conf_level),
    )
    return MethodNote(_("Cox models"), runs)


def ph_note(context: Context, citations: Citations) -> MethodNote | None:
    """Name the test of proportional hazards and its transform."""
    _ = context.gettext
    options = options_of(context, PhTestOptions)
    if options is None:
        return None
    name = {
        "km": _("km (1 − the Kaplan–Meier estimate just before t)"),
        "rank": _("rank"),
        "identity": _("identity"),
        "log": _("log"),
    }[options.transform]
    text = _(
        "Proportional hazards are examined by the score test on scaled Schoenfeld residuals{cite}, time "
        "transform {transform}, "
        "per covariate and globally. The model was specified beforehand and is not changed by the outcome of this test."
    )
    runs = fill(text, cite=citations.cite("grambsch", "therneau"), transform=words(name))
    return MethodNote(_("Proportional hazards"), runs)


def concordance_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how Harrell's C counts pairs."""
    _ = context.gettext
    options = options_of(context, ConcordanceOptions)
    if options is None:
        return None
    text = _(
        "Discrimination is Harrell’s C{cite}: pairs with equal predictions count one half, pairs of events at "
        "the same time are "
        "left out; standard error by the infinitesimal jackknife, limits estimate ± z SE. C depends on the censoring."
    )
    return MethodNote(_("Discrimination"), fill(text, cite=citations.cite("harrell")))


def validation_note(context: Context, _citations: Citations) -> MethodNote | None:
    """Say how the frozen model is measured on the validation cohort."""
    _ = context.gettext
    options = options_of(context, ValidationOptions)
    if options is None:
        return None
    text = _(
        "The multivariable model with its coefficients and baseline hazard ({ties} ties) is applied unchanged to "
        "the validation "
        "cohort. The calibration slope is the coefficient of the linear predictor in a Cox model of that cohort. "
        "Observed over expected is 1 − Kaplan–Meier over the mean predicted risk, limits by the delta method on the "
        "log scale. Groups of predicted risk at the last horizon are of equal size, at most {groups} and of at least "
        "{least} patients each."
    )
    texts = {"ties": options.ties.capitalize(), "groups": options.max_groups, "least": options.min_group_size}
    return MethodNote(_("Validation"), fill(text, **{key: words(str(value)) for key, value in texts.items()}))


def phenotype_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how the phenotypes are made and recognised."""
    _ = context.gettext
    options = options_of(context, PhenotypeOptions)
    if options is None:
        return None
    text = _(
        "Patients with all features are grouped by Ward’s method{ward} on Euclidean distances of standardised "
        "features; the "
        "number of clusters, among {k}, is the one with the largest mean silhouette{silhouette}. Clusters are "
        "numbered by "
        "restricted mean survival up to {horizon}. A decision tree and a random forest{forest} of {trees} trees "
        "(at least "
        "{leaf} patients a leaf, seed {seed}) learn to recognise them; accuracy is from {folds}-fold "
        "cross-validation in which "
        "each fold is clustered anew. No P values are given for the features. {outcome}"
    )
    outcome = (
        _(
            "The outcome was used in choosing or forming the features, so no test compares the survival of the "
            "phenotypes in the development cohort."
        )
        if options.outcome_used
        else _("According to the study file the features were chosen without the outcome.")
    )
    unit = context.results.endpoints[0].unit
    runs = fill(
        text,
        ward=citations.cite("ward"),
        k=words(", ".join(str(k) for k in options.k)),
        silhouette=citations.cite("rousseeuw"),
        horizon=context.time_point(options.horizon, unit),
        forest=citations.cite("breiman"),
        trees=words(str(options.trees)),
        leaf=words(str(options.min_leaf)),
        seed=words(str(options.seed)),
        folds=words(str(options.folds)),
        outcome=words(outcome),
    )
    return MethodNote(_("Phenotypes"), runs)


def tolerances(context: Context) -> list[tuple[str, int]]:
    """Return the tolerances of the ledger with how many numbers each was asked of."""
    counts: dict[str, int] = {}
    for row in context.results.verification.rows:
        if row.tolerance:
            counts[row.tolerance] = counts.get(row.tolerance, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def check_note(context: Context, citations: Citations) -> MethodNote:
    """Say how the numbers are checked, with the tolerances."""
    _ = context.gettext
    check = context.results.verification
    if not check.ran:
        text = _("Numbers are computed in Python. The check against R did not run: {why}.")
        return MethodNote(_("Check against R"), fill(text, why=words(check.why_not)))
    text = _(
        "Numbers are computed in Python and again, from the same patients and options, in R {r} with survival "
        "{survival}{cite} in "
        "a process of its own; lifelines {lifelines} is a second witness. Demanded nearness, with the numbers it "
        "applies to: "
        "{tolerances}. A number agrees when both values are within it, or absent on both sides."
    )
    said = "; ".join(f"{name} ({count(n)})" for name, n in tolerances(context)) or _("none")
    runs = fill(
        text,
        r=words(check.r_version),
        survival=words(check.survival_version),
        cite=citations.cite("survival"),
        lifelines=words(check.lifelines_version),
        tolerances=words(said),
    )
    return MethodNote(_("Check against R"), runs)


def software_note(context: Context, _citations: Citations) -> MethodNote:
    """Name versions and the seed."""
    _ = context.gettext
    source = context.results.provenance
    packages = ", ".join(f"{name} {version}" for name, version in sorted(source.packages.items()))
    text = _("reporter {reporter}, Python {python}, {packages}; seed {seed}.")
    runs = fill(
        text,
        reporter=words(source.reporter_version),
        python=words(source.python_version),
        packages=words(packages),
        seed=words(str(context.results.study.seed)),
    )
    return MethodNote(_("Software"), runs)


_NOTES: tuple[Note, ...] = (
    data_note, derived_note, deidentification_note, suppression_note, endpoint_note, missing_note, drift_note,
    follow_up_note, survival_note, log_rank_note, *SURVIVAL_NOTES,
    competing_note, cox_note, spline_note, interaction_note,
    parts_note, term_test_note, firth_note, imputation_note, ph_note, time_split_note, landmark_note, diagnostics_note,
    concordance_note, uno_note, sample_size_note, optimism_note, nomogram_note,
    validation_note, horizon_performance_note, phenotype_note, structure_note, check_note, software_note,
)  # fmt: skip


def methods_section(context: Context) -> tuple[Section, References]:
    """Return the methods and the references they cite."""
    _ = context.gettext
    citations = Citations(context.results.verification.survival_version)
    notes: list[Block] = [found for make in _NOTES if (found := make(context, citations)) is not None]
    return (
        Section("methods", _("Methods"), tuple(notes)),
        References("", citations.items()),
    )
