"""The second witness: what lifelines gives for the same frames and options, as the ledger's third column.

lifelines is imported when it is first needed (1.5 s). Whatever goes wrong here leaves
the column empty, never the ledger.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.results.address import address, level_term
from reporter.spec.options import (
    ConcordanceOptions,
    CoxOptions,
    KaplanMeierOptions,
    LogRankOptions,
    ModelOptions,
    TermSpec,
)
from reporter.verification.differences import Witnessed
from reporter.verification.task import Frames, Task

if TYPE_CHECKING:
    import pandas as pd

Found = Iterator[tuple[str, Witnessed]]
Floats = NDArray[np.float64]

PLATEAU = float(np.sqrt(np.finfo(np.float64).eps))
FIT_OPTIONS = {"step_size": 1.0, "precision": 1e-20, "r_precision": 1e-16, "max_steps": 60}


def lifelines_version() -> str:
    """Return the version installed; empty when there is none."""
    try:
        return version("lifelines")
    except PackageNotFoundError:
        return ""


def _levels(frame: AnalysisFrame, group: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    if not group:
        yield "", np.ones(frame.n, dtype=bool)
        return
    column = frame.columns[group]
    for code, level in enumerate(column.levels):
        rows = column.codes == code
        if rows.any():
            yield level, rows


def _kaplan_meier(frame: AnalysisFrame, options: KaplanMeierOptions) -> Found:
    """S and Nelson–Aalen at the horizons and the last time, and the median."""
    from lifelines import KaplanMeierFitter, NelsonAalenFitter  # type: ignore[import-untyped]

    if frame.entry is not None:
        return

    for level, rows in _levels(frame, options.group):
        time, event = frame.time[rows], frame.event[rows]
        last = float(time.max())
        fit = KaplanMeierFitter().fit(time, event)

        def where(analysis: str, stat: str, at: float | None = None, level: str = level) -> str:
            return address(frame.cohort, frame.endpoint, analysis, stat, group=options.group, level=level, time=at)

        for horizon in options.horizons:
            convention = "carried_forward" if horizon > last else ""
            found = float(fit.survival_function_at_times(horizon).iloc[0])
            yield where("kaplan_meier", "estimate", horizon), Witnessed(found, convention)
        yield (
            where("kaplan_meier_curve", "estimate", last),
            Witnessed(float(fit.survival_function_at_times(last).iloc[0])),
        )
        hazard = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(time, event).cumulative_hazard_
        yield where("kaplan_meier_curve", "cumulative_hazard", last), Witnessed(float(hazard.iloc[-1, 0]))
        median = float(fit.median_survival_time_)
        yield where("survival_quantile", "median"), _median(fit.survival_function_.iloc[:, 0].to_numpy(), median)


def _median(survival: Floats, median: float) -> Witnessed:
    on_plateau = bool((np.abs(survival - 0.5) < PLATEAU).any())
    return Witnessed(median if math.isfinite(median) else None, "median_on_plateau" if on_plateau else "")


def _log_rank(frame: AnalysisFrame, options: LogRankOptions) -> Found:
    from lifelines.statistics import multivariate_logrank_test  # type: ignore[import-untyped]

    column = frame.columns[options.group]
    keep = column.observed
    few = np.unique(column.codes[keep]).size < 2
    if options.withheld or options.rho or frame.entry is not None or few:
        return
    convention = "" if frame.event[keep].any() else "log_rank_without_events"
    test = multivariate_logrank_test(frame.time[keep], column.codes[keep], frame.event[keep])
    for stat, value in (("statistic", test.test_statistic), ("p_value", test.p_value)):
        where = address(frame.cohort, frame.endpoint, "log_rank", stat, group=options.group)
        yield where, Witnessed(float(value), convention)


def _design(frame: AnalysisFrame, terms: Sequence[TermSpec]) -> pd.DataFrame:
    """Return time, event and the columns of the model, complete cases only, written out anew for this witness."""
    import pandas as pd

    data = {".time": frame.time, ".event": frame.event.astype(np.float64)}
    for term in terms:
        column = frame.columns[term.column]
        if term.levels:
            for code, level in enumerate(term.levels[1:], start=1):
                data[level_term(term.column, level)] = np.where(column.observed, column.codes == code, np.nan)
            continue
        values = column.values  # noqa: PD011 an array, not a data frame
        values = values if term.winsorize is None else np.minimum(values, term.winsorize)
        if term.transform != "identity":
            values = np.log1p(values) if term.transform == "log1p" else np.log2(values)
        data[term.column] = values / term.per
    return pd.DataFrame(data).dropna()


def _fit(table: pd.DataFrame, conf_level: float) -> tuple[Any, str]:
    """Return the fit, and the register's entry for a likelihood without a maximum when lifelines warned of one."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceWarning  # type: ignore[import-untyped]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = CoxPHFitter(alpha=1 - conf_level).fit(table, ".time", ".event", fit_options=FIT_OPTIONS)
    return fit, "separation" if any(issubclass(item.category, ConvergenceWarning) for item in caught) else ""


def _plain(frame: AnalysisFrame, options: ModelOptions) -> bool:
    """Tell whether the model has nothing but covariates; this witness is not asked for more."""
    more = options.strata or options.interactions or options.cluster or options.weights or options.offset
    spline = any(term.spline for term in options.terms)
    return options.ties == "efron" and not more and not spline and frame.entry is None


def _cox(frame: AnalysisFrame, options: CoxOptions) -> Found:
    if not _plain(frame, options):
        return
    fit, convention = _fit(_design(frame, options.terms), options.conf_level)
    for name, row in fit.summary.iterrows():
        error = float(row["se(coef)"])
        for stat, key, scale in (("estimate", "coef", error), ("std_error", "se(coef)", 0.0)):
            where = address(frame.cohort, frame.endpoint, options.analysis, stat, term=str(name))
            yield where, Witnessed(float(row[key]), convention, scale)
    whole = options.analysis == "cox_multivariable"
    model, term = ("cox_model", "GLOBAL") if whole else ("cox_univariable_model", options.terms[0].column)
    likelihood = Witnessed(float(fit.log_likelihood_), convention)
    yield address(frame.cohort, frame.endpoint, model, "log_likelihood", term=term), likelihood


def _concordance(frame: AnalysisFrame, options: ConcordanceOptions) -> Found:
    if frame.cause is not None or not _plain(frame, options):
        return
    fit, convention = _fit(_design(frame, options.terms), options.conf_level)
    where = address(frame.cohort, frame.endpoint, "concordance", "estimate", term="cox")
    yield where, Witnessed(float(fit.concordance_index_), convention)


def _numbers(frame: AnalysisFrame, task: Task) -> Found:
    match task.options:
        case KaplanMeierOptions() as options:
            return _kaplan_meier(frame, options)
        case LogRankOptions() as options:
            return _log_rank(frame, options)
        case CoxOptions() as options:
            return _cox(frame, options)
        case ConcordanceOptions() as options:
            return _concordance(frame, options)
    return iter(())


def witness(frames: Frames, tasks: Iterable[Task]) -> dict[str, Witnessed]:
    """Return what lifelines gives for these tasks, by address; a task on which it fails is left out."""
    found: dict[str, Witnessed] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for task in tasks:
            frame = frames.get((task.cohort, task.endpoint))
            if frame is None:
                continue
            try:
                found |= dict(_numbers(frame, task))
            except Exception:  # noqa: BLE001, S112 a second witness that fails is an empty column
                continue
    return found


__all__ = ["FIT_OPTIONS", "lifelines_version", "witness"]
