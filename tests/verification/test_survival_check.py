"""The check of what a study asks for beside the curve: all agrees, with entry times too, and tampering shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from reporter.pipeline.plan import Planned
from reporter.results.ledger import Verdict
from reporter.results.tree import AnalysisNode
from reporter.results.value import Statistic
from reporter.spec.options import (
    ConditionalOptions,
    DifferenceOptions,
    FollowUpOptions,
    KaplanMeierOptions,
    LogRankOptions,
    Options,
    PairwiseOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
)
from reporter.verification.compare import compare
from reporter.verification.lifelines import witness
from tests.verification.small import Frames, Small, ask, make_results, nodes_of, tasks_of

pytestmark = pytest.mark.r

HORIZONS = (1.0, 3.0, 50.0)
TESTS = (
    RankTest(name="gehan"),
    RankTest(name="fleming_harrington", rho=0.5, gamma=2.0),
    RankTest(name="trend", scores=(0.0, 1.0, 2.0)),
    RankTest(name="log_rank", strata=("size",)),
)
OPTIONS: tuple[Options, ...] = (
    KaplanMeierOptions(group="size", horizons=HORIZONS, quantiles=(0.1, 0.5), conf_level=0.95, conf_type="log"),
    LogRankOptions(group="size"),
    FollowUpOptions(conf_level=0.95, conf_type="log-log"),
    RmstOptions(tau=3.0, conf_level=0.95),
    RmstOptions(group="size", tau=3.0, conf_level=0.95),
    ConditionalOptions(group="size", given=(1.0, 49.0), horizons=HORIZONS, conf_level=0.95, conf_type="log-log"),
    RankTestOptions(group="size", tests=TESTS),
    PairwiseOptions(group="size", adjust="holm"),
    DifferenceOptions(group="size", horizons=HORIZONS, conf_level=0.95),
)
PLAN = tuple(Planned("development", "os", options) for options in OPTIONS)


@pytest.fixture(params=["from 0", "late"])
def frames(request: pytest.FixtureRequest, small: Small) -> Frames:
    frame = small.frames["development", "os"]
    return {("development", "os"): frame if request.param == "from 0" else replace(frame, entry=frame.time / 3)}


def test_all_agrees_and_a_changed_number_shows(frames: Frames) -> None:
    nodes = nodes_of(PLAN, frames)
    assert not any(node.failed for node in nodes)
    answers = ask(frames, tasks_of(PLAN))
    found = Counter(row.verdict for row in compare(make_results(nodes), answers))
    assert set(found) == {Verdict.AGREES} and found.total() > 200
    changed = [_changed(node) for node in nodes]
    rows = compare(make_results(changed), answers)
    names = ("estimate", "statistic", "quantile", "person_time")
    rows = [row for row in rows if row.address.endswith(names) and row.python and "_curve/" not in row.address]
    assert rows and [row.address for row in rows if row.verdict is Verdict.AGREES] == []


def _changed(node: AnalysisNode) -> AnalysisNode:
    def moved(found: Statistic) -> Statistic:
        return found if found.value is None else found.model_copy(update={"value": found.value * (1 + 1e-5)})

    rows = [row.model_copy(update={"stats": tuple(moved(found) for found in row.stats)}) for row in node.rows]
    return node.model_copy(update={"rows": tuple(rows)})


def test_lifelines_is_not_asked_with_entry_times(small: Small) -> None:
    frame = small.frames["development", "os"]
    late = {("development", "os"): replace(frame, entry=frame.time / 3)}
    assert witness(late, tasks_of(PLAN)) == {}
    assert witness({("development", "os"): frame}, tasks_of(PLAN))
