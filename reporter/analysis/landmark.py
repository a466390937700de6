"""The Cox model from a landmark on: a sensitivity analysis for treatments that begin after time zero.

References: Anderson, Cain & Gelber, J Clin Oncol 1983;1:710; R: ``coxph`` on the rows with time > landmark.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reporter.analysis.coefficients import coefficient_statistics, part_of
from reporter.analysis.cox import FittedModel, fit_model
from reporter.analysis.design import term_names
from reporter.analysis.model_parts import model_parts, part_columns
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import LandmarkOptions

# With which a fit says that the patients left have nothing to estimate from.
NOTHING = ("no events", "nothing to estimate")


def after(frame: AnalysisFrame, landmark: float) -> AnalysisFrame:
    """Return the patients followed beyond the landmark, time counted from it.

    Parameters
    ----------
    landmark
        In the unit of `frame.time`. Who has the event, is censored or leaves at the landmark itself is not beyond it;
        who comes under observation later is at risk from then on.
    """
    part = part_of(frame, frame.time > landmark, time=frame.time - landmark)
    entry = None if part.entry is None else np.maximum(part.entry - landmark, 0.0)
    return replace(part, entry=entry)


def _fit(part: AnalysisFrame, options: LandmarkOptions) -> tuple[FittedModel | None, str]:
    """Return the model, or None and why nothing can be estimated; other faults of the model stop the analysis."""
    if not part.complete([*(term.column for term in options.terms), *part_columns(options)]).any():
        return None, "no patient is left"
    try:
        return fit_model(part, options), ""
    except ReporterError as error:
        if not any(words in str(error) for words in NOTHING):
            raise
        return None, str(error)


def analyse_landmark(frame: AnalysisFrame, options: LandmarkOptions) -> tuple[AnalysisNode, ...]:
    """Fit the model to the patients followed beyond the landmark.

    The counts are those of complete cases; `n_excluded` of them, `n_event_excluded` with the event, are not followed
    beyond the landmark.

    Raises
    ------
    ReporterError
        When the parts of the model do not go together.
    """
    rows = frame.complete([*(term.column for term in options.terms), *part_columns(options)])
    model_parts(frame, options, rows)
    beyond = frame.time > options.landmark
    model, why_not = _fit(after(frame, options.landmark), options)
    reached = float("nan") if model is None or not model.fit.converged else model.fit.log_likelihood
    used, left = rows & beyond, rows & ~beyond
    stats = (
        statistic("n", used.sum()), statistic("n_event", (used & frame.event).sum()),
        statistic("n_excluded", left.sum()), statistic("n_event_excluded", (left & frame.event).sum()),
        statistic("log_likelihood", reached, note=why_not),
    )  # fmt: skip
    found = [Row(term="GLOBAL", stats=stats)]
    names = term_names(options.terms, options.interactions)[0]
    for name, wald in coefficient_statistics(model, names, options.conf_level, why_not):
        found.append(Row(term=name, stats=wald))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cox_landmark", options=options, rows=tuple(found)
    )
    return (node,)
