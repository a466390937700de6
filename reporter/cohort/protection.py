"""How the patients of one cohort are protected: what its source is, and what the study file asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reporter.cohort.frame import Column
from reporter.errors import Finding
from reporter.intake.deidentify import group_oldest, is_age
from reporter.intake.read import SourceTable
from reporter.results.suppress import SMALLEST
from reporter.spec.study import DataSpec

REGISTRY = "seer"


@dataclass(frozen=True)
class Protection:
    """What is hidden of a cohort.

    Parameters
    ----------
    suppress_below
        Counts from 1 to this number less one are hidden; 0 hides nothing.
    deidentify
        Identifiers become pseudonyms, ages from 90 on one group.
    from_registry
        The table is SEER's and not synthetic: none of its patients may be shown singly.
    """

    suppress_below: int = 0
    deidentify: bool = False
    from_registry: bool = False


def is_registry(data: DataSpec, source: SourceTable) -> bool:
    """Tell whether a table holds patients of SEER: a SEER*Stat export, or read with its dictionary; not a synthetic."""
    return (source.origin == REGISTRY or REGISTRY in data.dictionary) and not source.synthetic


def protection_of(data: DataSpec, source: SourceTable, key: str) -> tuple[Protection, list[Finding]]:
    """Return how a cohort is protected, and an error when the study file asks for less than its source allows.

    Parameters
    ----------
    key
        ``data`` or ``validation``: the table of the study file.
    """
    registry = is_registry(data, source)
    least = SMALLEST if registry else 0
    below = least if data.suppress_below is None else data.suppress_below
    findings = []
    if below < least:
        message = (
            f"got {below}; the table comes from SEER, of which no count from 1 to {SMALLEST - 1} is shown: give "
            f"{SMALLEST} or more, or leave the key out."
        )
        findings.append(Finding("suppress_below_too_low", f"{key}.suppress_below", message))
    deidentify = registry if data.deidentify is None else data.deidentify
    return Protection(below, deidentify, registry), findings


def with_oldest_grouped(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with ages from 90 on as 90."""
    return {
        name: replace(column, values=group_oldest(column.values))
        if column.is_numeric and is_age(column.name, column.label, column.unit) else column
        for name, column in columns.items()
    }  # fmt: skip
