"""Checks of how cells become values: origins, units, codes of numbers, cases and derivations."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping

from reporter.errors import Finding, did_you_mean
from reporter.spec.columns import FIXED, ColumnSpec, parse_number
from reporter.spec.conditions import ValueTest
from reporter.spec.dictionaries import Rule, read_rule, rule_names
from reporter.spec.endpoints import EventDefinition
from reporter.spec.lines import Path
from reporter.spec.places import Places
from reporter.spec.study import StudyFile
from reporter.spec.units import UNITS, unit_factor

Problems = Iterator[tuple[str, str]]


def pattern_problem(pattern: str | None) -> str:
    """Return why a regular expression cannot be used; empty when it can."""
    try:
        re.compile(pattern or "")
    except re.error as error:
        return f"matches: got '{pattern}', which is not a regular expression: {error}."
    return ""


def _origins(spec: ColumnSpec) -> Problems:
    given = [key for key in ("source", "cases", "derive") if getattr(spec, key)]
    if len(given) > 1:
        yield given[1], f"a column has one origin; keep one of {' and '.join(given)}."


def _numbers(spec: ColumnSpec) -> Problems:
    has_numbers = spec.is_numeric or bool(spec.bins)
    for key in ("number", "unit_in_file"):
        if getattr(spec, key) and not has_numbers:
            yield key, f"only a numeric column or one with bins can have this; kind is '{spec.kind}'."
    if has_numbers:
        for code, value in spec.codes.items():
            if parse_number(value) is None:
                yield "codes", f"'{code}' gives '{value}'; here codes turn special codes into numbers."
    if spec.unit_in_file and unit_factor(spec.unit_in_file, spec.unit) is None:
        message = f"'{spec.unit_in_file}' does not convert into unit = '{spec.unit}'. Known: {', '.join(UNITS)}."
        yield "unit_in_file", message
    if spec.range is not None and (not spec.is_numeric or not spec.range[0] < spec.range[1]):
        yield "range", f"got {list(spec.range)}; a numeric column has [lowest, highest plausible number]."


def _format(spec: ColumnSpec) -> Problems:
    if not spec.format:
        return
    if spec.kind != "date":
        yield "format", f"only a date column can have this; kind is '{spec.kind}'."
        return
    day = dt.date(2003, 11, 22)
    try:
        read = dt.datetime.strptime(day.strftime(spec.format), spec.format).date()  # noqa: DTZ007
    except ValueError:
        read = None
    if read != day:
        yield "format", f"got '{spec.format}'; a date needs %Y, %m and %d, e.g. %Y/%m/%d."


def _unknown_level(spec: ColumnSpec) -> Problems:
    if spec.unknown_level is None:
        return
    if spec.is_numeric or spec.kind == "date":
        yield "unknown_level", f"only a column with levels can have this; kind is '{spec.kind}'."


def _cases(spec: ColumnSpec) -> Problems:
    for position, case in enumerate(spec.cases, 1):
        if not case.when and position < len(spec.cases):
            yield "cases", f"case {position} always holds and hides those after it; put it last."
        for test in case.when:
            if not test.tests:
                yield "cases", f"case {position}: the condition on '{test.column}' tests nothing."
            problem = pattern_problem(test.matches)
            if problem:
                yield "cases", f"case {position}: {problem}"
        if not case.value or case.value in spec.missing:
            continue
        if (spec.is_numeric or spec.bins) and parse_number(case.value) is None and case.value not in spec.codes:
            yield "cases", f"case {position}: '{case.value}' is not a number."
        allowed = tuple(spec.codes) or spec.declared_levels
        if not (spec.is_numeric or spec.bins) and case.value not in allowed:
            near = did_you_mean(case.value, allowed)
            yield "cases", f"case {position}: '{case.value}' is not one of {list(allowed)}.{near}"


def _patterns(spec: ColumnSpec) -> Problems:
    if spec.patterns and (spec.is_numeric or spec.bins or spec.kind == "date"):
        yield "patterns", "only a column whose cells give levels can have this."
    for pattern in spec.patterns:
        problem = pattern_problem(pattern.matches)
        if problem:
            yield "patterns", problem
        if pattern.level not in spec.declared_levels:
            near = did_you_mean(pattern.level, spec.declared_levels)
            yield "patterns", f"'{pattern.level}' is not one of the levels {list(spec.declared_levels)}.{near}"


def _derive(spec: ColumnSpec) -> Problems:
    if not spec.derive:
        return
    name = spec.derive.get("rule", "")
    if name not in rule_names():
        near = did_you_mean(name, rule_names())
        yield "derive", f"rule: got '{name}'.{near} Rules: {', '.join(rule_names())}."
        return
    rule = read_rule(name)
    if spec.is_numeric or spec.kind == "date":
        yield "derive", f"the rule gives levels; kind is '{spec.kind}', use ordinal or categorical."
    for key, title in rule.required.items():
        if key not in spec.derive:
            yield "derive", f'the rule needs {key} = "column of {title}".'
    for key in spec.derive:
        if key not in (*FIXED, *rule.inputs):
            near = did_you_mean(key, rule.inputs)
            yield "derive", f"unknown key '{key}'.{near} The rule reads {', '.join(rule.inputs)}."
    yield from _detail(spec, rule)


def _detail(spec: ColumnSpec, rule: Rule) -> Problems:
    detail = spec.derive.get("detail", rule.default_detail)
    if detail not in rule.levels:
        yield "derive", f"detail: got '{detail}'; allowed: {', '.join(rule.levels)}."
        return
    if not spec.codes:
        for level in spec.levels:
            if level not in (*rule.levels[detail], spec.unknown_level):
                yield "levels", f"'{level}' is not given by the rule, which gives {list(rule.levels[detail])}."


def mapping_problems(spec: ColumnSpec) -> Problems:
    """Yield key and message of what is wrong in how a column is read."""
    for part in (_origins, _numbers, _format, _unknown_level, _cases, _patterns, _derive):
        yield from part(spec)
    for word in spec.missing_reasons:
        if word not in spec.missing:
            yield "missing_reasons", f"'{word}' does not stand under missing."


def _cycle(name: str, columns: Mapping[str, ColumnSpec]) -> tuple[str, ...]:
    """Return the columns from `name` back to itself; empty when it does not read itself."""
    paths: list[tuple[str, ...]] = [(name, use) for use in columns[name].uses if use in columns and use != name]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        if path[-1] == name:
            return path
        if path[-1] in seen:
            continue
        seen.add(path[-1])
        paths += [(*path, use) for use in columns[path[-1]].uses if use in columns and use != path[-1]]
    return ()


def cycle_findings(columns: Mapping[str, ColumnSpec], prefix: Path, places: Places) -> Iterator[Finding]:
    """Yield columns whose cases or derivation read themselves."""
    for name in columns:
        path = _cycle(name, columns)
        if path:
            key = ".".join((*map(str, prefix), name))
            message = f"{key}: it is made of itself: {' <- '.join(path)}. Read a header of the file instead."
            yield Finding("circular_column", places.at((*prefix, name)), message)


def first_of_problem(condition: ValueTest, first_of: str | None, action: str) -> str:
    """Return why ``first_of`` cannot be used as written; empty when it can."""
    if first_of is None:
        return ""
    if action != "include":
        return "first_of keeps rows; write it under [[cohort.include]]."
    if len(condition.tests) > 1:
        others = ", ".join(test for test in condition.tests if test != "first_of")
        return f"first_of stands alone; put {others} into a step before it."
    return ""


def unit_findings(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield endpoints whose unit is not that of the column of times that they name."""
    for name, endpoint in file.endpoints.items():
        yield from _times(endpoint, endpoint.time_unit, ("endpoints", name), file.columns, places)
    if file.validation is None:
        return
    columns = file.validation.merged(file.columns)
    for name, other in file.validation.endpoints.items():
        if name in file.endpoints:
            unit = other.unit or file.endpoints[name].time_unit
            yield from _times(other, unit, ("validation", "endpoints", name), columns, places)


def _times(
    endpoint: EventDefinition, unit: str, at: Path, columns: Mapping[str, ColumnSpec], places: Places
) -> Iterator[Finding]:
    key = ".".join(map(str, at))
    parts: Iterable[str | None] = (endpoint.time, *(part.time for part in endpoint.events), endpoint.entry)
    for column in dict.fromkeys(part for part in parts if part in columns):
        spec = columns[str(column)]
        if not spec.is_numeric:
            message = f"{key}: '{column}' has kind '{spec.kind}'; a time is numeric."
            yield Finding("wrong_kind", places.at(at), message)
        elif spec.unit in ("days", "weeks", "months", "years") and spec.unit != unit:
            message = (
                f"{key}.unit: got '{unit}', but columns.{column}.unit is '{spec.unit}'. "
                "Give both the same; report_unit says what the report shows."
            )
            yield Finding("unit_differs", places.at((*at, "unit")), message)


def edition_findings(columns: Mapping[str, ColumnSpec], prefix: Path, places: Places) -> Iterator[Finding]:
    """Yield rules that are given categories of an edition that they cannot read."""
    for name, spec in columns.items():
        if spec.derive.get("rule") not in rule_names():
            continue
        rule = read_rule(spec.derive["rule"])
        for key, given in rule.inputs.items():
            used = spec.derive.get(key, "")
            origin = columns.get(used)
            headers = (used,) if origin is None else (*origin.source, *(h for group in origin.headers for h in group))
            wrong = [header for header in headers if given.refused and given.refused in header.lower()]
            if wrong:
                message = (
                    f"{'.'.join((*map(str, prefix), name))}.derive: {key} reads '{wrong[0]}', whose edition the rule "
                    f"{rule.name} cannot read. Give the categories of a later edition."
                )
                yield Finding("wrong_edition", places.at((*prefix, name, "derive")), message)
