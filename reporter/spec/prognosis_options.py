"""Options of what is said of the multivariable model as a prognostic one: optimism, sample size, nomogram."""

from __future__ import annotations

from typing import Literal

from reporter.spec.model_options import ModelOptions, Options


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
    max_rows: int = 10_000_000
