"""What the option objects are made of: their base, how a covariate enters a model, what all Cox models fix."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ConfType = Literal["log-log", "log", "plain", "logit"]
Ties = Literal["efron", "breslow", "exact"]
Transform = Literal["km", "rank", "identity", "log"]
Adjust = Literal["holm", "bh", "bonferroni"]


class Options(BaseModel):
    """Base of all option objects."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TermSpec(Options):
    """How one covariate enters a model.

    Parameters
    ----------
    column
        Column of the analysis frame.
    per
        A numeric covariate is divided by this number (hazard ratio per `per` units).
    transform
        Applied before `per`; ``identity`` leaves the value as it is.
    winsorize
        Values above are set to this number before the transform.
    spline
        Knots of a restricted cubic spline of the value after `winsorize`, at least three, ascending, in units of the
        column; its columns are then divided by `per`. R: ``rms::rcs`` with norm 2.
    levels
        Levels of a categorical covariate, the reference first; empty for a numeric one.
    """

    column: str
    per: float = 1.0
    transform: Literal["identity", "log1p", "log2"] = "identity"
    winsorize: float | None = None
    levels: tuple[str, ...] = ()
    spline: tuple[float, ...] = ()


class ModelOptions(Options):
    """What every analysis of a Cox model fixes.

    Parameters
    ----------
    terms
        The covariates.
    ties
        R: ``coxph(ties = ties)``; ``exact`` is R's discrete conditional likelihood.
    strata
        Columns with levels whose combinations have a baseline hazard each; R: ``strata()``.
    interactions
        Pairs of covariates whose products enter too.
    cluster
        Column of a cluster-robust variance; R: ``cluster =``. Empty: model-based.
    weights
        Column of case weights; R: ``weights =``. Empty: none.
    offset
        Column added to the linear predictor with coefficient 1; R: ``offset()``. Empty: none.
    """

    terms: tuple[TermSpec, ...]
    ties: Ties
    strata: tuple[str, ...] = ()
    interactions: tuple[tuple[str, str], ...] = ()
    cluster: str = ""
    weights: str = ""
    offset: str = ""
