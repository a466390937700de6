"""Absolute risk with competing events on another cohort: the frozen cause-specific Cox models of all causes together.

The risk of the event by h is the sum over its times t <= h of exp(-sum_k H_k(t- | x)) dH_1(t | x), with the baseline
hazards of the ties rule. Benichou & Gail, Biometrics 1990;46:813; R: ``riskRegression::CSC``,
``predict(product.limit = FALSE)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.competing_risks import causes_of
from reporter.analysis.concordance import estimate_statistics, tau_statistic
from reporter.analysis.cox import fit_model, why_unusable
from reporter.analysis.design import make_design
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP
from reporter.analysis.kernels.aalen_johansen import estimate_incidence, incidence_at
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import linear_predictor
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.performance.validation import NO_DEVELOPMENT_FOLLOW_UP, NO_EVENTS_YET, refuse_parts
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import CompetingValidationOptions

Floats = NDArray[np.float64]

BLOCK = 4_000_000  # patients times event times held at once
_C_NAMES = ("wolbers_c", "wolbers_c_std_error", "wolbers_c_conf_low", "wolbers_c_conf_high")


@dataclass(frozen=True)
class _Cause:
    """The frozen model of one cause on m patients: relative hazards (m,), times and cumulative hazard (J,)."""

    relative: Floats
    time: Floats
    hazard: Floats

    def before(self, times: Floats) -> Floats:
        """Return the baseline cumulative hazard just before given times."""
        return np.concatenate(([0.0], self.hazard))[np.searchsorted(self.time, times, side="left")]


def absolute_risk(causes: tuple[_Cause, ...], horizon: float) -> Floats:
    """Return the risk of the first cause by `horizon`, shape (m,)."""
    first = causes[0]
    times = first.time[first.time <= horizon]
    jumps = np.diff(first.hazard[: times.size], prepend=0.0)
    before = [cause.before(times) for cause in causes]
    risk = np.zeros(first.relative.size)
    step = max(1, BLOCK // max(times.size, 1))
    for low in range(0, risk.size, step):
        rows = slice(low, low + step)
        total = sum(
            cause.relative[rows, None] * hazard[None, :] for cause, hazard in zip(causes, before, strict=True)
        )  # fmt: skip
        # Summed row by row, not by a matrix product: equal patients must get equal risks, or ties are lost.
        risk[rows] = first.relative[rows] * (np.exp(-total) * jumps).sum(axis=1)
    return risk


def _frozen(
    development: AnalysisFrame, frame: AnalysisFrame, rows: NDArray[np.bool_], options: CompetingValidationOptions
) -> tuple[tuple[_Cause, ...], float]:
    """Fit each cause on `development` and apply it to `rows` of `frame`; the last time of the development cohort."""
    found, last = [], 0.0
    for k in range(1, options.n_causes + 1):
        own = replace(development, event=causes_of(development) == k, cause=None, causes=())
        model = fit_model(own, options)
        if why_not := why_unusable(model.fit):
            raise ReporterError(f"the model of cause {k} cannot be applied to another cohort: {why_not}")
        matrix = make_design(options.terms, frame.columns, rows, options.interactions).matrix
        baseline = baseline_hazard(model.fit)
        found.append(_Cause(np.exp(linear_predictor(matrix, model.fit)), baseline.time, baseline.hazard))
        last = float(model.time.max())
    return tuple(found), last


def _calibration(
    frame: AnalysisFrame, rows: NDArray[np.bool_], risks: dict[float, Floats], options: CompetingValidationOptions
) -> Iterator[Row]:
    """Observed (Aalen–Johansen) over mean predicted risk; limits OE exp(± z se(O) / O)."""
    z = float(norm.ppf(1 - (1 - options.conf_level) / 2))
    time = frame.time[rows]
    curve = estimate_incidence(
        time, causes_of(frame)[rows], options.n_causes, entry=None, conf_type="plain", conf_level=options.conf_level
    )[0]
    for horizon, risk in risks.items():
        at = incidence_at(curve, np.array([horizon]))
        observed, error, predicted = float(at["estimate"][0]), float(at["std_error"][0]), float(risk.mean())
        ratio = observed / predicted if predicted > 0 else float("nan")
        spread = z * error / observed if observed > 0 else float("nan")
        values = {
            "observed": observed, "predicted": predicted, "oe_ratio": ratio,
            "oe_ratio_conf_low": ratio * np.exp(-spread), "oe_ratio_conf_high": ratio * np.exp(spread),
        }  # fmt: skip
        why = NO_EVENTS_YET
        if np.isnan(observed) or np.isnan(predicted):
            why = NO_FOLLOW_UP if np.isnan(observed) else NO_DEVELOPMENT_FOLLOW_UP
        stats = (statistic(k, v, note="" if np.isfinite(v) else why) for k, v in values.items())
        yield Row(term="cox", time=horizon, stats=(statistic("n_risk", (time >= horizon).sum()), *stats))


def _performance(
    frame: AnalysisFrame, rows: NDArray[np.bool_], risks: dict[float, Floats], options: CompetingValidationOptions
) -> Iterator[Row]:
    """Yield counts, and Wolbers' C of the predicted risk up to the last horizon with a prediction."""
    event, causes = frame.event[rows], causes_of(frame)[rows]
    counts = (
        ("n", rows.sum()), ("n_event", event.sum()), ("n_competing", (causes > 1).sum()),
        ("n_missing", frame.n - rows.sum()),
    )  # fmt: skip
    yield Row(term="cox", stats=tuple(statistic(name, value) for name, value in counts))
    known = [horizon for horizon, risk in risks.items() if np.isfinite(risk).all()]
    if known:
        last = max(known)
        found = concordance(frame.ranking_time[rows], event, risks[last], ymax=last)
        stats = estimate_statistics(found, options.conf_level, _C_NAMES)
        yield Row(term="cox", time=last, stats=(*stats, tau_statistic(last, frame.time_unit)))


def analyse_competing_validation(
    development: AnalysisFrame, validation: AnalysisFrame, options: CompetingValidationOptions
) -> tuple[AnalysisNode, ...]:
    """Fit every cause on `development`, freeze, and measure the absolute risk on the complete cases of `validation`.

    Returns ``competing_performance`` and ``competing_calibration``.

    Raises
    ------
    ReporterError
        When a model cannot be applied, or no validation patient has every predictor.
    """
    refuse_parts(options, development, validation)
    rows = validation.complete([term.column for term in options.terms])
    if not rows.any():
        raise ReporterError(f"none of the {validation.n} patients has a value of every covariate")
    causes, last = _frozen(development, validation, rows, options)
    nothing = np.full(int(rows.sum()), np.nan)
    risks = {h: nothing if h > last else absolute_risk(causes, h) for h in options.horizons}
    missing = int((~rows).sum())
    node = AnalysisNode(
        cohort=validation.cohort, endpoint=validation.endpoint, analysis="competing_performance", options=options,
        rows=tuple(_performance(validation, rows, risks, options)),
        notes=(f"{missing} patients with a missing predictor are left out",) if missing else (),
    )  # fmt: skip
    calibration = {"analysis": "competing_calibration", "rows": tuple(_calibration(validation, rows, risks, options))}
    return node, node.model_copy(update={**calibration, "notes": ()})
