"""Checks of a built frame: what no analysis can use, and what its reader must know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import Finding
from reporter.intake.finding import first_rows, listed
from reporter.spec.columns import ColumnSpec
from reporter.spec.study import Study


def _constant(frame: AnalysisFrame, column: Column, key: str) -> Iterator[Finding]:
    """Yield an error for a column with fewer than two values among the patients."""
    values = np.unique(column.values[column.observed])
    if values.size > 1:
        return
    if values.size == 0:
        got = "has no value"
    elif column.is_numeric:
        got = f"is {values[0]:g} in every patient"
    else:
        got = f"has one level, '{column.levels[int(values[0])]}'"
    message = f"'{column.name}' {got} ({frame.n} patients). It must vary: take it out of {key}, or widen the selection."
    yield Finding("constant_column", f"{key} ({frame.cohort}, {frame.endpoint})", message)


def _group(frame: AnalysisFrame, column: Column) -> Iterator[Finding]:
    """Yield an error when no patient with a known group has an event, a warning for levels without events."""
    place = f"analysis.groups ({frame.cohort}, {frame.endpoint})"
    size = len(column.levels)
    n = np.bincount(column.codes[column.observed], minlength=size)
    events = np.bincount(column.codes[column.observed & frame.event], minlength=size)
    if n.sum() and not events.sum():
        message = f"no patient with a known '{column.name}' has an event. Take it out of groups, or merge its levels."
        yield Finding("group_without_events", place, message)
        return
    empty = [column.levels[i] for i in range(size) if n[i] and not events[i]]
    if empty:
        message = (
            f"'{column.name}': no events in {listed(empty)}; its hazard ratio is not estimable. "
            "Merge levels through codes if the group is to be compared."
        )
        yield Finding("level_without_events", place, message, severity="warning")


def _transform(frame: AnalysisFrame, column: Column, spec: ColumnSpec) -> Iterator[Finding]:
    """Yield an error where a logarithm does not exist."""
    limit = {"log1p": -1.0, "log2": 0.0}.get(spec.transform)
    if limit is None:
        return
    n_rows = int((column.values <= limit).sum())
    if n_rows:
        message = f"transform {spec.transform} needs values above {limit:g}; {n_rows} patients have none such."
        place = f"columns.{column.name}.transform ({frame.cohort})"
        yield Finding("transform_undefined", place, f"{message} Use another transform or list the value under missing.")


def check_frame(study: Study, frame: AnalysisFrame) -> tuple[Finding, ...]:
    """Return errors and warnings of one frame.

    Errors: no events, a covariate, feature or group that does not vary (development), a group without any event, a
    logarithm of nothing. Warnings: a level without events, patients with time 0.
    """
    place = f"endpoints.{frame.endpoint} ({frame.cohort})"
    found: list[Finding] = []
    if not frame.event.any():
        message = f"none of the {frame.n} patients has an event. Correct event values, or widen the selection."
        return (Finding("no_events", place, message),)
    zero = int((frame.time == 0).sum())
    if zero:
        message = f"{zero} patients have time 0; they are kept."
        ids = tuple(frame.ids[row] for row in first_rows(frame.time == 0))
        found.append(Finding("time_zero", place, message, severity="warning", n_rows=zero, ids=ids))
    features: Sequence[str] = study.phenotypes.features if study.phenotypes else ()
    used = {"analysis.covariates": study.analysis.covariates, "analysis.groups": study.analysis.groups,
            "phenotypes.features": features}  # fmt: skip
    if frame.cohort == "development":
        for key, names in used.items():
            for name in names:
                found += _constant(frame, frame.columns[name], key)
    for name in study.analysis.groups:
        found += _group(frame, frame.columns[name])
    for name in dict.fromkeys((*study.analysis.covariates, *features)):
        found += _transform(frame, frame.columns[name], study.columns[name])
    return tuple(found)
