"""The Aalen–Johansen estimate of cumulative incidence, as R's multi-state ``survfit`` computes it.

References: Aalen & Johansen, Scand J Stat 1978;5:141; Therneau, R package survival (survfit of a factor status).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.spec.options import ConfType

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CERTAIN = 1e-12  # an incidence as near to 1 differs from it by rounding: everybody has had the event


@dataclass(frozen=True)
class IncidenceCurve:
    """Cumulative incidence of one cause at every distinct time; shapes (n_times,), NaN where R prints NA.

    Parameters
    ----------
    time
        Distinct times, censored ones included, ascending.
    n_risk, n_event
        Patients with entry < time <= T, and their events of this cause.
    estimate, std_error
        F(t) and its infinitesimal-jackknife standard error.
    conf_low, conf_high
        Pointwise limits on the scale of the named type, applied to F itself.
    """

    time: Floats
    n_risk: Floats
    n_event: Floats
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats

    @property
    def cumulative_n_event(self) -> Floats:
        """Events of this cause up to each time."""
        return np.cumsum(self.n_event).astype(np.float64)


@dataclass(frozen=True)
class _Counts:
    """Counts at the distinct times; shapes (J,), and (K, J) for `by_cause`."""

    time: Floats
    n_risk: Floats
    by_cause: Floats

    @property
    def n_any(self) -> Floats:
        """Events of any cause, shape (J,)."""
        return np.asarray(self.by_cause.sum(axis=0), dtype=np.float64)


def incidence_limits(
    estimate: Floats, std_error: Floats, conf_type: ConfType, conf_level: float
) -> tuple[Floats, Floats]:
    """Limits of a probability from its own standard error; R: ``survfit_confint(p, se, logse = FALSE, …)``."""
    z = float(norm.ppf(1 - (1 - conf_level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "plain":
            return np.maximum(estimate - z * std_error, 0.0), np.minimum(estimate + z * std_error, 1.0)
        inside = np.where(estimate == 0, np.nan, estimate)
        relative = np.where(std_error == 0, 0.0, std_error / inside)
        if conf_type == "log":
            middle = np.log(inside)
            return np.exp(middle - z * relative), np.minimum(np.exp(middle + z * relative), 1.0)
        if conf_type == "log-log":
            inside = np.where(estimate == 1, np.nan, inside)
            half = z * relative / np.log(inside)
            middle = np.log(-np.log(inside))
            return np.exp(-np.exp(middle - half)), np.exp(-np.exp(middle + half))
        half = z * relative * (1 + inside / (1 - inside))
        middle = np.log(inside / (1 - inside))
        return 1 - 1 / (1 + np.exp(middle - half)), 1 - 1 / (1 + np.exp(middle + half))


def _count(time: Floats, cause: Codes, n_causes: int, entry: Floats | None) -> _Counts:
    distinct, index = np.unique(time, return_inverse=True)
    everybody = np.bincount(index, minlength=distinct.size)
    at_risk = np.cumsum(everybody[::-1])[::-1].astype(np.float64)
    if entry is not None:
        at_risk -= time.size - np.searchsorted(np.sort(entry), distinct, side="left")
    by_cause = np.stack([np.bincount(index[cause == k], minlength=distinct.size) for k in range(1, n_causes + 1)])
    return _Counts(distinct, at_risk, by_cause.astype(np.float64))


def _survival_before(found: _Counts) -> Floats:
    """Return S(t-) of being free of every event, shape (J,)."""
    left: Floats = np.cumprod((found.n_risk - found.n_any) / found.n_risk).astype(np.float64)
    return np.concatenate(([1.0], left[:-1]))


def _greenwood(found: _Counts) -> Floats:
    """Return d / (Y (Y - d)), 0 where nobody is left: from there on the estimate cannot change."""
    left = found.n_risk - found.n_any
    return np.divide(found.n_any, found.n_risk * left, out=np.zeros_like(left), where=left > 0)


def _before(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(values)[:-1]))


def _variance(found: _Counts, before: Floats, events: Floats) -> Floats:
    """Return the variance of F at each time, shape (J,), when all are observed from the start.

    The sum over patients of their squared influence, which is, with g = d/(Y(Y - d)),
    sum_j (F(t) - F_j)^2 g_j - 2 (F(t) - F_j) S(t_j-) d_kj / Y_j^2 + S(t_j-)^2 d_kj (Y_j - d_kj) / Y_j^3,
    built up from step to step so that nothing of size F(t)^2 cancels.
    """
    n, g = found.n_risk, _greenwood(found)
    step = before * events / n
    mixed = before * events / n**2
    first = np.cumsum(step * _before(g))
    second = np.cumsum(2 * step * np.concatenate(([0.0], first[:-1])) + step**2 * _before(g))
    cross = np.cumsum(step * _before(mixed))
    own = np.cumsum(before**2 * events * (n - events) / n**3)
    return np.maximum(second - 2 * cross + own, 0.0)


def _variance_with_entry(
    found: _Counts, before: Floats, events: Floats, times: tuple[Floats, Floats, Codes], k: int
) -> Floats:
    """Return the sum of squared influences at each time, shape (J,), with late entry: patient by patient."""
    time, entry, cause = times
    n, d = found.n_risk, found.n_any
    left = n - d
    incidence = np.cumsum(before * events / n)
    loss = np.divide(d, n * left, out=np.zeros_like(left), where=left > 0)
    single = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    sums = [np.concatenate(([0.0], np.cumsum(v))) for v in (before * events / n**2, loss, loss * incidence)]
    start = np.searchsorted(found.time, entry, side="right")
    own = np.searchsorted(found.time, time, side="left")
    out = np.zeros(found.time.size)
    for j in range(found.time.size):
        stop = np.maximum(np.minimum(own, j) + 1, start)
        hazard, lost, weighted = (total[stop] - total[start] for total in sums)
        influence = incidence[j] * lost - weighted - hazard
        over = (own <= j) & (cause > 0)
        influence[over] -= ((incidence[j] - incidence) * single)[own[over]]
        mine = (own <= j) & (cause == k)
        influence[mine] += (before / n)[own[mine]]
        out[j] = influence @ influence
    return out


def estimate_incidence(
    time: Floats, cause: Codes, n_causes: int, *, entry: Floats | None, conf_type: ConfType, conf_level: float
) -> tuple[IncidenceCurve, ...]:
    """Aalen–Johansen: F_k(t) = sum over t_j <= t of S(t_j-) d_kj / Y_j; R: ``survfit(Surv(time, factor(cause)) ~ 1)``.

    Parameters
    ----------
    time, cause
        Shape (n,), n >= 1; cause 0 is censored, causes count from 1 to `n_causes`.
    entry
        Start of observation, shape (n,); None when all are observed from the start.
    """
    found = _count(time, cause, n_causes, entry)
    before = _survival_before(found)
    curves = []
    for k in range(1, n_causes + 1):
        events = found.by_cause[k - 1]
        estimate = np.cumsum(before * events / found.n_risk).astype(np.float64)
        if entry is None:
            variance = _variance(found, before, events)
        else:
            variance = _variance_with_entry(found, before, events, (time, entry, cause), k)
        certain = estimate >= 1 - CERTAIN
        estimate, error = np.where(certain, 1.0, estimate), np.where(certain, 0.0, np.sqrt(variance))
        low, high = incidence_limits(estimate, error, conf_type, conf_level)
        curves.append(IncidenceCurve(found.time, found.n_risk, events, estimate, error, low, high))
    return tuple(curves)


def incidence_at(curve: IncidenceCurve, times: Floats) -> dict[str, Floats]:
    """Return n_event, estimate, std_error, conf_low, conf_high at given times.

    Before the first time F is 0 without an interval; NaN past the last follow-up.
    """
    last = np.searchsorted(curve.time, times, side="right") - 1
    past = times > curve.time[-1]

    def pick(values: Floats, start: float) -> Floats:
        return np.where(past, np.nan, np.where(last < 0, start, values[np.maximum(last, 0)]))

    out = {"n_event": pick(curve.cumulative_n_event, 0.0)}
    for name in ("estimate", "std_error"):
        out[name] = pick(getattr(curve, name), 0.0)
    for name in ("conf_low", "conf_high"):
        out[name] = pick(getattr(curve, name), np.nan)
    return out
