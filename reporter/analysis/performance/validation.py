"""The frozen Cox model on another cohort: discrimination and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from reporter.analysis.concordance import equal_but_for_rounding, estimate_statistics, tau_statistic
from reporter.analysis.cox import fit_model, why_unusable
from reporter.analysis.design import make_design
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import estimable, fit_cox, linear_predictor
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.analysis.uno import uno_statistics
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import HorizonPerformanceOptions, ModelOptions, Ties, ValidationOptions

Floats = NDArray[np.float64]

RISK_GROUP = "predicted_risk"
NO_EVENTS = "no events"
NO_EVENTS_YET = "no events by then"
ONE_RISK = "all patients at risk have the same linear predictor"
SLOPE_INFINITE = "the slope runs to infinity (monotone likelihood)"
NO_DEVELOPMENT_FOLLOW_UP = "past the last follow-up of the development cohort"
COMPETING = "with competing events the risk needs a model of every cause; 1 minus survival from this model is no risk"
_C_NAMES = ("harrell_c", "harrell_c_std_error", "harrell_c_conf_low", "harrell_c_conf_high")


@dataclass(frozen=True)
class Predictions:
    """The validation patients with every predictor; shapes (n,), and (n, H) for `risk` at the horizons.

    `hazard` is the cumulative baseline hazard at the horizons, shape (H,): `risk` is 1 - exp(-hazard exp(lp)).
    """

    time: Floats
    event: NDArray[np.bool_]
    linear_predictor: Floats
    risk: Floats
    hazard: Floats


def refuse_parts(options: ModelOptions, *frames: AnalysisFrame) -> None:
    """Refuse models whose predictions in another cohort are not one curve a patient.

    Raises
    ------
    ReporterError
        With strata, clusters, case weights, an offset, exact ties or entry times.
    """
    for key in ("strata", "cluster", "weights", "offset"):
        if getattr(options, key):
            raise ReporterError(f"the validation of a model with {key} is not offered")
    if options.ties == "exact":
        raise ReporterError("the validation of a model with exact ties is not offered")
    if any(frame.entry is not None for frame in frames):
        raise ReporterError("validation with entry times is not offered")


def predictions(
    development: AnalysisFrame, frame: AnalysisFrame, options: ValidationOptions | HorizonPerformanceOptions
) -> Predictions:
    """Risk 1 - exp(-H0(h) exp(lp)) with the development cohort's coefficients and Efron baseline.

    NaN at horizons past the development cohort's follow-up.
    """
    refuse_parts(options, development, frame)
    model = fit_model(development, options)
    if why_not := why_unusable(model.fit):
        raise ReporterError(f"the model cannot be applied to another cohort: {why_not}")
    rows = frame.complete([term.column for term in options.terms])
    if not rows.any():
        raise ReporterError(f"none of the {frame.n} patients has a value of every covariate")
    design = make_design(options.terms, frame.columns, rows, options.interactions)
    lp = linear_predictor(design.matrix, model.fit)
    baseline = baseline_hazard(model.fit)
    horizons = np.array(options.horizons, dtype=np.float64)
    hazard = np.concatenate(([0.0], baseline.hazard))[np.searchsorted(baseline.time, horizons, side="right")]
    hazard = np.where(horizons > model.time.max(), np.nan, hazard)
    risk = -np.expm1(-np.exp(lp)[:, None] * hazard[None, :])
    return Predictions(frame.time[rows], frame.event[rows], lp, risk, hazard)


def _performance(found: Predictions, options: ValidationOptions, frame: AnalysisFrame) -> Iterator[Row]:
    """Yield Harrell's C over the follow-up and up to the last horizon; Uno's C beside the last of them."""
    n_missing = frame.n - found.time.size
    counts = (
        statistic("n", found.time.size), statistic("n_event", found.event.sum()), statistic("n_missing", n_missing)
    )  # fmt: skip
    score = equal_but_for_rounding(found.linear_predictor)
    whole = concordance(found.time, found.event, score, ymax=None)
    last_event = float(found.time[found.event].max(initial=-np.inf))
    last = max(options.horizons, default=last_event)
    uno = uno_statistics(frame, found.time, found.event, score, last, options)
    stats = (*counts, *estimate_statistics(whole, options.conf_level, _C_NAMES))
    beside = () if options.horizons else uno
    yield Row(term="cox", stats=(*stats, tau_statistic(last_event, frame.time_unit), *beside))
    if options.horizons:
        early = concordance(found.time, found.event, score, ymax=last)
        stats = estimate_statistics(early, options.conf_level, _C_NAMES)
        yield Row(term="cox", time=last, stats=(*stats, tau_statistic(last, frame.time_unit), *uno))


def slope_statistics(
    found: Predictions, options: ValidationOptions | HorizonPerformanceOptions
) -> tuple[Statistic, ...]:
    """Cox model of the outcome on the frozen linear predictor alone; nothing without events or with equal risks."""
    slope, error, why_not = estimate_slope(found, options.ties)
    half = float(norm.ppf(1 - (1 - options.conf_level) / 2)) * error
    values = {"": slope, "_std_error": error, "_conf_low": slope - half, "_conf_high": slope + half}
    return tuple(statistic(f"calibration_slope{k}", v, note=why_not) for k, v in values.items())


def estimate_slope(found: Predictions, ties: Ties) -> tuple[float, float, str]:
    """Return the slope, its standard error and, where there is none, why."""
    nothing = float("nan"), float("nan")
    if not found.event.any():
        return *nothing, NO_EVENTS
    at_risk = found.time >= found.time[found.event].min()
    if not estimable(found.linear_predictor[at_risk, None]).any():
        return *nothing, ONE_RISK
    fit = fit_cox(found.linear_predictor[:, None], found.time, found.event, ties=ties)
    if why_unusable(fit):
        return *nothing, SLOPE_INFINITE
    return float(fit.coef[0]), float(fit.std_error[0]), ""


def _observed_expected(found: Predictions, options: ValidationOptions) -> Iterator[Row]:
    """O/E at each horizon; limits OE exp(± z se(O) / O), the Kaplan–Meier delta method on the log scale."""
    z = float(norm.ppf(1 - (1 - options.conf_level) / 2))
    curve = estimate_survival(found.time, found.event, conf_type="log-log", conf_level=options.conf_level)
    at = survival_at(curve, np.array(options.horizons, dtype=np.float64))
    for i, horizon in enumerate(options.horizons):
        observed, predicted = 1 - at.estimate[i], float(found.risk[:, i].mean())
        ratio = observed / predicted if predicted > 0 else float("nan")
        spread = z * at.std_error[i] / observed if observed > 0 else float("nan")
        values = {
            "observed": observed, "predicted": predicted, "oe_ratio": ratio,
            "oe_ratio_conf_low": ratio * np.exp(-spread), "oe_ratio_conf_high": ratio * np.exp(spread),
        }  # fmt: skip
        note = _absence(observed, predicted)
        stats = (statistic(k, v, note="" if np.isfinite(v) else note) for k, v in values.items())
        yield Row(term="cox", time=horizon, stats=(statistic("n_risk", at.n_risk[i]), *stats))


def _absence(observed: float, predicted: float) -> str:
    """Say why a number at a horizon is missing, where one is."""
    if np.isnan(observed):
        return NO_FOLLOW_UP
    if np.isnan(predicted):
        return NO_DEVELOPMENT_FOLLOW_UP
    return NO_EVENTS_YET if observed == 0 or predicted == 0 else ""


def _few_events(found: Predictions, options: ValidationOptions, unit: str) -> Iterator[str]:
    """Say at which horizons there are too few events or event-free patients for more than slope and O/E."""
    for horizon in options.horizons:
        n_event = int((found.event & (found.time <= horizon)).sum())
        n_free = int((found.time >= horizon).sum())
        if min(n_event, n_free) < options.min_events:
            when = f"{horizon:g} {unit.removesuffix('s') if horizon == 1 else unit}"
            counts = f"{n_event} events by {when} and {n_free} patients followed to it"
            yield f"{counts}: fewer than {options.min_events}, so calibration is known from slope and O/E only"


def _by_predicted_risk(found: Predictions, options: ValidationOptions) -> Iterator[Row]:
    """Observed against mean predicted risk at the last horizon, in groups of equal size by the linear predictor."""
    last = int(np.argmax(options.horizons))
    risk, horizon, n = found.risk[:, last], options.horizons[last], found.time.size
    n_groups = min(options.max_groups, n // options.min_group_size)
    if n_groups < 2 or not np.isfinite(risk).all():
        return
    rank = rankdata(found.linear_predictor, method="average")
    group = np.clip(np.ceil(n_groups * rank / n), 1, n_groups).astype(int)
    for level in np.unique(group):
        keep = group == level
        curve = estimate_survival(
            found.time[keep], found.event[keep], conf_type="log-log", conf_level=options.conf_level
        )
        at = survival_at(curve, np.array([horizon]))
        note = NO_FOLLOW_UP if np.isnan(at.estimate[0]) else ""
        values = {"observed": 1 - at.estimate[0], "conf_low": 1 - at.conf_high[0], "conf_high": 1 - at.conf_low[0]}
        stats = (statistic("n", keep.sum()), statistic("predicted", risk[keep].mean()))
        observed = (statistic(k, v, note=note) for k, v in values.items())
        yield Row(group=RISK_GROUP, level=str(level), time=horizon, stats=(*stats, *observed))


def analyse_validation(
    development: AnalysisFrame, validation: AnalysisFrame, options: ValidationOptions
) -> tuple[AnalysisNode, ...]:
    """Fit on `development`, freeze, and measure on the complete cases of `validation`.

    Raises
    ------
    ReporterError
        When a hazard ratio runs to infinity, or no validation patient has every predictor.
    """
    if development.cause is not None or validation.cause is not None:
        raise ReporterError(COMPETING)
    found = predictions(development, validation, options)
    missing = validation.n - found.time.size
    notes = (f"{missing} patients with a missing predictor are left out",) if missing else ()

    def node(name: str, rows: tuple[Row, ...], *more: str) -> AnalysisNode:
        return AnalysisNode(
            cohort=validation.cohort, endpoint=validation.endpoint, analysis=name, options=options, rows=rows,
            notes=(*notes, *more),
        )  # fmt: skip

    slope = Row(term="cox", stats=slope_statistics(found, options))
    few = tuple(_few_events(found, options, validation.time_unit))
    nodes = [
        node("performance", tuple(_performance(found, options, validation))),
        node("calibration", (slope, *_observed_expected(found, options)), *few),
    ]
    if options.horizons:
        groups = tuple(_by_predicted_risk(found, options))
        why_not = () if groups else (f"no groups of predicted risk: fewer than {2 * options.min_group_size} patients",)
        if not np.isfinite(found.risk).all():
            why_not = (f"no groups of predicted risk: {NO_DEVELOPMENT_FOLLOW_UP}",)
        nodes.append(node("calibration_group", groups, *why_not))
    return tuple(nodes)
