"""How likely a patient is to be under observation: the weights of a Fine–Gray model.

References: Geskus, Biometrics 2011;67:39; R: the weights of ``survival::finegray``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def censoring_before(time: Floats, cause: Codes, at: Floats, entry: Floats | None = None) -> Floats:
    """Return G(t-), the Kaplan–Meier estimate of being uncensored, at given times.

    Parameters
    ----------
    time, cause
        Shape (n,); cause 0 is censored. Events leave the risk set before the censorings at the same time.
    entry
        At risk in (entry, time]; None: from the start.
    """
    distinct, index = np.unique(time, return_inverse=True)
    n_all = np.bincount(index, minlength=distinct.size)
    n_censor = np.bincount(index[cause == 0], minlength=distinct.size)
    at_risk = np.cumsum(n_all[::-1])[::-1] - (n_all - n_censor)
    if entry is not None:
        at_risk = at_risk - (entry.size - np.searchsorted(np.sort(entry), distinct, side="left"))
    steps = np.where(n_censor > 0, 1 - n_censor / np.maximum(at_risk, 1), 1.0)
    survival = np.concatenate(([1.0], np.cumprod(steps)))
    return survival[np.searchsorted(distinct, at, side="left")]


def entered_before(entry: Floats, time: Floats, at: Floats) -> Floats:
    """Return H(t-), the product-limit estimate of the share that has come under observation before given times.

    Time runs backwards: at an entry time e the patients with entry <= e < time are at risk. 1 where nobody enters after
    the first time, as in R.
    """
    if not (entry > time.min()).any():
        return np.ones(at.shape)
    distinct, count = np.unique(entry, return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), distinct, side="right")
    at_risk = at_risk - np.searchsorted(np.sort(time), distinct, side="right")
    later = np.cumprod((1 - count / at_risk)[::-1])[::-1]
    share = np.concatenate((later[1:], [1.0]))
    return share[np.maximum(np.searchsorted(distinct, at, side="left") - 1, 0)]


def observed_before(time: Floats, cause: Codes, at: Floats, entry: Floats | None) -> Floats:
    """Return G(t-), with entry times G(t-)H(t-), at given times; 0 beyond a time with nobody under observation."""
    censored = censoring_before(time, cause, at, entry)
    return censored if entry is None else censored * entered_before(entry, time, at)
