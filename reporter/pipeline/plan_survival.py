"""Survival estimates and tests that a study asks for beside the curve and the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import (
    AnalysisOptions,
    ConditionalOptions,
    DifferenceOptions,
    PairwiseOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
)
from reporter.spec.study import FlemingHarrington, Study


def _trend(study: Study, group: str, frame: AnalysisFrame) -> Iterator[RankTest]:
    """Yield the test for trend of an ordinal group: its levels count in the dictionary's order, 0, 1, …."""
    column = study.columns.get(group)
    if column is None or column.kind != "ordinal":
        return
    levels = frame.columns[group].levels
    order = [level for level in column.declared_levels or levels if level in levels]
    if sorted(order) == sorted(levels):
        yield RankTest(name="trend", scores=tuple(float(order.index(level)) for level in levels))


def _rank_tests(study: Study, group: str, frame: AnalysisFrame) -> tuple[RankTest, ...]:
    tests: list[RankTest] = []
    strata = tuple(name for name in study.analysis.strata if name != group)
    if strata:
        tests.append(RankTest(name="log_rank", strata=strata))
    for asked in study.analysis.tests:
        if isinstance(asked, FlemingHarrington):
            rho, gamma = asked.fleming_harrington
            tests.append(RankTest(name="fleming_harrington", rho=rho, gamma=gamma))
        elif asked == "trend":
            tests += _trend(study, group, frame)
        elif asked != "log_rank":
            tests.append(RankTest(name=asked))
    return tuple(dict.fromkeys(tests))


def _comparisons(study: Study, endpoint: str, group: str, frame: AnalysisFrame) -> Iterator[AnalysisOptions]:
    asked, horizons = study.analysis, tuple(study.endpoints[endpoint].horizons)
    tests = _rank_tests(study, group, frame)
    if tests:
        yield RankTestOptions(group=group, tests=tests)
    if asked.pairwise and len(frame.columns[group].levels) > 2:
        yield PairwiseOptions(group=group, adjust=asked.pairwise)
    if asked.horizon_differences and horizons:
        yield DifferenceOptions(group=group, horizons=horizons, conf_level=asked.conf_level)


def survival_options(study: Study, endpoint: str, group: str, frame: AnalysisFrame) -> Iterator[AnalysisOptions]:
    """Yield what [analysis] asks for by one group, or overall when `group` is empty.

    Two levels have one pair, whose test is the log-rank test; a trend is tested in ordinal groups alone.
    """
    asked, horizons = study.analysis, tuple(study.endpoints[endpoint].horizons)
    if asked.rmst is not None:
        yield RmstOptions(group=group, tau=asked.rmst, conf_level=asked.conf_level)
    given = tuple(time for time in dict.fromkeys(asked.conditional) if any(h > time for h in horizons))
    if given:
        yield ConditionalOptions(
            group=group, given=given, horizons=horizons, conf_level=asked.conf_level, conf_type=asked.conf_type
        )
    if group:
        yield from _comparisons(study, endpoint, group, frame)
