"""``reporter check``: the study file and its data, nothing computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reporter.cohort.build import build_cohorts
from reporter.spec.load import load_study


def check_study(path: Path, *, say: Callable[[str], None]) -> int:
    """Print the warnings and the size of each cohort; errors are raised as FindingsError."""
    built = build_cohorts(load_study(path))
    for note in built.notes:
        say(f"note: {note}")
    for finding in built.findings:
        say(str(finding))
    for (cohort, endpoint), frame in built.frames.items():
        say(f"{cohort}, {endpoint}: {frame.n} patients, {int(frame.event.sum())} events")
    say(f"{path}: no errors, {len(built.findings)} warnings")
    return 0
