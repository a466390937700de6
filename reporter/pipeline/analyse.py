"""Runs planned analyses; one that fails becomes a node that says so."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reporter.analysis.baseline import analyse_baseline
from reporter.analysis.competing_risks import (
    analyse_cause_specific,
    analyse_cumulative_incidence,
    analyse_fine_gray,
    analyse_gray_test,
)
from reporter.analysis.concordance import analyse_concordance
from reporter.analysis.conditional_survival import analyse_conditional_survival
from reporter.analysis.cox import analyse_cox
from reporter.analysis.drift import analyse_drift
from reporter.analysis.firth import analyse_firth
from reporter.analysis.follow_up import analyse_follow_up
from reporter.analysis.functional_form import analyse_functional_form
from reporter.analysis.gap import analyse_gap
from reporter.analysis.imputation import analyse_cox_imputed
from reporter.analysis.influence import analyse_influence
from reporter.analysis.kaplan_meier import analyse_kaplan_meier
from reporter.analysis.landmark import analyse_landmark
from reporter.analysis.log_rank import analyse_log_rank
from reporter.analysis.missing import analyse_missing
from reporter.analysis.nomogram import analyse_nomogram
from reporter.analysis.optimism import analyse_optimism
from reporter.analysis.performance.competing_validation import analyse_competing_validation
from reporter.analysis.performance.horizons import analyse_horizon_performance
from reporter.analysis.performance.validation import analyse_validation
from reporter.analysis.ph_test import analyse_ph_test
from reporter.analysis.rank_tests import analyse_pairwise, analyse_rank_tests
from reporter.analysis.rmst import analyse_rmst
from reporter.analysis.sample_size import analyse_sample_size
from reporter.analysis.stratified import analyse_stratified
from reporter.analysis.survival_difference import analyse_survival_difference
from reporter.analysis.term_tests import analyse_term_tests
from reporter.analysis.time_split import analyse_time_split
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.results.tree import AnalysisNode
from reporter.spec.options import (
    BaselineOptions,
    CauseSpecificOptions,
    CompetingValidationOptions,
    ConcordanceOptions,
    ConditionalOptions,
    CoxImputedOptions,
    CoxOptions,
    CumulativeIncidenceOptions,
    DifferenceOptions,
    DriftOptions,
    FineGrayOptions,
    FirthOptions,
    FollowUpOptions,
    FunctionalFormOptions,
    GapSensitivityOptions,
    GrayTestOptions,
    HorizonPerformanceOptions,
    InfluenceOptions,
    KaplanMeierOptions,
    LandmarkOptions,
    LogRankOptions,
    MissingOptions,
    NomogramOptions,
    OptimismOptions,
    Options,
    PairwiseOptions,
    PhTestOptions,
    RankTestOptions,
    RmstOptions,
    SampleSizeOptions,
    StratifiedOptions,
    TermTestOptions,
    TimeSplitOptions,
    ValidationOptions,
)

Frames = Mapping[tuple[str, str], AnalysisFrame]


Analysis = Callable[[AnalysisFrame, Any], tuple[AnalysisNode, ...]]

# What runs each kind of options on its own frame; the frozen model needs two frames.
_ANALYSES: dict[type[Options], Analysis] = {
    BaselineOptions: analyse_baseline,
    MissingOptions: analyse_missing,
    FollowUpOptions: analyse_follow_up,
    KaplanMeierOptions: analyse_kaplan_meier,
    GapSensitivityOptions: analyse_gap,
    LogRankOptions: analyse_log_rank,
    RmstOptions: analyse_rmst,
    ConditionalOptions: analyse_conditional_survival,
    RankTestOptions: analyse_rank_tests,
    PairwiseOptions: analyse_pairwise,
    DifferenceOptions: analyse_survival_difference,
    CoxOptions: analyse_cox,
    TermTestOptions: analyse_term_tests,
    FirthOptions: analyse_firth,
    CoxImputedOptions: analyse_cox_imputed,
    PhTestOptions: analyse_ph_test,
    TimeSplitOptions: analyse_time_split,
    StratifiedOptions: analyse_stratified,
    LandmarkOptions: analyse_landmark,
    InfluenceOptions: analyse_influence,
    FunctionalFormOptions: analyse_functional_form,
    ConcordanceOptions: analyse_concordance,
    SampleSizeOptions: analyse_sample_size,
    OptimismOptions: analyse_optimism,
    NomogramOptions: analyse_nomogram,
    CumulativeIncidenceOptions: analyse_cumulative_incidence,
    GrayTestOptions: analyse_gray_test,
    CauseSpecificOptions: analyse_cause_specific,
    FineGrayOptions: analyse_fine_gray,
}


def _dispatch(planned: Planned, frames: Frames) -> tuple[AnalysisNode, ...]:
    frame = frames[planned.cohort, planned.endpoint]
    if isinstance(planned.options, ValidationOptions):
        return analyse_validation(frames["development", planned.endpoint], frame, planned.options)
    if isinstance(planned.options, HorizonPerformanceOptions):
        return analyse_horizon_performance(frames["development", planned.endpoint], frame, planned.options)
    if isinstance(planned.options, DriftOptions):
        return analyse_drift(frames["development", planned.endpoint], frame, planned.options)
    if isinstance(planned.options, CompetingValidationOptions):
        return analyse_competing_validation(frames["development", planned.endpoint], frame, planned.options)
    analyse = _ANALYSES.get(type(planned.options))
    if analyse is None:
        raise ReporterError(f"{planned.options.kind}: no analysis of that kind is run here.")
    return analyse(frame, planned.options)


def failed_node(planned: Planned, why: str) -> AnalysisNode:
    """Return the node of an analysis that gave nothing."""
    name = getattr(planned.options, "analysis", planned.options.kind)
    return AnalysisNode(
        cohort=planned.cohort,
        endpoint=planned.endpoint,
        analysis=name,
        variable=getattr(planned.options, "group", ""),
        options=planned.options,
        failed=why,
    )


def run_planned(planned: Planned, frames: Frames) -> tuple[AnalysisNode, ...]:
    """Run one analysis; warnings raised while computing become notes of its nodes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            nodes = _dispatch(planned, frames)
        except (ReporterError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            return (failed_node(planned, f"{type(error).__name__}: {error}"),)
    raised = tuple(dict.fromkeys(str(item.message) for item in caught))
    if not raised:
        return nodes
    return tuple(node.model_copy(update={"notes": (*node.notes, *raised)}) for node in nodes)
