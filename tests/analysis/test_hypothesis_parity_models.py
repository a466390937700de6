"""Cox models, their diagnostics and validation, and Fine–Gray models of nasty small cohorts against live R.

As in test_hypothesis_parity.py. Many cohorts have separation, levels without deaths or dependent columns: a coefficient
that runs to infinity must be absent on both sides, and what stands beside it agree. Cohorts that leave it to rounding
where the likelihood ends (parity_jobs.unclear says so from the data alone) are not compared: at most LARGEST_SHARE.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analysis.parity import LiveR, agree_on
from tests.analysis.parity_jobs import MODELS

pytestmark = pytest.mark.r

LARGEST_SHARE = 0.1


@pytest.fixture(scope="module")
def live() -> Iterator[LiveR]:
    r = LiveR()
    yield r
    r.close()


@pytest.mark.parametrize("analysis", MODELS)
def test_models_agree_with_r(live: LiveR, analysis: str) -> None:
    tally = agree_on(live, MODELS[analysis])
    assert tally.numbers > tally.jobs // 2, tally
    assert tally.refused < 0.95 * tally.jobs, tally
    assert tally.unclear <= LARGEST_SHARE * (tally.jobs + tally.unclear), tally
