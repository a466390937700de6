"""Fixtures for all layers, and the rule for tests that need R."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from reporter.cohort.frame import AnalysisFrame, Column

ROOT = Path(__file__).resolve().parents[1]

# The same examples on every run, or new ones whose seed is printed (--hypothesis-profile or HYPOTHESIS_PROFILE).
settings.register_profile("ci", derandomize=True, max_examples=100)
settings.register_profile("nightly", derandomize=False, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def missing_for_r() -> str:
    """Say what the tests marked r lack; empty when they can run."""
    lacks = [] if shutil.which("Rscript") else ["Rscript"]
    lacks += [] if find_spec("rpy2") else ["rpy2"]
    return " and ".join(lacks)


def required() -> list[str]:
    return os.environ.get("REPORTER_REQUIRE", "").split(",")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked r where R is missing, unless REPORTER_REQUIRE names r."""
    lacks = missing_for_r()
    if not lacks or "r" in required():
        return
    for item in items:
        if item.get_closest_marker("r"):
            item.add_marker(pytest.mark.skip(reason=f"{lacks} not found"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    lacks = missing_for_r()
    if item.get_closest_marker("r") and lacks and "r" in required():
        pytest.fail(f"REPORTER_REQUIRE demands r, but there is no {lacks}", pytrace=False)


@dataclass(frozen=True)
class Levels:
    """A column with levels, for `make_frame`: codes count from 0, -1 is missing."""

    names: tuple[str, ...]
    codes: tuple[int, ...]


def as_column(name: str, given: object) -> Column:
    if isinstance(given, Levels):
        values = np.where(np.array(given.codes) < 0, np.nan, np.array(given.codes, dtype=float))
        return Column(name, name, "", "categorical", given.names, values)
    return Column(name, name, "", "numeric", (), np.asarray(given, dtype=float))


def make_frame(
    time: object,
    event: object,
    columns: Mapping[str, object] | None = None,
    *,
    cohort: str = "development",
    endpoint: str = "os",
    unit: str = "years",
) -> AnalysisFrame:
    """Make an analysis frame from lists; a column is numbers or `Levels`."""
    times = np.asarray(time, dtype=float)
    ids = tuple(str(i + 1) for i in range(times.size))
    typed = {name: as_column(name, given) for name, given in (columns or {}).items()}
    return AnalysisFrame(cohort, endpoint, ids, times, np.asarray(event, dtype=bool), unit, typed)


@pytest.fixture(scope="session")
def frame_of() -> Callable[..., AnalysisFrame]:
    return make_frame


@pytest.fixture(scope="session")
def levels() -> type[Levels]:
    return Levels


@pytest.fixture(scope="session")
def rotterdam() -> Path:
    """The study file that the project ships."""
    return ROOT / "data" / "rotterdam" / "study.toml"


STUDY = """\
schema = 1

[study]
id = "small"
title = "A small study"

[data]
source = "patients.csv"
id = "id"

[columns.age]
kind = "numeric"
unit = "years"
per = 10

[columns.sex]
kind = "binary"
codes = {1 = "Male", 2 = "Female"}

[columns.stage]
kind = "ordinal"
levels = ["I", "II", "III"]
missing = ["Unknown"]

[[cohort.include]]
label = "Adults"
column = "age"
min = 18

[endpoints.os]
label = "Overall survival"
unit = "months"
time = "months"
event = "status"
event_values = ["Dead"]
censored_values = ["Alive"]
horizons = [12, 24]

[analysis]
groups = ["sex", "stage"]
covariates = ["age", "sex", "stage"]
"""


def patients(n: int = 40) -> list[dict[str, str]]:
    """Rows of the small study: every stage and sex with deaths."""
    rng = np.random.default_rng(0)
    return [
        {
            "id": str(100 + i),
            "age": str(int(rng.integers(20, 90))),
            "sex": str(1 + i % 2),
            "stage": ("I", "II", "III")[i % 3],
            "months": str(int(rng.integers(1, 60))),
            "status": "Dead" if i % 4 else "Alive",
        }
        for i in range(n)
    ]


@dataclass
class StudyFolder:
    """A study file and its table, to be changed before they are written."""

    folder: Path
    text: str
    rows: list[dict[str, str]]

    def replace(self, old: str, new: str) -> StudyFolder:
        """Change the study file; the old text must stand there once."""
        assert self.text.count(old) == 1, old
        self.text = self.text.replace(old, new)
        return self

    def set(self, column: str, value: str, rows: range | None = None) -> StudyFolder:
        """Set cells of a column, in all rows or some."""
        for i in range(len(self.rows)) if rows is None else rows:
            self.rows[i][column] = value
        return self

    def table(self) -> str:
        names = list(self.rows[0])
        return "\n".join(",".join(row) for row in [names, *([row[n] for n in names] for row in self.rows)]) + "\n"

    def write(self) -> Path:
        """Write both files and return the study file."""
        (self.folder / "patients.csv").write_text(self.table(), encoding="utf-8")
        path = self.folder / "study.toml"
        path.write_text(self.text, encoding="utf-8")
        return path


@pytest.fixture
def small(tmp_path: Path) -> StudyFolder:
    """A small valid study in an empty folder."""
    return StudyFolder(tmp_path, STUDY, patients())
