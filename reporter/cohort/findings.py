"""Findings on identifiers, and which patients a finding is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporter.errors import Finding
from reporter.intake.finding import first_rows, listed
from reporter.spec.study import DataSpec


def judge_ids(
    every: tuple[str, ...], keep: NDArray[np.bool_], data: DataSpec, place: str, *, hidden: bool
) -> list[Finding]:
    """Return findings for identifiers that are empty or stand twice among the selected rows; `hidden` names none."""
    if data.id is None or len(every) != keep.size:
        return []
    ids = pd.Series(every, dtype=object)[keep]
    findings = []
    n_empty = int((ids == "").sum())
    if n_empty:
        message = f"column '{data.id}' is empty in {n_empty} rows; every patient needs an identifier."
        rows = first_rows(ids.index[ids == ""].to_numpy(dtype=np.int64))
        findings.append(Finding("missing_id", place, message, n_rows=n_empty, column=data.id, rows=rows))
    twice = ids[ids.duplicated(keep=False) & (ids != "")]
    if len(twice):
        named = "" if hidden else f", e.g. {listed(twice.unique(), 3)}"
        message = f"column '{data.id}' has {twice.nunique()} identifiers on more than one row{named}."
        todo = "One row a patient is allowed: remove the repeated rows, or name another column."
        rows = first_rows(twice.index.to_numpy(dtype=np.int64))
        findings.append(
            Finding("duplicate_id", place, message, n_rows=len(twice), column=data.id, rows=rows, todo=todo)
        )
    return findings


def named_findings(
    findings: Iterable[Finding], ids: Sequence[str], cohort: str, columns: str, *, hidden: bool
) -> list[Finding]:
    """Return findings with their cohort, their column and the identifiers of their first rows.

    Parameters
    ----------
    ids
        Identifiers of all rows; empty where the table has none.
    cohort, columns
        Name of the cohort, and the place of its columns with a dot at the end.
    hidden
        Identifiers may not be shown: rows are numbered, the first patient being 1.
    """
    out = []
    for finding in findings:
        column = finding.column
        if not column and finding.place.startswith(columns):
            column = finding.place.removeprefix(columns).partition(" ")[0].partition(".")[0]
        shown = tuple(f"row {row + 1}" if hidden or not ids else ids[row] for row in finding.rows)
        out.append(replace(finding, cohort=cohort, column=column, ids=shown))
    return out
