"""The one frame that both engines see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["numeric", "categorical", "ordinal", "binary"]


@dataclass(frozen=True)
class Column:
    """One variable, typed by the dictionary.

    Parameters
    ----------
    name, label, unit
        Name in the study file, words for the report, unit for the report.
    kind
        ``numeric`` has `values`; the other kinds have `levels` and `codes`.
    levels
        Level names, the reference first; empty for a numeric column.
    values
        float64, shape = (n,); NaN where missing. For levels: the code (0 = first level) or NaN.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    levels: tuple[str, ...]
    values: NDArray[np.float64]

    @property
    def is_numeric(self) -> bool:
        """True for a numeric column."""
        return self.kind == "numeric"

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Rows with a value, shape = (n,)."""
        return ~np.isnan(self.values)

    @property
    def codes(self) -> NDArray[np.int64]:
        """Level codes, 0 = first level, -1 = missing; shape = (n,)."""
        return np.where(self.observed, self.values, -1).astype(np.int64)


@dataclass(frozen=True)
class OtherRule:
    """Time and event, shape = (n,) each, under the rule for gaps that the study did not choose."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]


@dataclass(frozen=True)
class AnalysisFrame:
    """Patients of one cohort with one endpoint: time and event are never missing here.

    Parameters
    ----------
    cohort
        ``development`` or ``validation``.
    endpoint
        Name of the endpoint in the study file.
    ids
        Patient identifiers as given, shape = (n,).
    time
        float64, shape = (n,), in the endpoint's report unit, near-equal times already merged
        by R's ``timefix`` rule.
    event
        bool, shape = (n,): the event of interest.
    entry
        float64, shape = (n,): when each patient came under observation, before `time`, in the same unit; None when
        all were observed from 0.
    cause
        int64, shape = (n,): 0 censored, 1 the event of interest, 2 and above the competing events in the order of
        `causes`; None when none is declared.
    causes
        Names of the competing events.
    other_rule
        The outcome under the other rule for gaps; None when no patient has a gap.
    time_unit
        ``years``, ``months`` or ``days``: the unit of `time`.
    columns
        Covariates, groups and features by name.
    """

    cohort: str
    endpoint: str
    ids: tuple[str, ...]
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    time_unit: str
    columns: Mapping[str, Column]
    entry: NDArray[np.float64] | None = None
    cause: NDArray[np.int64] | None = None
    causes: tuple[str, ...] = ()
    other_rule: OtherRule | None = None

    @property
    def ranking_time(self) -> NDArray[np.float64]:
        """Time for comparing predictions of the event of interest, shape = (n,).

        Who had a competing event never has the event of interest: followed beyond all others (Wolbers, Epidemiology
        2009;20:555).
        """
        if self.cause is None:
            return self.time
        return np.where(self.cause > 1, self.time.max(initial=0.0) + 1.0, self.time)

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.time.shape[0])

    @property
    def exported(self) -> Mapping[str, Column]:
        """Columns as the other engines get them: further ones of the outcome (names with a dot), then the study's."""
        other = self.other_rule
        extra = {
            ".entry": self.entry,
            ".cause": self.cause,
            ".other_time": None if other is None else other.time,
            ".other_event": None if other is None else other.event,
        }
        made = {
            name: Column(name, name, "", "numeric", (), values.astype(np.float64))
            for name, values in extra.items()
            if values is not None
        }
        return {**made, **self.columns}

    def complete(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Rows with a value in every named column, shape = (n,)."""
        keep = np.ones(self.n, dtype=bool)
        for name in names:
            keep &= self.columns[name].observed
        return keep

    def with_column(self, column: Column) -> AnalysisFrame:
        """Return the frame with one more column (a phenotype, say)."""
        return replace(self, columns={**self.columns, column.name: column})
