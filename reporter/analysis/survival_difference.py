"""Differences of survival at the horizons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.contrasts import chi_square_stats, estimate_stats, levels_with_patients
from reporter.analysis.kernels.kaplan_meier import SurvivalAt, estimate_survival, survival_at
from reporter.analysis.kernels.survival_difference import cloglog_test
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.spec.options import DifferenceOptions

PAST_FOLLOW_UP = "a group has no follow-up to that time"
NO_SCALE = "a group’s survival is 0 or 1, or unknown"


def _at(frame: AnalysisFrame, keep: NDArray[np.bool_], options: DifferenceOptions) -> SurvivalAt:
    entry = None if frame.entry is None else frame.entry[keep]
    curve = estimate_survival(
        frame.time[keep], frame.event[keep], conf_type="plain", conf_level=options.conf_level, entry=entry
    )
    return survival_at(curve, np.array(options.horizons))


def _rows(found: list[tuple[str, SurvivalAt]], i: int, options: DifferenceOptions) -> Iterator[Row]:
    estimate = np.array([at.estimate[i] for _, at in found])
    error = np.array([at.std_error[i] for _, at in found])
    horizon = options.horizons[i]
    whole = chi_square_stats(cloglog_test(estimate, error), NO_SCALE)
    yield Row(group=options.group, time=horizon, stats=whole)
    for j in range(1, len(found)):
        difference, std_error = estimate[j] - estimate[0], float(np.hypot(error[0], error[j]))
        test = cloglog_test(estimate[[0, j]], error[[0, j]])
        note = PAST_FOLLOW_UP if np.isnan(difference) else NO_SCALE
        yield Row(
            group=options.group,
            level=found[j][0],
            term=level_term(options.group, found[0][0]),
            time=horizon,
            stats=(
                *estimate_stats(difference, std_error, options.conf_level, note=note),
                *chi_square_stats(test, NO_SCALE),
            ),
        )


def analyse_survival_difference(frame: AnalysisFrame, options: DifferenceOptions) -> tuple[AnalysisNode, ...]:
    """Estimate S(t) of each level less that of the first level with patients, at each horizon.

    The difference has the plain limits of Greenwood's variances; it is tested on the complementary log-log scale, as
    is the equality of all levels (the rows without a level).
    """
    found = [(level, _at(frame, keep, options)) for level, keep in levels_with_patients(frame, options.group)]
    rows: list[Row] = []
    if len(found) > 1:
        for i in range(len(options.horizons)):
            rows += _rows(found, i, options)
    notes = () if len(found) > 1 else (f"{options.group}: fewer than two groups have patients",)
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="survival_difference", variable=options.group,
        options=options, rows=tuple(rows), notes=notes,
    )  # fmt: skip
    return (node,)
