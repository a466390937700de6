"""The one frame that both engines see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["numeric", "categorical", "ordinal", "binary"]


@dataclass(frozen=True)
class Absence:
    """Why values are missing, in the dictionary's words.

    Parameters
    ----------
    reasons
        Distinct reasons.
    why
        int8, shape = (n,): 1 is the first reason, 0 where there is a value or no reason is known.
    """

    reasons: tuple[str, ...]
    why: NDArray[np.int8]


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
    unseen
        Rows whose value is a level that the development cohort never has, and therefore missing here; shape = (n,).
        None when there are none.
    absence
        Why values are missing; None where the dictionary gives no reasons.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    levels: tuple[str, ...]
    values: NDArray[np.float64]
    unseen: NDArray[np.bool_] | None = None
    absence: Absence | None = None

    @property
    def missing_reasons(self) -> NDArray[np.object_]:
        """Why each missing value is missing, in the dictionary's words; the empty text elsewhere; shape = (n,)."""
        if self.absence is None:
            return np.full(self.values.size, "", dtype=object)
        words = np.array(["", *self.absence.reasons], dtype=object)
        return np.asarray(words[self.absence.why], dtype=object)

    @property
    def n_unseen(self) -> int:
        """Number of rows at a level that the development cohort never has."""
        return 0 if self.unseen is None else int(self.unseen.sum())

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Column:
        """Return the column of some rows: a mask, or their places."""
        unseen = None if self.unseen is None else self.unseen[rows]
        absence = None if self.absence is None else replace(self.absence, why=self.absence.why[rows])
        return replace(self, values=self.values[rows], unseen=unseen, absence=absence)

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
class Imputed:
    """Completed values of the variables with a missing value, by imputed set.

    Parameters
    ----------
    names
        The variables, length p.
    values
        float64, shape = (n, m, p): numbers or level codes, never NaN.
    trace
        Mean of the imputed values of each variable by iteration and chain: iterations × m × p.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    trace: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def m(self) -> int:
        """Number of imputed sets."""
        return int(self.values.shape[1])


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
    imputed
        Imputed sets of the model's covariates; None when none were asked for or nothing is missing.
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
    imputed: Imputed | None = None

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
        unseen = {f".unseen.{name}": column.unseen for name, column in self.columns.items()}
        extra = {
            ".entry": self.entry,
            ".cause": self.cause,
            ".other_time": None if other is None else other.time,
            ".other_event": None if other is None else other.event,
            **unseen,
        }
        made = {
            name: Column(name, name, "", "numeric", (), values.astype(np.float64))
            for name, values in extra.items()
            if values is not None
        }
        return {**made, **self._reasons(), **self._imputed_columns(), **self.columns}

    def _reasons(self) -> dict[str, Column]:
        """Return why values are missing as columns ``.why.<variable>``, where a reason is known."""
        made = {}
        for name, column in self.columns.items():
            found = column.absence
            if found is not None and found.why.any():
                codes = np.where(found.why > 0, found.why - 1.0, np.nan)
                made[f".why.{name}"] = Column(name, name, "", "categorical", found.reasons, codes)
        return made

    def _imputed_columns(self) -> dict[str, Column]:
        """Return the imputed sets as columns ``.imputed.<set>.<variable>``, sets counted from 1."""
        found = self.imputed
        if found is None:
            return {}
        return {
            f".imputed.{k + 1}.{name}": self.imputed_column(k, name) for k in range(found.m) for name in found.names
        }

    def imputed_column(self, k: int, name: str) -> Column:
        """Return a variable of the imputed set `k`, counted from 0."""
        if self.imputed is None:
            raise KeyError(name)
        values = self.imputed.values[:, k, self.imputed.names.index(name)]
        return replace(self.columns[name], values=np.ascontiguousarray(values))

    def complete(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Rows with a value in every named column, shape = (n,)."""
        keep = np.ones(self.n, dtype=bool)
        for name in names:
            keep &= self.columns[name].observed
        return keep

    def with_column(self, column: Column) -> AnalysisFrame:
        """Return the frame with one more column (a phenotype, say)."""
        return replace(self, columns={**self.columns, column.name: column})
