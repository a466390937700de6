"""The register of known differences between R's ``survival``, the Python libraries and what is printed here.

An entry explains a difference of lifelines alone: Python against R is never a known difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from reporter.results.ledger import LedgerRow


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


@dataclass(frozen=True)
class Witnessed:
    """A number of lifelines.

    Parameters
    ----------
    value
        None where lifelines has none.
    convention
        Entry of the register whose condition holds for this very number; empty for none.
    scale
        Standard error of the number, where that gives the scale of a difference near 0.
    """

    value: float | None
    convention: str = ""
    scale: float = 0.0


REGISTER = (
    KnownDifference(
        "km_interval", "Kaplan–Meier confidence interval", "log by default; log, log-log, plain, logit",
        "lifelines log-log only; scikit-survival log-log or none",
        "R's formula of the type that the study names, from Greenwood",
    ),
    KnownDifference(
        "km_interval_at_bounds", "interval where S is 1 or 0",
        "NA at S=0; at S=1 1–1 for log and plain, NA for log-log",
        "lifelines prints 1–1 and 0–0", "as R, per type; NA is blank",
    ),
    KnownDifference(
        "median_on_plateau", "median and quantiles", "middle of the plateau where abs(S - p) < 1.49e-8",
        "lifelines: first time with S <= p", "R's rule",
    ),
    KnownDifference(
        "carried_forward", "S(t) past the last follow-up", "left out", "lifelines carries the last value forward",
        "not estimable, with a note",
    ),
    KnownDifference("at_risk", "number at risk at t", "T >= t", "lifelines draws T > t", "T >= t, said in the caption"),
    KnownDifference(
        "cox_convergence", "Cox convergence", "eps 1e-9 on the log-likelihood",
        "lifelines shortens its steps to .95 and stops early",
        "Newton to rounding error; lifelines is asked for full steps",
    ),
    KnownDifference(
        "ph_test", "test of proportional hazards", "score test, transform km, per term and global (survival >= 3.0)",
        "lifelines: the former approximation, per column, no global test", "R's score test",
    ),
    KnownDifference("ties", "default for ties", "Efron", "scikit-survival, statsmodels, SAS: Breslow",
        "Efron, always passed"),
    KnownDifference(
        "baseline_hazard", "baseline hazard under Efron", "Efron-corrected (ctype = 2), S = exp(-H)",
        "lifelines and scikit-survival: Breslow's baseline under Efron's coefficients", "Efron-corrected",
    ),
    KnownDifference(
        "centring", "centre of the baseline hazard", "at the means; 0/1 columns not centred", "lifelines at the means",
        "at R's centre, which the tree keeps",
    ),
    KnownDifference(
        "near_times", "near-equal times", "tied within 1.49e-8, absolute or relative", "not merged",
        "R's rule, before all engines",
    ),
    KnownDifference(
        "weighted_log_rank", "Peto's weights", "survdiff(rho = 1): S(t-)", "lifelines: prod(1 - d/(n + 1))",
        "a weight is named by its formula",
    ),
    KnownDifference(
        "log_rank_without_events", "log-rank test without events", "NaN", "lifelines: statistic 0, P 1",
        "not estimable",
    ),
    KnownDifference(
        "concordance_se", "concordance", "infinitesimal-jackknife standard error",
        "lifelines has none; scikit-survival ties risks within 1e-8", "as R",
    ),
    KnownDifference(
        "residuals", "residuals of a Cox model", "consistent with Efron",
        "lifelines' martingale, score and dfbeta residuals differ",
        "as R",
    ),
    KnownDifference(
        "rmst_limit", "limit of the restricted mean", "rmean = ", "lifelines must be told; SAS uses the last event",
        "the limit is always explicit",
    ),
    KnownDifference(
        "separation", "monotone likelihood", "a warning and finite numbers",
        "lifelines: a warning; scikit-survival: nothing",
        "no number; the row says that the hazard ratio runs to infinity",
    ),
)  # fmt: skip

_BY_ID = {entry.id: entry for entry in REGISTER}

# lifelines iterates too, and sums logarithms where R multiplies.
LIFELINES_RTOL = 1e-9


def annotate(row: LedgerRow, found: Witnessed | None) -> LedgerRow:
    """Put lifelines' number beside a row; a difference is explained by the register or said to be unexplained."""
    if found is None:
        return row
    note = "; ".join(part for part in (row.note, _note(row.python, found)) if part)
    return row.model_copy(update={"lifelines": found.value, "note": note})


def _note(python: float | None, found: Witnessed) -> str:
    if python is None and found.value is None:
        return ""
    if python is not None and found.value is not None and _near(python, found.value, found.scale):
        return ""
    if found.convention:
        entry = _BY_ID[found.convention]
        return f"known_difference: {entry.id} (R: {entry.r}; {entry.libraries})"
    return "lifelines differs and no known difference explains it"


def _near(python: float, lifelines: float, scale: float) -> bool:
    return abs(lifelines - python) <= LIFELINES_RTOL * max(abs(python), scale)
