"""Ordered selection: each step is a box of the flow diagram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding
from reporter.intake.conditions import misuse, true_rows
from reporter.intake.finding import first_rows, listed
from reporter.intake.mapping import distinct_cells, map_dates, map_numbers
from reporter.intake.resolve import Resolver
from reporter.results.tree import AttritionStep
from reporter.spec.endpoints import CohortSpec, Condition, Step
from reporter.spec.study import DataSpec

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """Rows that stay, shape = (n,), the boxes of the flow diagram, and findings."""

    keep: Mask
    steps: tuple[AttritionStep, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Sources:
    """Where conditions find their values: the typed columns of one cohort, the headers of its table, its identifier.

    `hides_ids`: no finding names an identifier.
    """

    resolver: Resolver
    data: DataSpec
    hides_ids: bool = False

    def cells(self, name: str) -> pd.Series | None:
        """Return the text of a column or of the identifier."""
        return self.resolver.identifier(name, self.data.id_headers if name == self.data.id else ())


def _apply(step: Step, sources: Sources, keep: Mask, place: str) -> tuple[Mask | None, list[Finding]]:
    """Return the rows that a step removes, or findings."""
    condition = step.condition
    if condition.first_of is not None:
        return _not_first(condition, sources, keep, place)
    values, findings = sources.resolver.values(condition, place)
    if values is None:
        return None, findings
    findings += misuse(condition, values, place)
    if findings:
        return None, findings
    holds = true_rows(condition, values)
    return (~holds if step.action == "include" else holds), []


def _order(condition: Condition, sources: Sources, place: str) -> tuple[Floats | None, list[Finding]]:
    """Return the numbers, days or places of levels by which rows are ordered, NaN where missing."""
    name, resolver = condition.column, sources.resolver
    problems = resolver.problems(name, place)
    if problems:
        return None, problems
    if name in resolver.columns:
        mapped, _ = resolver.mapped(name)
        return (None if mapped is None else mapped.values), []  # noqa: PD011
    cells = resolver.table[name]
    numbers, findings = map_numbers(cells, (), place)
    if findings:
        days, not_dates = map_dates(cells, (), place)
        return (None, findings) if not_dates else (days, [])
    return numbers, []


def _no_cells(name: str, place: str) -> Finding:
    return Finding("unknown_column", place, f"column '{name}' cannot be read; see the findings of its dictionary.")


def _not_first(condition: Condition, sources: Sources, keep: Mask, place: str) -> tuple[Mask | None, list[Finding]]:
    """Return the rows that are not the first of their group among those still kept; ties are a finding."""
    group = str(condition.first_of)
    order, findings = _order(condition, sources, place)
    cells = sources.cells(group)
    if cells is None:
        findings = [*(sources.resolver.problems(group, place) or [_no_cells(group, place)]), *findings]
    if findings or order is None or cells is None:
        return None, findings
    found = distinct_cells(cells)
    rows = np.flatnonzero(keep & ~np.isnan(order))
    empty = [i for i, cell in enumerate(found.distinct) if cell == ""]
    n_empty = int(np.isin(found.index[rows], empty).sum())
    if n_empty:
        message = f"'{group}' is empty in {n_empty} rows, so their first row is not known. Exclude them before."
        return None, [Finding("missing_id", place, message, n_rows=n_empty)]
    smallest = np.full(len(found.distinct), np.inf)
    np.minimum.at(smallest, found.index[rows], order[rows])
    first = rows[order[rows] == smallest[found.index[rows]]]
    times = np.bincount(found.index[first], minlength=len(found.distinct))
    tied = np.flatnonzero(times > 1)
    if tied.size:
        named = "" if sources.hides_ids else f", e.g. {listed([found.distinct[i] for i in tied[:3]])}"
        message = (
            f"{tied.size} values of '{group}' have several rows with the smallest '{condition.column}'{named}. Order "
            "by a column that tells them apart, or exclude the others before."
        )
        same = first_rows(first[np.isin(found.index[first], tied)])
        return None, [Finding("tied_first", place, message, n_rows=int(times[tied].sum()), column=group, rows=same)]
    removed = np.ones(keep.size, dtype=bool)
    removed[first] = False
    return removed, []


def select_rows(cohort: CohortSpec, sources: Sources, *, prefix: str) -> Selection:
    """Apply the include and exclude steps in the order of the study file.

    A missing value never satisfies an include nor triggers an exclude.

    Parameters
    ----------
    cohort
        The steps.
    sources
        Typed columns and headers of the cohort.
    prefix
        ``cohort`` or ``validation.cohort``, for findings.
    """
    keep = np.ones(len(sources.resolver.table), dtype=bool)
    steps: list[AttritionStep] = []
    findings: list[Finding] = []
    for step in cohort.steps:
        place = f"{prefix}.{step.name.replace('_', '.')} '{step.condition.label}'"
        removed, problems = _apply(step, sources, keep, place)
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
