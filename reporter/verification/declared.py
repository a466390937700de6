"""Numbers that R cannot compute by their nature, each with the reason; what is not named here must have a partner."""

from __future__ import annotations

_FOREST = "scikit-learn's trees and forests draw their own random numbers: no R package grows the same trees"

_SETTING = "a setting of the cross-validation, not an estimate"

_CHAIN = "a path of random draws, which R does not repeat; what the imputed sets hold at its end is checked"

_NULL = "from sets drawn at random and clustered again, which R does not repeat: their rates are tested by simulation"

_DECISION = "a rule on numbers from sets drawn at random, which R does not repeat"

_OF_SETS = "a number of random sets: a setting, not an estimate"

# (analysis, statistic)
NOT_CHECKABLE: dict[tuple[str, str], str] = {
    ("phenotype_classifier", "accuracy"): _FOREST,
    ("phenotype_classifier", "balanced_accuracy"): _FOREST,
    ("phenotype_classifier", "n_folds"): _SETTING,
    ("phenotype", "structure_found"): _DECISION,
    ("phenotype", "jaccard"): _NULL,
    ("phenotype_structure", "k"): _DECISION,
    **{("phenotype_structure", stat): _OF_SETS for stat in ("n_replicates", "n_dear", "n_resamples")},
    **{
        ("phenotype_structure", stat): _NULL
        for stat in (
            "copula_statistic",
            "copula_p_value",
            "permutation_statistic",
            "permutation_p_value",
            "gap",
            "jaccard",
            "null_median",
            "null_high",
            "permuted_high",
            "null_calinski_harabasz",
            "null_davies_bouldin",
        )
    },
    **{("imputation_trace_curve", stat): _CHAIN for stat in ("mean", "minimum", "maximum")},
}


def why_not_checkable(analysis: str, stat: str) -> str:
    """Return why R has no such number, or an empty string when it must have one."""
    return NOT_CHECKABLE.get((analysis, stat), "")
