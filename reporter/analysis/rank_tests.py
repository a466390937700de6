"""Nodes of the tests of equal survival beyond the log-rank test: weighted, stratified, for trend, and of every pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.contrasts import chi_square_stats, levels_with_patients
from reporter.analysis.kernels.chi_square import ChiSquare
from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.kernels.rank_tests import adjusted_p_values, pairs, rank_test, stratum_codes
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import PairwiseOptions, RankTest, RankTestOptions

NO_TEST = "fewer than two groups at risk with events"


def _entry(frame: AnalysisFrame, rows: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    return None if frame.entry is None else frame.entry[rows]


def _test_row(frame: AnalysisFrame, group: str, test: RankTest) -> Row:
    column = frame.columns[group]
    rows = frame.complete((group, *test.strata))
    strata = [frame.columns[name].codes[rows] for name in test.strata]
    found = rank_test(
        test,
        frame.time[rows],
        frame.event[rows],
        column.codes[rows],
        len(column.levels),
        stratum=stratum_codes(strata) if strata else None,
        entry=_entry(frame, rows),
    )
    stats = (statistic("n", rows.sum()), *chi_square_stats(found, NO_TEST))
    return Row(group=group, term=test.term, stats=stats)


def analyse_rank_tests(frame: AnalysisFrame, options: RankTestOptions) -> tuple[AnalysisNode, ...]:
    """Run each test of ``options.tests`` across the levels of ``options.group``; rows without a value are left out."""
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="rank_test", variable=options.group, options=options,
        rows=tuple(_test_row(frame, options.group, test) for test in options.tests),
    )  # fmt: skip
    return (node,)


def analyse_pairwise(frame: AnalysisFrame, options: PairwiseOptions) -> tuple[AnalysisNode, ...]:
    """Test every two levels that have patients by the log-rank test; `adjusted_p_value` allows for their number."""
    present = levels_with_patients(frame, options.group)
    tests = []
    for earlier, later in pairs(len(present)):
        second = present[later][1]
        rows = present[earlier][1] | second
        found = log_rank(frame.time[rows], frame.event[rows], second[rows].astype(np.int64), 2, _entry(frame, rows))
        tests.append((present[earlier][0], present[later][0], rows, found))
    adjusted = adjusted_p_values(np.array([found.p_value for *_, found in tests]), options.adjust)
    made = []
    for (first, second_level, rows, found), p in zip(tests, adjusted, strict=True):
        test = ChiSquare(found.statistic, found.df, found.p_value, found.log_p_value)
        note = "" if np.isfinite(p) else NO_TEST
        made.append(
            Row(
                group=options.group,
                level=second_level,
                term=level_term(options.group, first),
                stats=(
                    statistic("n", rows.sum()),
                    *chi_square_stats(test, NO_TEST),
                    statistic("adjusted_p_value", p, note=note),
                ),
            )
        )
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="pairwise_log_rank", variable=options.group,
        options=options, rows=tuple(made),
    )  # fmt: skip
    return (node,)
