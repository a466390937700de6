"""Fixtures of the check: a small cohort, R's answers to it, and the shipped study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reporter.cohort.build import build_cohorts
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan import Planned, plan_analyses
from reporter.pipeline.verify import Checker
from reporter.resources import r_scripts_folder
from reporter.spec.load import load_study
from reporter.spec.options import (
    BaselineOptions,
    ConcordanceOptions,
    CoxOptions,
    FollowUpOptions,
    KaplanMeierOptions,
    LogRankOptions,
    PhTestOptions,
    TermSpec,
    ValidationOptions,
)
from reporter.verification.task import Answer, Task
from tests.verification.small import LEVELS, Checked, Small, ask, make_cohort, make_results, nodes_of, tasks_of


@pytest.fixture(scope="session")
def small(frame_of: Callable[..., AnalysisFrame], levels: Callable[..., object]) -> Small:
    frames = {
        (cohort, "os"): make_cohort(frame_of, levels, i, cohort)
        for i, cohort in enumerate(("development", "validation"))
    }
    terms = (TermSpec(column="age", per=10), TermSpec(column="size", levels=LEVELS))
    model = {"terms": terms, "ties": "efron"}
    options = (
        FollowUpOptions(conf_level=0.95, conf_type="log-log"),
        BaselineOptions(group="size", columns=("age", "cohort")),
        KaplanMeierOptions(group="size", horizons=(1.0, 3.0, 50.0), conf_level=0.95, conf_type="log-log"),
        LogRankOptions(group="size"),
        CoxOptions(analysis="cox_univariable", terms=terms[:1], ties="efron", conf_level=0.95),
        CoxOptions(analysis="cox_multivariable", conf_level=0.95, **model),
        PhTestOptions(transform="km", **model),
        ConcordanceOptions(conf_level=0.95, horizon=3.0, **model),
    )
    planned = [Planned("development", "os", option) for option in options]
    planned.append(Planned("validation", "os", ValidationOptions(conf_level=0.95, horizons=(1.0, 3.0), **model)))
    return Small(frames, tuple(planned))


@pytest.fixture(scope="session")
def answers(small: Small) -> dict[Task, Answer]:
    """R's answers to the small plan."""
    return ask(small.frames, tasks_of(small.planned))


@pytest.fixture(scope="session")
def ask_r() -> Callable[..., dict[Task, Answer]]:
    return ask


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the reference files that may be spoilt."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for path in r_scripts_folder().glob("*.R"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def checked(rotterdam: Path) -> Checked:
    study = load_study(rotterdam)
    with Checker(enabled=True) as checker:
        built = build_cohorts(study)
        frames = dict(built.frames)
        planned = plan_analyses(study, frames)
        checker.submit(frames, planned)
        results = make_results(nodes_of(planned, frames), study.sha256)
        results = results.model_copy(update={"cohorts": built.infos})
        results = results.model_copy(update={"verification": checker.verify(results, frames)})
        return Checked(frames, planned, results, checker.answers, checker)
