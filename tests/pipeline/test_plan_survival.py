"""What [analysis] asks of survival becomes an analysis, a table and a method, or an error that says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.pipeline.plan import plan_analyses
from reporter.spec.load import load_study
from reporter.spec.options import PairwiseOptions, RankTestOptions

ASKED = """groups = ["sex", "stage"]
quantiles = [0.25, 0.5, 0.75]
rmst = 24
conditional = [6, 12]
tests = ["log_rank", "gehan", "trend", {fleming_harrington = [0, 1]}]
pairwise = "holm"
horizon_differences = true"""


def planned(path: Path) -> list[object]:
    study = load_study(path)
    return [item.options for item in plan_analyses(study, build_cohorts(study).frames)]


def test_nothing_is_added_unless_asked(small) -> None:
    kinds = {options.kind for options in planned(small.write())}
    assert not kinds & {"rmst", "conditional_survival", "rank_test", "pairwise_log_rank", "survival_difference"}


def test_each_key_has_its_analyses(small) -> None:
    options = planned(small.replace('groups = ["sex", "stage"]', ASKED).write())
    of = lambda kind: [o.group for o in options if o.kind == kind]  # noqa: E731
    assert of("rmst") == of("conditional_survival") == ["", "sex", "stage"]
    assert of("rank_test") == of("survival_difference") == ["sex", "stage"]
    assert of("pairwise_log_rank") == ["stage"]
    tests = {o.group: [test.term for test in o.tests] for o in options if isinstance(o, RankTestOptions)}
    assert tests["sex"] == ["gehan", "fleming_harrington_0_1"]
    assert tests["stage"] == ["gehan", "trend", "fleming_harrington_0_1"]
    assert all(o.quantiles == (0.25, 0.5, 0.75) for o in options if o.kind == "kaplan_meier")
    assert [o.adjust for o in options if isinstance(o, PairwiseOptions)] == ["holm"]


def test_scores_follow_the_order_of_the_dictionary(small) -> None:
    small.replace('levels = ["I", "II", "III"]', 'levels = ["I", "II", "III"]\nreference = "II"')
    options = planned(small.replace('groups = ["sex", "stage"]', 'groups = ["stage"]\ntests = ["trend"]').write())
    (test,) = next(o for o in options if isinstance(o, RankTestOptions)).tests
    # The frame has the reference first: II, I, III.
    assert test.scores == (1.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("conditional = [24]", "not before any horizon"),
        ('groups = ["sex"]\ntests = ["trend"]', "ordinal"),
        ('groups = ["sex"]\npairwise = "bh"', "two levels"),
        ("groups = []\nhorizon_differences = true", "no groups"),
        ('tests = ["gehen"]', "gehan"),
        ("rmst = 0", "rmst"),
        ("quantiles = [25]", "quantiles"),
    ],
)
def test_what_would_come_to_nothing_is_refused(small, asked: str, said: str) -> None:
    with pytest.raises(FindingsError) as raised:
        load_study(small.replace('groups = ["sex", "stage"]', asked).write())
    assert said in str(raised.value)


@pytest.mark.parametrize("composite", [False, True])
def test_entry_times_reach_the_frame_in_every_form(small, composite: bool) -> None:
    for row in small.rows:
        row["late"] = str(int(row["months"]) // 2)
    simple = 'time = "months"\nevent = "status"\nevent_values = ["Dead"]\ncensored_values = ["Alive"]'
    part = '{column = "status", values = ["Dead"], censored_values = ["Alive"], time = "months"}'
    form = f"events = [{part}]" if composite else simple
    study = load_study(small.replace(simple, f'{form}\nentry = "late"').write())
    frame = build_cohorts(study).frames["development", "os"]
    assert frame.entry is not None and (frame.entry < frame.time).all() and (frame.entry > 0).any()
