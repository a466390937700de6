"""Checks of competing events: names that can be addressed, forms that can have them, the same in both cohorts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.endpoints import EventDefinition
from reporter.spec.lines import Path
from reporter.spec.places import Places
from reporter.spec.study import StudyFile

_NAME = re.compile(r"[^=/%<>\s]+")


def _definition(name: str, spec: EventDefinition, at: Path, places: Places) -> Iterator[Finding]:
    key = ".".join(str(part) for part in at)

    def finding(message: str) -> Finding:
        return Finding("invalid_endpoint", places.at((*at, "competing")), f"{key}.competing: {message}")

    if spec.form == "composite":
        yield finding("a composite endpoint (events) has no competing events; use time, event and event_values.")
    for cause in spec.competing:
        if cause == name:
            yield finding(f"'{cause}' is the name of the endpoint itself; choose another.")
        elif not _NAME.fullmatch(cause):
            yield finding(f"'{cause}': a name has no space and none of = / % < >.")


def competing_problems(file: StudyFile, places: Places) -> Iterator[Finding]:
    """Yield what is wrong with the competing events of a study file."""
    for name, spec in file.endpoints.items():
        if spec.competing:
            yield from _definition(name, spec, ("endpoints", name), places)
    for name, override in file.validation.endpoints.items() if file.validation else ():
        at: Path = ("validation", "endpoints", name)
        if override.competing:
            yield from _definition(name, override, at, places)
        own = file.endpoints.get(name)
        if own is not None and set(own.competing) != set(override.competing):
            wanted = ", ".join(own.competing) or "none"
            got = ", ".join(override.competing) or "none"
            message = (
                f"validation.endpoints.{name}.competing: got {got}; the development cohort has {wanted}. The "
                "definition replaces the whole event: name the same competing events."
            )
            yield Finding("invalid_endpoint", places.at(at), message)
