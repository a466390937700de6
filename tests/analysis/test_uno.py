"""Uno's concordance: by hand, by counting all pairs, against R, and when it is not given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.concordance import analyse_concordance
from reporter.analysis.kernels import uno
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.uno import censoring_before, uno_concordance
from reporter.analysis.uno import NO_PAIR, uno_statistics
from reporter.results.value import Reason
from reporter.spec.options import ConcordanceOptions, TermSpec


def test_censoring_by_hand() -> None:
    time = np.array([1.0, 2, 2, 2, 3, 4])
    event = np.array([False, True, False, False, True, True])
    # At 1 one of six is censored; at 2 two of the four that did not die there.
    assert_allclose(censoring_before(time, event, np.array([1, 1.5, 2, 2.5, 9])), [1, 5 / 6, 5 / 6, 5 / 12, 5 / 12])


def test_by_hand() -> None:
    time, event = np.array([1.0, 2, 3, 4]), np.array([True, False, True, False])
    # Weights 1 and (1 / (2/3))² = 9/4. Pairs of the event at 1: two of three concordant; of the event at 3: concordant.
    found = uno_concordance(time, event, np.array([2.0, 3, 1, 0]), tau=3.5)
    assert found.estimate == pytest.approx((2 + 9 / 4) / (3 + 9 / 4), rel=1e-15)
    assert found.largest_weight == pytest.approx(9 / 4, rel=1e-15)
    assert uno_concordance(time, event, np.array([2.0, 3, 1, 0]), tau=2).estimate == pytest.approx(2 / 3, rel=1e-15)


def all_pairs(time: np.ndarray, event: np.ndarray, risk: np.ndarray, tau: float) -> float:
    weight = 1 / censoring_before(time, event, time) ** 2
    top = bottom = 0.0
    for i in np.flatnonzero(event & (time <= tau)):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        bottom += weight[i] * later.sum()
        top += weight[i] * ((risk[later] < risk[i]).sum() + (risk[later] == risk[i]).sum() / 2)
    return top / bottom if bottom else float("nan")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 70), st.floats(0.1, 1.0))
def test_as_by_counting_all_pairs(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(0, 12, n).astype(float), rng.random(n) < share
    risk, tau = np.round(rng.normal(size=n), 1), float(rng.integers(0, 12))
    found, wanted = uno_concordance(time, event, risk, tau=tau), all_pairs(time, event, risk, tau)
    assert_allclose(found.estimate, wanted, rtol=1e-12)
    assert np.isnan(wanted) or (0 <= found.estimate <= 1 and found.std_error >= 0)
    if event.all() and not np.isnan(wanted):
        plain = concordance(time, event, risk, ymax=tau)
        assert_allclose((found.estimate, found.std_error), (plain.estimate, plain.std_error), rtol=1e-10, atol=1e-12)


def test_compiled_loops_give_the_same(monkeypatch) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 200))
        time, event = rng.integers(0, 12, n).astype(float), rng.random(n) < 0.6
        risk = np.round(rng.normal(size=n), 1)
        found = []
        for large in (1, 10**9):
            monkeypatch.setattr(uno, "LARGE", large)
            one = uno.uno_concordance(time, event, risk, tau=9.0)
            found.append((one.estimate, one.std_error, one.largest_weight))
        assert_allclose(found[0], found[1], rtol=1e-12, atol=1e-14)


@pytest.mark.r
def test_as_in_r(reference) -> None:
    rows, ours = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 90))
        time, event = rng.integers(0, 15, n).astype(float), rng.random(n) < 0.6
        event[:2] = True
        risk, tau = np.round(rng.normal(size=n), 1), float(rng.integers(3, 15))
        ours.append(uno_concordance(time, event, risk, tau=tau))
        rows += [(seed, t, e, r, tau) for t, e, r in zip(time, event, risk, strict=True)]
    file = reference.folder / "uno.csv"
    np.savetxt(file, np.array(rows, dtype=float), fmt="%.17g", delimiter=",")
    code = f"""
data <- read.csv("{file}", header = FALSE)
for (part in split(data, data$V1)) {{
  found <- concordance(Surv(V2, V3) ~ V4, data = part, reverse = TRUE, timewt = "n/G2", ymax = part$V5[1])
  cat(sprintf("%.17g %.17g\\n", found$concordance, sqrt(found$var)))
}}
"""
    theirs = np.array([line.split() for line in reference.snippet(code).splitlines() if line], dtype=float)
    assert_allclose([(u.estimate, u.std_error) for u in ours], theirs, rtol=1e-12, atol=1e-14)


def options(**more: object) -> ConcordanceOptions:
    values = {"terms": (TermSpec(column="x"),), "ties": "efron", "conf_level": 0.95, "horizon": 4.0}
    return ConcordanceOptions(**{**values, **more})


def cohort(frame_of, n: int = 200):
    rng = np.random.default_rng(6)
    x = rng.normal(size=n)
    time, limit = rng.exponential(5 * np.exp(-x)), rng.uniform(2, 9, n)
    return frame_of(np.minimum(time, limit), time <= limit, {"x": x})


def test_stands_beside_harrell(frame_of) -> None:
    (node,) = analyse_concordance(cohort(frame_of), options())
    row = node.find(term="cox", time=4.0)
    assert row is not None and 0.5 < (row.get("uno_c").value or 0) < 1
    assert row.get("uno_c_conf_low").value < row.get("uno_c").value < row.get("uno_c_conf_high").value


def statistics_of(frame, tau: float, **more: object):
    return uno_statistics(frame, frame.time, frame.event, frame.columns["x"].values, tau, options(**more))


@pytest.mark.parametrize(
    ("more", "tau", "why"),
    [
        ({"uno_min_at_risk": 199}, 4.0, "fewer than 199 patients at risk at tau"),
        ({"uno_min_uncensored": 0.99}, 4.0, "is below 0.99"),
        ({"weights": "w"}, 4.0, "not offered with strata, clusters or case weights"),
        ({}, 0.0, NO_PAIR),
        ({}, float("-inf"), NO_PAIR),
        ({}, 50.0, "fewer than 20 patients"),
    ],
)
def test_refused(frame_of, more, tau, why) -> None:
    for found in statistics_of(cohort(frame_of), tau, **more):
        assert found.value is None and found.reason is Reason.NOT_ESTIMABLE and why in found.note


def test_refused_with_entry_and_with_competing_events(frame_of) -> None:
    from dataclasses import replace

    frame = cohort(frame_of)
    late = replace(frame, entry=np.full(frame.n, -1.0))
    assert "came under observation late" in statistics_of(late, 4.0)[0].note
    competing = replace(frame, cause=frame.event.astype(np.int64), causes=("death",))
    assert "competing events" in statistics_of(competing, 4.0)[0].note
