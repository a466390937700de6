"""Standardised differences: by hand, as published, and against R's own formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.drift import analyse_drift, numeric_difference, share_difference
from reporter.pipeline.plan import Planned
from reporter.results.value import Reason
from reporter.spec.options import DriftOptions


def test_numeric_by_hand() -> None:
    """Means 2 and 5, variances 1 and 3: 3 over the root of 2."""
    assert numeric_difference(2, 5, 1, 3) == pytest.approx(3 / np.sqrt(2), rel=1e-15)
    assert np.isnan(numeric_difference(1, 1, 0, 0))


def test_two_levels_by_hand() -> None:
    """Shares .5 and .8: variances .25 and .16, so .3 over the root of .205."""
    found = share_difference(np.array([0.5, 0.5]), np.array([0.2, 0.8]))
    assert found == pytest.approx(0.3 / np.sqrt(0.205), rel=1e-14)


def test_three_levels_by_hand() -> None:
    """Shares (.5, .25, .25) and (.25, .25, .5): S = [[.1875, -.09375], [-.09375, .21875]], inverted by hand."""
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    determinant = 0.1875 * 0.21875 - 0.09375**2
    squared = 0.25 * 0.25 * 0.1875 / determinant
    assert share_difference(p, q) == pytest.approx(np.sqrt(squared), rel=1e-13)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5), st.randoms())
def test_bounds_and_symmetry(pairs: list[tuple[int, int]], random) -> None:
    p, q = (np.array([pair[i] for pair in pairs], dtype=float) for i in (0, 1))
    if not p.sum() or not q.sum():
        return
    p, q = p / p.sum(), q / q.sum()
    found = share_difference(p, q)
    if not ((p > 0) & (q > 0)).any():
        assert np.isnan(found)
        return
    if len(pairs) == 2 and np.isnan(found):
        assert (p == q).all()
        return
    assert abs(share_difference(q, p)) == pytest.approx(abs(found), rel=1e-9, abs=1e-12)
    order = random.sample(range(len(pairs)), len(pairs))
    assert abs(share_difference(p[order], q[order])) == pytest.approx(abs(found), rel=1e-9, abs=1e-9)


def cohorts(frame_of, levels, seed: int):
    rng = np.random.default_rng(seed)
    made = []
    for cohort, shift in (("development", 0.0), ("validation", 0.4)):
        n = int(rng.integers(20, 60))
        x = np.where(rng.random(n) < 0.1, np.nan, rng.normal(3 * shift, 1 + shift, n))
        codes = {name: tuple(int(c) for c in rng.integers(-1, k, n)) for name, k in (("two", 2), ("many", 4))}
        many = levels(("p", "q q", "r", "s"), codes["many"])
        columns = {"x": x, "two": levels(("a", "b"), codes["two"]), "many": many}
        made.append(frame_of(rng.exponential(size=n), rng.random(n) < 0.5, columns, cohort=cohort))
    return made


def test_outside_the_range_and_unseen(frame_of, levels) -> None:
    development = frame_of([1, 2, 3], [1, 0, 1], {"x": [1, 2, 3], "g": levels(("a", "b"), (0, 1, 1))})
    columns = {"x": [0, 2, 9, 10], "g": levels(("a", "b"), (0, 1, -1, -1))}
    validation = frame_of([1, 2, 3, 4], [1, 0, 1, 1], columns, cohort="validation")
    unseen = np.array([False, False, True, False])
    validation = validation.with_column(replace(validation.columns["g"], unseen=unseen))
    (node,) = analyse_drift(development, validation, DriftOptions(columns=("x", "g")))
    x, g = node.find(term="x"), node.find(term="g")
    assert [x.get(s).value for s in ("n_below", "n_above", "minimum_development")] == [1, 2, 1]
    assert [g.get(s).value for s in ("n_unseen", "n_validation")] == [1, 2]
    assert validation.exported[".unseen.g"].values.tolist() == [0, 0, 1, 0]


def test_no_common_level_has_a_reason(frame_of, levels) -> None:
    development = frame_of([1, 2], [1, 0], {"g": levels(("a", "b"), (0, 0)), "x": [1, 1]})
    validation = frame_of([1, 2], [1, 0], {"g": levels(("a", "b"), (1, 1)), "x": [1, 1]}, cohort="validation")
    (node,) = analyse_drift(development, validation, DriftOptions(columns=("g", "x")))
    for term, word in (("g", "common"), ("x", "one value")):
        found = node.find(term=term).get("smd")
        assert found.value is None and found.reason is Reason.NOT_ESTIMABLE and word in found.note


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(8):
        development, validation = cohorts(frame_of, levels, seed)
        if seed == 1:
            unseen = ~validation.columns["many"].observed
            validation = validation.with_column(replace(validation.columns["many"], unseen=unseen))
        if seed == 2:
            apart = np.zeros(development.n)
            development = development.with_column(replace(development.columns["many"], values=apart))
            validation = validation.with_column(
                replace(validation.columns["many"], values=np.full(validation.n, 2.0))
            )  # fmt: skip
        frames = {("development", "os"): development, ("validation", "os"): validation}
        jobs.append((Planned("validation", "os", DriftOptions(columns=("x", "two", "many"))), frames))
    agree(reference, jobs)
