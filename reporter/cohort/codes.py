"""The code list: how the cells of every column of the study are read, as RECORD (items 6.1 and 7.1) asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

import pandas as pd

from reporter.intake.mapping import distinct_cells
from reporter.results.tree import CodeEntry
from reporter.spec.columns import ColumnSpec, cell_key
from reporter.spec.conditions import Case, ValueTest
from reporter.spec.endpoints import CohortSpec, EndpointSpec

Pairs = tuple[tuple[str, str], ...]

_WORDS = {
    "min": "at least", "max": "at most", "in_": "one of", "not_in": "none of", "equals": "equal to",
    "matches": "matching", "not_missing": "not missing",
}  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, bool):
        return ""
    if isinstance(value, tuple):
        return "; ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tests(test: ValueTest) -> Iterator[tuple[str, str]]:
    """Yield each test that is given: its words and what is compared."""
    for name, words in _WORDS.items():
        value = getattr(test, name)
        if value is not None:
            yield words, _text(value)


def _case(case: Case) -> str:
    """Return the conditions of a derived value in words."""
    parts = [f"{test.column} {words} {what}".rstrip() for test in case.when for words, what in _tests(test)]
    return " and ".join(parts) or "otherwise"


def header_of(name: str, spec: ColumnSpec | None, table: Collection[str]) -> str:
    """Return the headers of the table from which a column is read; the first wanted one where there is none."""
    if spec is None:
        return name
    if spec.cases or spec.derive:
        return ", ".join(spec.uses)
    wanted = list(dict.fromkeys([*spec.source, *(h for field in spec.headers for h in field)])) or [name]
    found = [header for header in wanted if header in table]
    return ", ".join(found or wanted[:1])


def _meanings(spec: ColumnSpec) -> Pairs:
    """Return what each cell, range or condition means."""
    pairs = [*spec.codes.items(), *((f"matching {p.matches}", p.level) for p in spec.patterns)]
    if spec.bins:
        ends = [f"{cut:g}" for cut in spec.bins]
        ranges = [f"≤ {ends[0]}", *(f"> {a}, ≤ {b}" for a, b in pairwise(ends)), f"> {ends[-1]}"]
        pairs += list(zip(ranges, spec.declared_levels, strict=False))
    pairs += [(_case(case), case.value) for case in spec.cases]
    if spec.derive:
        pairs.append((spec.derive.get("rule", ""), "derived"))
    if not pairs:
        pairs = [(level, level) for level in spec.levels]
    return tuple((str(cell), str(meaning)) for cell, meaning in pairs)


def _found_in(spec: ColumnSpec, table: pd.DataFrame) -> ColumnSpec:
    """Return a column of a shipped dictionary with the codes and words alone that occur in the table."""
    headers = [header for field in spec.headers for header in field if header in table.columns]
    if not headers:
        return spec
    found = {cell_key(cell) for header in headers for cell in distinct_cells(table[header]).distinct}
    codes = {code: meaning for code, meaning in spec.codes.items() if cell_key(code) in found}
    missing = tuple(word for word in spec.missing if cell_key(word) in found)
    return spec.model_copy(update={"codes": codes, "missing": missing})


def _variable(name: str, spec: ColumnSpec, table: pd.DataFrame) -> CodeEntry:
    shown = _found_in(spec, table)
    missing = tuple((word, shown.missing_reasons.get(word, "")) for word in shown.missing)
    if shown.unknown_level is not None:
        missing = (*missing, ("", shown.unknown_level))
    return CodeEntry(
        part="variable", name=spec.label or name, header=header_of(name, spec, table.columns), codes=_meanings(shown),
        missing=missing,
    )  # fmt: skip


def _outcome_columns(spec: EndpointSpec) -> Iterator[tuple[str, Pairs]]:
    """Yield each column of an endpoint and what its cells mean."""
    for time in dict.fromkeys((spec.entry, spec.start, spec.end, spec.time, *(part.time for part in spec.events))):
        if time is not None:
            yield time, (("", {spec.entry: "entry", spec.start: "start", spec.end: "end"}.get(time, "time")),)
    for part in spec.events:
        yield part.column, _events(part.values, "event", part.censored_values)
    if spec.event is not None:
        yield spec.event, _events(spec.event_values, "event", spec.censored_values)
    for name, other in spec.competing.items():
        yield other.column, _events(other.values, f"competing event: {name}", None)


def _events(values: tuple[str, ...], meaning: str, censored: tuple[str, ...] | None) -> Pairs:
    pairs = [(value, meaning) for value in values]
    return (*pairs, *((value, "censored") for value in censored or ()))


def code_entries(
    cohort: CohortSpec,
    endpoints: Mapping[str, EndpointSpec],
    columns: Mapping[str, ColumnSpec],
    table: pd.DataFrame,
) -> tuple[CodeEntry, ...]:
    """Return the code list of one cohort: selection, endpoints, variables, in the order of the study file.

    Parameters
    ----------
    cohort, endpoints, columns
        What the study file says of the cohort.
    table
        As read. Of a shipped dictionary the codes that occur in it are listed, of the study file all.
    """
    out = []
    for step in cohort.steps:
        test = step.condition
        tests = list(_tests(test))
        if test.first_of is not None:
            tests.append(("first row of each", test.first_of))
        header = header_of(test.column, columns.get(test.column), table.columns)
        words = tuple((f"{what} {value}".strip(), step.action) for what, value in tests)
        out.append(CodeEntry(part="selection", name=test.label, header=header, codes=words))
    for spec in endpoints.values():
        for column, pairs in _outcome_columns(spec):
            header = header_of(column, columns.get(column), table.columns)
            out.append(CodeEntry(part="endpoint", name=spec.label, header=header, codes=pairs))
    out += [_variable(name, spec, table) for name, spec in columns.items()]
    return tuple(out)
