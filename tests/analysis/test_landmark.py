"""The Cox model from a landmark on: R, a closed form, and what holds for every cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.cox import fit_model
from reporter.analysis.landmark import after, analyse_landmark
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.spec.options import AnalysisOptions, LandmarkOptions, ModelOptions, TermSpec
from tests.analysis.test_parity import TERMS, as_jobs, random_frame, sets, terms_of
from tests.conftest import Levels, make_frame

X = TermSpec(column="x")


def at_quantiles(frame, terms, shares=(0.0, 0.1, 0.5, 1.0), **more: object) -> Iterator[AnalysisOptions]:
    for share in shares:
        landmark = float(np.quantile(frame.time, share, method="lower"))
        yield LandmarkOptions(terms=terms, landmark=landmark, conf_level=0.9, **({"ties": "efron"} | more))


@pytest.mark.r
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_on_real_cohorts(reference, agree, r_table, frame_of, levels, ties) -> None:
    jobs = []
    for frame in sets(r_table, frame_of, levels).values():
        jobs += as_jobs(frame, at_quantiles(frame, terms_of(frame), ties=ties))
    agree(reference, jobs)


@pytest.mark.r
def test_on_small_cohorts(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        frame = random_frame(frame_of, levels, rng)
        terms = TERMS[: int(rng.integers(1, 4))]
        jobs += as_jobs(frame, at_quantiles(frame, terms, ties=str(rng.choice(["efron", "breslow"]))))
        late = replace(frame, entry=frame.time - rng.exponential(6, frame.n) - 0.5)
        jobs += as_jobs(late, at_quantiles(late, terms))
        jobs += as_jobs(frame, at_quantiles(frame, (TERMS[0], TERMS[2]), strata=("g",)))
        jobs += as_jobs(frame, at_quantiles(frame, TERMS, interactions=(("x", "y"),)))
        jobs += as_jobs(frame, at_quantiles(frame, TERMS[:1], ties="exact"))
    agree(reference, jobs)


def test_a_closed_form_beyond_the_landmark() -> None:
    """Test1 of the validation vignette of R's survival, ten later, behind three patients who are left out."""
    time = np.array([3.0, 10, 10, 11, 11, 16, 16, 18, 19])
    event = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1], dtype=bool)
    frame = make_frame(time, event, {"x": np.array([0.0, 1, 0, 1, 1, 1, 0, 0, 0])})
    options = LandmarkOptions(terms=(X,), ties="breslow", landmark=10.0, conf_level=0.95)
    (node,) = analyse_landmark(frame, options)
    row, whole = node.find(term="x"), node.find(term="GLOBAL")
    assert_allclose(row.get("estimate").value, np.log((3 + np.sqrt(33)) / 2), rtol=1e-12)
    assert [whole.get(s).value for s in ("n", "n_event", "n_excluded", "n_event_excluded")] == [6, 4, 3, 2]


def test_nobody_beyond_the_landmark_gives_a_reason() -> None:
    frame = make_frame(np.array([1.0, 2, 3]), np.array([True, True, False]), {"x": np.array([1.0, 2, 4])})
    (node,) = analyse_landmark(frame, LandmarkOptions(terms=(X,), ties="efron", landmark=3.0, conf_level=0.95))
    estimate = node.find(term="x").get("estimate")
    assert estimate.value is None and "no patient is left" in estimate.note
    assert node.find(term="GLOBAL").get("n_excluded").value == 3


def test_weights_that_are_no_counts_are_refused() -> None:
    columns = {"x": np.array([1.0, 2, 4, 3]), "w": np.array([1.5, 1, 1, 2])}
    frame = make_frame(np.array([1.0, 2, 3, 4]), np.array([True, True, False, True]), columns)
    options = LandmarkOptions(terms=(X,), ties="efron", landmark=0.5, conf_level=0.95, weights="w")
    with pytest.raises(ReporterError, match="not whole numbers"):
        analyse_landmark(frame, options)
    (node,) = run_planned(Planned("development", "os", options), {("development", "os"): frame})
    assert node.analysis == "cox_landmark" and "not whole numbers" in node.failed


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 12))
def test_time_counted_from_the_landmark_changes_no_coefficient(seed: int, landmark: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 40))
    time, event = rng.integers(1, 15, n).astype(float), rng.random(n) < 0.7
    frame = make_frame(time, event, {"x": rng.normal(size=n), "g": Levels(("a", "b"), tuple(rng.integers(0, 2, n)))})
    options = LandmarkOptions(terms=(X,), ties="efron", landmark=landmark, conf_level=0.95)
    (node,) = analyse_landmark(frame, options)
    whole = node.find(term="GLOBAL")
    assert whole.get("n").value + whole.get("n_excluded").value == n
    assert whole.get("n_event").value + whole.get("n_event_excluded").value == event.sum()
    assert (after(frame, landmark).time > 0).all()
    rows, estimate = time > landmark, node.find(term="x").get("estimate").value
    if estimate is None:
        assert node.find(term="x").get("estimate").note
        return
    columns = {"x": frame.columns["x"].values[rows]}
    same = fit_model(make_frame(time[rows], event[rows], columns), ModelOptions(terms=(X,), ties="efron"))
    assert_allclose(estimate, same.fit.coef[0], rtol=1e-9, atol=1e-12)
