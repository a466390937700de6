"""Statistics of Uno's concordance beside Harrell's, and when there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.kernels.uno import UnoConcordance, censoring_before, uno_concordance
from reporter.cohort.frame import AnalysisFrame
from reporter.results.value import Statistic, statistic
from reporter.spec.options import ConcordanceOptions, ValidationOptions

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NAMES = ("uno_c", "uno_c_std_error", "uno_c_conf_low", "uno_c_conf_high", "uno_largest_weight")
NO_PAIR = "no comparable pair"
ENTRY = "patients came under observation late: the censoring distribution is not that of all patients"
COMPETING = "competing events end follow-up: pairs cannot be weighted by censoring alone"
NOT_PLAIN = "not offered with strata, clusters or case weights"
_NOTHING = UnoConcordance(float("nan"), float("nan"), float("nan"))


def _refused(
    frame: AnalysisFrame, time: Floats, event: Bools, tau: float, options: ConcordanceOptions | ValidationOptions
) -> str:
    """Say why the pairs cannot be weighted up to `tau`; empty when they can."""
    if frame.entry is not None:
        return ENTRY
    if frame.cause is not None:
        return COMPETING
    if options.strata or options.weights or options.cluster:
        return NOT_PLAIN
    if not np.isfinite(tau) or not (event & (time <= tau)).any():
        return NO_PAIR
    if (time >= tau).sum() < options.uno_min_at_risk:
        return f"fewer than {options.uno_min_at_risk} patients at risk at tau"
    if float(censoring_before(time, event, np.array([tau]))[0]) < options.uno_min_uncensored:
        return f"the probability of not being censored before tau is below {options.uno_min_uncensored:g}"
    return ""


def uno_statistics(
    frame: AnalysisFrame,
    time: Floats,
    event: Bools,
    risk: Floats,
    tau: float,
    options: ConcordanceOptions | ValidationOptions,
) -> tuple[Statistic, ...]:
    """Return Uno's C up to `tau` with standard error and limits (estimate ± z SE), or why there is none.

    Refused with entry times, competing events, strata, clusters or case weights, and where too few patients are at
    risk, or too many were censored, by `tau`.

    Parameters
    ----------
    time, event, risk
        Of the patients used, shape (n,).
    """
    why_not = _refused(frame, time, event, tau, options)
    found = _NOTHING if why_not else uno_concordance(time, event, risk, tau=tau)
    note = why_not or (NO_PAIR if np.isnan(found.estimate) else "")
    half = float(norm.ppf(1 - (1 - options.conf_level) / 2)) * found.std_error
    low, high = found.estimate - half, found.estimate + half
    values = (found.estimate, found.std_error, low, high, found.largest_weight)
    return tuple(statistic(name, value, note=note) for name, value in zip(NAMES, values, strict=True))
