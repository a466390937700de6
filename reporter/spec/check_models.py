"""Checks of what a study file says of its models: splines and interactions."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.places import Places
from reporter.spec.study import StudyFile

FEWEST_KNOTS = 3


def spline_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield knots that make no restricted cubic spline."""
    for name, column in file.columns.items():
        knots = list(column.spline)
        if not knots:
            continue
        at = ("columns", name, "transform")
        problem = ""
        if not column.is_numeric:
            problem = f"only a numeric column can have a spline; kind is '{column.kind}'."
        elif len(knots) < FEWEST_KNOTS or knots != sorted(set(knots)):
            problem = f"got the knots {knots}; give at least {FEWEST_KNOTS}, in increasing order."
        elif column.winsorize is not None and knots[-1] > column.winsorize:
            problem = f"the knot {knots[-1]:g} lies above winsorize = {column.winsorize:g}; no value gets there."
        elif f"{name}'" in file.columns:
            problem = f"\"{name}'\" is the name of the spline's second column; rename the other column."
        if problem:
            yield Finding("invalid_column", places.at(at), f"columns.{name}.transform: {problem}")


def part_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield parts of a model that do not go together."""
    asked = file.analysis

    def clash(key: str, message: str) -> Finding:
        return Finding("invalid_model", places.at(("analysis", key)), f"analysis.{key}: {message}")

    if asked.ties == "exact":
        for key in ("cluster", "weights"):
            if getattr(asked, key):
                yield clash(key, 'ties = "exact" knows no such part; use "efron" or "breslow".')
        if any(endpoint.entry for endpoint in file.endpoints.values()):
            yield clash("ties", '"exact" is not offered with entry times; use "efron" or "breslow".')
    for key in ("weights", "offset"):
        if getattr(asked, key) and getattr(asked, key) in asked.covariates:
            yield clash(key, f"'{getattr(asked, key)}' is a covariate too; remove it from one of them.")
    for name in asked.strata:
        if name in asked.covariates:
            yield clash("strata", f"'{name}' is a covariate too: within its own strata it is constant; remove one.")


def imputation_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield what keeps covariates from being imputed."""
    if file.analysis.imputations is None:
        return
    problems = []
    if any(endpoint.entry for endpoint in file.endpoints.values()):
        problems.append("not offered with entry times, whose hazards need their own risk sets; remove it.")
    if not file.analysis.covariates:
        problems.append("there are no covariates to impute; give analysis.covariates, or remove it.")
    for problem in problems:
        yield Finding("invalid_model", places.at(("analysis", "imputations")), f"analysis.imputations: {problem}")


def interaction_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield interactions that stand twice, or whose name is that of a column."""
    at = ("analysis", "interactions")
    seen: set[frozenset[str]] = set()
    for pair in file.analysis.interactions:
        both = frozenset(pair)
        if both in seen:
            message = f"analysis.interactions: {list(pair)} stands twice; keep one."
            yield Finding("repeated_name", places.at(at), message)
        seen.add(both)
        for name in (":".join(pair), ":".join(reversed(pair))):
            if name in file.columns:
                message = f"analysis.interactions: {list(pair)} would be called '{name}', as a column is; rename that."
                yield Finding("repeated_name", places.at(at), message)
