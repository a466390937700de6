"""lifelines as it comes: its own defaults and its former test of proportional hazards, to explain a number."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import CoxOptions, LogRankOptions, ModelOptions, PhTestOptions
from reporter.verification.lifelines import _design

TRANSFORMS = ("rank", "km", "log", "identity")
WEIGHTS = {
    "wilcoxon": "Gehan–Wilcoxon weights n",
    "tarone-ware": "Tarone–Ware weights sqrt(n)",
    "peto": "Peto's weights as lifelines has them, prod(1 - d/(n + 1))",
}
_COX_STATS = {
    "estimate": "coef", "hazard_ratio": "exp(coef)", "std_error": "se(coef)", "statistic": "z", "p_value": "p",
    "conf_low": "exp(coef) lower {}%", "conf_high": "exp(coef) upper {}%",
}  # fmt: skip


def default_cox(frame: AnalysisFrame, options: CoxOptions, term: str, stat: str) -> float:
    """Return a number of ``CoxPHFitter()`` with its own steps of .95; NaN where it has none."""
    from lifelines import CoxPHFitter  # type: ignore[import-untyped]

    if stat not in _COX_STATS:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = CoxPHFitter(alpha=1 - options.conf_level).fit(_design(frame, options.terms), ".time", ".event")
    name = _COX_STATS[stat].format(f"{100 * options.conf_level:g}")
    return float(fit.summary.loc[term, name]) if term in fit.summary.index else float("nan")


def former_ph_tests(frame: AnalysisFrame, options: PhTestOptions, term: str, stat: str) -> Iterator[tuple[str, float]]:
    """Yield transform, with the column where the term has several, and number of the approximation before 3.0."""
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test  # type: ignore[import-untyped]

    key = {"statistic": "test_statistic", "p_value": "p"}.get(stat)
    if key is None:
        return
    table = _design(frame, options.terms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = CoxPHFitter().fit(table, ".time", ".event")
        for transform in TRANSFORMS:
            found = proportional_hazard_test(fit, table, time_transform=transform).summary
            for name in found.index:
                if str(name).partition("=")[0] == term:
                    at = transform if str(name) == term else f"{transform}, column {name}"
                    yield at, float(found.loc[name, key])


def weighted_log_rank(frame: AnalysisFrame, options: LogRankOptions, stat: str) -> Iterator[tuple[str, float]]:
    """Yield the weights and the number of lifelines' weighted log-rank tests."""
    from lifelines.statistics import multivariate_logrank_test

    key = {"statistic": "test_statistic", "p_value": "p_value"}.get(stat)
    if key is None:
        return
    column = frame.columns[options.group]
    keep = column.observed & (frame.time > 0)
    data = (frame.time[keep], column.codes[keep], frame.event[keep])
    for name, words in WEIGHTS.items():
        yield words, float(getattr(multivariate_logrank_test(*data, weightings=name), key))
    harrington = multivariate_logrank_test(*data, weightings="fleming-harrington", p=1, q=0)
    yield "Fleming–Harrington weights S(t-), R's survdiff(rho = 1)", float(getattr(harrington, key))


def relative_risks(
    frame: AnalysisFrame, options: ModelOptions, coef: dict[str, float]
) -> tuple[dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the columns of the model on its complete cases, with time and event, and the linear predictor at x."""
    table = _design(frame, options.terms)
    eta = np.zeros(len(table))
    for name, value in coef.items():
        eta += value * table[name].to_numpy(dtype=np.float64)
    return {str(name): table[name].to_numpy(dtype=np.float64) for name in table}, eta


__all__ = ["TRANSFORMS", "default_cox", "former_ph_tests", "relative_risks", "weighted_log_rank"]
