"""Royston and Sauerbrei's D and the explained variation that goes with it.

References: Royston & Sauerbrei, Stat Med 2004;23:723; Royston, Stata J 2006;6:83; R: ``royston(ties = TRUE)``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]

SCALE = math.sqrt(8 / math.pi)


def normal_scores(score: Floats) -> Floats:
    """Return expected normal order statistics (Blom) of the ranks; equal scores share the mean of theirs.

    Parameters
    ----------
    score
        Shape (n,).
    """
    n = score.size
    in_order = norm.ppf((np.arange(1, n + 1) - 3 / 8) / (n + 1 / 4))
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    sums = np.concatenate(([0.0], np.cumsum(in_order)))
    means = (sums[ends] - sums[ends - counts]) / counts
    return np.asarray(means[place], dtype=np.float64)


def explained_variation(slope: float) -> float:
    """R²_D = b² / (π²/6 + b²) of the coefficient b of the normal scores in a Cox model; D is b √(8/π)."""
    return slope**2 / (math.pi**2 / 6 + slope**2)
