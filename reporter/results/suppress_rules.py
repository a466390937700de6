"""Which rule hides the numbers of which analysis.

What is not known here is hidden: an analysis without a rule is hidden whole, a count that no rule has allowed too.
"""

from __future__ import annotations

from collections.abc import Callable

from reporter.results.suppress_counts import Judge
from reporter.results.suppress_missing import profile, reasons
from reporter.results.suppress_models import (
    calibration,
    classifier,
    model,
    other_rule,
    performance,
    phenotype,
    strata,
    structure,
    without_counts,
)
from reporter.results.suppress_performance import any_calibration, any_performance
from reporter.results.suppress_rows import (
    baseline,
    comparison,
    contrast,
    curves,
    follow_up,
    hazard_curve,
    outcome,
    quantiles,
    smooth_curve,
)
from reporter.results.suppress_values import (
    emptied,
    hide_node,
    quiet,
    rounded_row,
    to_digits,
)
from reporter.results.tree import AnalysisNode, Row

_LAST = ("tau", "cut")


def as_it_is(node: AnalysisNode, judge: Judge) -> AnalysisNode:  # noqa: ARG001 one signature for all rules
    """Keep what counts nobody."""
    return node


Rule = Callable[[AnalysisNode, Judge], AnalysisNode]

RULES: dict[str, Rule] = {
    "baseline": baseline,
    "missing": profile,
    "missing_reason": reasons,
    "follow_up": follow_up,
    "kaplan_meier": outcome,
    "kaplan_meier_curve": curves,
    "survival_quantile": quantiles,
    "cumulative_incidence": outcome,
    "cumulative_incidence_curve": curves,
    "log_rank": comparison,
    "gray_test": comparison,
    "rank_test": comparison,
    "pairwise_log_rank": contrast,
    "rmst": comparison,
    "rmst_difference": contrast,
    "survival_difference": contrast,
    "conditional_survival": contrast,
    "gap_sensitivity": other_rule,
    "cox_univariable": model,
    "cox_univariable_model": model,
    "cox_multivariable": model,
    "cox_model": model,
    "cox_firth": without_counts,
    "cox_imputed": without_counts,
    "cox_term_test": without_counts,
    "cox_time_split": without_counts,
    "cox_landmark": without_counts,
    "cox_stratified": without_counts,
    "cox_cause_specific": without_counts,
    "cox_cause_specific_model": without_counts,
    "fine_gray": without_counts,
    "fine_gray_model": without_counts,
    "cox_baseline_curve": hazard_curve,
    "ph_smooth_curve": smooth_curve,
    "ph_test": as_it_is,
    "ph_test_km": as_it_is,
    "ph_test_rank": as_it_is,
    "ph_test_identity": as_it_is,
    "ph_test_log": as_it_is,
    "concordance": performance,
    "performance": any_performance,
    "competing_performance": performance,
    "calibration": any_calibration,
    "calibration_curve": emptied,
    "competing_calibration": calibration,
    "calibration_group": strata,
    "missing_pattern": emptied,
    "phenotype": phenotype,
    "phenotype_classifier": classifier,
    "phenotype_structure": structure,
}


def suppress_node(node: AnalysisNode, judge: Judge) -> AnalysisNode:
    """Return a node without what its cohort may not tell; an analysis without a rule loses all its numbers."""
    rule = RULES.get(node.analysis)
    failed = node.failed and (quiet(node.failed) or "not shown (few patients)")
    found = hide_node(node) if rule is None or judge.is_closed else rule(node, judge)
    found = found.model_copy(update={"rows": tuple(rounded_row(row, _LAST, to_digits) for row in found.rows)})
    notes = tuple(note for note in (quiet(note) for note in found.notes) if note)
    rows = tuple(_quiet_row(row) for row in found.rows)
    return found.model_copy(update={"notes": notes, "failed": failed, "rows": rows})


def _quiet_row(row: Row) -> Row:
    if all(not s.note or quiet(s.note) for s in row.stats):
        return row
    stats = tuple(s.model_copy(update={"note": quiet(s.note)}) for s in row.stats)
    return row.model_copy(update={"stats": stats})
