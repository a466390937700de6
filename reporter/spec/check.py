"""Checks of a study file that need no data: names that must exist, values that must fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reporter.errors import Finding, did_you_mean
from reporter.spec.check_bootstrap import bootstrap_problems
from reporter.spec.check_competing import competing_problems
from reporter.spec.check_mapping import (
    cycle_findings,
    edition_findings,
    first_of_problem,
    mapping_problems,
    pattern_problem,
    unit_findings,
)
from reporter.spec.check_models import imputation_problems, interaction_problems, part_problems, spline_problems
from reporter.spec.check_phenotypes import phenotype_problems
from reporter.spec.check_source import source_problems
from reporter.spec.check_survival import survival_findings
from reporter.spec.columns import ColumnSpec
from reporter.spec.endpoints import CohortFile, EndpointOverride, EndpointSpec, EventDefinition
from reporter.spec.lines import Path
from reporter.spec.places import Places
from reporter.spec.study import StudyFile

_NEEDS = {
    "groups": "a column with levels", "strata": "a column with levels", "weights": "numeric", "offset": "numeric",
}  # fmt: skip
_NAME = re.compile(r"[^=/%<>\s]+")


def unknown_name(got: str, allowed: Iterable[str], what: str, path: Path, places: Places, then: str = "") -> Finding:
    """Return the finding for a name that is not among those declared."""
    names = tuple(allowed)
    key = ".".join(str(part) for part in path)
    listed = ", ".join(names) or "none"
    message = f"{key}: {what} '{got}' is not declared.{did_you_mean(got, names)} Declared: {listed}.{then}"
    return Finding(f"unknown_{what}", places.at(path), message)


def _unavailable(file: StudyFile, places: Places) -> Iterator[Finding]:
    for table, section in (("data", file.data), ("validation", file.validation)):
        if section is not None:
            yield from source_problems(section.source, section, table, places)


def _column(name: str, spec: ColumnSpec, places: Places, table: Path = ("columns",)) -> Iterator[Finding]:
    at: Path = (*table, name)
    dotted = ".".join(map(str, at))

    def finding(key: str, message: str) -> Finding:
        return Finding("invalid_column", places.at((*at, key)), f"{dotted}.{key}: {message}")

    if not _NAME.fullmatch(name) or name == "phenotype":
        message = "the name is taken" if name == "phenotype" else "a name has no space and none of = / % < >"
        yield Finding("invalid_column", places.at(at), f"{dotted}: {message}; rename the column in the data.")
    numeric_only = {"per": 1.0, "transform": "identity", "winsorize": None}
    level_only: dict[str, object] = {"levels": (), "reference": None, "bins": ()}
    if spec.kind == "date":
        level_only["codes"] = {}
    for key, default in (level_only if spec.is_numeric or spec.kind == "date" else numeric_only).items():
        if getattr(spec, key) != default:
            wanted = "a categorical, ordinal or binary" if key in level_only else "a numeric"
            yield finding(key, f"only {wanted} column can have this; kind is '{spec.kind}'.")
    if list(spec.bins) != sorted(set(spec.bins)):
        yield finding("bins", f"got {list(spec.bins)}; cut points must increase.")
    yield from (finding(key, message) for key, message in (*_level_problems(spec), *mapping_problems(spec)))


def _level_problems(spec: ColumnSpec) -> Iterator[tuple[str, str]]:
    declared = spec.declared_levels
    if len(set(spec.levels)) != len(spec.levels):
        yield "levels", f"got {list(spec.levels)}; a level stands twice."
    n_cut = len([level for level in spec.levels if level != spec.unknown_level])
    if spec.bins and spec.levels and n_cut != len(spec.bins) + 1:
        yield "levels", f"{len(spec.bins)} cut points make {len(spec.bins) + 1} levels, got {n_cut}."
    for label in () if spec.is_numeric or spec.bins else dict.fromkeys(spec.codes.values()):
        if label not in declared:
            yield "codes", f"'{label}' is not one of the levels {list(declared)}.{did_you_mean(label, declared)}"
    if spec.reference is not None and declared and spec.reference not in declared:
        near = did_you_mean(spec.reference, declared)
        yield "reference", f"'{spec.reference}' is not one of the levels {list(declared)}.{near}"
    if spec.kind == "binary" and declared and len(declared) != 2:
        yield "kind", f'a binary column has two levels, got {list(declared)}; use kind = "categorical".'


def _endpoint(spec: EventDefinition, at: Path, places: Places) -> Iterator[Finding]:
    key = ".".join(str(part) for part in at)
    if not spec.form:
        message = (
            f"{key}: give one of: time, event and event_values; start, end, event and event_values; "
            "or events = [{column, values, time}, ...]."
        )
        yield Finding("invalid_endpoint", places.at(at), message)
    if spec.gap is not None and spec.form != "composite":
        message = f"{key}.gap: only a composite endpoint (events) has it."
        yield Finding("invalid_endpoint", places.at((*at, "gap")), message)
    if isinstance(spec, (EndpointSpec, EndpointOverride)) and spec.form == "dates" and spec.unit not in (None, "days"):
        message = f"{key}.unit: got '{spec.unit}'; dates count in days; leave unit out and give report_unit."
        yield Finding("invalid_endpoint", places.at((*at, "unit")), message)
    if not isinstance(spec, EndpointSpec):
        return
    if spec.form in ("simple", "composite") and spec.unit is None:
        message = f"{key}.unit: say in which unit the time is: days, months or years."
        yield Finding("missing_key", places.at(at), message)
    if list(spec.horizons) != sorted(set(spec.horizons)):
        message = f"{key}.horizons: got {list(spec.horizons)}; list each once, in increasing order."
        yield Finding("invalid_endpoint", places.at((*at, "horizons")), message)
    if not _NAME.fullmatch(str(at[-1])):
        yield Finding("invalid_endpoint", places.at(at), f"{key}: a name has no space and none of = / % < >.")


def _conditions(cohort: CohortFile, prefix: Path, places: Places) -> Iterator[Finding]:
    for action, conditions in (("include", cohort.include), ("exclude", cohort.exclude)):
        for i, condition in enumerate(conditions):
            at: Path = (*prefix, action, i)
            if not condition.tests:
                tests = "min, max, in, not_in, equals, matches, not_missing or first_of"
                message = f"'{condition.label}' tests nothing; add {tests}."
                yield Finding("empty_condition", places.at(at), message)
            problem = pattern_problem(condition.matches)
            if problem:
                yield Finding("invalid_value", places.at((*at, "matches")), problem)
            problem = first_of_problem(condition, condition.first_of, action)
            if problem:
                yield Finding("invalid_value", places.at((*at, "first_of")), f"'{condition.label}': {problem}")


def _names(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield names in [analysis], [phenotypes] and [validation] that are not declared."""
    asked = file.analysis
    for name in asked.endpoints:
        if name not in file.endpoints:
            yield unknown_name(name, file.endpoints, "endpoint", ("analysis", "endpoints"), places)
    used = [("analysis", "groups", asked.groups), ("analysis", "covariates", asked.covariates)]
    for key in ("cluster", "weights", "offset"):
        name = getattr(asked, key)
        used.append(("analysis", key, (name,) if name else ()))
    used.append(("analysis", "strata", asked.strata))
    used.append(("analysis", "year", (asked.year,) if asked.year else ()))
    if file.phenotypes:
        used.append(("phenotypes", "features", file.phenotypes.features))
    yield from _interactions(file, places)
    yield from interaction_problems(file, places)
    yield from spline_problems(file, places)
    yield from part_problems(file, places)
    yield from imputation_problems(file, places)
    yield from bootstrap_problems(file, places)
    yield from phenotype_problems(file, places)
    for table, key, names in used:
        yield from _used_columns(file, (table, key), names, places)
    if file.validation:
        for key, given, declared in (
            ("column", file.validation.columns, file.columns), ("endpoint", file.validation.endpoints, file.endpoints),
        ):  # fmt: skip
            for name in given:
                if name not in declared and getattr(given[name], "kind", None) is None:
                    yield unknown_name(name, declared, key, ("validation", f"{key}s", name), places)


def _interactions(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield interactions of what is not a covariate."""
    asked = file.analysis
    for pair in asked.interactions:
        for name in pair:
            if name not in asked.covariates:
                then = " An interaction is between two covariates."
                yield unknown_name(name, asked.covariates, "covariate", ("analysis", "interactions"), places, then)
        if pair[0] == pair[1]:
            message = f"analysis.interactions: '{pair[0]}' with itself; name two covariates."
            yield Finding("repeated_name", places.at(("analysis", "interactions")), message)


def _used_columns(file: StudyFile, path: Path, names: tuple[str, ...], places: Places) -> Iterator[Finding]:
    key = ".".join(str(part) for part in path)
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            message = f"{key}: '{name}' stands {names.count(name)} times; keep one."
            yield Finding("repeated_name", places.at(path), message)
        if name not in file.columns:
            then = f" Covariates, groups and features must be listed: add [columns.{name}]."
            yield unknown_name(name, file.columns, "column", path, places, then)
            continue
        kind = file.columns[name].kind
        needs = _NEEDS.get(str(path[-1]), "")
        if kind == "date" or (needs and (kind == "numeric") != (needs == "numeric")):
            use = {"": "a numeric column or one with levels", "numeric": "a numeric column"}.get(needs, needs)
            message = f"{key}: '{name}' has kind '{kind}'; use {use}."
            yield Finding("wrong_kind", places.at(path), message)


def _validation_columns(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield overrides of the validation cohort that do not fit the levels of the development cohort."""
    for name, override in file.validation.columns.items() if file.validation else ():
        if name not in file.columns:
            if override.kind is not None:
                yield from _column(name, override.as_own_column(), places, ("validation", "columns"))
            continue
        for key in override.own_keys:
            message = f"validation.columns.{name}.{key}: only a column that [columns] does not have can have this."
            yield Finding("invalid_column", places.at(("validation", "columns", name, key)), message)
        spec = override.applied_to(file.columns[name])
        if spec.is_numeric and spec.bins:
            problems = [("kind", "the development column is numeric; bins give levels.")]
        else:
            problems = [*_level_problems(spec), *mapping_problems(spec)]
        if list(spec.bins) != sorted(set(spec.bins)):
            problems.append(("bins", f"got {list(spec.bins)}; cut points must increase."))
        for key, message in problems:
            at: Path = ("validation", "columns", name, key)
            yield Finding("invalid_column", places.at(at), f"validation.columns.{name}.{key}: {message}")


def check_study(file: StudyFile, places: Places) -> list[Finding]:
    """Return all errors of a study file that can be seen without its data."""
    found = list(_unavailable(file, places))
    for name, column in file.columns.items():
        found += _column(name, column, places)
    for name, endpoint in file.endpoints.items():
        found += _endpoint(endpoint, ("endpoints", name), places)
    found += cycle_findings(file.columns, ("columns",), places)
    found += unit_findings(file, places)
    found += edition_findings(file.columns, ("columns",), places)
    found += _conditions(file.cohort, ("cohort",), places)
    found += _names(file, places)
    found += survival_findings(file, places)
    found += competing_problems(file, places)
    if file.validation:
        found += _conditions(file.validation.cohort, ("validation", "cohort"), places)
        found += _validation_columns(file, places)
        merged = file.validation.merged(file.columns)
        found += cycle_findings(merged, ("validation", "columns"), places)
        found += edition_findings(merged, ("validation", "columns"), places)
        for name, definition in file.validation.endpoints.items():
            found += _endpoint(definition, ("validation", "endpoints", name), places)
    return list(dict.fromkeys(found))
