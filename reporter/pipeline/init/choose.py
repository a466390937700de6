"""Which covariates the events allow, which groups are compared, at which horizons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.pipeline.init.draft import Draft, Entry
from reporter.pipeline.init.words import PRIORITY, tokens

EVENTS_A_PARAMETER = 10
"""Events per coefficient of a Cox model (Peduzzi et al., J Clin Epidemiol 1995;48:1503-1510)."""

MOST_COVARIATES = 10
MOST_GROUPS = 3
MOST_GROUP_LEVELS = 6
LEAST_COMPLETE = 0.8
FEWEST_PATIENTS = 5
FEWEST_EVENTS = 3

HORIZONS = {"years": (0.5, 1, 2, 3, 5, 10, 15, 20), "months": (3, 6, 12, 24, 36, 60, 120, 180, 240),
            "days": (30, 90, 180, 365, 730, 1095, 1825)}  # fmt: skip
MOST_HORIZONS = 3
FEWEST_AT_RISK = 10


@dataclass(frozen=True)
class _Model:
    """The covariates so far: their columns of the design, and the patients who have them all."""

    names: tuple[str, ...]
    design: NDArray[np.float64]
    complete: NDArray[np.bool_]

    @property
    def n_parameters(self) -> int:
        """Coefficients."""
        return int(self.design.shape[1])


def _design(column: Column) -> NDArray[np.float64]:
    """Return the columns of the design, NaN where missing; a level each but for the first."""
    values = column.values
    if column.is_numeric:
        spread = float(np.nanstd(values)) or 1.0
        return np.asarray((values - np.nanmean(values)) / spread)[:, None]
    found: NDArray[np.float64] = (values[:, None] == np.arange(1, max(len(column.levels), 2))).astype(np.float64)
    found[np.isnan(values)] = np.nan
    return np.asarray(found)


def _few(column: Column, keep: NDArray[np.bool_], event: NDArray[np.bool_], fewest: int = FEWEST_EVENTS) -> str:
    """Return why a column with levels is too thin among some patients; empty when it is not."""
    if column.is_numeric:
        return "" if np.unique(column.values[keep]).size > 1 else "the same in every patient of the model"
    if len(column.levels) < 2:
        return "the same in every patient"
    codes = column.codes[keep & column.observed]
    n = np.bincount(codes, minlength=len(column.levels))
    events = np.bincount(column.codes[keep & column.observed & event], minlength=len(column.levels))
    thin = [level for i, level in enumerate(column.levels) if n[i] < FEWEST_PATIENTS or events[i] < fewest]
    if not thin:
        return ""
    return f"fewer than {FEWEST_PATIENTS} patients or {fewest} events at {', '.join(thin)}"


def _why_not(model: _Model, column: Column, frame: AnalysisFrame, allowed: int) -> tuple[str, _Model]:
    """Return why a covariate does not enter, else the model with it."""
    complete = model.complete & column.observed
    if complete.sum() < LEAST_COMPLETE * frame.n:
        share = 100 * complete.sum() / frame.n
        return f"with it only {share:.0f} % of the patients would be complete", model
    few = _few(column, complete, frame.event)
    if few:
        return few, model
    design = np.column_stack([model.design, _design(column)])
    if len(model.names) >= MOST_COVARIATES:
        return f"there are {MOST_COVARIATES} covariates", model
    if design.shape[1] > allowed:
        return f"{int(frame.event.sum())} events allow {allowed} coefficients", model
    inside = np.column_stack([np.ones(int(complete.sum())), design[complete]])
    if np.linalg.matrix_rank(inside) < inside.shape[1]:
        return "given by the other covariates", model
    return "", _Model((*model.names, column.name), design, complete)


def _rank(entry: Entry) -> int:
    words = tokens(entry.header)
    return next((i for i, rule in enumerate(PRIORITY) if rule.search(words)), len(PRIORITY))


def _groups(names: Sequence[str], frame: AnalysisFrame) -> list[str]:
    """Return columns whose levels are compared: few, and none too thin."""
    found = []
    for name in names:
        column = frame.columns[name]
        if column.is_numeric or not 2 <= len(column.levels) <= MOST_GROUP_LEVELS:
            continue
        everyone = np.ones(frame.n, dtype=bool)
        if column.observed.sum() >= frame.n / 2 and not _few(column, everyone, frame.event, 1):
            found.append(name)
    return found


def choose_model(draft: Draft, frame: AnalysisFrame) -> Draft:
    """Return the draft with covariates and groups, and why others are not in the model.

    Covariates enter in the order of `PRIORITY`, then of the table, while there are ten events for each coefficient and
    at least 80 % of the patients are complete in all.

    Parameters
    ----------
    draft
        Without covariates and groups.
    frame
        The selected patients of the main endpoint with every column of the dictionary.
    """
    events = int(frame.event.sum())
    allowed = max(events // EVENTS_A_PARAMETER, 1)
    model = _Model((), np.empty((frame.n, 0)), np.ones(frame.n, dtype=bool))
    order = sorted((entry for entry in draft.entries if entry.key in frame.columns), key=_rank)
    left: list[tuple[str, str]] = []
    for entry in order:
        why = entry.why_not
        if not why:
            why, model = _why_not(model, frame.columns[entry.key], frame, allowed)
        if why:
            left.append((entry.key, why))
    free = [entry.key for entry in order if not entry.why_not]
    groups = _groups(free, frame)[:MOST_GROUPS]
    note = (
        f"{events} events among {frame.n} patients: {allowed} coefficients at {EVENTS_A_PARAMETER} events each; the "
        f"covariates below have {model.n_parameters}, and {int(model.complete.sum())} patients have them all. Choose "
        "covariates by what is known of the disease, not by their P values."
    )
    shown = tuple((name, why) for name, why in left)
    return replace(
        draft, covariates=model.names, groups=tuple(groups), not_in_model=shown, analysis_notes=(note,)
    )  # fmt: skip


def choose_horizons(frame: AnalysisFrame, unit: str) -> list[float]:
    """Return up to three round times at which enough patients are still at risk.

    Parameters
    ----------
    frame
        The patients of the endpoint; times in `unit`.
    unit
        days, months or years.
    """
    least = max(FEWEST_AT_RISK, 0.05 * frame.n)
    some = [time for time in HORIZONS[unit] if (frame.time >= time).sum() >= least]
    usual = {"years": (1, 3, 5), "months": (12, 36, 60), "days": (365, 1095, 1825)}[unit]
    found = [time for time in some if time in usual]
    return list(found if len(found) == MOST_HORIZONS else some[-MOST_HORIZONS:])
