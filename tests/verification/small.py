"""A small cohort with a plan, and what the tests of the check have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.pipeline.verify import Checker
from reporter.results.ledger import Verification
from reporter.results.tree import AnalysisNode, Provenance, Results, StudyInfo
from reporter.verification.r.session import Limits, RSession
from reporter.verification.task import Answer, Task

Frames = dict[tuple[str, str], AnalysisFrame]
LEVELS = ("<=20 mm", "a/b=%", 'grün "3"\\n')


def make_results(nodes: Sequence[AnalysisNode], sha256: str = "0" * 64) -> Results:
    return Results(
        study=StudyInfo(id="small", title="Small", languages=("en",), seed=1),
        provenance=Provenance(reporter_version="0", python_version="3", packages={}, study_sha256=sha256),
        cohorts=(), endpoints=(), columns=(), analyses=tuple(nodes),
        verification=Verification(ran=False, why_not="the check has not run yet"),
    )  # fmt: skip


def nodes_of(planned: Sequence[Planned], frames: Mapping[tuple[str, str], AnalysisFrame]) -> list[AnalysisNode]:
    return [node for item in planned for node in run_planned(item, frames)]


def tasks_of(planned: Sequence[Planned]) -> list[Task]:
    return [Task(item.cohort, item.endpoint, item.options) for item in planned]


@dataclass(frozen=True)
class Small:
    """Frames of two cohorts with ties and missing values, and a plan with one analysis of each kind."""

    frames: Frames
    planned: tuple[Planned, ...]

    def of_kind(self, *kinds: str) -> list[Planned]:
        return [item for item in self.planned if item.options.kind in kinds]


def make_cohort(
    make: Callable[..., AnalysisFrame], levels: Callable[..., object], seed: int, cohort: str
) -> AnalysisFrame:
    random = np.random.default_rng(seed)
    n = 160
    months = np.ceil(random.exponential(40, n))
    age = np.where(random.random(n) < 0.1, np.nan, np.round(random.normal(60, 9, n), 1))
    size = np.where(random.random(n) < 0.1, -1, random.integers(0, 3, n))
    columns = {"age": age, "size": levels(LEVELS, tuple(size.tolist())), "cohort": np.arange(n) % 7}
    return make(months / 12, random.random(n) < 0.6, columns, cohort=cohort)


def ask(
    frames: Frames, tasks: Sequence[Task], *, scripts: Path | None = None, limits: Limits | None = None
) -> dict[Task, Answer]:
    session = RSession(scripts=scripts, limits=limits)
    session.start()
    session.submit(frames, tasks)
    return session.wait()


@dataclass(frozen=True)
class Checked:
    """The shipped study without its phenotypes, as a run has it."""

    frames: Frames
    planned: tuple[Planned, ...]
    results: Results
    answers: dict[Task, Answer]
    checker: Checker
