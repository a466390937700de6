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
    model: FittedModel | None, why_not: str, level: str, whole: FittedModel, conf_level: float
) -> Iterator[Row]:
    n, n_event = (model.time.size, int(model.event.sum())) if model is not None else (float("nan"), float("nan"))
    counts = (statistic("n", n, note=why_not), statistic("n_event", n_event, note=why_not))
    yield Row(group=PERIOD, level=level, term="GLOBAL", stats=counts)
    for name, stats in coefficient_statistics(model, whole.design.names, conf_level, why_not):
        yield Row(group=PERIOD, level=level, term=name, stats=stats)


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
    early = part_of(
        frame, np.ones(frame.n, dtype=bool) if frame.entry is None else frame.entry < cut,
        time=np.minimum(frame.time, cut), event=frame.event & (frame.time <= cut),
    )  # fmt: skip
    first, why_first = try_to_fit(early, options)
    second, why_second = try_to_fit(part_of(frame, frame.time > cut), options)
    rows = [Row(term="GLOBAL", stats=(statistic("cut", cut, unit=frame.time_unit),))]
    rows += _period(first, why_first, EARLY, whole, options.conf_level)
    rows += _period(second, why_second, LATE, whole, options.conf_level)
    rows += [_change((first, second), name, whole) for name in dict.fromkeys(whole.design.groups)]
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cox_time_split", options=options, rows=tuple(rows)
    )
    return (node,)
