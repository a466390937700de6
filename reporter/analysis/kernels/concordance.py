"""Harrell's concordance with R's infinitesimal-jackknife standard error.

References: Harrell et al., Stat Med 1996;15:361; R: ``concordance(Surv(time, event) ~ lp, reverse = TRUE, ymax)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 512


@dataclass(frozen=True)
class Concordance:
    """C = (concordant + tied_risk / 2) / (concordant + discordant + tied_risk); NaN without comparable pairs."""

    estimate: float
    std_error: float
    n_concordant: float
    n_discordant: float
    n_tied_risk: float
    n_tied_time: float
    n_tied_both: float


def concordance(time: Floats, event: NDArray[np.bool_], risk: Floats, *, ymax: float | None) -> Concordance:
    """Count pairs in which the shorter time ended in an event (at or before `ymax`).

    An event precedes a censoring at the same time; two events at the same time are not comparable.
    Work is O(d n) for d events, in blocks of bounded memory.

    Parameters
    ----------
    time, event, risk
        Shape (n,); higher `risk` means shorter survival.
    """
    index_event = event if ymax is None else event & (time <= ymax)
    n = time.size
    score, pairs = np.zeros(n), np.zeros(n)
    counts = np.zeros(5)
    cases = np.flatnonzero(index_event)
    for start in range(0, cases.size, BLOCK):
        block = cases[start : start + BLOCK]
        t, r = time[block, None], risk[block, None]
        later = (time[None, :] > t) | ((time[None, :] == t) & ~event[None, :])
        better, tied = later & (risk[None, :] < r), later & (risk[None, :] == r)
        value = better + 0.5 * tied
        score[block] += value.sum(axis=1)
        pairs[block] += later.sum(axis=1)
        score += value.sum(axis=0)
        pairs += later.sum(axis=0)
        twins = (time[None, :] == t) & event[None, :] & (np.arange(n)[None, :] > block[:, None])
        same = int((twins & (risk[None, :] == r)).sum())
        counts += [better.sum(), later.sum() - better.sum() - tied.sum(), tied.sum(), int(twins.sum()) - same, same]
    total = counts[:3].sum()
    if not total:
        return Concordance(float("nan"), float("nan"), *(float(c) for c in counts))
    estimate = float((counts[0] + counts[2] / 2) / total)
    influence = (score - estimate * pairs) / total
    return Concordance(estimate, float(np.sqrt(np.sum(influence**2))), *(float(c) for c in counts))
