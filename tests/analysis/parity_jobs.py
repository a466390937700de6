"""What each parity test asks of a cohort: every kind of options that R can answer, as Hypothesis strategies of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st

from reporter.analysis.design import make_design
from reporter.analysis.kernels.fine_gray import EMPTY, fit_fine_gray
from reporter.analysis.model_parts import part_columns
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    BaselineOptions,
    CauseSpecificOptions,
    CompetingValidationOptions,
    ConcordanceOptions,
    ConditionalOptions,
    ConfType,
    CoxOptions,
    CumulativeIncidenceOptions,
    DifferenceOptions,
    FineGrayOptions,
    FollowUpOptions,
    FunctionalFormOptions,
    GapSensitivityOptions,
    GrayTestOptions,
    HorizonPerformanceOptions,
    InfluenceOptions,
    KaplanMeierOptions,
    LogRankOptions,
    ModelOptions,
    Options,
    PairwiseOptions,
    PhTestOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
    StratifiedOptions,
    TermSpec,
    TermTestOptions,
    TimeSplitOptions,
    ValidationOptions,
)
from tests.analysis.parity import Job
from tests.analysis.parity_cohorts import DEATHS, LEVELS, TIMES, Recipe, horizons_of, make_cohort, recipes
from tests.analysis.separation import Floats, condition_of, distance_of, identified_by, pairs_of

Rng = np.random.Generator
Ask = Callable[[AnalysisFrame, Rng], Options]

HOME = ("development", "os")
LARGEST_CONDITION, LEAST_DISTANCE = 30.0, 0.1
CONF_TYPES = get_args(ConfType)
WEIGHTS = (
    RankTest(name="log_rank"),
    RankTest(name="gehan"),
    RankTest(name="tarone_ware"),
    RankTest(name="peto_peto"),
    RankTest(name="fleming_harrington", rho=1),
    RankTest(name="fleming_harrington", rho=0.5, gamma=0.5),
    RankTest(name="fleming_harrington", gamma=1),
    RankTest(name="trend", scores=(0, 1, 2)),
    RankTest(name="log_rank", strata=("s",)),
    RankTest(name="gehan", strata=("s",)),
)


def pick(rng: Rng, *choices: Any) -> Any:
    """Return one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def interval(rng: Rng) -> dict[str, Any]:
    return {"conf_level": pick(rng, 0.95, 0.9, 0.99), "conf_type": pick(rng, *CONF_TYPES)}


def level(rng: Rng) -> float:
    return float(pick(rng, 0.95, 0.8))


def kaplan_meier(frame: AnalysisFrame, rng: Rng) -> Options:
    return KaplanMeierOptions(
        group=pick(rng, "", "g"), horizons=horizons_of(frame, rng), quantiles=(0.5, 0.25, 1 / 3), **interval(rng)
    )


def conditional(frame: AnalysisFrame, rng: Rng) -> Options:
    last = float(frame.time.max(initial=0.0))
    given = (float(rng.choice(frame.time)) if frame.n else 1.0, 0.3 * last)
    horizons = (*horizons_of(frame, rng), max(given) + 0.25 * last + 1.0)
    return ConditionalOptions(
        group=pick(rng, "", "g"), given=tuple(dict.fromkeys(given)), horizons=tuple(dict.fromkeys(horizons)),
        **interval(rng),
    )  # fmt: skip


def rmst(frame: AnalysisFrame, rng: Rng) -> Options:
    return RmstOptions(group=pick(rng, "", "g"), tau=float(pick(rng, *horizons_of(frame, rng))), conf_level=level(rng))


def pairwise(frame: AnalysisFrame, rng: Rng) -> Options:
    return PairwiseOptions(group="g", adjust=pick(rng, "holm", "bh", "bonferroni"))


def difference(frame: AnalysisFrame, rng: Rng) -> Options:
    return DifferenceOptions(group="g", horizons=horizons_of(frame, rng), conf_level=level(rng))


def numeric_term(name: str, frame: AnalysisFrame, rng: Rng) -> TermSpec:
    """Return a numeric covariate with or without a step, a transform or, where its values allow, a spline."""
    values = frame.columns[name].values
    values = values[~np.isnan(values)]
    if values.size > 5 and rng.random() < 0.25:
        knots = np.quantile(values, [0.1, 0.5, 0.9])
        if (np.diff(knots) > 0).all():
            return TermSpec(column=name, spline=tuple(float(k) for k in knots))
    transform = "log1p" if values.size and values.min() >= 0 and rng.random() < 0.3 else "identity"
    limit = float(np.median(values)) if values.size and rng.random() < 0.1 else None
    return TermSpec(column=name, per=pick(rng, 1, 10, 0.5), transform=transform, winsorize=limit)


def terms_of(frame: AnalysisFrame, rng: Rng, *, plain: bool = False) -> tuple[TermSpec, ...]:
    every = (
        TermSpec(column="x") if plain else numeric_term("x", frame, rng),
        TermSpec(column="y", per=10) if plain else numeric_term("y", frame, rng),
        TermSpec(column="g", levels=LEVELS),
    )
    chosen = [term for term in every if rng.random() < 0.6]
    return tuple(chosen) or every[:1]


def model(frame: AnalysisFrame, rng: Rng, *, exact: bool = True, parts: bool = True) -> dict[str, Any]:
    """Return the fields of a model: its covariates and, with `parts`, whatever a model may have beside them."""
    terms = terms_of(frame, rng)
    names = [term.column for term in terms]
    ties = pick(rng, "efron", "efron", "breslow", "exact" if exact and frame.entry is None else "breslow")
    fields: dict[str, Any] = {
        "terms": terms,
        "ties": ties,
        "strata": ("s",) if rng.random() < 0.25 else (),
        "interactions": (tuple(names[:2]),) if len(names) > 1 and rng.random() < 0.25 else (),
    }
    if parts:
        fields["offset"] = "o" if rng.random() < 0.2 else ""
    if parts and ties != "exact":
        cluster = "c" if rng.random() < 0.25 else ""
        weights = pick(rng, "w", "f") if cluster and rng.random() < 0.5 else "w" if rng.random() < 0.15 else ""
        fields |= {"cluster": cluster, "weights": weights}
    return fields


def cox(frame: AnalysisFrame, rng: Rng) -> Options:
    return CoxOptions(analysis="cox_multivariable", conf_level=level(rng), **model(frame, rng))


def cox_univariable(frame: AnalysisFrame, rng: Rng) -> Options:
    fields = model(frame, rng) | {"interactions": ()}
    return CoxOptions(analysis="cox_univariable", conf_level=level(rng), **(fields | {"terms": fields["terms"][:1]}))


def term_tests(frame: AnalysisFrame, rng: Rng) -> Options:
    return TermTestOptions(conf_level=level(rng), **model(frame, rng))


def ph_test(frame: AnalysisFrame, rng: Rng) -> Options:
    return PhTestOptions(transform=pick(rng, "km", "rank", "identity", "log"), **model(frame, rng, exact=False))


def time_split(frame: AnalysisFrame, rng: Rng) -> Options:
    fields = model(frame, rng, exact=False) | {"cluster": ""}
    return TimeSplitOptions(conf_level=level(rng), **(fields | {"weights": "w" if fields.get("weights") else ""}))


def stratified(frame: AnalysisFrame, rng: Rng) -> Options:
    fields = model(frame, rng, exact=False)
    terms = (*(t for t in fields["terms"] if t.column != "g"), TermSpec(column="g", levels=LEVELS))
    transform = pick(rng, "km", "rank", "identity")
    fields |= {"terms": terms, "interactions": ()}
    return StratifiedOptions(conf_level=level(rng), transform=transform, alpha=0.5, **fields)


def influence(frame: AnalysisFrame, rng: Rng) -> Options:
    return InfluenceOptions(conf_level=level(rng), left_out=(1, 5), **model(frame, rng, exact=False, parts=False))


def functional_form(frame: AnalysisFrame, rng: Rng) -> Options:
    return FunctionalFormOptions(conf_level=level(rng), **model(frame, rng, exact=False, parts=False))


def concordance(frame: AnalysisFrame, rng: Rng) -> Options:
    horizon = pick(rng, None, *horizons_of(frame, rng))
    return ConcordanceOptions(
        horizon=horizon, conf_level=level(rng), uno_min_at_risk=pick(rng, 1, 20), **model(frame, rng)
    )


def validation(frame: AnalysisFrame, rng: Rng) -> Options:
    plain = ModelOptions(terms=terms_of(frame, rng, plain=True), ties=pick(rng, "efron", "breslow"))
    return ValidationOptions(
        horizons=horizons_of(frame, rng), conf_level=level(rng), min_group_size=pick(rng, 5, 50), uno_min_at_risk=2,
        **{name: getattr(plain, name) for name in ModelOptions.model_fields},
    )  # fmt: skip


def horizon_performance(frame: AnalysisFrame, rng: Rng) -> Options:
    plain = ModelOptions(terms=terms_of(frame, rng, plain=True), ties=pick(rng, "efron", "breslow"))
    return HorizonPerformanceOptions(
        horizons=horizons_of(frame, rng), conf_level=level(rng), min_at_risk=pick(rng, 1, 20),
        min_uncensored=pick(rng, 0.0, 0.1), min_events=pick(rng, 3, 20), thresholds=pick(rng, (), (0.23,)),
        **{name: getattr(plain, name) for name in ModelOptions.model_fields},
    )  # fmt: skip


def incidence(frame: AnalysisFrame, rng: Rng) -> Options:
    return CumulativeIncidenceOptions(
        group=pick(rng, "", "g"), causes=("os", *frame.causes), horizons=horizons_of(frame, rng), **interval(rng)
    )


def gray(frame: AnalysisFrame, rng: Rng) -> Options:
    return GrayTestOptions(group="g", causes=("os", *frame.causes))


def cause_specific(frame: AnalysisFrame, rng: Rng) -> Options:
    return CauseSpecificOptions(cause=2, cause_name=frame.causes[0], conf_level=level(rng), **model(frame, rng))


def fine_gray(frame: AnalysisFrame, rng: Rng) -> Options:
    fields = model(frame, rng, exact=False, parts=False) | {"strata": ()}
    return FineGrayOptions(n_causes=1 + len(frame.causes), conf_level=level(rng), **fields)


def competing_validation(frame: AnalysisFrame, rng: Rng) -> Options:
    return CompetingValidationOptions(
        n_causes=1 + len(frame.causes), conf_level=level(rng), horizons=horizons_of(frame, rng),
        terms=terms_of(frame, rng, plain=True), ties=pick(rng, "efron", "breslow"),
    )  # fmt: skip


def pairs_in(frame: AnalysisFrame, options: ModelOptions) -> Floats:
    """Return what a model compares: see separation.py."""
    rows = frame.complete([*(term.column for term in options.terms), *part_columns(options)])
    design = make_design(options.terms, frame.columns, rows, options.interactions).matrix
    strata = frame.columns[options.strata[0]].codes[rows] if options.strata else None  # at most one
    cause = frame.cause if frame.cause is None else frame.cause[rows]
    own = frame.event[rows] if cause is None else cause == getattr(options, "cause", 1)
    staying = (cause > 0) & ~own if isinstance(options, FineGrayOptions) and cause is not None else None
    return pairs_of(
        design, frame.time[rows], own, entry=None if frame.entry is None else frame.entry[rows],
        strata=strata, exact=options.ties == "exact", staying=staying,
    )  # fmt: skip


def without_weights(frame: AnalysisFrame, options: FineGrayOptions) -> bool:
    """Tell whether the weights of Fine and Gray are 0 / 0, which we refuse and finegray takes for 1.

    So it is where nobody is under observation across an entry time.
    """
    if frame.entry is None or frame.cause is None:
        return False
    later = [e for e in np.unique(frame.entry) if e > frame.entry.min()]
    if all(((frame.entry < e) & (frame.time > e)).any() for e in later):
        return False
    try:
        fit_fine_gray(frame.time[:, None], frame.time, frame.cause, event=1, ties="efron", entry=frame.entry)
    except ReporterError as error:
        return str(error) == EMPTY
    return False


def unclear(frame: AnalysisFrame, options: Options) -> bool:
    """Tell whether the data leave it to rounding what the model is.

    Digits are lost with the square of the condition of what the model compares; and where some hazards overflow before
    others have run their course, or the optimum is nearly at infinity, nobody can tell where the likelihood ends.
    """
    if not isinstance(options, ModelOptions):
        return False
    pairs = pairs_in(frame, options)
    used = identified_by(pairs)
    if not used.any():
        return False
    pairs = pairs[:, used]
    return condition_of(pairs) > LARGEST_CONDITION or distance_of(pairs) < LEAST_DISTANCE


def jobs(ask: Ask, cohorts: st.SearchStrategy[Recipe], *, n_causes: int = 0, gap: bool = False, other: bool = False):
    """Draw jobs: `ask` on the cohort of a recipe; with `other`, on a second cohort with the model of the first."""

    def make(recipe: Recipe) -> Job:
        frames = {HOME: make_cohort(recipe, n_causes=n_causes, gap=gap)}
        here = "development"
        if other:
            here = "validation"
            frames[here, "os"] = make_cohort(recipe, cohort=here, n_causes=n_causes)
        options: Any = ask(frames[here, "os"], np.random.default_rng((recipe.seed, 7)))
        return Job(Planned(here, "os", options), frames, recipe, unclear=unclear(frames[HOME], options))

    return cohorts.map(make).filter(lambda job: all(frame.n > 1 for frame in job.frames.values()))


ANY, NO_ENTRY = recipes(), recipes(entry=("none",))
# Of a model: cohorts with deaths but for one in many, or most would be refused.
MOST = tuple(kind for kind in DEATHS if kind != "none") * 3 + ("none", "most", "most")
# A covariate that is the time itself orders the deaths by differences far below its range: no hazard spans that.
# Where all die at one time there is nothing but ties: every coefficient is 0, and its robust error rounding.
SEVERAL = tuple(kind for kind in TIMES if kind != "one")
# cox.zph takes the information of a transform of times beyond 1e8 for singular.
SHORT = tuple(kind for kind in SEVERAL if kind != "huge")
MODEL = recipes(least=3, times=SEVERAL, deaths=MOST, without=("time",))
MODEL_SHORT = recipes(least=3, times=SHORT, deaths=MOST, without=("time",))
MODEL_NO_ENTRY = recipes(least=3, times=SEVERAL, deaths=MOST, entry=("none",), without=("time",))
# Of few deaths, or of deaths that a covariate decides, a smooth is a step, and its band what rounding makes of it.
MIXED = recipes(
    least=40, times=("months", "zeros", "continuous"), deaths=("most", "some", "all", "early"), entry=("none",),
    without=("time", "one row", "constant"),
)  # fmt: skip
SURVIVAL: Mapping[str, st.SearchStrategy[Job]] = {
    "baseline": jobs(lambda frame, rng: BaselineOptions(group=pick(rng, "", "g"), columns=("x", "y", "g")), ANY),
    "follow_up": jobs(lambda frame, rng: FollowUpOptions(**interval(rng)), ANY),
    "kaplan_meier": jobs(kaplan_meier, ANY),
    "conditional_survival": jobs(conditional, ANY),
    "rmst": jobs(rmst, ANY),
    "gap_sensitivity": jobs(
        lambda frame, rng: GapSensitivityOptions(rule="censor", horizons=horizons_of(frame, rng), **interval(rng)),
        NO_ENTRY,
        gap=True,
    ),
    "log_rank": jobs(lambda frame, rng: LogRankOptions(group="g"), ANY),
    "rank_test": jobs(
        lambda frame, rng: RankTestOptions(
            group="g", tests=tuple(WEIGHTS[i] for i in sorted(rng.permutation(len(WEIGHTS))[:4]))
        ),
        ANY,
    ),
    "pairwise_log_rank": jobs(pairwise, ANY),
    "survival_difference": jobs(difference, ANY),
    "cumulative_incidence": jobs(incidence, ANY, n_causes=2),
    "cumulative_incidence_3": jobs(incidence, NO_ENTRY, n_causes=3),
    "gray_test": jobs(gray, NO_ENTRY, n_causes=2),
}
MODELS: Mapping[str, st.SearchStrategy[Job]] = {
    "cox": jobs(cox, MODEL),
    "cox_univariable": jobs(cox_univariable, MODEL),
    "cox_term_test": jobs(term_tests, MODEL),
    "ph_test": jobs(ph_test, MODEL_SHORT),
    "cox_time_split": jobs(time_split, MODEL),
    "cox_stratified": jobs(stratified, MODEL_SHORT),
    "influence": jobs(influence, MODEL),
    "functional_form": jobs(functional_form, MODEL),
    "concordance": jobs(concordance, MODEL),
    "validation": jobs(validation, MODEL_NO_ENTRY, other=True),
    "horizon_performance": jobs(horizon_performance, MIXED, other=True),
    "cause_specific": jobs(cause_specific, MODEL, n_causes=2),
    "fine_gray": jobs(fine_gray, MODEL_NO_ENTRY, n_causes=2),
    "competing_validation": jobs(competing_validation, MODEL_NO_ENTRY, n_causes=2, other=True),
}
