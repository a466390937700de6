"""The Fine–Gray model of patients who come under observation late: weights by hand, R, and what always holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.fine_gray import fit_fine_gray
from reporter.analysis.kernels.observation import censoring_before, entered_before, observed_before
from reporter.pipeline.analyse import run_planned
from tests.analysis.test_competing_risks import all_options, competing_frame, plan


def test_weights_by_hand() -> None:
    """Five patients; entries 0, 0, 1, 2, 0 and times 1.5, 4, 3, 5, 3: time runs backwards for having entered.

    At entry 2 under observation from 2 on: patients 2, 3, 4, 5 (entry <= 2 < time), one of whom enters: 1 - 1/4. At 1:
    patients 1, 2, 3, 5: 1 - 1/4. At 0 all of them. The censoring at 3 leaves 3 patients at risk with the event at 3
    gone (2, 4 and 5): 1 - 1/3.
    """
    entry, time = np.array([0.0, 0, 1, 2, 0]), np.array([1.5, 4, 3, 5, 3])
    cause = np.array([2, 1, 1, 1, 0])
    at = np.array([1.0, 1.5, 2.0, 3.0, 4.0])
    assert_allclose(entered_before(entry, time, at), [9 / 16, 3 / 4, 3 / 4, 1, 1], rtol=1e-15)
    assert_allclose(censoring_before(time, cause, at, entry), [1, 1, 1, 1, 2 / 3], rtol=1e-15)
    assert_allclose(observed_before(time, cause, at, entry), [9 / 16, 3 / 4, 3 / 4, 1, 2 / 3], rtol=1e-15)


@pytest.mark.r
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_agrees_with_r(reference, agree, ties: str) -> None:
    jobs = []
    for seed in range(12):
        n, last = (60, 200, 120)[seed % 3], (12, 60, 5)[seed % 3]
        frame = competing_frame(seed, n, entry=True, last=last)
        early = np.where(np.arange(n) < 8, 0.0, frame.entry)
        jobs.append((plan(all_options(ties)[4]), {("development", "os"): replace(frame, entry=early)}))
        exact = np.random.default_rng(seed).uniform(0.1, 5, n)
        own = replace(frame, time=frame.time + exact / 7, entry=np.where(early > 0, early + exact / 9, 0.0))
        jobs.append((plan(all_options(ties)[4]), {("development", "os"): own}))
    agree(reference, jobs)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["efron", "breslow"]))
def test_entry_at_nought_changes_nothing(seed: int, ties: str) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    x, time, cause = rng.normal(size=(n, 2)), rng.integers(1, 15, n).astype(float), rng.integers(0, 3, n)
    cause[0] = 1
    plain = fit_fine_gray(x, time, cause, event=1, ties=ties)
    late = fit_fine_gray(x, time, cause, event=1, ties=ties, entry=np.zeros(n))
    keep = ~plain.infinite & plain.converged
    assert_allclose(late.coef[keep], plain.coef[keep], rtol=1e-9, atol=1e-11)
    assert_allclose(late.std_error[keep], plain.std_error[keep], rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["efron", "breslow"]))
def test_without_competing_events_it_is_the_cox_model(seed: int, ties: str) -> None:
    rng = np.random.default_rng(seed)
    n = 60
    x, time = rng.normal(size=(n, 2)), rng.integers(2, 15, n).astype(float)
    event, entry = rng.random(n) < 0.6, np.maximum(time - rng.integers(1, 14, n), 0.0)
    entry[:20] = 0.0
    event[0] = True
    ours = fit_fine_gray(x, time, event.astype(int), event=1, ties=ties, entry=entry)
    plain = fit_cox(x, time, event, ties=ties, entry=entry)
    keep = ~plain.infinite & ~ours.infinite & plain.converged & ours.converged
    assert_allclose(ours.coef[keep], plain.coef[keep], rtol=1e-9, atol=1e-11)


def test_a_gap_in_observation_has_no_weights() -> None:
    base = competing_frame(3, 6)
    frame = replace(
        base, time=np.array([1.0, 2, 2, 6, 7, 8]), entry=np.array([0.0, 0, 0, 5, 5, 5]),
        cause=np.array([1, 2, 0, 1, 2, 1]), event=np.array([1, 0, 0, 1, 0, 1], dtype=bool),
    )  # fmt: skip
    (node,) = run_planned(plan(all_options()[4]), {("development", "os"): frame})
    assert "nobody is under observation" in node.failed
