"""Survival estimates, tests and competing risks of nasty small cohorts against live R.

Each analysis: 100 cohorts, the same every time; 1,000 new ones with ``make nightly``. A number must be within the
tolerance that the ledger prints (reporter/verification/tolerances.py) or absent on both sides; where R refuses, so do
we.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analysis.parity import LiveR, agree_on
from tests.analysis.parity_jobs import SURVIVAL

pytestmark = pytest.mark.r


@pytest.fixture(scope="module")
def live() -> Iterator[LiveR]:
    r = LiveR()
    yield r
    r.close()


@pytest.mark.parametrize("analysis", SURVIVAL)
def test_cohorts_agree_with_r(live: LiveR, analysis: str) -> None:
    tally = agree_on(live, SURVIVAL[analysis])
    assert tally.numbers > 2 * tally.jobs, tally
    assert not tally.refused, tally


def test_a_difference_is_seen(live: LiveR) -> None:
    """The comparison can fail: R told of another confidence level gives other limits."""
    with pytest.raises(AssertionError, match="conf_low"):
        agree_on(live, SURVIVAL["kaplan_meier"], misled={"conf_level": 0.5})
