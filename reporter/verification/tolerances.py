"""How near R's number must be, per kind of number; each with its reason.

The bound of a number is the larger of ``rtol * |R's value|`` and ``per_scale * scale``; the scale belongs to the number
itself (its standard error, say), so that no bare absolute bound lets a small number through.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from reporter.spec.options import AnalysisOptions

Scale = Literal[
    "",
    "std_error",
    "std_error_of_ratio",
    "df",
    "one",
    "log_likelihood",
    "n_event",
    "std_dev",
    "band",
    "largest",
    "cohort_std_dev",
]

_SCALE_WORDS = {
    "std_error": "SE",
    "std_error_of_ratio": "SE of the log ratio",
    "df": "of the degrees of freedom",
    "one": "of 1",
    "log_likelihood": "of the log-likelihood",
    "n_event": "of the number of events",
    "std_dev": "SD",
    "cohort_std_dev": "SD",
    "band": "of the half-width of the band",
    "largest": "of the largest value",
}
ROWS_AS_STANDS, ROUNDED_AT_MOST = 3000, 1e-9
_SMALLEST_NORMAL = 2.2250738585072014e-308


@dataclass(frozen=True)
class Tolerance:
    """Nearness demanded of one kind of number.

    Parameters
    ----------
    name
        Kind of number.
    rtol
        Relative bound.
    per_scale, scale
        Second bound in units of `scale`: the number's standard error, its degrees of freedom, 1 for a probability …
    exact
        Equal, nothing else.
    log_scale
        A P value: its logarithm is compared; ``rtol`` bounds the difference of the logarithms where P is above 1/e, and
        their relative difference below.
    why
        The reason.
    """

    name: str
    why: str
    rtol: float = 0.0
    per_scale: float = 0.0
    scale: Scale = ""
    exact: bool = False
    log_scale: bool = False

    @property
    def words(self) -> str:
        """The tolerance as the ledger prints it."""
        if self.exact:
            return "exact"
        text = f"{self.rtol:.0e} {'of log P' if self.log_scale else 'relative'}"
        if self.scale:
            text += f" or {self.per_scale:.0e} {_SCALE_WORDS[self.scale]}"
        return text.replace("e-0", "e-")

    def for_rows(self, n: int) -> Tolerance:
        """Return the tolerance of a number from `n` rows: R adds them up one by one, and its rounding grows with them.

        Up to 3,000 rows the tolerance is as it stands; above it grows with n, but no further than to 1e-9 (a bound that
        is wider stays); that of a P value, which a rounding of the statistic moves by half of it, grows without limit.
        """
        growth = n / ROWS_AS_STANDS
        if growth <= 1 or self.exact:
            return self

        without_limit = self.log_scale or self.name == LOG_P.name

        def grown(bound: float) -> float:
            return bound * growth if without_limit else max(bound, min(bound * growth, ROUNDED_AT_MOST))

        return replace(self, rtol=grown(self.rtol), per_scale=grown(self.per_scale))

    def bound(self, reference: float, scale: float = 0.0) -> float:
        """Return the largest difference allowed from R's value (for a P value: of the logarithms)."""
        if self.exact:
            return 0.0
        if self.log_scale:
            size = max(1.0, abs(math.log(reference))) if reference > 0 else 0.0
            return max(self.rtol * size, self.per_scale * abs(scale))
        return max(self.rtol * abs(reference), self.per_scale * abs(scale))

    def accepts(self, python: float, reference: float, scale: float = 0.0) -> bool:
        """Return whether two numbers agree."""
        if python == reference:
            return True
        if not self.log_scale:
            return abs(python - reference) <= self.bound(reference, scale)
        if min(python, reference) < _SMALLEST_NORMAL:
            # Subnormal P values have lost their digits; their logarithms have a row of their own.
            return max(python, reference) < _SMALLEST_NORMAL and min(python, reference) >= 0
        return abs(math.log(python) - math.log(reference)) <= self.bound(reference, scale)


COUNT = Tolerance("count", exact=True, why="whole numbers are counted, not estimated")
QUANTILE = Tolerance("quantile", rtol=1e-12, why="an observed time, or the middle of two")
CLOSED_FORM = Tolerance(
    "closed form", rtol=1e-12, why="a sum or product in closed form: only the order of summation differs"
)
MEAN = Tolerance(
    "mean or quartile", rtol=1e-12, per_scale=1e-12, scale="std_dev",
    why="a sum or an interpolation, which cancels where values of both signs meet",
)  # fmt: skip
PROBABILITY = Tolerance(
    "share or its complement", rtol=1e-12, per_scale=1e-12, scale="one",
    why="a number between 0 and 1, or a distance between two: the digits that cancel are those of 1",
)  # fmt: skip
CHI_SQUARE = Tolerance(
    "chi-square", rtol=1e-12, per_scale=1e-12, scale="df",
    why="a quadratic form: near 0 the rounding is that of its expectation, the degrees of freedom",
)  # fmt: skip
DEPENDENT_CHI_SQUARE = Tolerance(
    "chi-square with a spline or a robust variance", rtol=1e-10, per_scale=1e-10, scale="df",
    why="a quadratic form in the inverse of a matrix that is nearly singular: columns of a spline, or few clusters",
)  # fmt: skip
PROFILE = Tolerance(
    "penalised estimate", rtol=1e-9, per_scale=1e-9, scale="one",
    why="the top of a penalised likelihood, or where its profile has fallen so far: found by iteration on both sides",
)  # fmt: skip
LOG_LIKELIHOOD = Tolerance(
    "log-likelihood", rtol=1e-12, per_scale=1e-12, scale="n_event", why="a sum of one term an event",
)  # fmt: skip
LIKELIHOOD_RATIO = Tolerance(
    "likelihood ratio", rtol=1e-12, per_scale=1e-13, scale="log_likelihood",
    why="a difference of two log-likelihoods, each a sum over all events whose rounding is some 1e-14 of it",
)  # fmt: skip
LIKELIHOOD_RATIO_P = Tolerance(
    "P of a likelihood ratio", rtol=1e-9, log_scale=True, per_scale=1e-13, scale="log_likelihood",
    why="follows its statistic; compared on the log scale",
)  # fmt: skip
LIKELIHOOD_RATIO_LOG_P = Tolerance(
    "log P of a likelihood ratio", rtol=1e-9, per_scale=1e-13, scale="log_likelihood", why="follows its statistic"
)  # fmt: skip
P_VALUE = Tolerance("P value", rtol=1e-9, log_scale=True, why="follows its statistic; compared on the log scale")
LOG_P = Tolerance("log P", rtol=1e-9, per_scale=1e-9, scale="one", why="follows its statistic")
COEFFICIENT = Tolerance(
    "coefficient", rtol=1e-9, per_scale=1e-9, scale="std_error",
    why="both sides iterate to the optimum; near 0 only the standard error gives a scale",
)  # fmt: skip
STANDARD_ERROR = Tolerance("standard error", rtol=1e-9, why="the information at an optimum that both sides iterate to")
WALD = Tolerance(
    "Wald statistic", rtol=1e-9, per_scale=1e-9, scale="one", why="coefficient over standard error; its own SE is 1"
)  # fmt: skip
RATIO = Tolerance(
    "hazard ratio or limit", rtol=1e-9, per_scale=1e-9, scale="std_error_of_ratio", why="exponential of a coefficient"
)  # fmt: skip
MODEL_BASED = Tolerance("model-based", rtol=1e-9, why="computed from coefficients that both sides iterate to")
DFBETAS = Tolerance(
    "dfbetas", rtol=1e-9, per_scale=1e-12, scale="one",
    why="computed from coefficients that both sides iterate to, in units of their standard error",
)  # fmt: skip
SMOOTH = Tolerance(
    "smooth of residuals", rtol=1e-9, per_scale=1e-9, scale="band",
    why="a least-squares fit to residuals of an iterated model, through 0 within its band",
)  # fmt: skip
DISTANCE = Tolerance(
    "height", rtol=1e-9, per_scale=1e-9, scale="largest",
    why="recursive updates of squared distances, which cancel for near points",
)  # fmt: skip

ITERATED_CHI_SQUARE = Tolerance(
    "Wald chi-square with a robust variance", rtol=1e-9, per_scale=1e-9, scale="df",
    why="the quadratic form of coefficients that both sides iterate to",
)  # fmt: skip
INCIDENCE_ERROR = Tolerance(
    "SE of a cumulative incidence", rtol=1e-11, why="R sums squared influences over patients, here a closed form"
)
INCIDENCE_LIMIT = Tolerance(
    "limit of a cumulative incidence", rtol=1e-11, why="follows the standard error through one or two exponentials"
)
CONTRAST = Tolerance(
    "difference of groups", rtol=1e-12, per_scale=1e-9, scale="std_error",
    why="two sums in closed form that cancel where the groups are alike: the standard error gives the scale",
)  # fmt: skip
SQUARED_CONTRAST = Tolerance(
    "squared difference over its SE", rtol=1e-9, per_scale=1e-9, scale="df",
    why="the difference cancels where the groups are alike, as does log S where S is near 1",
)  # fmt: skip

POOLED_DF = Tolerance(
    "degrees of freedom of Rubin's rules", rtol=1e-9,
    why="from variances between models that both sides iterate to the optimum",
)  # fmt: skip
DRIFT_MEAN = Tolerance(
    "mean of one cohort", rtol=1e-12, per_scale=1e-12, scale="cohort_std_dev",
    why="a sum, which cancels where values of both signs meet",
)  # fmt: skip
STANDARDISED = Tolerance(
    "standardised difference", rtol=1e-10, per_scale=1e-10, scale="one",
    why="a difference in units of its standard deviation; with several levels through a matrix that is inverted",
)  # fmt: skip

MODEL_SCORE = Tolerance(
    "score of a predicted risk", rtol=1e-9, per_scale=1e-9, scale="one",
    why="from risks whose coefficients both sides iterate to; where two cancel, the digits are those of 1",
)  # fmt: skip

CLUSTER_INDEX = Tolerance(
    "index of clusters", rtol=1e-9, per_scale=1e-9, scale="one",
    why="ratios of sums of squares, or a likelihood after the same steps of EM on both sides, which may be near 0",
)  # fmt: skip

POINTS = Tolerance(
    "points of a nomogram", rtol=1e-9, per_scale=1e-9, scale="one",
    why="a difference of linear predictors in units of which the longest has 100: from coefficients that both sides "
    "iterate to",
)  # fmt: skip

ALL = (
    POINTS,
    CLUSTER_INDEX,
    MODEL_SCORE,
    DRIFT_MEAN, STANDARDISED, POOLED_DF,
    CONTRAST, SQUARED_CONTRAST,
    ITERATED_CHI_SQUARE, INCIDENCE_ERROR, INCIDENCE_LIMIT,
    COUNT, QUANTILE, CLOSED_FORM, MEAN, LOG_LIKELIHOOD, PROBABILITY, CHI_SQUARE, DEPENDENT_CHI_SQUARE, PROFILE,
    LIKELIHOOD_RATIO,
    LIKELIHOOD_RATIO_P, LIKELIHOOD_RATIO_LOG_P, P_VALUE, LOG_P, COEFFICIENT, STANDARD_ERROR,
    WALD, RATIO, MODEL_BASED, DFBETAS, SMOOTH, DISTANCE,
)  # fmt: skip

_COUNTS = frozenset({
    "n", "n_event", "cumulative_n_event", "n_censor", "n_risk", "n_missing", "df", "k", "n_concordant", "n_discordant",
    "n_competing", "n_tied_risk", "n_tied_time", "n_tied_both", "n_above", "n_late_entry",
    "n_incomplete", "n_imputations", "n_imputed_variables", "n_resamples", "n_failed", "n_parameters",
    "needed_shrinkage", "needed_optimism", "needed_risk", "needed", "needed_events",
    "n_complete", "n_unknown", "n_patterns", "monotone", "n_development", "n_validation", "n_below", "n_unseen",
})  # fmt: skip
_COX = {
    "estimate": COEFFICIENT, "std_error": STANDARD_ERROR, "model_std_error": STANDARD_ERROR, "statistic": WALD,
    "hazard_ratio": RATIO, "conf_low": RATIO, "conf_high": RATIO,
}  # fmt: skip
_PENALISED = {
    "estimate": PROFILE, "hazard_ratio": PROFILE, "conf_low": PROFILE, "conf_high": PROFILE, "statistic": PROFILE,
}  # fmt: skip
_MODEL = {
    "log_likelihood": LOG_LIKELIHOOD, "log_likelihood_null": LOG_LIKELIHOOD, "aic": LOG_LIKELIHOOD,
    "bic": LOG_LIKELIHOOD,
    "lr_statistic": LIKELIHOOD_RATIO, "lr_p_value": LIKELIHOOD_RATIO_P, "lr_log_p_value": LIKELIHOOD_RATIO_LOG_P,
    "wald_statistic": CHI_SQUARE, "score_statistic": CHI_SQUARE,
}  # fmt: skip
_QUANTILES = {"median": QUANTILE, "conf_low": QUANTILE, "conf_high": QUANTILE}
_MEANS = dict.fromkeys(("mean", "median", "q1", "q3"), MEAN)
_UNO = {f"uno_c{end}": PROBABILITY for end in ("", "_std_error", "_conf_low", "_conf_high")}
_ENDS = ("", "_std_error", "_conf_low", "_conf_high")
_AT_HORIZONS = (
    {f"auc{end}": PROBABILITY for end in _ENDS}
    | {f"brier{end}": MODEL_SCORE for end in _ENDS}
    | {f"brier_scaled{end}": MODEL_SCORE for end in _ENDS}
    | {f"royston_d{end}": MODEL_SCORE for end in _ENDS}
    | {"royston_r2": MODEL_SCORE, "net_benefit": PROBABILITY, "brier_null": PROBABILITY, "uncensored": PROBABILITY}
)
_CONTRAST = {
    "estimate": CONTRAST, "conf_low": CONTRAST, "conf_high": CONTRAST, "statistic": SQUARED_CONTRAST,
}  # fmt: skip
_CONCORDANCE = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), PROBABILITY) | _UNO
_OPTIMISM = {
    f"{name}_{end}": kind
    for name, kind in (
        ("harrell_c", PROBABILITY), ("calibration_slope", MODEL_SCORE), ("r2", MODEL_SCORE), ("brier", MODEL_SCORE),
    )
    for end in ("apparent", "training", "test", "optimism", "corrected")
}  # fmt: skip
_INCIDENCE = {"std_error": INCIDENCE_ERROR, "conf_low": INCIDENCE_LIMIT, "conf_high": INCIDENCE_LIMIT}
_GROUP = {"predicted": MODEL_BASED, "observed": PROBABILITY, "conf_low": PROBABILITY, "conf_high": PROBABILITY}

_PH_TESTS = ("ph_test", "ph_test_km", "ph_test_rank", "ph_test_identity", "ph_test_log")

# By analysis, then by statistic; what is not named is a closed form, a count or a P value.
_BY_ANALYSIS: dict[str, dict[str, Tolerance]] = {
    "baseline": _MEANS,
    "drift": {"mean_development": DRIFT_MEAN, "mean_validation": DRIFT_MEAN, "smd": STANDARDISED},
    "follow_up": _QUANTILES,
    "rmst_difference": _CONTRAST,
    "survival_difference": _CONTRAST,
    "rank_test": {"statistic": CHI_SQUARE},
    "pairwise_log_rank": {"statistic": CHI_SQUARE},
    "survival_quantile": {**_QUANTILES, "quantile": QUANTILE},
    "log_rank": {"statistic": CHI_SQUARE, "observed": COUNT},
    "cox_univariable": _COX,
    "cox_multivariable": _COX,
    "cox_univariable_model": _MODEL,
    "cox_model": _MODEL,
    "cox_term_test": _MODEL,
    "cox_firth": _PENALISED,
    "cox_imputed": {**_COX, "df": POOLED_DF, "fmi": POOLED_DF},
    "imputation": {"mean_observed": DRIFT_MEAN, "mean_imputed": DRIFT_MEAN},
    "cox_spline_curve": {"estimate": SMOOTH, "conf_low": SMOOTH, "conf_high": SMOOTH},
    "cox_baseline_curve": {"cumulative_hazard": MODEL_BASED},
    **{name: {"statistic": CHI_SQUARE} for name in _PH_TESTS},
    "cox_time_split": _COX | {"cut": QUANTILE},
    "cox_landmark": _COX | {
        "log_likelihood": LOG_LIKELIHOOD, "n_excluded": COUNT, "n_event_excluded": COUNT,
    },
    "cox_stratified": _COX | {"log_likelihood": LOG_LIKELIHOOD},
    "influence": _COX | {"max_abs_dfbetas": DFBETAS},
    "functional_form_curve": {"estimate": SMOOTH, "conf_low": SMOOTH, "conf_high": SMOOTH},
    "ph_smooth_curve": {"estimate": SMOOTH, "conf_low": SMOOTH, "conf_high": SMOOTH},
    "concordance": _CONCORDANCE,
    "optimism": _OPTIMISM,
    "nomogram": {
        **dict.fromkeys(("points_per_unit", "most_points", "baseline_survival", "survival"), MODEL_BASED),
        "points": POINTS, "total_points": POINTS, "predictor_at_zero": MODEL_SCORE, "predictor_centre": MODEL_SCORE,
    },
    "performance": {f"harrell_c{end}": PROBABILITY for end in ("", "_std_error", "_conf_low", "_conf_high")}
    | _UNO | _AT_HORIZONS,
    "calibration": {
        "calibration_slope": COEFFICIENT, "calibration_slope_std_error": STANDARD_ERROR,
        "calibration_slope_conf_low": COEFFICIENT, "calibration_slope_conf_high": COEFFICIENT,
        "observed": PROBABILITY, "predicted": MODEL_BASED, "oe_ratio": MODEL_BASED,
        "oe_ratio_conf_low": MODEL_BASED, "oe_ratio_conf_high": MODEL_BASED,
        "oe_ratio_events_conf_low": MODEL_BASED, "oe_ratio_events_conf_high": MODEL_BASED,
        **dict.fromkeys(("ici", "e50", "e90", "emax"), MODEL_SCORE),
    },
    "calibration_group": _GROUP,
    "calibration_curve": {"predicted": MODEL_BASED, "observed": SMOOTH, "conf_low": SMOOTH, "conf_high": SMOOTH},
    "competing_performance": {f"wolbers_c{end}": PROBABILITY for end in ("", "_std_error", "_conf_low", "_conf_high")},
    "competing_calibration": {
        "observed": PROBABILITY, "predicted": MODEL_BASED, "oe_ratio": MODEL_BASED, "oe_ratio_conf_low": MODEL_BASED,
        "oe_ratio_conf_high": MODEL_BASED,
    },
    "gray_test": {"statistic": CHI_SQUARE, "observed": COUNT},
    "cox_cause_specific": _COX,
    "cox_cause_specific_model": _MODEL,
    "fine_gray": _COX,
    "fine_gray_model": {**_MODEL, "wald_statistic": ITERATED_CHI_SQUARE},
    "cumulative_incidence": _INCIDENCE,
    "cumulative_incidence_curve": _INCIDENCE,
    "phenotype": {"silhouette": PROBABILITY},
    "phenotype_structure": {
        "silhouette": PROBABILITY, "ari": PROBABILITY, "n_smallest": COUNT,
        **dict.fromkeys(("calinski_harabasz", "davies_bouldin", "bic"), CLUSTER_INDEX),
    },
    "ward_height_curve": {"height": DISTANCE},
}  # fmt: skip


def tolerance_of(analysis: str, stat: str) -> Tolerance:
    """Return the tolerance of one statistic of one analysis."""
    named = _BY_ANALYSIS.get(analysis, {}).get(stat)
    if named is not None:
        return named
    if stat in _COUNTS or stat.endswith("_df"):
        return COUNT
    if stat.endswith("log_p_value"):
        return LOG_P
    return P_VALUE if stat.endswith("p_value") else CLOSED_FORM


def of_model(tolerance: Tolerance, options: AnalysisOptions) -> Tolerance:
    """Return the tolerance of a number of a model: that of a chi-square is wider with a spline or with clusters."""
    terms, cluster = getattr(options, "terms", ()), getattr(options, "cluster", "")
    if tolerance is CHI_SQUARE and (cluster or any(term.spline for term in terms)):
        return DEPENDENT_CHI_SQUARE
    return tolerance


def scale_of(tolerance: Tolerance, stat: str, sibling: Callable[[str], float | None]) -> float:
    """Return the scale of a number from R's numbers beside it; 0 where it has none.

    Parameters
    ----------
    stat
        Name of the statistic.
    sibling
        Gives R's value of another statistic of the same place, or None.
    """
    match tolerance.scale:
        case "one":
            return 1.0
        case "df":
            return sibling(stat.replace("statistic", "df")) or 0.0
        case "log_likelihood" | "n_event":
            # A log-likelihood that has reached 0 is still a sum of terms, each rounded as 1 is.
            return max(abs(sibling(tolerance.scale) or 0.0), 1.0)
        case "std_dev":
            return sibling(tolerance.scale) or 0.0
        case "cohort_std_dev":
            return sibling(stat.replace("mean", "std_dev")) or 0.0
        case "std_error":
            prefix = "calibration_slope_" if stat.startswith("calibration_slope") else ""
            return sibling(f"{prefix}std_error") or sibling("model_std_error") or 0.0
        case "std_error_of_ratio":
            return abs((sibling("std_error") or 0.0) * (sibling(stat) or 0.0))
        case _:
            return 0.0
