"""Sample size that a prognostic model asks for, beside what it has.

References: Riley et al., Stat Med 2019;38:1276; Riley et al., BMJ 2020;368:m441.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from reporter.analysis.cox import fit_model
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import SampleSizeOptions

NO_HORIZON = "no horizon is given"
WHOLE = 1e-9  # a number this little above a whole one is that


def whole_number(value: float) -> float:
    """Return the next whole number."""
    return float(math.ceil(value - WHOLE))


def largest_r2(n: float, n_event: float) -> float:
    """Largest R² of Cox and Snell: 1 - exp(2 l(0) / n), l(0) = E log(E / n) - E of a constant hazard."""
    return -math.expm1(2 * (n_event * math.log(n_event / n) - n_event) / n)


def by_shrinkage(n_parameters: int, r2: float, slope: float) -> float:
    """Patients for an expected calibration slope: p / ((S - 1) log(1 - R² / S))."""
    return n_parameters / ((slope - 1) * math.log1p(-r2 / slope))


def by_optimism(n_parameters: int, r2: float, largest: float, difference: float) -> float:
    """Patients for a small optimism of Nagelkerke's R²: a slope of R² / (R² + difference × largest R²)."""
    return by_shrinkage(n_parameters, r2, r2 / (r2 + difference * largest))


def by_overall_risk(rate: float, mean_follow_up: float, horizon: float, margin: float, level: float) -> float:
    """Patients for a risk 1 - exp(-rate h) whose limits, rate ± z √(rate / T), lie within `margin` of it.

    T is the follow-up of all patients together; the further of the two limits decides.
    """
    z = float(norm.ppf(1 - (1 - level) / 2))
    longest = math.log1p(margin * math.exp(rate * horizon))
    return rate * (z * horizon / longest) ** 2 / mean_follow_up


def analyse_sample_size(frame: AnalysisFrame, options: SampleSizeOptions) -> tuple[AnalysisNode, ...]:
    """Return the patients that each criterion asks for, the largest of them, and its events."""
    if options.weights or frame.entry is not None:
        why = "with case weights" if options.weights else "with entry times"
        node = AnalysisNode(
            cohort=frame.cohort, endpoint=frame.endpoint, analysis="sample_size", options=options,
            notes=(f"the sample size is not reckoned {why}",),
        )  # fmt: skip
        return (node,)
    model = fit_model(frame, options)
    n, n_event, p = model.time.size, int(model.event.sum()), model.fit.df
    follow_up = float(model.time.mean())
    largest = largest_r2(n, n_event)
    r2 = options.share_of_max * largest
    needed = [
        by_shrinkage(p, r2, options.shrinkage),
        by_optimism(p, r2, largest, options.optimism),
        float("nan") if options.horizon is None else by_overall_risk(
            n_event / (n * follow_up), follow_up, options.horizon, options.margin, options.margin_level
        ),
    ]  # fmt: skip
    needed = [value if np.isnan(value) else whole_number(value) for value in needed]
    most = float(np.nanmax(needed))
    events = whole_number(most * n_event / n)
    stats = (
        statistic("n", n), statistic("n_event", n_event), statistic("n_parameters", p),
        statistic("mean_follow_up", follow_up, unit=frame.time_unit),
        statistic("max_r2", largest), statistic("anticipated_r2", r2),
        statistic("needed_shrinkage", needed[0]), statistic("needed_optimism", needed[1]),
        statistic("needed_risk", needed[2], note="" if np.isfinite(needed[2]) else NO_HORIZON),
        statistic("needed", most), statistic("needed_events", events), statistic("needed_per_parameter", events / p),
        statistic("events_per_parameter", n_event / p),
    )  # fmt: skip
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="sample_size", options=options,
        rows=(Row(term="GLOBAL", stats=stats),),
    )  # fmt: skip
    return (node,)
