"""Restricted mean survival by group and its differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.contrasts import chi_square_stats, estimate_stats, levels_with_patients, squared_ratio
from reporter.analysis.kernels.kaplan_meier import estimate_survival, restricted_mean
from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import RmstOptions

PAST_FOLLOW_UP = "the time is past the last follow-up"
NO_VARIANCE = "no standard error above 0"


def _mean(frame: AnalysisFrame, keep: NDArray[np.bool_], options: RmstOptions) -> tuple[float, float]:
    entry = None if frame.entry is None else frame.entry[keep]
    curve = estimate_survival(
        frame.time[keep], frame.event[keep], conf_type="plain", conf_level=options.conf_level, entry=entry
    )
    return restricted_mean(curve, options.tau)


def _differences(found: list[tuple[str, tuple[float, float]]], unit: str, options: RmstOptions) -> Iterator[Row]:
    reference, (mean, error) = found[0]
    for level, (other, other_error) in found[1:]:
        difference, std_error = other - mean, float(np.hypot(error, other_error))
        note = PAST_FOLLOW_UP if np.isnan(difference) else NO_VARIANCE
        yield Row(
            group=options.group,
            level=level,
            term=level_term(options.group, reference),
            time=options.tau,
            stats=(
                *estimate_stats(difference, std_error, options.conf_level, unit=unit, note=note),
                *chi_square_stats(squared_ratio(difference, std_error), note),
            ),
        )


def analyse_rmst(frame: AnalysisFrame, options: RmstOptions) -> tuple[AnalysisNode, ...]:
    """Estimate the area under each level's survival curve up to ``options.tau``, and its difference from the first's.

    Returns the nodes ``rmst`` and, with a group of two levels or more, ``rmst_difference``; limits are estimate -/+
    z SE. Nothing is estimated for a level whose curve ends above 0 before tau.
    """
    found, rows = [], []
    for level, keep in levels_with_patients(frame, options.group):
        mean, error = _mean(frame, keep, options)
        found.append((level, (mean, error)))
        stats = estimate_stats(mean, error, options.conf_level, unit=frame.time_unit, note=PAST_FOLLOW_UP)
        rows.append(Row(group=options.group, level=level, time=options.tau, stats=(statistic("n", keep.sum()), *stats)))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="rmst", variable=options.group, options=options,
        rows=tuple(rows),
    )  # fmt: skip
    if not options.group or len(found) < 2:
        return (node,)
    differences = tuple(_differences(found, frame.time_unit, options))
    return node, node.model_copy(update={"analysis": "rmst_difference", "rows": differences})
