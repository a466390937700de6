"""The Cox model from a landmark on and the Fine–Gray model with late entry, of nasty small cohorts against live R."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import LandmarkOptions, Options
from tests.analysis.parity import LiveR, agree_on
from tests.analysis.parity_jobs import HOME, MODEL, fine_gray, jobs, level, model, without_weights

pytestmark = pytest.mark.r


def landmark(frame: AnalysisFrame, rng: np.random.Generator) -> Options:
    """A landmark among the first third of the times: beyond it most of the cohort is left."""
    at = float(np.quantile(frame.time, float(rng.uniform(0, 0.33)), method="lower"))
    return LandmarkOptions(landmark=at, conf_level=level(rng), **model(frame, rng))


JOBS = {
    "cox_landmark": jobs(landmark, MODEL),
    "fine_gray": jobs(fine_gray, MODEL, n_causes=2).filter(
        lambda job: not without_weights(job.frames[HOME], job.planned.options)
    ),
}
LARGEST_SHARE = 0.12


@pytest.fixture(scope="module")
def live() -> Iterator[LiveR]:
    r = LiveR()
    yield r
    r.close()


@pytest.mark.parametrize("analysis", JOBS)
def test_agrees_with_r(live: LiveR, analysis: str) -> None:
    tally = agree_on(live, JOBS[analysis])
    assert tally.numbers > tally.jobs // 2, tally
    assert tally.refused < 0.95 * tally.jobs, tally
    assert tally.unclear <= LARGEST_SHARE * (tally.jobs + tally.unclear), tally
