"""The Cox model up to the median event time and after it: what to read where hazards are not proportional.

References: Therneau, Crowson & Atkinson, Using time dependent covariates and time dependent coefficients in the Cox
model, vignette of the R package survival; R: ``survSplit`` and coefficients by period.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.analysis.coefficients import coefficient_statistics, part_of, refuse, try_to_fit
from reporter.analysis.cox import DEPENDENT, FittedModel, fit_model, why_unusable
from reporter.analysis.kernels.chi_square import chi_square
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import TimeSplitOptions

PERIOD = "period"
EARLY, LATE = "early", "late"


def _change(models: tuple[FittedModel | None, FittedModel | None], covariate: str, whole: FittedModel) -> Row:
    """Wald test that all coefficients of a covariate are the same in both periods: d'(V1 + V2)⁻¹d."""
    columns = whole.design.columns_of(covariate)
    value, note = float("nan"), ""
    early, late = models
    if early is None or late is None:
        note = "one of the periods has no model"
    else:
        note = why_unusable(early.fit) or why_unusable(late.fit)
        if not note and not (early.fit.used[columns].all() and late.fit.used[columns].all()):
            note = DEPENDENT
        if not note:
            difference = late.fit.coef[columns] - early.fit.coef[columns]
            at = np.ix_(columns, columns)
            variance = early.fit.covariance[at] + late.fit.covariance[at]
            value = float(difference @ np.linalg.solve(variance, difference))
    found = chi_square(value, columns.size)
    stats = (
        statistic(name, getattr(found, name), note="" if name == "df" else note)
        for name in ("statistic", "df", "p_value", "log_p_value")
    )
    return Row(term=covariate, stats=tuple(stats))


def _period(
    found: tuple[FittedModel | None, str],
    level: str,
    names: tuple[str, ...],
    counts: tuple[int, int],
    conf_level: float,
) -> Iterator[Row]:
    """Yield the counts (patients, events) and the coefficients of one period."""
    stats = (statistic("n", counts[0]), statistic("n_event", counts[1]))
    yield Row(group=PERIOD, level=level, term="GLOBAL", stats=stats)
    for name, found_stats in coefficient_statistics(found[0], names, conf_level, found[1]):
        yield Row(group=PERIOD, level=level, term=name, stats=found_stats)


def analyse_time_split(frame: AnalysisFrame, options: TimeSplitOptions) -> tuple[AnalysisNode, ...]:
    """Fit the model to follow-up up to the lower median event time, and to follow-up after it.

    Up to the cut everybody counts, censored there; after it those who are still followed. That is the model in which
    every coefficient has a value for each period. Each covariate's change is tested.

    Raises
    ------
    ReporterError
        For a cluster-robust model, whose periods are not independent.
    """
    refuse(options, ("cluster",), "a split of time")
    whole = fit_model(frame, options)
    events = np.sort(whole.time[whole.event])
    cut = float(events[(events.size - 1) // 2])
    seen = np.ones(frame.n, dtype=bool) if frame.entry is None else frame.entry < cut
    before = frame.event & (frame.time <= cut)
    early = try_to_fit(part_of(frame, seen, time=np.minimum(frame.time, cut), event=before), options)
    after = frame.time > cut
    late = try_to_fit(part_of(frame, after), options)
    rows = [Row(term="GLOBAL", stats=(statistic("cut", cut, unit=frame.time_unit),))]
    for level, found, rows_of, event in ((EARLY, early, seen, before), (LATE, late, after, frame.event)):
        used = rows_of & whole.rows
        counts = (int(used.sum()), int((used & event).sum()))
        rows += _period(found, level, whole.design.names, counts, options.conf_level)
    rows += [_change((early[0], late[0]), name, whole) for name in dict.fromkeys(whole.design.groups)]
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cox_time_split", options=options, rows=tuple(rows)
    )
    return (node,)
