"""Numbers that R cannot compute by their nature, each with the reason; what is not named here must have a partner."""

from __future__ import annotations

_FOREST = "scikit-learn's trees and forests draw their own random numbers: no R package grows the same trees"

_SETTING = "a setting of the cross-validation, not an estimate"

_CHAIN = "a path of random draws, which R does not repeat; what the imputed sets hold at its end is checked"

# (analysis, statistic)
NOT_CHECKABLE: dict[tuple[str, str], str] = {
    ("phenotype_classifier", "accuracy"): _FOREST,
    ("phenotype_classifier", "balanced_accuracy"): _FOREST,
    ("phenotype_classifier", "n_folds"): _SETTING,
    **{("imputation_trace_curve", stat): _CHAIN for stat in ("mean", "minimum", "maximum")},
}


def why_not_checkable(analysis: str, stat: str) -> str:
    """Return why R has no such number, or an empty string when it must have one."""
    return NOT_CHECKABLE.get((analysis, stat), "")
