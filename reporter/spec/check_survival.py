"""Checks of what [analysis] asks of survival estimates and tests: nothing asked may come to nothing unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.places import Places
from reporter.spec.study import StudyFile


def _problems(file: StudyFile) -> Iterator[tuple[str, str]]:
    asked = file.analysis
    horizons = [h for endpoint in file.endpoints.values() for h in endpoint.horizons]
    for time in asked.conditional:
        if not any(h > time for h in horizons):
            yield "conditional", f"{time:g} is not before any horizon; there is no later time to give survival to."
    if asked.landmark is not None and not asked.covariates:
        yield "landmark", "there is no model to fit from the landmark on; add covariates."
    kinds = [file.columns[name].kind for name in asked.groups if name in file.columns]
    for key in ("tests", "pairwise", "horizon_differences"):
        if getattr(asked, key) and not asked.groups:
            yield key, "there are no groups to compare; add groups."
    if "trend" in asked.tests and kinds and "ordinal" not in kinds:
        yield "tests", 'a trend needs a group of kind "ordinal", whose levels have an order; there is none.'
    if asked.pairwise and kinds and set(kinds) == {"binary"}:
        yield "pairwise", "every group has two levels, which the log-rank test compares; remove the key."
    if asked.horizon_differences and not horizons:
        yield "horizon_differences", "no endpoint has horizons; add horizons."


def survival_findings(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield what is asked for that no analysis would give."""
    for key, message in dict.fromkeys(_problems(file)):
        yield Finding("nothing_to_do", places.at(("analysis", key)), f"analysis.{key}: {message}")
