"""Ordered selection: each step is a box of the flow diagram."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.cohort.frame import Column
from reporter.cohort.table import absent_column
from reporter.errors import Finding, did_you_mean
from reporter.intake.finding import listed
from reporter.intake.mapping import Cells, distinct_cells, is_missing, map_dates, map_numbers
from reporter.results.tree import AttritionStep
from reporter.spec.columns import ColumnSpec, same_value
from reporter.spec.endpoints import CohortSpec, Condition, Step

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """Rows that stay, shape = (n,), the boxes of the flow diagram, and findings."""

    keep: Mask
    steps: tuple[AttritionStep, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Values:
    """The mapped values that a condition sees; `numbers` is None where the column has none."""

    observed: Mask
    words: Cells
    numbers: Floats | None


@dataclass(frozen=True)
class Sources:
    """Where conditions find their values: text, typed columns and the dictionary of one cohort."""

    table: pd.DataFrame
    columns: Mapping[str, Column]
    dictionary: Mapping[str, ColumnSpec]
    source: str


def _days(bound: float | dt.date) -> float:
    if isinstance(bound, dt.date):
        return float(np.datetime64(bound, "D").astype(np.int64))
    return float(bound)


def _values(condition: Condition, sources: Sources, place: str) -> tuple[_Values, list[Finding]]:
    """Return the values of the condition's column: mapped if the dictionary has it, else the text."""
    name = condition.column
    column = sources.columns.get(name)
    cells = sources.table[name]
    if column is not None and not column.is_numeric:
        codes = np.where(column.observed, column.codes, len(column.levels))
        words = Cells([*column.levels, ""], codes, np.bincount(codes, minlength=len(column.levels) + 1))
        return _Values(column.observed, words, None), []
    distinct = distinct_cells(cells)
    spec = sources.dictionary.get(name)
    missing = spec.missing if spec else ()
    if column is not None:
        return _Values(column.observed, distinct, column.values), []
    bounds = [bound for bound in (condition.min, condition.max) if bound is not None]
    as_dates = (spec is not None and spec.kind == "date") or any(isinstance(b, dt.date) for b in bounds)
    observed = np.array([not is_missing(cell, missing) for cell in distinct.distinct], dtype=bool)[distinct.index]
    if not bounds:
        return _Values(observed, distinct, None), []
    numbers, findings = (map_dates if as_dates else map_numbers)(cells, missing, place)
    return _Values(observed, distinct, numbers), findings


def _is_any(words: Cells, wanted: tuple[str, ...]) -> Mask:
    hit = np.array([any(same_value(word, one) for one in wanted) for word in words.distinct], dtype=bool)
    return hit[words.index]


def _true_rows(condition: Condition, values: _Values) -> Mask:
    """Return the observed rows for which every test of the condition holds, shape = (n,)."""
    holds = values.observed.copy()
    if values.numbers is not None:
        if condition.min is not None:
            holds &= values.numbers >= _days(condition.min)
        if condition.max is not None:
            holds &= values.numbers <= _days(condition.max)
    if condition.in_ is not None:
        holds &= _is_any(values.words, condition.in_)
    if condition.not_in is not None:
        holds &= ~_is_any(values.words, condition.not_in)
    if condition.equals is not None:
        holds &= _is_any(values.words, (condition.equals,))
    if condition.matches is not None:
        pattern = re.compile(condition.matches)
        hit = np.array([pattern.search(word) is not None for word in values.words.distinct], dtype=bool)
        holds &= hit[values.words.index]
    return holds


def _misuse(condition: Condition, column: Column | None, place: str) -> list[Finding]:
    """Return findings for bounds on a column with levels and for names that are not among its levels."""
    if column is None or column.is_numeric:
        return []
    found = []
    if condition.min is not None or condition.max is not None:
        message = f"min and max need a numeric or date column; '{column.name}' has the levels {listed(column.levels)}."
        found.append(Finding("wrong_kind", place, f"{message} Use in or not_in."))
    equals = () if condition.equals is None else (condition.equals,)
    for word in (*(condition.in_ or ()), *(condition.not_in or ()), *equals):
        if not any(same_value(word, level) for level in column.levels):
            near = did_you_mean(word, column.levels)
            message = f"'{word}' is not a level of '{column.name}'.{near} Levels: {listed(column.levels, 20)}."
            found.append(Finding("unknown_level", place, message))
    return found


def _apply(step: Step, sources: Sources, place: str) -> tuple[Mask | None, list[Finding]]:
    """Return the rows that a step removes, or findings."""
    condition = step.condition
    if condition.column not in sources.table.columns:
        return None, [absent_column(condition.column, sources.table, place, sources.source)]
    findings = _misuse(condition, sources.columns.get(condition.column), place)
    if findings:
        return None, findings
    values, findings = _values(condition, sources, place)
    if findings:
        return None, findings
    holds = _true_rows(condition, values)
    return (~holds if step.action == "include" else holds), []


def select_rows(cohort: CohortSpec, sources: Sources, *, prefix: str) -> Selection:
    """Apply the include and exclude steps in the order of the study file.

    A missing value never satisfies an include nor triggers an exclude.

    Parameters
    ----------
    cohort
        The steps.
    sources
        Text, typed columns and dictionary of the cohort.
    prefix
        ``cohort`` or ``validation.cohort``, for findings.
    """
    keep = np.ones(len(sources.table), dtype=bool)
    steps: list[AttritionStep] = []
    findings: list[Finding] = []
    for step in cohort.steps:
        place = f"{prefix}.{step.name.replace('_', '.')} '{step.condition.label}'"
        removed, problems = _apply(step, sources, place)
        findings += problems
        if removed is None or not keep.any():
            continue
        gone = keep & removed
        before = int(keep.sum())
        keep &= ~removed
        left = int(keep.sum())
        steps.append(AttritionStep(name=step.name, label=step.condition.label, n_removed=int(gone.sum()), n_left=left))
        if not left:
            message = f"the step removes all {before} patients that were left; none remain. Correct its condition."
            findings.append(Finding("empty_cohort", place, message))
    return Selection(keep, tuple(steps), tuple(findings))
