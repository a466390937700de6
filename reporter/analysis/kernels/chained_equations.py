"""Multiple imputation by chained equations: the draws of one chain.

No Python package offers predictive mean matching with categorical variables under a licence and with a state of upkeep
that fit here; the regressions of categorical variables are scikit-learn's.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_RIDGE = 1e-5
PENALTY = 10.0


@dataclass(frozen=True)
class Variable:
    """A variable to impute, or to impute from.

    Parameters
    ----------
    values
        Shape (n,); numbers, or codes from 0; NaN where missing.
    scale
        Shape (n,): the numbers as they enter regressions; for codes the codes themselves.
    n_levels
        Number of levels; 0 for numbers.
    """

    values: Floats
    scale: Floats
    n_levels: int = 0

    @property
    def missing(self) -> Mask:
        """Rows without a value, shape (n,)."""
        return np.isnan(self.values)


def nelson_aalen(time: Floats, event: Mask) -> Floats:
    """Return the cumulative hazard of an event at each patient's time, shape (n,): the sum of d / n at risk to it."""
    distinct, index = np.unique(time, return_inverse=True)
    deaths = np.bincount(index[event], minlength=distinct.size)
    at_risk = np.bincount(index, minlength=distinct.size)[::-1].cumsum()[::-1]
    hazard: Floats = np.cumsum(deaths / at_risk)[index]
    return hazard


def _block(scale: Floats, n_levels: int) -> Floats:
    """Return the columns with which a variable predicts: dummies against the first level, or the number."""
    if n_levels:
        dummies: Floats = (scale[:, None] == np.arange(1, n_levels)).astype(np.float64)
        return dummies
    return scale[:, None]


def _standardised(predictors: Floats, rows: Mask) -> Floats:
    """Return the columns that vary among `rows`, centred and scaled there, shape (n, k)."""
    centre, spread = predictors[rows].mean(axis=0), predictors[rows].std(axis=0)
    varies = spread > 1e-10 * np.maximum(np.abs(centre), 1e-300)
    found: Floats = (predictors[:, varies] - centre[varies]) / spread[varies]
    return found


def draw_by_matching(x: Floats, y: Floats, missing: Mask, donors: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return, for each missing row, the row of the patient who lends his value.

    A linear regression with its parameters drawn from their posterior predicts the missing, one with the estimates the
    observed; one of the `donors` nearest is taken at random (type 1 matching; Morris, White & Royston, BMC Med Res
    Methodol 2014;14:75).

    Parameters
    ----------
    x
        Shape (n, k), without intercept, standardised.
    y
        Shape (n,), NaN where missing.
    """
    have = np.flatnonzero(~missing)
    design = np.column_stack([np.ones(len(x)), x])
    seen = design[have]
    cross = seen.T @ seen
    cross[np.diag_indices_from(cross)] *= 1 + _RIDGE
    estimate = np.linalg.solve(cross, seen.T @ y[have])
    residual = y[have] - seen @ estimate
    sigma = np.sqrt((residual @ residual) / rng.chisquare(max(have.size - cross.shape[0], 1)))
    root = np.linalg.cholesky(np.linalg.inv(cross))
    drawn = estimate + sigma * (root @ rng.normal(size=estimate.size))
    predicted = seen @ estimate
    order = np.argsort(predicted, kind="stable")
    return have[order[_near(predicted[order], design[missing] @ drawn, donors, rng)]]


def _near(ordered: Floats, wanted: Floats, donors: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return for each wanted number the place of one of the nearest `donors` in an ascending list."""
    k = min(donors, ordered.size)
    start = np.searchsorted(ordered, wanted) - k
    window = np.clip(start[:, None] + np.arange(2 * k), 0, ordered.size - 1)
    distance = np.abs(ordered[window] - wanted[:, None])
    # At the ends of the list the window shows the same place several times.
    repeated = np.zeros_like(distance, dtype=bool)
    repeated[:, 1:] = window[:, 1:] == window[:, :-1]
    distance[repeated] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    chosen = nearest[np.arange(wanted.size), rng.integers(0, k, wanted.size)]
    found: NDArray[np.int64] = window[np.arange(wanted.size), chosen]
    return found


def draw_levels(x: Floats, codes: Floats, missing: Mask, rng: np.random.Generator) -> Floats:
    """Return drawn codes for the missing rows.

    A logistic or multinomial regression is fitted to a bootstrap sample of the observed rows, so that the draws carry
    its uncertainty; a weak normal prior (scikit-learn's C = 10 on standardised predictors) keeps it finite where a
    level is separated.
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    have = np.flatnonzero(~missing)
    sample = rng.choice(have, have.size)
    found = np.unique(codes[sample])
    if found.size == 1 or not x.shape[1]:
        return rng.choice(codes[sample], int(missing.sum()))
    with warnings.catch_warnings():
        # A regression that is not fitted to the last digit is good enough to draw from.
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=PENALTY, solver="newton-cholesky", max_iter=50).fit(x[sample], codes[sample])
    shares = np.cumsum(model.predict_proba(x[missing]), axis=1)
    place = (shares < rng.random(int(missing.sum()))[:, None]).sum(axis=1)
    drawn: Floats = model.classes_[np.minimum(place, found.size - 1)]
    return drawn


@dataclass(frozen=True)
class Chain:
    """One imputed set: the completed values, shape (n, p), and the mean of the imputed ones, shape (iterations, p)."""

    values: Floats
    means: Floats


def run_chain(
    variables: Sequence[Variable], outcome: Floats, rng: np.random.Generator, *, iterations: int, donors: int
) -> Chain:
    """Impute the variables in turn, the one with fewest missing values first, each from all others and the outcome.

    Missing values start as values of other patients drawn at random. White, Royston & Wood, Stat Med 2011;30:377.

    Parameters
    ----------
    variables
        Each has at least one value; those without a missing value are only imputed from.
    outcome
        Shape (n, q): event indicators and cumulative hazards.
    """
    values = np.column_stack([v.values for v in variables])
    scales = np.column_stack([v.scale for v in variables])
    missing = np.column_stack([v.missing for v in variables])
    targets = [j for j in np.argsort(missing.sum(axis=0), kind="stable") if missing[:, j].any()]
    means = np.full((iterations, len(variables)), np.nan)

    def lend(j: int, donors_of: NDArray[np.int64]) -> None:
        values[missing[:, j], j] = variables[j].values[donors_of]
        scales[missing[:, j], j] = variables[j].scale[donors_of]

    for j in targets:
        lend(j, rng.choice(np.flatnonzero(~missing[:, j]), int(missing[:, j].sum())))
    for step in range(iterations):
        for j in targets:
            others = [_block(scales[:, i], v.n_levels) for i, v in enumerate(variables) if i != j]
            x = _standardised(np.column_stack([outcome, *others]), ~missing[:, j])
            lost = missing[:, j]
            if variables[j].n_levels:
                values[lost, j] = scales[lost, j] = draw_levels(x, variables[j].values, lost, rng)
            else:
                lend(j, draw_by_matching(x, variables[j].scale, lost, donors, rng))
            means[step, j] = values[lost, j].mean()
    return Chain(values, means)
