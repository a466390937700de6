"""The real cohort as a tree, without R."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.pipeline.progress import Silent
from reporter.pipeline.run import RunRequest, compute
from reporter.results.tree import Results

STUDY = Path(__file__).parents[2] / "data/rotterdam/study.toml"


@pytest.fixture(scope="session")
def rotterdam() -> Results:
    """Return the result tree of the shipped study, with nothing hidden and nothing checked."""
    return compute(RunRequest(study=STUDY, out=Path("unused"), to="html", verify=False), Silent()).results
