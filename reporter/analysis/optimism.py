"""Node of the optimism bootstrap of the multivariable model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.analysis.cox import FittedModel, fit_model, why_unusable
from reporter.analysis.kernels.ipcw import weigh
from reporter.analysis.kernels.optimism import FAILURES, MEASURES, Optimism, estimate_optimism
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import OptimismOptions

ENDS = ("apparent", "training", "test", "optimism", "corrected")
NAMES = {"harrell_c_early": "harrell_c"}
FEWEST = 0.5  # share of the resamples that must give a model
DEPENDENT = "a covariate is constant or determined by others"
NOT_WEIGHED = "too few patients are at risk at the horizon, or too many were censored before it"


def refused(frame: AnalysisFrame, options: OptimismOptions) -> str:
    """Say for which models there is no bootstrap; empty for the others."""
    for key in ("strata", "cluster", "weights", "offset"):
        if getattr(options, key):
            return f"not offered for a model with {key}"
    if options.ties == "exact":
        return "not offered for a model with exact ties"
    if frame.entry is not None:
        return "not offered with entry times"
    return "not offered with competing events" if frame.cause is not None else ""


def _require(model: FittedModel, options: OptimismOptions) -> None:
    if why_not := why_unusable(model.fit):
        raise ReporterError(f"no bootstrap of this model: {why_not}")
    if not model.fit.used.all():
        raise ReporterError(f"no bootstrap of this model: {DEPENDENT}")
    n_rows = model.time.size * options.resamples
    if n_rows > options.max_rows:
        most = options.max_rows // model.time.size
        raise ReporterError(
            f"{model.time.size} patients times {options.resamples} resamples are {n_rows} rows, more than the "
            f"{options.max_rows} that R repeats in its time: ask for at most {most} resamples"
        )


def _why_no_brier(model: FittedModel, options: OptimismOptions) -> str:
    horizon = options.horizon
    if horizon is None:
        return ""
    who = weigh(model.time, model.event, horizon)
    few = int((model.time >= horizon).sum()) < options.min_at_risk
    return NOT_WEIGHED if few or who.uncensored < options.min_uncensored else ""


def _measure(found: Optimism, name: str, why_not: str) -> Iterator[Statistic]:
    """Yield a measure of the model, of the resamples on both, their difference, and the first less that."""
    j = MEASURES.index(name)
    kept = found.why < 0
    apparent, training, test = found.apparent[j], found.training[kept, j].mean(), found.test[kept, j].mean()
    values = (apparent, training, test, training - test, apparent - (training - test))
    for end, value in zip(ENDS, values, strict=True):
        yield statistic(f"{NAMES.get(name, name)}_{end}", np.nan if why_not else value, note=why_not)


def _notes(found: Optimism, resamples: int) -> tuple[str, ...]:
    if not found.n_failed:
        return ()
    counts = ((int((found.why == k).sum()), text) for k, text in enumerate(FAILURES))
    whys = "; ".join(f"{n} times {text}" for n, text in counts if n)
    return (f"{found.n_failed} of {resamples} resamples gave no model and are left out: {whys}",)


def analyse_optimism(frame: AnalysisFrame, options: OptimismOptions) -> tuple[AnalysisNode, ...]:
    """Return apparent, optimism and corrected value of each measure, with the resamples that gave no model.

    Optimism is the mean, over the resamples, of the measure in the resample less that on all patients, of the model
    fitted to the resample.

    Raises
    ------
    ReporterError
        For models that are not offered, without a finite estimate of each coefficient, with too many rows to repeat, or
        where more than half of the resamples give no model.
    """
    if why_not := refused(frame, options):
        raise ReporterError(f"the bootstrap is {why_not}")
    model = fit_model(frame, options)
    _require(model, options)
    no_brier = _why_no_brier(model, options)
    found = estimate_optimism(
        model.design.matrix, model.time, model.event, ties=options.ties,
        horizon=None if no_brier else options.horizon, resamples=options.resamples, seed=options.seed,
    )  # fmt: skip
    if found.n_failed > (1 - FEWEST) * options.resamples:
        raise ReporterError(f"{'; '.join(_notes(found, options.resamples))}: too few for an estimate")
    counts = {
        "n": model.time.size, "n_event": model.event.sum(), "n_missing": frame.n - model.time.size,
        "n_resamples": options.resamples, "n_failed": found.n_failed,
    }  # fmt: skip
    whole = [statistic(name, value) for name, value in counts.items()]
    for name in ("harrell_c", "calibration_slope", "r2"):
        whole += _measure(found, name, "")
    rows = [Row(term="cox", stats=tuple(whole))]
    if options.horizon is not None:
        early = [*_measure(found, "harrell_c_early", no_brier), *_measure(found, "brier", no_brier)]
        rows.append(Row(term="cox", time=options.horizon, stats=tuple(early)))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="optimism", options=options, rows=tuple(rows),
        notes=_notes(found, options.resamples),
    )  # fmt: skip
    return (node,)
