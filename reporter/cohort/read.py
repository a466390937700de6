"""One cohort: its table read, typed and selected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.findings import judge_ids, named_findings
from reporter.cohort.frame import Column
from reporter.cohort.outcome import Outcome, read_outcome
from reporter.cohort.protection import Protection, protection_of, with_oldest_grouped
from reporter.cohort.selection import Selection, Sources, select_rows
from reporter.cohort.table import absent_column, typed_columns
from reporter.errors import Finding, FindingsError
from reporter.intake.columnar import as_text
from reporter.intake.finding import first_rows
from reporter.intake.quality import Examined, examine, names_persons
from reporter.intake.read import SourceTable, read_options, read_table
from reporter.intake.resolve import Resolver
from reporter.spec.checks import DataCheck, impossible_combinations
from reporter.spec.columns import ColumnSpec
from reporter.spec.dictionaries import dictionary_columns
from reporter.spec.endpoints import CohortSpec, EndpointSpec
from reporter.spec.study import DataSpec


@dataclass(frozen=True)
class CohortRequest:
    """What the study file says of one cohort; `prefix` is ``""`` or ``validation.``, for findings.

    `optional` columns may be absent; `own` ones are of this table alone and serve its conditions and endpoints; `used`
    ones are covariates, groups and features. `checks` and those of the `dictionaries` are combinations not allowed.
    """

    name: str
    label: str
    prefix: str
    folder: Path
    data: DataSpec
    columns: Mapping[str, ColumnSpec]
    cohort: CohortSpec
    endpoints: Mapping[str, EndpointSpec]
    optional: Collection[str] = ()
    own: Collection[str] = ()
    levels: Mapping[str, Sequence[str]] | None = None
    used: Collection[str] = ()
    checks: tuple[DataCheck, ...] = ()
    dictionaries: tuple[str, ...] = ()

    @property
    def data_key(self) -> str:
        """Key of the table that names the source."""
        return self.prefix.removesuffix(".") or "data"


@dataclass(frozen=True)
class ReadCohort:
    """A cohort without errors, all rows; `selection` says which stay, `warnings` what was found on reading.

    `hides_ids`: findings name rows, not identifiers.
    """

    request: CohortRequest
    source: SourceTable
    ids: tuple[str, ...]
    columns: Mapping[str, Column]
    outcomes: Mapping[str, Outcome]
    selection: Selection
    protection: Protection = field(default_factory=Protection)
    warnings: tuple[Finding, ...] = ()
    hides_ids: bool = False

    @property
    def n_read(self) -> int:
        """Rows of the table."""
        return len(self.source.table)


def _read_ids(resolver: Resolver, data: DataSpec, place: str) -> tuple[tuple[str, ...], list[Finding]]:
    """Return identifiers as given; without an id column, row numbers from 1."""
    if data.id is None:
        return tuple(str(i + 1) for i in range(len(resolver.table))), []
    cells = resolver.identifier(data.id, data.id_headers)
    if cells is None:
        return (), [absent_column(data.id, resolver.table, place, data.source)]
    return tuple(as_text(cells)), []


def read_cohort(request: CohortRequest) -> ReadCohort:
    """Read, type and select one cohort.

    Raises
    ------
    FindingsError
        With all errors of the table, the dictionary, the endpoints and the selection.
    """
    source = read_table(
        request.data.source, request.folder, place=f"{request.data_key}.source", by_distinct=True,
        options=read_options(request.data),
    )  # fmt: skip
    table, name = source.table, source.source
    protection, refused = protection_of(request.data, source, request.data_key)
    hidden = protection.deidentify or protection.from_registry
    resolver = Resolver(table, request.columns, levels=request.levels, source=name, prefix=f"{request.prefix}columns")
    ids, findings = _read_ids(resolver, request.data, f"{request.data_key}.id")
    findings = [*source.findings, *findings]
    columns, problems = typed_columns(resolver, request.optional)
    findings += problems
    columns = {key: column for key, column in columns.items() if key not in request.own}
    outcomes, of_outcomes = _read_outcomes(request, resolver, name)
    findings += of_outcomes
    selection = select_rows(request.cohort, Sources(resolver, request.data, hidden), prefix=f"{request.prefix}cohort")
    findings += selection.findings
    for key, outcome in outcomes.items():
        findings += _gap_finding(request, key, outcome, selection)
    findings += refused
    known = {key: outcome.known for key, outcome in outcomes.items() if outcome.known.any()}
    examined = _examined(request, source, resolver, selection.keep, known, protection)
    found = examine(examined)
    hidden |= names_persons(found, examined)
    own_ids = () if request.data.id is None else ids
    findings += judge_ids(ids, selection.keep, request.data, f"{request.data_key}.id", hidden=hidden)
    findings = named_findings([*findings, *found], own_ids, request.name, f"{request.prefix}columns.", hidden=hidden)
    errors_first = sorted(dict.fromkeys(findings), key=lambda finding: finding.severity != "error")
    if errors_first and errors_first[0].severity == "error":
        raise FindingsError(errors_first)
    if protection.deidentify:
        columns = with_oldest_grouped(columns)
    return ReadCohort(request, source, ids, columns, outcomes, selection, protection, tuple(errors_first), hidden)


def _examined(
    request: CohortRequest, source: SourceTable, resolver: Resolver, keep: NDArray[np.bool_],
    known: Mapping[str, NDArray[np.bool_]], protection: Protection,
) -> Examined:  # fmt: skip
    """Return what the checks of the table look at."""
    dates = [name for spec in request.endpoints.values() for name in (spec.start, spec.end) if name is not None]
    return Examined(
        resolver, source, request.data, request.prefix, keep, used=request.used, known=known,
        dates=tuple(dict.fromkeys(dates)), checks=request.checks,
        known_checks=impossible_combinations(request.dictionaries),
        extra=dictionary_columns(request.data.dictionary), protected=protection.deidentify,
    )  # fmt: skip


def _read_outcomes(request: CohortRequest, resolver: Resolver, source: str) -> tuple[dict[str, Outcome], list[Finding]]:
    """Return the outcomes by endpoint, and their problems."""
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    for key, spec in request.endpoints.items():
        place = f"{request.prefix}endpoints.{key}"
        outcomes[key], problems = read_outcome(
            spec, resolver.table, request.columns, source=source, place=place, resolver=resolver
        )
        findings += problems
    return outcomes, findings


def _gap_finding(request: CohortRequest, key: str, outcome: Outcome, selection: Selection) -> list[Finding]:
    """Return an error when patients have a gap and the study file does not say what to do with them."""
    n_gap = int((outcome.gap & selection.keep).sum())
    if not n_gap or request.endpoints[key].gap is not None:
        return []
    message = (
        f'{n_gap} patients have an event after the follow-up of another component had ended. Add gap = "event" '
        '(the event counts) or gap = "censor" (they are censored where that follow-up ended).'
    )
    rows = first_rows(outcome.gap & selection.keep)
    return [Finding("gap_needed", f"{request.prefix}endpoints.{key}", message, n_rows=n_gap, rows=rows)]


def used_levels(cohort: ReadCohort) -> dict[str, tuple[str, ...]]:
    """Return the levels that occur among the selected patients, by column, the reference first."""
    found = {}
    for name, column in cohort.columns.items():
        if not column.is_numeric:
            present = set(np.unique(column.codes[cohort.selection.keep & column.observed]).tolist())
            found[name] = tuple(level for i, level in enumerate(column.levels) if i in present)
    return found
