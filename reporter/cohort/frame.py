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
        bool, shape = (n,).
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

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.time.shape[0])

    def complete(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Rows with a value in every named column, shape = (n,)."""
        keep = np.ones(self.n, dtype=bool)
        for name in names:
            keep &= self.columns[name].observed
        return keep

    def with_column(self, column: Column) -> AnalysisFrame:
        """Return the frame with one more column (a phenotype, say)."""
        return replace(self, columns={**self.columns, column.name: column})
