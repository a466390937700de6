"""The register of known differences between R's ``survival``, the Python libraries and what is printed here.

An entry explains a difference of another tool alone: Python against R is never a known difference.
"""

from __future__ import annotations

from dataclasses import dataclass


def N_(text: str) -> str:  # noqa: N802 the extractor's own name
    """Mark words for translation where they stand."""
    return text


@dataclass(frozen=True)
class KnownDifference:
    """One convention that differs.

    Parameters
    ----------
    id
        Name in the ledger's notes.
    quantity, r, libraries, printed
        What it is about; what R does; what the libraries do; what this project prints.
    """

    id: str
    quantity: str
    r: str
    libraries: str
    printed: str

    @property
    def words(self) -> tuple[str, str, str, str]:
        """What stands in the report, in the order of the columns."""
        return self.quantity, self.r, self.libraries, self.printed


REGISTER = (
    KnownDifference(
        "km_interval",
        N_("Kaplan–Meier confidence interval"),
        N_("log by default; log, log-log, plain, logit"),
        N_("lifelines log-log only; scikit-survival log-log or none"),
        N_("R's formula of the type that the study names, from Greenwood"),
    ),
    KnownDifference(
        "km_interval_at_bounds",
        N_("Interval where S is 1 or 0"),
        N_("NA at S=0; at S=1 1–1 for log and plain, NA for log-log"),
        N_("lifelines prints 1–1 and 0–0"),
        N_("as R, per type; NA is blank"),
    ),
    KnownDifference(
        "median_on_plateau",
        N_("Median and quantiles"),
        N_("middle of the plateau where abs(S - p) < 1.49e-8"),
        N_("lifelines: first time with S <= p"),
        N_("R's rule"),
    ),
    KnownDifference(
        "carried_forward",
        N_("S(t) past the last follow-up"),
        N_("left out"),
        N_("lifelines carries the last value forward"),
        N_("not estimable, with a note"),
    ),
    KnownDifference(
        "at_risk",
        N_("Number at risk at t"),
        N_("T >= t"),
        N_("lifelines draws T > t"),
        N_("T >= t, said in the caption"),
    ),
    KnownDifference(
        "cox_convergence",
        N_("Cox convergence"),
        N_("eps 1e-9 on the log-likelihood"),
        N_("lifelines shortens its steps to .95 and stops early"),
        N_("Newton to rounding error; lifelines is asked for full steps"),
    ),
    KnownDifference(
        "ph_test",
        N_("Test of proportional hazards"),
        N_("score test, transform km, per term and global (survival >= 3.0)"),
        N_("lifelines: the former approximation, per column, no global test"),
        N_("R's score test"),
    ),
    KnownDifference(
        "ties",
        N_("Default for ties"),
        N_("Efron"),
        N_("scikit-survival, statsmodels, SAS: Breslow"),
        N_("Efron, always passed"),
    ),
    KnownDifference(
        "baseline_hazard",
        N_("Baseline hazard under Efron"),
        N_("Efron-corrected (ctype = 2), S = exp(-H)"),
        N_("lifelines and scikit-survival: Breslow's baseline under Efron's coefficients"),
        N_("Efron-corrected"),
    ),
    KnownDifference(
        "centring",
        N_("Centre of the baseline hazard"),
        N_("at the means; 0/1 columns not centred"),
        N_("lifelines at the means"),
        N_("at R's centre, which the tree keeps"),
    ),
    KnownDifference(
        "near_times",
        N_("Near-equal times"),
        N_("tied within 1.49e-8, absolute or relative"),
        N_("not merged"),
        N_("R's rule, before all engines"),
    ),
    KnownDifference(
        "weighted_log_rank",
        N_("Peto's weights"),
        N_("survdiff(rho = 1): S(t-)"),
        N_("lifelines: prod(1 - d/(n + 1))"),
        N_("a weight is named by its formula"),
    ),
    KnownDifference(
        "log_rank_without_events",
        N_("Log-rank test without events"),
        N_("NaN"),
        N_("lifelines: statistic 0, P 1"),
        N_("not estimable"),
    ),
    KnownDifference(
        "concordance_se",
        N_("Concordance"),
        N_("infinitesimal-jackknife standard error"),
        N_("lifelines has none; scikit-survival ties risks within 1e-8"),
        N_("as R"),
    ),
    KnownDifference(
        "residuals",
        N_("Residuals of a Cox model"),
        N_("consistent with Efron"),
        N_("lifelines' martingale, score and dfbeta residuals differ"),
        N_("as R"),
    ),
    KnownDifference(
        "rmst_limit",
        N_("Limit of the restricted mean"),
        N_("rmean = "),
        N_("lifelines must be told; SAS uses the last event"),
        N_("the limit is always explicit"),
    ),
    KnownDifference(
        "separation",
        N_("Monotone likelihood"),
        N_("a warning and finite numbers"),
        N_("lifelines: a warning; scikit-survival: nothing"),
        N_("no number; the row says that the hazard ratio runs to infinity"),
    ),
    KnownDifference(
        "aalen_johansen_ties",
        N_("Cumulative incidence under ties"),
        N_("Aalen–Johansen, events at one time together"),
        N_("lifelines moves tied times at random (.04 to .09 off)"),
        N_("as R"),
    ),
    KnownDifference(
        "fine_gray_ties",
        N_("Fine–Gray model under ties"),
        N_("finegray, then coxph: Efron, each patient a cluster"),
        N_("crr of cmprsk: Breslow, another variance (2.7e-3 off)"),
        N_("as the package survival"),
    ),
)
