"""Numbers that R cannot compute by their nature, each with the reason; what is not named here must have a partner."""

from __future__ import annotations

_FOREST = "scikit-learn's trees and forests draw their own random numbers: no R package grows the same trees"

# (analysis, statistic); an empty statistic stands for all of the analysis.
NOT_CHECKABLE: dict[tuple[str, str], str] = {("phenotype_classifier", ""): _FOREST}


def why_not_checkable(analysis: str, stat: str) -> str:
    """Return why R has no such number, or an empty string when it must have one."""
    return NOT_CHECKABLE.get((analysis, stat)) or NOT_CHECKABLE.get((analysis, ""), "")
