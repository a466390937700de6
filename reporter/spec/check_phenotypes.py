"""Checks of ``[phenotypes]`` that need no data: a feature is no outcome unless the study says so."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.endpoints import EventDefinition
from reporter.spec.places import Places
from reporter.spec.study import StudyFile


def outcome_columns(spec: EventDefinition) -> tuple[str, ...]:
    """Return the columns that an endpoint reads its time and events from."""
    found = [spec.time, spec.end, spec.event]
    for component in spec.events:
        found += [component.column, component.time]
    for event in spec.competing.values():
        found += [event.column, event.time]
    return tuple(dict.fromkeys(name for name in found if name))


def phenotype_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield features that are columns of an endpoint where `supervised` is not true."""
    asked = file.phenotypes
    if asked is None or asked.supervised:
        return
    for endpoint, spec in file.endpoints.items():
        outcome = set().union(*(_read(file, name) for name in outcome_columns(spec)))
        for name in asked.features:
            if _read(file, name) & outcome:
                message = (
                    f"phenotypes.features: '{name}' is the outcome (endpoints.{endpoint}). Leave it out, or say "
                    "supervised = true: then no P value compares the phenotypes."
                )
                yield Finding("outcome_feature", places.at(("phenotypes", "features")), message)


def _read(file: StudyFile, name: str) -> set[str]:
    """Return the name of a column and those of the data that it is read from."""
    return {name, *(file.columns[name].source if name in file.columns else ())}
