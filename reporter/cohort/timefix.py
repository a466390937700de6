"""Near-equal times become equal, before both engines see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


def merge_near_times(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Merge times that differ by no more than 1.49e-8, absolute or relative to the mean of the distinct abs(t).

    Parameters
    ----------
    time
        Shape = (n,), finite, any unit.

    Returns
    -------
    ndarray
        Shape = (n,); each chain of near-equal times takes its smallest member.

    Notes
    -----
    R: ``survival:::aeqSurv`` (``timefix = TRUE``), tolerance ``sqrt(.Machine$double.eps)``.
    """
    distinct = np.unique(time)
    if distinct.size < 2:
        return time
    step = np.diff(distinct)
    scale = float(np.mean(np.abs(distinct)))
    with np.errstate(divide="ignore", over="ignore"):
        tied = (step <= TOLERANCE) | (step / scale <= TOLERANCE)
    if not tied.any():
        return time
    cuts = distinct[np.concatenate(([True], ~tied))]
    return np.asarray(cuts[np.searchsorted(cuts, time, side="right") - 1], dtype=np.float64)
