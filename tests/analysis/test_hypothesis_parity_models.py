"""Cox models, their diagnostics and validation, and Fine–Gray models of nasty small cohorts against live R.

As in test_hypothesis_parity.py. Many cohorts have separation, levels without deaths or dependent columns: a coefficient
that runs to infinity must be absent on both sides. Where every number can be estimated all must agree; where something
cannot, R and we may stop in different places on the way to infinity, in no more than LARGEST_SHARE of the cohorts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analysis.parity import LiveR, agree_on
from tests.analysis.parity_jobs import MODELS

pytestmark = pytest.mark.r

LARGEST_SHARE = 0.04


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
    assert tally.broken <= 0.05 * tally.jobs, tally
    assert len(tally.degenerate) <= LARGEST_SHARE * tally.jobs, tally.degenerate
