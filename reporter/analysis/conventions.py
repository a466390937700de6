"""What other tools give where their rules differ from R's: written out, to explain a number; never printed as a result.

Each function returns NaN where that tool has no number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Hyndman & Fan's types by NumPy's names; 7 is R's default, SAS uses 2 (PCTLDEF = 5), SPSS 6, Stata 2.
QUANTILE_METHODS = {
    1: "inverted_cdf", 2: "averaged_inverted_cdf", 3: "closest_observation", 4: "interpolated_inverted_cdf",
    5: "hazen", 6: "weibull", 8: "median_unbiased", 9: "normal_unbiased",
}  # fmt: skip


def _steps(time: Floats, event: Bools) -> tuple[Floats, Floats]:
    """Return the distinct times and S just after each."""
    distinct, index = np.unique(time, return_inverse=True)
    died = np.bincount(index, weights=event.astype(np.float64))
    left = np.cumsum(np.bincount(index)[::-1])[::-1]
    return distinct, np.cumprod(1 - died / left).astype(np.float64)


def survival_carried_forward(time: Floats, event: Bools, at: float) -> float:
    """S(at), the last value carried past the end of follow-up; 1 before the first time."""
    distinct, survival = _steps(time, event)
    last = int(np.searchsorted(distinct, at, side="right")) - 1
    return 1.0 if last < 0 else float(survival[last])


def first_time_at_or_below(time: Floats, event: Bools, p: float) -> float:
    """First time with S <= p: lifelines' median, without the middle of a plateau."""
    distinct, survival = _steps(time, event)
    hit = np.flatnonzero(survival <= p + 1e-12)
    return float(distinct[hit[0]]) if hit.size else float("nan")


def first_time_below(time: Floats, event: Bools, p: float) -> float:
    """First time with S < p: the end of a plateau at p."""
    distinct, survival = _steps(time, event)
    hit = np.flatnonzero(survival < p - 1e-12)
    return float(distinct[hit[0]]) if hit.size else float("nan")


def interpolated_time(time: Floats, event: Bools, p: float) -> float:
    """Time with S = p on the straight lines between the steps."""
    distinct, survival = _steps(time, event)
    t, s = np.concatenate(([0.0], distinct)), np.concatenate(([1.0], survival))
    hit = np.flatnonzero(s <= p)
    if not hit.size:
        return float("nan")
    j = int(hit[0])
    return float(t[j - 1] + (s[j - 1] - p) / (s[j - 1] - s[j]) * (t[j] - t[j - 1]))


def at_risk_after(time: Floats, at: float) -> float:
    """Patients with T > at: the number that lifelines draws under a curve."""
    return float((time > at).sum())


def cumulative_hazard(time: Floats, event: Bools, risk: Floats, at: float, *, efron: bool) -> float:
    """H0(at) for the relative risks of each row: the sum of d/S0, or Efron's sum over the ties of one time."""
    distinct, index = np.unique(time, return_inverse=True)
    whole = np.cumsum(np.bincount(index, weights=risk)[::-1])[::-1]
    own = np.bincount(index, weights=np.where(event, risk, 0.0))
    n_dead = np.bincount(index, weights=event.astype(np.float64)).astype(np.int64)
    n_dead[distinct > at] = 0
    which = np.repeat(np.arange(distinct.size), n_dead)
    place = np.arange(which.size) - np.repeat(np.cumsum(n_dead) - n_dead, n_dead)
    share = place / n_dead[which] if efron else 0.0
    return float((1 / (whole[which] - share * own[which])).sum())


def observed_expected(observed: Floats, expected: Floats) -> float:
    """Sum of (O - E)^2 / E: the older, conservative log-rank statistic of textbooks and of EpiInfo."""
    use = expected > 0
    return float(((observed[use] - expected[use]) ** 2 / expected[use]).sum())


def other_quantiles(values: Floats, p: float) -> dict[int, float]:
    """Return the p-quantile by Hyndman & Fan's types other than R's default 7."""
    return {
        kind: float(np.quantile(values, p, method=method))  # type: ignore[call-overload]
        for kind, method in QUANTILE_METHODS.items()
    }
