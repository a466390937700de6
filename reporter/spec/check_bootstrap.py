"""Check of what a study file says of the bootstrap of its model."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.places import Places
from reporter.spec.study import StudyFile


def bootstrap_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield what keeps the multivariable model from being bootstrapped."""
    asked = file.analysis
    if asked.bootstrap is None:
        return
    problems = []
    if not asked.covariates:
        problems.append("there is no model to bootstrap; give analysis.covariates, or remove it.")
    parts = (key for key in ("strata", "cluster", "weights", "offset") if getattr(asked, key))
    problems += [f"not offered for a model with {key}; remove one of them." for key in parts]
    if asked.ties == "exact":
        problems.append('not offered with ties = "exact"; use "efron" or "breslow", or remove it.')
    for name in asked.endpoints:
        endpoint = file.endpoints.get(name)
        if endpoint is not None and endpoint.entry:
            problems.append(f"not offered with entry times, which the endpoint '{name}' has; remove it.")
        if endpoint is not None and endpoint.competing:
            problems.append(f"not offered with competing events, which the endpoint '{name}' has; remove it.")
    for problem in problems:
        yield Finding("invalid_model", places.at(("analysis", "bootstrap")), f"analysis.bootstrap: {problem}")
