"""What a run does not write, and how the model files of a protected cohort are coarsened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.prognosis.frozen_cox import CohortCurve, FrozenBaseline, FrozenCox, Predictor
from reporter.results.suppress import limits_of
from reporter.results.suppress_times import Course, shared_grid
from reporter.results.tree import Results, Row
from reporter.results.value import Reason

DEVELOPMENT = "development"
DATA_FILE, PHENOTYPES_FILE, PHENOTYPE_MODEL = "data_for_r.csv", "phenotypes.csv", "model/phenotypes.json"
ROWS = "holds one row a patient, and small cells are hidden in this study"
WHOLE_CURVES = "holds a curve with a step a patient, and small cells are hidden in this study"
FOREST = "its trees count single patients, and small cells are hidden in this study"
_DECIMALS = 2

Floats = NDArray[np.float64]


def withheld_files(results: Results, *, phenotypes: bool) -> dict[str, str]:
    """Return by name the files that are not written for this study, and why.

    Parameters
    ----------
    phenotypes
        True when the study has phenotypes.
    """
    limits = limits_of(results)
    if not limits:
        return {}
    own = {PHENOTYPES_FILE: ROWS, PHENOTYPE_MODEL: FOREST} if phenotypes and DEVELOPMENT in limits else {}
    return {DATA_FILE: ROWS, **own}


def why_no_model(results: Results, endpoint: str) -> str:
    """Say why a hidden number keeps a Cox model from being written; empty when none does.

    Parameters
    ----------
    results
        The tree after suppression.
    """
    if DEVELOPMENT not in limits_of(results):
        return ""
    totals = [row for node in results.nodes("cox_model", endpoint=endpoint) for row in node.rows]
    if any(_is_hidden(row, "n") or _is_hidden(row, "n_event") for row in totals) or not totals:
        return (
            "the number of patients in the model would tell of a small number with a missing value; exclude these "
            "under [[cohort.exclude]]"
        )
    rows = [row for node in results.nodes("cox_multivariable", endpoint=endpoint) for row in node.rows]
    hidden = [row.term for row in rows if _is_hidden(row, "estimate")]
    if hidden:
        return f"{', '.join(hidden)}: a level has few patients or events; merge it with another in the study file"
    return ""


def _is_hidden(row: Row, stat: str) -> bool:
    return any(s.stat == stat and s.reason is Reason.SUPPRESSED for s in row.stats)


def _kept_months(model: FrozenCox, frame: AnalysisFrame, rows: NDArray[np.bool_], below: int) -> Floats:
    """Return the months between which at least `below` patients of the model had the event, and as many are at risk."""
    time, place = np.unique(frame.time[rows], return_inverse=True)
    event = frame.event[rows]
    events = np.bincount(place, weights=event, minlength=time.size)
    censored = np.bincount(place, minlength=time.size) - events
    at_risk = np.cumsum((events + censored)[::-1])[::-1]
    counts = np.column_stack((events, censored)).astype(np.float64)
    course = Course(time, counts[:, :1], counts[:, 1], at_risk)
    return np.array(shared_grid([course], model.horizons, frame.time_unit, below).times)


def _at(times: Floats, values: Sequence[float], wanted: Floats) -> tuple[float, ...]:
    whole = np.concatenate(([0.0], np.asarray(values)))
    return tuple(float(v) for v in whole[np.searchsorted(times, wanted, side="right")])


def _coarse_baseline(baseline: FrozenBaseline, months: Floats) -> FrozenBaseline:
    time = np.asarray(baseline.time)
    index = np.searchsorted(time, months, side="right") - 1
    return FrozenBaseline(
        time=tuple(float(t) for t in months), hazard=_at(time, baseline.hazard, months),
        variance=_at(time, baseline.variance, months),
        mean_hazard=tuple(baseline.mean_hazard[i] for i in index.tolist()),
    )  # fmt: skip


def _coarse_predictor(predictor: Predictor, frame: AnalysisFrame, rows: NDArray[np.bool_], below: int) -> Predictor:
    """Return a predictor whose range leaves out the `below` lowest and highest patients, and whose shares are round."""
    if predictor.levels:
        shares = tuple(round(share, _DECIMALS) for share in predictor.shares)
        return predictor.model_copy(update={"shares": shares})
    ordered = np.sort(frame.columns[predictor.name].values[rows])
    low, high = float(ordered[min(below, ordered.size) - 1]), float(ordered[-min(below, ordered.size)])
    return predictor.model_copy(update={"minimum": low, "maximum": high})


def _coarse_quantiles(model: FrozenCox, below: int) -> tuple[float, ...]:
    edge = min(np.ceil(100 * below / max(model.n, 1)), 50)
    values = np.asarray(model.linear_predictor_quantiles)
    inside = np.clip(np.arange(values.size), edge, values.size - 1 - edge).astype(int)
    return tuple(round(float(v), _DECIMALS) for v in values[inside])


def _cohort_curve(results: Results, endpoint: str) -> CohortCurve | None:
    """Return the curve of all patients as the report shows it."""
    for node in results.nodes("kaplan_meier_curve", endpoint=endpoint):
        if node.variable or not node.curves:
            continue
        curve = node.curves[0]
        kept = [i for i, time in enumerate(curve.time) if time > 0 and curve.column("estimate")[i] is not None]
        found = {
            name: tuple(curve.column(name)[i] for i in kept) for name in ("n_risk", "estimate", "conf_low", "conf_high")
        }
        return CohortCurve(
            time=tuple(curve.time[i] for i in kept),
            n_risk=tuple(None if n is None else int(n) for n in found["n_risk"]),
            survival=tuple(float(value or 0.0) for value in found["estimate"]),
            conf_low=found["conf_low"], conf_high=found["conf_high"],
        )  # fmt: skip
    return None


def coarse_model(model: FrozenCox, frame: AnalysisFrame, results: Results, below: int) -> FrozenCox | None:
    """Return a model for a protected cohort: no time, value or count in it is that of few patients.

    The baseline hazard stands at months between which at least `below` events lie, ranges leave out the `below` lowest
    and highest patients, and the cohort's curve is that of the report. None when no month is left.

    Parameters
    ----------
    results
        The tree after suppression.
    """
    rows = frame.complete([term.column for term in model.terms])
    months = _kept_months(model, frame, rows, below)
    curve = _cohort_curve(results, model.endpoint)
    if not months.size or curve is None or not curve.time:
        return None
    return model.model_copy(
        update={
            "horizons": tuple(h for h in model.horizons if h in months and h in curve.time),
            "baseline": _coarse_baseline(model.baseline, months),
            "first_time": float(months[0]),
            "follow_up_end": float(months[-1]),
            "predictors": tuple(_coarse_predictor(p, frame, rows, below) for p in model.predictors),
            "mean": tuple(round(value, _DECIMALS) for value in model.mean),
            "linear_predictor_quantiles": _coarse_quantiles(model, below),
            "cohort_curve": curve,
        }
    )


def merged(files: Mapping[str, bytes], withheld: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files without those withheld."""
    return {name: content for name, content in files.items() if name not in withheld}


__all__ = ["DATA_FILE", "coarse_model", "merged", "why_no_model", "withheld_files"]
