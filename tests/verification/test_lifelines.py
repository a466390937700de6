"""The second witness, and the differences that it has by convention."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import CoxOptions, KaplanMeierOptions, LogRankOptions, TermSpec
from reporter.verification.background import BackgroundWitness
from reporter.verification.lifelines import lifelines_version, witness
from reporter.verification.task import Task

KM = Task("development", "os", KaplanMeierOptions(horizons=(60.0, 200.0), conf_level=0.95, conf_type="log-log"))


@pytest.fixture(scope="module")
def camis(frame_of: Callable[..., AnalysisFrame], levels: Callable[..., object]) -> AnalysisFrame:
    """Ten patients whose curve stays at 0.5 from 87 to 118: R's median is 102.5."""
    time = [54, 75, 77, 84, 87, 92, 98, 103, 105, 112]
    arm = levels(("a", "b"), (0, 1, 0, 1, 0, 1, 1, 1, 0, 0))
    return frame_of(time, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0], {"arm": arm, "dose": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]})


def test_median_on_a_plateau_is_a_known_difference(camis: AnalysisFrame) -> None:
    found = witness({("development", "os"): camis}, [KM])
    median = found["development/os/survival_quantile/median"]
    assert median.value == 87 and median.convention == "median_on_plateau"


def test_survival_past_the_last_time_is_a_known_difference(camis: AnalysisFrame) -> None:
    found = witness({("development", "os"): camis}, [KM])
    assert found["development/os/kaplan_meier/t=60/estimate"].value == pytest.approx(0.9, rel=1e-12)
    assert found["development/os/kaplan_meier/t=60/estimate"].convention == ""
    assert found["development/os/kaplan_meier/t=200/estimate"].convention == "carried_forward"
    hazard = sum(1 / n for n in (10, 9, 8, 7, 6))
    assert found["development/os/kaplan_meier_curve/t=112/cumulative_hazard"].value == pytest.approx(hazard, rel=1e-12)


def test_a_median_that_is_not_reached_is_absent(frame_of: Callable[..., AnalysisFrame]) -> None:
    found = witness({("development", "os"): frame_of([1, 2, 3], [1, 0, 0])}, [KM])
    assert found["development/os/survival_quantile/median"].value is None


def test_only_efron_is_asked(camis: AnalysisFrame) -> None:
    terms = (TermSpec(column="dose"),)
    tasks = [
        Task("development", "os", CoxOptions(analysis="cox_univariable", terms=terms, ties=ties, conf_level=0.95))
        for ties in ("efron", "breslow")
    ]
    assert len(witness({("development", "os"): camis}, tasks[:1])) == 3
    assert witness({("development", "os"): camis}, tasks[1:]) == {}


def test_a_likelihood_without_a_maximum_is_marked(frame_of: Callable[..., AnalysisFrame]) -> None:
    frame = frame_of([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], {"dose": [1, 2, 3, 4, 5, 6]})
    options = CoxOptions(analysis="cox_univariable", terms=(TermSpec(column="dose"),), ties="efron", conf_level=0.95)
    found = witness({("development", "os"): frame}, [Task("development", "os", options)])
    assert found["development/os/cox_univariable/dose/estimate"].convention == "separation"


def test_a_witness_that_fails_leaves_its_column_empty(camis: AnalysisFrame) -> None:
    unknown = Task("development", "os", LogRankOptions(group="no such column"))
    elsewhere = Task("validation", "os", LogRankOptions(group="arm"))
    found = witness(
        {("development", "os"): camis}, [unknown, elsewhere, Task("development", "os", LogRankOptions(group="arm"))]
    )
    assert set(found) == {"development/os/log_rank/arm/statistic", "development/os/log_rank/arm/p_value"}


def test_version() -> None:
    assert lifelines_version().startswith("0.")


def test_in_the_background_it_gives_the_same(camis: AnalysisFrame) -> None:
    frames = {("development", "os"): camis}
    tasks = [KM, Task("development", "os", LogRankOptions(group="arm"))]
    background = BackgroundWitness()
    background.submit(frames, tasks[:1])
    background.submit(frames, tasks[1:])
    assert background.wait() == witness(frames, tasks) and background.wait() == witness(frames, tasks)


def test_a_late_witness_leaves_the_column_empty(camis: AnalysisFrame) -> None:
    background = BackgroundWitness(limit_s=0.01)
    background.submit({("development", "os"): camis}, [KM])
    begun = time.monotonic()
    assert background.wait() == {} and time.monotonic() - begun < 5


SCRIPT = """
from pathlib import Path
from reporter.pipeline.verify import Checker
from reporter.cohort.build import build_cohorts
from reporter.pipeline.plan import plan_analyses
from reporter.spec.load import load_study
print("the script runs")
study = load_study(Path({study!r}))
frames = build_cohorts(study).frames
with Checker(enabled=True) as checker:
    checker.submit(frames, plan_analyses(study, frames)[:3])
"""


@pytest.mark.r
def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    study = Path(__file__).resolve().parents[2] / "data" / "rotterdam" / "study.toml"
    (tmp_path / "script.py").write_text(SCRIPT.format(study=str(study)))
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the script runs\n", "")
