"""The result tree: everything a report, a table or an API shows, and nothing about single patients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from reporter.results.address import address
from reporter.results.ledger import Verification
from reporter.results.value import Frozen, Statistic
from reporter.spec.options import AnalysisOptions

SCHEMA = 1


class Row(Frozen):
    """The statistics of one place of an analysis.

    Parameters
    ----------
    group, level
        Stratifying variable and its level; empty for overall. `level` alone is empty for a test across levels.
    term
        ``age``, ``size=>50`` or ``GLOBAL``; for performance the model (``cox``).
    time
        In the endpoint's report unit.
    """

    group: str = ""
    level: str = ""
    term: str = ""
    time: float | None = None
    stats: tuple[Statistic, ...]

    def get(self, stat: str) -> Statistic:
        """Return one statistic by name; KeyError when the row has no such statistic."""
        for found in self.stats:
            if found.stat == stat:
                return found
        raise KeyError(stat)


class CurveColumn(Frozen):
    """One column of a curve; None where R prints NA."""

    stat: str
    values: tuple[float | None, ...]


class Thinned(Frozen):
    """What is said of a curve that keeps some of its points.

    Parameters
    ----------
    n_points
        Points of the whole curve, which stands in `file` of the report's folder; 0 and empty where small cells are
        hidden.
    rule
        Which points are kept.
    largest_error
        By column: how far the last kept value is from the value at a point that was left out, at most.
    """

    n_points: int
    rule: str
    file: str
    largest_error: dict[str, float]


class Curve(Frozen):
    """A step function in columns over `time` (report unit), for one level of one variable.

    `thinned` says so when points were left out: counts of events and censorings are then those at the kept times alone.
    """

    group: str = ""
    level: str = ""
    term: str = ""
    time: tuple[float, ...]
    columns: tuple[CurveColumn, ...]
    thinned: Thinned | None = None

    @model_validator(mode="after")
    def _same_length(self) -> Curve:
        for column in self.columns:
            if len(column.values) != len(self.time):
                raise ValueError(f"{column.stat}: {len(column.values)} values for {len(self.time)} times")
        return self

    def column(self, stat: str) -> tuple[float | None, ...]:
        """Return the values of one column; KeyError when there is none of that name."""
        for found in self.columns:
            if found.stat == stat:
                return found.values
        raise KeyError(stat)

    @property
    def is_suppressed(self) -> bool:
        """True when points were left out to hide small cells: then the whole curve stands nowhere."""
        return self.thinned is not None and not self.thinned.file


class AnalysisNode(Frozen):
    """One analysis of one cohort and endpoint.

    Parameters
    ----------
    analysis
        Name as in stats.csv. A node of curves is named ``<analysis>_curve``.
    variable
        The group of a Kaplan–Meier, log-rank or Table 1 node, or the covariate of a univariable model.
    failed
        Why the analysis gave nothing; empty when it ran.
    notes
        Warnings raised while computing, in words.
    """

    cohort: str
    endpoint: str
    analysis: str
    variable: str = ""
    options: AnalysisOptions
    rows: tuple[Row, ...] = ()
    curves: tuple[Curve, ...] = ()
    failed: str = ""
    notes: tuple[str, ...] = ()

    def find(self, *, group: str = "", level: str = "", term: str = "", time: float | None = None) -> Row | None:
        """Return the row of that place, or None."""
        for row in self.rows:
            if (row.group, row.level, row.term, row.time) == (group, level, term, time):
                return row
        return None

    def address(self, row: Row | Curve, stat: str, time: float | None = None) -> str:
        """Return the address of a statistic of one of this node's rows or curve points."""
        at = row.time if isinstance(row, Row) else time
        return address(
            self.cohort, self.endpoint, self.analysis, stat,
            group=row.group, level=row.level, term=row.term, time=at,
        )  # fmt: skip


class ColumnInfo(Frozen):
    """What the report says of one variable: words, unit, kind and levels (reference first).

    `rule` is the shipped rule by which it was derived, and `derived_from` the labels of what the rule read.
    """

    name: str
    label: str
    kind: str
    unit: str = ""
    levels: tuple[str, ...] = ()
    per: float = 1.0
    transform: str = "identity"
    spline: tuple[float, ...] = ()
    rule: str = ""
    derived_from: tuple[str, ...] = ()
    after_start: bool = False


class EndpointInfo(Frozen):
    """What the report says of one endpoint; `causes` are its competing events, `n_gap` is None where it is hidden."""

    name: str
    label: str
    unit: str
    horizons: tuple[float, ...]
    gap_rule: str = ""
    n_gap: int | None = 0
    causes: tuple[str, ...] = ()


class AttritionStep(Frozen):
    """One box of the flow diagram: `n_removed` patients leave with `label`, `n_left` stay."""

    name: str
    label: str
    n_removed: int
    n_left: int


class CodeEntry(Frozen):
    """How the cells of one column are read: a row of the code list (RECORD items 6.1 and 7.1).

    Parameters
    ----------
    part
        What the column is used for: ``selection``, ``endpoint`` or ``variable``.
    name
        Label of the step, the endpoint or the variable.
    header
        Header in the file; several where the first that is not missing wins.
    codes
        Pairs of a cell, or of a test, and what it means.
    missing
        Pairs of a cell that means missing and why, where the study says so.
    """

    part: Literal["selection", "endpoint", "variable"]
    name: str
    header: str
    codes: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


class CohortInfo(Frozen):
    """One cohort: source, flow, code list, and warnings of intake.

    Parameters
    ----------
    n_read
        Rows of the table; None where it would tell of a small number of patients.
    suppress_below
        Counts from 1 to this number less one are hidden, and what gives them back; 0 hides nothing.
    from_registry
        True for a registry's own export, whose patients no page may show singly.
    deidentified
        True when identifiers became pseudonyms and ages from 90 on one group.
    synthetic
        True when the table says itself that its patients are synthetic.
    """

    name: str
    label: str
    source: str
    sha256: str
    n_read: int | None
    steps: tuple[AttritionStep, ...]
    findings: tuple[str, ...] = ()
    suppress_below: int = 0
    from_registry: bool = False
    deidentified: bool = False
    synthetic: bool = False
    codes: tuple[CodeEntry, ...] = ()


class StudyInfo(Frozen):
    """What the study file says of itself; `words` are its own words (labels, levels) in other languages."""

    id: str
    title: str
    languages: tuple[str, ...]
    seed: int
    date: str = ""
    words: dict[str, dict[str, str]] = Field(default_factory=dict)


class Provenance(Frozen):
    """Versions and hashes that are the same whenever the same input is run again."""

    reporter_version: str
    python_version: str
    packages: dict[str, str]
    study_sha256: str


class DecisionNode(Frozen):
    """A node of the printed decision tree; a leaf has no `term`.

    Patients with ``value <= threshold`` go to `low`, the others to `high` (indices into the tree's tuple).
    `threshold` is in the units of the frame (after the dictionary's transform it would be meaningless).
    """

    term: str = ""
    threshold: float | None = None
    low: int = -1
    high: int = -1
    n: int
    shares: tuple[float, ...]


class Results(Frozen):
    """The whole result of one run."""

    schema_version: int = SCHEMA
    study: StudyInfo
    provenance: Provenance
    cohorts: tuple[CohortInfo, ...]
    endpoints: tuple[EndpointInfo, ...]
    columns: tuple[ColumnInfo, ...]
    analyses: tuple[AnalysisNode, ...]
    decision_tree: tuple[DecisionNode, ...] = ()
    verification: Verification

    def column(self, name: str) -> ColumnInfo:
        """Return the description of one column; KeyError when there is none."""
        for info in self.columns:
            if info.name == name:
                return info
        raise KeyError(name)

    def nodes(
        self, analysis: str, *, cohort: str = "development", endpoint: str | None = None
    ) -> tuple[AnalysisNode, ...]:
        """Return the nodes of one analysis in the order of the study file."""
        return tuple(
            node for node in self.analyses
            if node.analysis == analysis and node.cohort == cohort and endpoint in (None, node.endpoint)
        )  # fmt: skip

    def statistics(self) -> Iterator[tuple[AnalysisNode, Row, Statistic, str]]:
        """Yield each number with its node, row and address, in the order of stats.csv."""
        for node in self.analyses:
            for row in node.rows:
                for found in row.stats:
                    yield node, row, found, node.address(row, found.stat)

    @cached_property
    def _by_address(self) -> dict[str, Statistic]:
        return {where: found for _, _, found, where in self.statistics()}

    def at(self, where: str) -> Statistic:
        """Return the statistic of an address; KeyError when there is none."""
        return self._by_address[where]

    @model_validator(mode="after")
    def _addresses_are_unique(self) -> Results:
        seen: set[str] = set()
        for _, _, _, where in self.statistics():
            if where in seen:
                raise ValueError(f"two numbers have the address {where}")
            seen.add(where)
        return self


def last_point(values: tuple[float | None, ...]) -> int | None:
    """Index of the last value of a curve column that is present, or None."""
    for index in range(len(values) - 1, -1, -1):
        if values[index] is not None:
            return index
    return None


__all__ = [
    "SCHEMA", "AnalysisNode", "AttritionStep", "CodeEntry", "CohortInfo", "ColumnInfo", "Curve", "CurveColumn",
    "DecisionNode", "EndpointInfo", "Provenance", "Results", "Row", "StudyInfo", "Thinned", "last_point",
]  # fmt: skip
