"""Net benefit of treating those at high predicted risk, for censored data.

Reference: Vickers et al., BMC Med Inform Decis Mak 2008;8:53.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.kaplan_meier import estimate_survival

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def observed_risk(time: Floats, event: Bools, horizon: float) -> float:
    """1 - Kaplan–Meier at `horizon`; NaN past the last follow-up unless nobody was left by then."""
    curve = estimate_survival(time, event, conf_type="plain", conf_level=0.95)
    if horizon > curve.time[-1] and curve.estimate[-1] > 0:
        return float("nan")
    last = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    return 1 - float(curve.estimate[last]) if last >= 0 else 0.0


def net_benefit(time: Floats, event: Bools, risk: Floats, horizon: float, threshold: float) -> float:
    """Share of true positives less the odds of `threshold` times that of false positives.

    Positive are those with a risk of `threshold` or more; their events by the horizon come from their own Kaplan–Meier
    estimate. 0 without positives; NaN where their follow-up ends before the horizon.

    Parameters
    ----------
    time, event, risk
        Shape (n,).
    """
    positive = risk >= threshold
    if not positive.any():
        return 0.0
    share, observed = float(positive.mean()), observed_risk(time[positive], event[positive], horizon)
    return share * (observed - (1 - observed) * threshold / (1 - threshold))
