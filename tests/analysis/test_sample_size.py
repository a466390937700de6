"""Sample size by Riley's criteria: a published example, by hand, and against R."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.sample_size import (
    analyse_sample_size,
    by_optimism,
    by_overall_risk,
    by_shrinkage,
    largest_r2,
    whole_number,
)
from reporter.pipeline.plan import Planned
from reporter.spec.options import SampleSizeOptions, TermSpec

TERMS = (TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="x"))


def options(**change: object) -> SampleSizeOptions:
    return SampleSizeOptions(**{"terms": TERMS, "ties": "efron", "horizon": 6.0, **change})


def cohort(frame_of, levels, seed: int, n: int = 80):
    rng = np.random.default_rng(seed)
    columns = {"g": levels(("a", "b", "c"), tuple(int(v) for v in rng.integers(0, 3, n))), "x": rng.normal(size=n)}
    return frame_of(rng.integers(1, 20, n).astype(float), rng.random(n) < 0.5, columns)


def test_the_published_example() -> None:
    """Recurrence of venous thromboembolism (Riley et al., Stat Med 2019): 30 parameters.

    R² .051, rate .065 a year, 2.07 years: 5,143 patients with 692 events, 23.07 a parameter;
    1,039 by the second criterion; largest R² .555.
    """
    share = 0.065 * 2.07
    largest = largest_r2(1.0, share)
    assert round(largest, 3) == 0.555
    needed = whole_number(by_shrinkage(30, 0.051, 0.9))
    assert needed == 5143
    assert whole_number(by_optimism(30, 0.051, largest, 0.05)) == 1039
    assert whole_number(needed * share) == 692
    assert round(needed * share / 30, 2) == 23.07


def test_overall_risk_by_hand() -> None:
    """The upper limit of the risk lies below by less than the lower does: that one is `margin` away."""
    n = by_overall_risk(0.065, 2.07, 2.0, 0.05, 0.95)
    half = 1.959963984540054 * math.sqrt(0.065 / (2.07 * n))
    risk = 1 - math.exp(-0.065 * 2)
    assert risk - (1 - math.exp(-(0.065 - half) * 2)) == pytest.approx(0.05, rel=1e-10)
    assert 1 - math.exp(-(0.065 + half) * 2) - risk < 0.05


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 0.4), st.floats(0.02, 0.9))
def test_more_parameters_and_less_signal_ask_for_more(p: int, r2: float, share: float) -> None:
    largest = largest_r2(1.0, share)
    assert 0 < largest < 1
    assert by_shrinkage(p + 1, r2, 0.9) > by_shrinkage(p, r2, 0.9) > by_shrinkage(p, r2 + 0.05, 0.9) > 0
    assert by_optimism(p, r2 * largest, largest, 0.05) > 0


def test_nothing_on_the_risk_without_a_horizon_and_nothing_with_weights(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 3)
    row = analyse_sample_size(frame, options(horizon=None))[0].rows[0]
    assert row.get("needed_risk").value is None and row.get("needed_risk").note == "no horizon is given"
    assert row.get("needed").value == row.get("needed_shrinkage").value
    late = replace(frame, entry=frame.time / 2)
    assert analyse_sample_size(late, options())[0].rows == ()
    assert "entry times" in analyse_sample_size(late, options())[0].notes[0]


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed, change in enumerate(
        [{}, {"horizon": None}, {"ties": "breslow"}, {"share_of_max": 0.3}, {"horizon": 19.0}]
    ):
        frame = cohort(frame_of, levels, seed)
        jobs.append((Planned("development", "os", options(**change)), {("development", "os"): frame}))
    frame = cohort(frame_of, levels, 9)
    late = {("development", "os"): replace(frame, entry=frame.time / 2)}
    jobs.append((Planned("development", "os", options()), late))
    agree(reference, jobs)
