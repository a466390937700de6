"""Options of what is said of the multivariable model as a prognostic one: optimism, sample size, nomogram."""

from __future__ import annotations

from typing import Literal

from reporter.spec.model_options import ModelOptions


class OptimismOptions(ModelOptions):
    """Bootstrap of the multivariable model: measures on the resample and on all patients; R: the same resamples.

    Parameters
    ----------
    horizon
        Of Harrell's C up to a time and of the Brier score; None: neither.
    resamples
        Number of resamples.
    seed
        Of R's default stream, from 0 to 2^31 - 1.
    min_at_risk, min_uncensored
        No Brier score with fewer patients at risk at the horizon, or where the probability of not being censored
        before it is smaller.
    max_rows
        Largest number of patients times resamples.
    """

    kind: Literal["optimism"] = "optimism"
    horizon: float | None
    resamples: int
    seed: int
    min_at_risk: int = 20
    min_uncensored: float = 0.1
    max_rows: int = 5_000_000


class SampleSizeOptions(ModelOptions):
    """Sample size that a model of so many coefficients asks for (Riley), from an anticipated R² of Cox and Snell.

    Parameters
    ----------
    share_of_max
        The anticipated R² as a share of its maximum: never the R² of the fitted model.
    shrinkage
        Wanted calibration slope of the model in new patients.
    optimism
        Largest difference of apparent and adjusted R² of Nagelkerke.
    margin
        Largest error of the overall risk at `horizon`.
    margin_level
        Confidence with which.
    horizon
        None: nothing on the overall risk.
    """

    kind: Literal["sample_size"] = "sample_size"
    horizon: float | None
    share_of_max: float = 0.15
    shrinkage: float = 0.9
    optimism: float = 0.05
    margin: float = 0.05
    margin_level: float = 0.95


class NomogramOptions(ModelOptions):
    """Points of each covariate and survival by total points; R: ``rms::nomogram``.

    Parameters
    ----------
    axes
        Values on the axis of each covariate of `terms`; empty for one with levels.
    horizons
        Times of survival.
    largest
        Points of the longest axis.
    survival
        Survival probabilities whose total points are given.
    step
        Of the total points for which survival is given.
    """

    kind: Literal["nomogram"] = "nomogram"
    axes: tuple[tuple[float, ...], ...]
    horizons: tuple[float, ...]
    largest: float = 100.0
    survival: tuple[float, ...] = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01)
    step: float = 20.0
