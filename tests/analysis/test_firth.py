"""Firth's penalty: a closed form, its score by differences, and against R's own writing of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reporter.analysis.firth import analyse_firth
from reporter.analysis.kernels.firth import PenalisedLikelihood, firth
from reporter.analysis.kernels.risk_sets import make_risk_sets
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.spec.options import FirthOptions, TermSpec

TERMS = (TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="x"))


def options(**change: object) -> FirthOptions:
    return FirthOptions(**{"terms": TERMS, "ties": "efron", "conf_level": 0.95, **change})


def separated(frame_of, levels, seed: int, n: int = 60) -> AnalysisFrame:
    """The level c has no event."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 3, n)
    time, event = rng.integers(1, 15, n).astype(float), (rng.random(n) < 0.6) & (g != 2)
    return frame_of(time, event, {"g": levels(("a", "b", "c"), tuple(int(v) for v in g)), "x": rng.normal(size=n)})


def test_two_patients_by_hand() -> None:
    """The one with x = 1 dies first: l* = 1.5 b - 2 log(1 + e^b), highest at b = log 3."""
    sets = make_risk_sets(np.array([1.0, 2.0]), np.array([True, True]), "breslow")
    found = firth(np.array([[1.0], [0.0]]), sets, np.array([0]), 0.5)[0]

    def height(b: float) -> float:
        return 1.5 * b - 2 * np.log1p(np.exp(b))

    assert found.estimate == pytest.approx(np.log(3), rel=1e-12)
    assert found.statistic == pytest.approx(2 * (height(np.log(3)) - height(0.0)), rel=1e-11)
    for limit in (found.conf_low, found.conf_high):
        assert 2 * (height(np.log(3)) - height(limit)) == pytest.approx(0.454936423119572, rel=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_score_is_the_slope(ties: str) -> None:
    rng = np.random.default_rng(8)
    x, time, event = rng.normal(size=(40, 3)), rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.7
    strata = rng.integers(0, 2, 40)
    entry = time - rng.integers(1, 4, 40)
    sets = make_risk_sets(time, event, ties, entry=entry, strata=strata)
    likelihood, beta = PenalisedLikelihood(x, sets), rng.normal(size=3) / 3
    score = likelihood.evaluate(beta)[1]
    for j in range(3):
        step = np.where(np.arange(3) == j, 1e-5, 0.0)
        slope = (likelihood.evaluate(beta + step)[0] - likelihood.evaluate(beta - step)[0]) / 2e-5
        assert score[j] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_nothing_without_separation(frame_of, levels) -> None:
    frame = separated(frame_of, levels, 1)
    plain = replace(frame, event=np.arange(frame.n) % 2 == 0)
    assert analyse_firth(plain, options()) == ()


def test_separated_level_gets_a_finite_ratio_below_one(frame_of, levels) -> None:
    row = analyse_firth(separated(frame_of, levels, 2), options())[0].rows[0]
    assert row.term == "g=c"
    low, ratio, high = (row.get(stat).value for stat in ("conf_low", "hazard_ratio", "conf_high"))
    assert 0 < low < ratio < high < 1


def test_too_many_pairs_are_refused(frame_of, levels) -> None:
    with pytest.raises(ReporterError, match="more than 100 pairs"):
        analyse_firth(separated(frame_of, levels, 3), options(max_pairs=100))


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(8):
        frame = separated(frame_of, levels, seed, 50 + 10 * seed)
        if seed % 4 == 1:
            frame = replace(frame, entry=frame.time - 1 - np.arange(frame.n) % 3)
        given = {"ties": ("efron", "breslow")[seed % 2], "conf_level": (0.95, 0.9)[seed % 2]}
        jobs.append((Planned("development", "os", options(**given)), {("development", "os"): frame}))
    agree(reference, jobs)
