"""A Cox model of a large cohort: the compiled likelihood, started from a fit to a part of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.compiled_likelihood import CompiledLikelihood, well_conditioned
from reporter.analysis.kernels.newton import Optimum, inverse, maximise, runs_away, solve
from reporter.analysis.kernels.risk_sets import RiskSets, make_risk_sets
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STRIDE = 20
UNSEEN = 1e-10  # a tenth of what standard errors are held to
SAMPLED = 100_000  # rows from which a first fit to a part of them saves time
ROUGH_STEPS = 5


@dataclass(frozen=True)
class LargeFit:
    """What `fit_cox` needs; arrays in the order and the units of the design, all columns estimable."""

    best: Optimum
    coef: Floats
    covariance: Floats
    centre: Floats
    infinite: Bools
    packed: CompiledLikelihood


def _guess(x: Floats, time: Floats, event: Bools, ties: Ties, strata: Ints | None, full: CompiledLikelihood) -> (
    Floats | None
):  # fmt: skip
    """Return a few Newton steps on every 20th row, in the units of `full`; None where they lead nowhere."""
    part = slice(None, None, STRIDE)
    if not event[part].any():
        return None
    sets = make_risk_sets(time[part], event[part], ties, strata=None if strata is None else strata[part])
    likelihood = CompiledLikelihood(np.ascontiguousarray(x[part]), event[part], sets, None)
    if not likelihood.suits:
        return None
    beta = np.zeros(likelihood.size)
    for _ in range(ROUGH_STEPS):
        at = likelihood.evaluate(beta)
        if not well_conditioned(at.information):
            return None
        beta = beta + solve(at.information, at.score)
    coef = np.empty(x.shape[1])
    coef[likelihood.columns] = beta / likelihood.scale
    out: Floats = coef[full.columns] * full.scale
    return out


def fit_large(
    x: Floats, time: Floats, event: Bools, sets: RiskSets, *, ties: Ties, strata: Ints | None, offset: Floats | None
) -> LargeFit | None:
    """Fit by compiled loops; None where a column is constant, nearly so, or nearly dependent on others."""
    packed = CompiledLikelihood(x, event, sets, offset)
    if not packed.suits:
        return None
    sampled = x.shape[0] >= SAMPLED and offset is None and not packed.tabulated
    guess = _guess(x, time, event, ties, strata, packed) if sampled else None
    best = maximise(packed, guess, unseen=UNSEEN)
    if not well_conditioned(best.start.information):
        return None
    size = packed.size
    coef, infinite, covariance = np.empty(size), np.empty(size, dtype=bool), np.empty((size, size))
    coef[packed.columns] = best.beta / packed.scale
    covariance[np.ix_(packed.columns, packed.columns)] = inverse(best.at.information) / np.outer(
        packed.scale, packed.scale
    )
    infinite[packed.columns] = runs_away(best, packed.width)
    return LargeFit(best, coef, covariance, packed.centre, infinite, packed)
