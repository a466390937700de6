"""The frozen Cox model on another cohort: discrimination and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from reporter.analysis.concordance import estimate_statistics
from reporter.analysis.cox import fit_model
from reporter.analysis.design import make_design
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.cohort.frame import AnalysisFrame
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import ValidationOptions

Floats = NDArray[np.float64]

TENTHS = 10
RISK_GROUP = "predicted_risk"
_C_NAMES = ("harrell_c", "harrell_c_std_error", "harrell_c_conf_low", "harrell_c_conf_high")


@dataclass(frozen=True)
class Predictions:
    """The validation patients with every predictor; shapes (n,), and (n, H) for `risk` at the horizons."""

    time: Floats
    event: NDArray[np.bool_]
    linear_predictor: Floats
    risk: Floats


def _predictions(development: AnalysisFrame, frame: AnalysisFrame, options: ValidationOptions) -> Predictions:
    """Risk 1 - exp(-H0(h) exp(lp)) with the development cohort's coefficients and Efron baseline."""
    fit = fit_model(development, options.terms, options.ties).fit
    rows = frame.complete([term.column for term in options.terms])
    matrix = make_design(options.terms, frame.columns, rows).matrix
    lp = (matrix - fit.centre)[:, fit.used] @ fit.coef[fit.used]
    baseline = baseline_hazard(fit)
    index = np.searchsorted(baseline.time, np.array(options.horizons), side="right")
    hazard = np.concatenate(([0.0], baseline.hazard))[index]
    past = np.array(options.horizons) > development.time.max()
    risk = 1 - np.exp(-np.exp(lp)[:, None] * np.where(past, np.nan, hazard)[None, :])
    return Predictions(frame.time[rows], frame.event[rows], lp, risk)


def _performance(found: Predictions, options: ValidationOptions) -> Iterator[Row]:
    counts = (statistic("n", found.time.size), statistic("n_event", found.event.sum()))
    whole = concordance(found.time, found.event, found.linear_predictor, ymax=None)
    yield Row(term="cox", stats=(*counts, *estimate_statistics(whole, options.conf_level, _C_NAMES)))
    if options.horizons:
        last = max(options.horizons)
        early = concordance(found.time, found.event, found.linear_predictor, ymax=last)
        yield Row(term="cox", time=last, stats=estimate_statistics(early, options.conf_level, _C_NAMES))


def _slope(found: Predictions, options: ValidationOptions) -> Row:
    """Cox model of the outcome on the frozen linear predictor alone."""
    fit = fit_cox(found.linear_predictor[:, None], found.time, found.event, ties=options.ties)
    error = float(fit.std_error[0])
    half = float(norm.ppf(1 - (1 - options.conf_level) / 2)) * error
    slope = float(fit.coef[0])
    values = {"": slope, "_std_error": error, "_conf_low": slope - half, "_conf_high": slope + half}
    return Row(term="cox", stats=tuple(statistic(f"calibration_slope{k}", v) for k, v in values.items()))


def _observed_expected(found: Predictions, options: ValidationOptions) -> Iterator[Row]:
    """O/E at each horizon; limits OE exp(± z se(O) / O), the Kaplan–Meier delta method on the log scale."""
    z = float(norm.ppf(1 - (1 - options.conf_level) / 2))
    curve = estimate_survival(found.time, found.event, conf_type="log-log", conf_level=options.conf_level)
    at = survival_at(curve, np.array(options.horizons))
    for i, horizon in enumerate(options.horizons):
        observed, predicted = 1 - at.estimate[i], float(found.risk[:, i].mean())
        ratio = observed / predicted if predicted > 0 else float("nan")
        spread = z * at.std_error[i] / observed if observed > 0 else float("nan")
        stats: tuple[Statistic, ...] = (
            statistic("n_risk", at.n_risk[i]),
            statistic("observed", observed),
            statistic("predicted", predicted),
            statistic("oe_ratio", ratio),
            statistic("oe_ratio_conf_low", ratio * np.exp(-spread)),
            statistic("oe_ratio_conf_high", ratio * np.exp(spread)),
        )
        yield Row(term="cox", time=horizon, stats=stats)


def _tenths(found: Predictions, options: ValidationOptions) -> Iterator[Row]:
    """Observed against mean predicted risk in tenths of predicted risk at the last horizon."""
    last = int(np.argmax(options.horizons))
    risk, horizon = found.risk[:, last], options.horizons[last]
    if not np.isfinite(risk).all():
        return
    tenth = np.clip(np.ceil(TENTHS * rankdata(risk, method="average") / risk.size), 1, TENTHS).astype(int)
    for level in range(1, TENTHS + 1):
        keep = tenth == level
        if not keep.any():
            continue
        curve = estimate_survival(
            found.time[keep], found.event[keep], conf_type="log-log", conf_level=options.conf_level
        )
        at = survival_at(curve, np.array([horizon]))
        stats = (
            statistic("n", keep.sum()),
            statistic("predicted", risk[keep].mean()),
            statistic("observed", 1 - at.estimate[0]),
            statistic("conf_low", 1 - at.conf_high[0]),
            statistic("conf_high", 1 - at.conf_low[0]),
        )
        yield Row(group=RISK_GROUP, level=str(level), time=horizon, stats=stats)


def analyse_validation(
    development: AnalysisFrame, validation: AnalysisFrame, options: ValidationOptions
) -> tuple[AnalysisNode, ...]:
    """Fit on `development`, freeze, and measure on the complete cases of `validation`."""
    found = _predictions(development, validation, options)
    missing = validation.n - found.time.size
    notes = (f"{missing} patients with a missing predictor are left out",) if missing else ()

    def node(name: str, rows: tuple[Row, ...]) -> AnalysisNode:
        return AnalysisNode(
            cohort=validation.cohort, endpoint=validation.endpoint, analysis=name, options=options, rows=rows,
            notes=notes,
        )  # fmt: skip

    nodes = [
        node("performance", tuple(_performance(found, options))),
        node("calibration", (_slope(found, options), *_observed_expected(found, options))),
    ]
    if options.horizons:
        nodes.append(node("calibration_group", tuple(_tenths(found, options))))
    return tuple(nodes)
