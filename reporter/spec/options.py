"""Options of each analysis: one frozen object for Python, for R and for the printed methods.

No field has a hidden default in a kernel: what changes a number stands here and is echoed in the results.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ConfType = Literal["log-log", "log", "plain", "logit"]
Ties = Literal["efron", "breslow", "exact"]
Transform = Literal["km", "rank", "identity", "log"]
Adjust = Literal["holm", "bh", "bonferroni"]


class Options(BaseModel):
    """Base of all option objects."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TermSpec(Options):
    """How one covariate enters a model.

    Parameters
    ----------
    column
        Column of the analysis frame.
    per
        A numeric covariate is divided by this number (hazard ratio per `per` units).
    transform
        Applied before `per`; ``identity`` leaves the value as it is.
    winsorize
        Values above are set to this number before the transform.
    spline
        Knots of a restricted cubic spline of the value after `winsorize`, at least three, ascending, in units of the
        column; its columns are then divided by `per`. R: ``rms::rcs`` with norm 2.
    levels
        Levels of a categorical covariate, the reference first; empty for a numeric one.
    """

    column: str
    per: float = 1.0
    transform: Literal["identity", "log1p", "log2"] = "identity"
    winsorize: float | None = None
    levels: tuple[str, ...] = ()
    spline: tuple[float, ...] = ()


class ModelOptions(Options):
    """What every analysis of a Cox model fixes.

    Parameters
    ----------
    terms
        The covariates.
    ties
        R: ``coxph(ties = ties)``; ``exact`` is R's discrete conditional likelihood.
    strata
        Columns with levels whose combinations have a baseline hazard each; R: ``strata()``.
    interactions
        Pairs of covariates whose products enter too.
    cluster
        Column of a cluster-robust variance; R: ``cluster =``. Empty: model-based.
    weights
        Column of case weights; R: ``weights =``. Empty: none.
    offset
        Column added to the linear predictor with coefficient 1; R: ``offset()``. Empty: none.
    """

    terms: tuple[TermSpec, ...]
    ties: Ties
    strata: tuple[str, ...] = ()
    interactions: tuple[tuple[str, str], ...] = ()
    cluster: str = ""
    weights: str = ""
    offset: str = ""


class BaselineOptions(Options):
    """Table 1: `group` empty for the whole cohort; quantiles by R's type 7."""

    kind: Literal["baseline"] = "baseline"
    group: str = ""
    columns: tuple[str, ...]
    quantile_type: Literal[7] = 7


class FollowUpOptions(Options):
    """Reverse Kaplan–Meier; deaths precede censorings at the same time (statistics ruling 3)."""

    kind: Literal["follow_up"] = "follow_up"
    conf_level: float
    conf_type: ConfType


class KaplanMeierOptions(Options):
    """Kaplan–Meier: curve, S(t) at `horizons` and quantiles, per level of `group` (empty: overall).

    Parameters
    ----------
    quantiles
        Shares failed whose times are given; the median always is.
    """

    kind: Literal["kaplan_meier"] = "kaplan_meier"
    group: str = ""
    horizons: tuple[float, ...]
    quantiles: tuple[float, ...] = (0.5,)
    conf_level: float
    conf_type: ConfType


class GapSensitivityOptions(Options):
    """Kaplan–Meier with the other rule for gaps of a composite endpoint; `rule` is that other one."""

    kind: Literal["gap_sensitivity"] = "gap_sensitivity"
    rule: Literal["event", "censor"]
    horizons: tuple[float, ...]
    conf_level: float
    conf_type: ConfType


class LogRankOptions(Options):
    """Mantel–Haenszel log-rank test across the levels of `group`; R: survdiff(rho = 0)."""

    kind: Literal["log_rank"] = "log_rank"
    group: str
    rho: float = 0.0


class RmstOptions(Options):
    """Restricted mean survival to `tau` by group and its difference from the first level; R: summary(rmean = tau)."""

    kind: Literal["rmst"] = "rmst"
    group: str = ""
    tau: float
    conf_level: float


class ConditionalOptions(Options):
    """P(T > t | T > s) for each s of `given` and later horizon t; R: survfit on the rows with time > s."""

    kind: Literal["conditional_survival"] = "conditional_survival"
    group: str = ""
    given: tuple[float, ...]
    horizons: tuple[float, ...]
    conf_level: float
    conf_type: ConfType


class RankTest(Options):
    """One test of the log-rank family, named by its weight at an event time t.

    Parameters
    ----------
    name
        ``log_rank`` 1, ``gehan`` n(t), ``tarone_ware`` the root of n(t), ``peto_peto`` the product of 1 - d/(n + 1) to
        t, ``fleming_harrington`` S(t-)^rho (1 - S(t-))^gamma, ``trend`` weight 1 with `scores` of the levels.
    strata
        Columns within whose combinations the sums are taken.
    scores
        Score of each level of the group in the order of the frame; for a trend only.
    """

    name: Literal["log_rank", "gehan", "tarone_ware", "peto_peto", "fleming_harrington", "trend"]
    rho: float = 0.0
    gamma: float = 0.0
    strata: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()

    @property
    def term(self) -> str:
        """Name in an address."""
        name = f"{self.name}_{self.rho:g}_{self.gamma:g}" if self.name == "fleming_harrington" else self.name
        return f"{name}_stratified" if self.strata else name


class RankTestOptions(Options):
    """Tests of equal survival beyond the log-rank test, across the levels of `group`."""

    kind: Literal["rank_test"] = "rank_test"
    group: str
    tests: tuple[RankTest, ...]


class PairwiseOptions(Options):
    """Log-rank test of every two levels, P values adjusted; R: p.adjust(method = adjust) over survdiff."""

    kind: Literal["pairwise_log_rank"] = "pairwise_log_rank"
    group: str
    adjust: Adjust


class DifferenceOptions(Options):
    """Differences of S(t) at `horizons` from the first level, tested on the complementary log-log scale."""

    kind: Literal["survival_difference"] = "survival_difference"
    group: str
    horizons: tuple[float, ...]
    conf_level: float


class CoxOptions(ModelOptions):
    """Cox model; R: coxph(ties = ties) with control eps 1e-14, toler.chol 1e-15, iter.max 50."""

    kind: Literal["cox"] = "cox"
    analysis: Literal["cox_univariable", "cox_multivariable"]
    conf_level: float


class PhTestOptions(ModelOptions):
    """Test of proportional hazards; R: cox.zph(transform = transform, terms = TRUE, global = TRUE).

    Parameters
    ----------
    analysis
        ``ph_test``, the prespecified test; another name for one beside it with another transform.
    """

    kind: Literal["ph_test"] = "ph_test"
    analysis: Literal["ph_test", "ph_test_km", "ph_test_rank", "ph_test_identity", "ph_test_log"] = "ph_test"
    transform: Transform


class TimeSplitOptions(ModelOptions):
    """The Cox model up to the (lower) median event time and after it; R: survSplit, coefficients by period."""

    kind: Literal["cox_time_split"] = "cox_time_split"
    conf_level: float


class StratifiedOptions(ModelOptions):
    """The Cox model stratified, in turn, by each covariate with levels that fails the test of proportional hazards.

    It fails with P < `alpha` under `transform`; R: coxph(y ~ others + strata(covariate)).
    """

    kind: Literal["cox_stratified"] = "cox_stratified"
    conf_level: float
    transform: Transform
    alpha: float = 0.05


class InfluenceOptions(ModelOptions):
    """How single patients move the coefficients; R: residuals(type = "dfbetas").

    Parameters
    ----------
    left_out
        The model is fitted again without so many patients, those with the largest dfbetas of any coefficient.
    """

    kind: Literal["influence"] = "influence"
    conf_level: float
    left_out: tuple[int, ...] = (1, 5, 10)


class FunctionalFormOptions(ModelOptions):
    """Martingale residuals of the model without a numeric covariate, smoothed over it by a natural spline of 4 df."""

    kind: Literal["functional_form"] = "functional_form"
    conf_level: float


class TermTestOptions(ModelOptions):
    """Tests of covariates, interactions and non-linearity; R: ``drop1(test = "Chisq")``, ``rms::anova``.

    Parameters
    ----------
    conf_level
        Of the band around the effect of a spline.
    """

    kind: Literal["cox_term_test"] = "cox_term_test"
    conf_level: float


class FirthOptions(ModelOptions):
    """Penalised estimates for the coefficients that run to infinity; R: ``coxphf(pl = TRUE)``.

    Parameters
    ----------
    max_pairs
        Largest number of patients times events.
    """

    kind: Literal["cox_firth"] = "cox_firth"
    conf_level: float
    max_pairs: int = 500_000


class ConcordanceOptions(ModelOptions):
    """Harrell's and Uno's C of the multivariable model; R: concordance(reverse = TRUE, ymax = horizon).

    Parameters
    ----------
    uno_min_at_risk, uno_min_uncensored
        Uno's C is given up to a time at which so many patients are at risk, and before which a patient is not censored
        with this probability.
    """

    kind: Literal["concordance"] = "concordance"
    conf_level: float
    horizon: float | None
    uno_min_at_risk: int = 20
    uno_min_uncensored: float = 0.1


class ValidationOptions(ModelOptions):
    """Frozen Cox model on the validation cohort: C, calibration slope, O/E at `horizons`.

    Parameters
    ----------
    max_groups, min_group_size
        Calibration by groups of predicted risk: `max_groups` groups of equal size, fewer so that each has
        `min_group_size` patients; none when that leaves fewer than two.
    min_events
        With fewer events, or fewer patients event-free, by a horizon only the slope and O/E with their intervals
        stand on firm ground; a note says so.
    uno_min_at_risk, uno_min_uncensored
        As in `ConcordanceOptions`.
    """

    kind: Literal["validation"] = "validation"
    conf_level: float
    horizons: tuple[float, ...]
    max_groups: int = 10
    min_group_size: int = 50
    min_events: int = 100
    uno_min_at_risk: int = 20
    uno_min_uncensored: float = 0.1


class CumulativeIncidenceOptions(Options):
    """Aalen–Johansen: cumulative incidence of every cause, curve and at `horizons`, per level of `group`.

    Parameters
    ----------
    causes
        Names of the causes 1, 2, …: the event of interest first.
    conf_type
        Scale of the interval, applied to the cumulative incidence itself; R: ``survfit(conf.type = conf_type)``.
    """

    kind: Literal["cumulative_incidence"] = "cumulative_incidence"
    group: str = ""
    causes: tuple[str, ...]
    horizons: tuple[float, ...]
    conf_level: float
    conf_type: ConfType


class GrayTestOptions(Options):
    """Gray's test of each cause across the levels of `group`; R: ``cmprsk::cuminc(rho = rho)``."""

    kind: Literal["gray_test"] = "gray_test"
    group: str
    causes: tuple[str, ...]
    rho: Literal[0] = 0


class CauseSpecificOptions(ModelOptions):
    """Cox model of the hazard of one competing cause, all other events censored."""

    kind: Literal["cause_specific"] = "cause_specific"
    cause: int
    cause_name: str
    conf_level: float


class CompetingValidationOptions(ModelOptions):
    """Absolute risk from the frozen models of all causes on the validation cohort: Wolbers' C and O/E at `horizons`."""

    kind: Literal["competing_validation"] = "competing_validation"
    n_causes: int
    conf_level: float
    horizons: tuple[float, ...]


class FineGrayOptions(ModelOptions):
    """Fine–Gray model of `cause`; R: ``finegray``, then ``coxph(weights = fgwt, cluster = id)``."""

    kind: Literal["fine_gray"] = "fine_gray"
    cause: int = 1
    n_causes: int
    conf_level: float


class PhenotypeOptions(Options):
    """Ward clustering of standardised features; `k` chosen by the largest mean silhouette."""

    kind: Literal["phenotype"] = "phenotype"
    terms: tuple[TermSpec, ...]
    algorithm: Literal["ward"] = "ward"
    k: tuple[int, ...]
    horizon: float
    conf_level: float
    seed: int
    trees: int = 200
    min_leaf: int = 10
    folds: int = 5


AnalysisOptions = Annotated[
    BaselineOptions
    | FollowUpOptions
    | KaplanMeierOptions
    | GapSensitivityOptions
    | LogRankOptions
    | RmstOptions
    | ConditionalOptions
    | RankTestOptions
    | PairwiseOptions
    | DifferenceOptions
    | CoxOptions
    | PhTestOptions
    | TimeSplitOptions
    | StratifiedOptions
    | InfluenceOptions
    | FunctionalFormOptions
    | TermTestOptions
    | FirthOptions
    | ConcordanceOptions
    | ValidationOptions
    | CumulativeIncidenceOptions
    | GrayTestOptions
    | CauseSpecificOptions
    | FineGrayOptions
    | CompetingValidationOptions
    | PhenotypeOptions,
    Field(discriminator="kind"),
]
