"""Optimism of a Cox model by the bootstrap: what the model of a resample is worth there and on all rows.

References: Harrell, Lee & Mark, Stat Med 1996;15:361; Efron & Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 17. R: ``rms::validate(fit, method = "boot", B)``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.r_uniform import RUniform
from reporter.errors import ReporterError
from reporter.spec.options import Ties

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MEASURES = ("harrell_c", "calibration_slope", "r2", "harrell_c_early", "brier")
CHUNK = 20

NO_EVENT = "no event"
DEPENDENT = "a covariate is constant, or determined by others"
INFINITE = "a hazard ratio runs to infinity"
NOT_CONVERGED = "Newton's method did not converge"
NO_MEASURE = "a measure is not defined"
FAILURES = (NO_EVENT, DEPENDENT, INFINITE, NOT_CONVERGED, NO_MEASURE)


@dataclass(frozen=True)
class Optimism:
    """Measures of the whole model and of the resamples, in the order of `MEASURES`.

    Parameters
    ----------
    apparent
        Shape (5,).
    training, test
        The model of each resample on its own rows and on all rows; shape (B, 5), NaN where the resample gave no model.
    why
        Index into `FAILURES` of each resample, -1 where it gave a model; shape (B,).
    """

    apparent: Floats
    training: Floats
    test: Floats
    why: Ints

    @property
    def n_failed(self) -> int:
        """Resamples without a model."""
        return int((self.why >= 0).sum())


@dataclass(frozen=True)
class _Data:
    """Rows sorted by time, events first; columns standardised."""

    x: Floats
    time: Floats
    event: Bools
    begin: Ints
    order: Ints
    n_early: int
    horizon: float
    efron: bool

    @property
    def n(self) -> int:
        return self.time.size


def _sorted(x: Floats, time: Floats, event: Bools, ties: Ties, horizon: float | None) -> _Data:
    order = np.lexsort((~event, time))
    at = time[order]
    begin = np.concatenate(([0], np.flatnonzero(np.diff(at)) + 1, [at.size])).astype(np.int64)
    spread = x.std(axis=0)
    z = (x - x.mean(axis=0)) / spread
    until = np.nan if horizon is None else horizon
    n_early = int(np.searchsorted(at[begin[:-1]], until, side="right")) if horizon is not None else 0
    return _Data(np.ascontiguousarray(z[order]), at, event[order], begin, order, n_early, until, ties == "efron")


def _careful(data: _Data, copies: Ints, ties: Ties) -> tuple[int, Floats]:
    """Fit the repeated rows with every safeguard: the reason that there is no model, or -1 with the coefficients."""
    rows = np.repeat(np.arange(data.n), copies)
    nothing = np.empty(0)
    if not data.event[rows].any():
        return FAILURES.index(NO_EVENT), nothing
    try:
        fit = fit_cox(data.x[rows], data.time[rows], data.event[rows], ties=ties)
    except ReporterError:  # every column is constant
        return FAILURES.index(DEPENDENT), nothing
    if not fit.used.all():
        return FAILURES.index(DEPENDENT), nothing
    if fit.infinite.any():
        return FAILURES.index(INFINITE), nothing
    return (-1, fit.coef) if fit.converged else (FAILURES.index(NOT_CONVERGED), nothing)


def _r2(ratio: float, null: float, n: int) -> float:
    """Nagelkerke's R² of a likelihood ratio: share of its maximum, 1 - exp(2 l(0) / n)."""
    return float(np.expm1(-ratio / n) / np.expm1(2 * null / n))


def _worth(data: _Data, copies: Ints, score: Floats, hazard: float, fitted: tuple[float, float] | None) -> Floats:
    """Return the measures of a predictor on rows; `fitted` are l(model) and l(0) where it was fitted to them."""
    from reporter.analysis.kernels import compiled_bootstrap as loops

    whole, early = loops.concordances(score, data.event, data.begin, copies, data.n_early)
    slope, score_1, square = np.ones(1), np.zeros(1), np.zeros((1, 1))
    one = np.ascontiguousarray(score[:, None])
    if fitted is None:
        args = (one, data.event, data.begin, copies)
        found, reached = loops.climb(*args, np.ones(1), data.efron, slope)
        null = loops.efron_sums(*args, np.zeros(1), data.efron, False, score_1, square)
        if not found:
            slope[0] = np.nan
    else:
        reached, null = fitted
    ratio = _r2(2 * (reached - null), null, int(copies.sum()))
    scored = np.nan
    if np.isfinite(data.horizon):
        risk = -np.expm1(-hazard * np.exp(score))
        scored = loops.brier(data.time, data.event, data.begin, copies, risk, data.horizon)
    return np.array([whole, float(slope[0]), ratio, early, scored])


def _one(data: _Data, copies: Ints, guess: Floats, ties: Ties, wanted: Bools) -> tuple[int, Floats, Floats]:
    """Return why a resample gave no model (-1: it did), and its measures there and on all rows."""
    from reporter.analysis.kernels import compiled_bootstrap as loops

    nothing = np.full(len(MEASURES), np.nan)
    beta = np.zeros(guess.size)
    args = (data.x, data.event, data.begin, copies)
    found, reached = loops.climb(*args, guess, data.efron, beta)
    p = guess.size
    score, square = np.zeros(p), np.zeros((p, p))
    if not found:
        why, beta = _careful(data, copies, ties)
        if why >= 0:
            return why, nothing, nothing
        reached = loops.efron_sums(*args, beta, data.efron, False, score, square)
    null = loops.efron_sums(*args, np.zeros(p), data.efron, False, score, square)
    predictor = loops.predictors(data.x, beta)
    hazard = loops.hazard_by(predictor, data.event, data.begin, copies, data.efron, data.n_early)
    training = _worth(data, copies, predictor, hazard, (reached, null))
    test = _worth(data, np.ones(data.n, dtype=np.int64), predictor, hazard, None)
    if not np.isfinite(np.concatenate((training[wanted], test[wanted]))).all():
        return FAILURES.index(NO_MEASURE), nothing, nothing
    return -1, training, test


def _resamples(seed: int, resamples: int, data: _Data) -> Iterator[Ints]:
    """Yield how often each sorted row is drawn; resample after resample from one stream."""
    stream = RUniform(seed)
    for _ in range(resamples):
        yield np.bincount(stream.sample(data.n), minlength=data.n)[data.order].astype(np.int64)


def estimate_optimism(
    x: Floats, time: Floats, event: Bools, *, ties: Ties, horizon: float | None, resamples: int, seed: int,
    workers: int | None = None,
) -> Optimism:  # fmt: skip
    """Draw the rows of a Cox model with replacement, fit each resample, and measure it there and on all rows.

    Parameters
    ----------
    x
        Shape (n, p): independent columns whose coefficients are finite on all rows.
    time, event
        Shape (n,).
    ties
        ``efron`` or ``breslow``.
    horizon
        Of the last two measures, NaN without one.
    seed
        Of R's stream: ``set.seed(seed)``, then ``floor(n * runif(n)) + 1`` for each resample.
    workers
        Threads; the result does not depend on their number. None: one for each processor.

    Raises
    ------
    ReporterError
        When the columns give no model on all rows.
    """
    data = _sorted(x, time, event, ties, horizon)
    wanted = np.array([True, True, True, horizon is not None, horizon is not None])
    all_rows = np.ones(data.n, dtype=np.int64)
    why, guess = _careful(data, all_rows, ties)
    if why >= 0:
        raise ReporterError(f"no bootstrap of this model: {FAILURES[why]}")
    failed, apparent, _ = _one(data, all_rows, guess, ties, wanted)
    if failed >= 0:
        raise ReporterError(f"no bootstrap of this model: {FAILURES[failed]}")

    def several(part: list[Ints]) -> list[tuple[int, Floats, Floats]]:
        return [_one(data, copies, guess, ties, wanted) for copies in part]

    draws = _resamples(seed, resamples, data)
    found: list[tuple[int, Floats, Floats]] = []
    threads = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for low in range(0, resamples, CHUNK * threads):
            wave = [copies for _, copies in zip(range(min(CHUNK * threads, resamples - low)), draws, strict=False)]
            for part in pool.map(several, [wave[i : i + CHUNK] for i in range(0, len(wave), CHUNK)]):
                found += part
    whys, training, test = zip(*found, strict=True)
    return Optimism(apparent, np.array(training), np.array(test), np.array(whys, dtype=np.int64))
