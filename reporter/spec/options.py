"""Options of each analysis: one frozen object for Python, for R and for the printed methods.

No field has a hidden default in a kernel: what changes a number stands here and is echoed in the results.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reporter.spec.model_options import Adjust as Adjust
from reporter.spec.model_options import ConfType as ConfType
from reporter.spec.model_options import ModelOptions as ModelOptions
from reporter.spec.model_options import Options as Options
from reporter.spec.model_options import TermSpec as TermSpec
from reporter.spec.model_options import Ties as Ties
from reporter.spec.model_options import Transform as Transform
from reporter.spec.performance_options import HorizonPerformanceOptions as HorizonPerformanceOptions
from reporter.spec.prognosis_options import NomogramOptions as NomogramOptions
from reporter.spec.prognosis_options import OptimismOptions as OptimismOptions
from reporter.spec.prognosis_options import SampleSizeOptions as SampleSizeOptions


class BaselineOptions(Options):
    """Table 1: `group` empty for the whole cohort; quantiles by R's type 7."""

    kind: Literal["baseline"] = "baseline"
    group: str = ""
    columns: tuple[str, ...]
    quantile_type: Literal[7] = 7


class MissingOptions(Options):
    """Profile of the missing values, by variable, by pattern, by outcome and by year.

    Parameters
    ----------
    columns
        The variables; a patient without a missing value in any of them is complete.
    year
        Column of the year of diagnosis, numeric (its whole part counts) or with levels; empty: no rows by year.
    unknown
        Pairs of a column and its level that stands for an unknown value: not missing, but counted apart.
    max_patterns
        So many patterns of missing variables are listed, the most frequent first.
    """

    kind: Literal["missing"] = "missing"
    columns: tuple[str, ...]
    year: str = ""
    unknown: tuple[tuple[str, str], ...] = ()
    max_patterns: int = 10


class DriftOptions(Options):
    """Standardised differences of the validation from the development cohort, and what the model never saw.

    Numeric: difference of the means over the root of the mean variance (Austin 2009); two levels: that of the share of
    the second; more levels: Mahalanobis distance of the shares (Yang & Dalton 2012).
    """

    kind: Literal["drift"] = "drift"
    columns: tuple[str, ...]


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
    withheld: Literal["", "outcome_used_in_grouping"] = ""


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


class LandmarkOptions(ModelOptions):
    """The Cox model from a landmark on: patients followed beyond it, time counted from it; R: coxph on those rows.

    Parameters
    ----------
    landmark
        In the endpoint's report unit.
    """

    kind: Literal["cox_landmark"] = "cox_landmark"
    landmark: float
    conf_level: float


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


class CoxImputedOptions(ModelOptions):
    """The multivariable model in imputed sets, pooled by Rubin's rules; R: the same sets, ``coxph`` in each.

    Parameters
    ----------
    imputations
        Number of imputed sets.
    iterations
        Rounds of the chained equations before a set is kept.
    donors
        Patients from whom predictive mean matching draws.
    seed
        Of the random numbers.
    max_values
        Largest number of patients times sets times variables with missing values.
    """

    kind: Literal["cox_imputed"] = "cox_imputed"
    conf_level: float
    imputations: int
    iterations: int = 10
    donors: int = 5
    seed: int
    max_values: int = 50_000_000


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
    withheld: Literal["", "outcome_used_in_grouping"] = ""


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
    outcome_used: bool = False


class StructureOptions(Options):
    """Whether clusters are more than sets without clusters give: null sets, stability, and the rule of the answer."""

    kind: Literal["phenotype_structure"] = "phenotype_structure"
    terms: tuple[TermSpec, ...]
    algorithms: tuple[str, ...]
    k: tuple[int, ...]
    seed: int
    replicates: int
    dear_replicates: int = 20
    resamples: int = 100
    sample: int = 500
    alpha: float = 0.01
    stable: float = 0.75
    em_steps: int = 20
    em_gain: float = 1e-4
    em_ridge: float = 1e-3


AnalysisOptions = Annotated[
    BaselineOptions
    | MissingOptions
    | DriftOptions
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
    | LandmarkOptions
    | InfluenceOptions
    | FunctionalFormOptions
    | TermTestOptions
    | FirthOptions
    | CoxImputedOptions
    | ConcordanceOptions
    | SampleSizeOptions
    | OptimismOptions
    | NomogramOptions
    | ValidationOptions
    | HorizonPerformanceOptions
    | CumulativeIncidenceOptions
    | GrayTestOptions
    | CauseSpecificOptions
    | FineGrayOptions
    | CompetingValidationOptions
    | PhenotypeOptions
    | StructureOptions,
    Field(discriminator="kind"),
]
