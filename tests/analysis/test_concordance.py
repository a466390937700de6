"""Concordance: pairs counted one by one against the fast count."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reporter.analysis.concordance import analyse_concordance
from reporter.analysis.kernels.concordance import concordance, count_below
from reporter.results.value import Reason
from reporter.spec.options import ConcordanceOptions, TermSpec


def slow(time, event, risk, ymax):
    """All pairs, one by one; score and pairs of each row for the infinitesimal jackknife."""
    n = len(time)
    score, pairs = np.zeros(n), np.zeros(n)
    better = worse = tied = tied_time = tied_both = 0
    for i in range(n):
        if not event[i] or (ymax is not None and time[i] > ymax):
            continue
        for j in range(n):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                value = 1.0 if risk[j] < risk[i] else 0.5 if risk[j] == risk[i] else 0.0
                better, worse, tied = better + (value == 1), worse + (value == 0), tied + (value == 0.5)
                score[[i, j]] += value
                pairs[[i, j]] += 1
            elif time[j] == time[i] and event[j] and j > i:
                tied_both, tied_time = tied_both + (risk[i] == risk[j]), tied_time + (risk[i] != risk[j])
    total = better + worse + tied
    estimate = (better + tied / 2) / total if total else np.nan
    error = np.sqrt((((score - estimate * pairs) / total) ** 2).sum()) if total else np.nan
    return estimate, error, better, worse, tied, tied_time, tied_both


@pytest.mark.parametrize("seed", range(40))
def test_fast_count_is_the_count_of_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    time, risk = rng.integers(0, 8, n).astype(float), rng.integers(0, 6, n).astype(float)
    event = rng.random(n) < rng.choice([0.2, 0.6, 1.0])
    ymax = None if seed % 2 else float(rng.integers(0, 8))
    found = concordance(time, event, risk, ymax=ymax)
    assert_allclose(list(vars(found).values()), slow(time, event, risk, ymax), rtol=1e-13, atol=1e-16)


def test_by_hand() -> None:
    # Pairs: (1: 2, 3, 4) and (2: 4); at 2 the event comes before the censoring.
    found = concordance(np.array([1.0, 2, 2, 3]), np.array([1, 1, 0, 0], bool), np.array([3.0, 1, 2, 1]), ymax=None)
    assert (found.n_concordant, found.n_discordant, found.n_tied_risk) == (3, 1, 1)
    assert found.estimate == 3.5 / 5


def test_reversed_risk_gives_the_complement() -> None:
    rng = np.random.default_rng(1)
    time, event, risk = rng.exponential(size=200), rng.random(200) < 0.5, rng.normal(size=200)
    one, other = (concordance(time, event, sign * risk, ymax=None) for sign in (1, -1))
    assert one.estimate + other.estimate == pytest.approx(1, rel=1e-15)
    assert one.std_error == pytest.approx(other.std_error, rel=1e-12)


def test_count_below_by_hand() -> None:
    values = np.array([3, 0, 2, 2, 5])
    assert count_below(values, np.array([0, 3, 5, 5, 5]), np.array([9, 3, 2, 3, 6])).tolist() == [0, 2, 1, 3, 5]


def test_no_comparable_pair_gives_a_reason(frame_of) -> None:
    frame = frame_of([1, 1, 2], [1, 1, 0], {"x": [1.0, 2, 5]})
    options = ConcordanceOptions(terms=(TermSpec(column="x"),), ties="efron", conf_level=0.95, horizon=0.5)
    (node,) = analyse_concordance(frame, options)
    early = node.find(term="cox", time=0.5)
    assert early.get("estimate").reason is Reason.NOT_ESTIMABLE
    assert early.get("estimate").note == "no comparable pair"


def test_tau_is_stated(frame_of) -> None:
    frame = frame_of([1, 2, 3, 9], [1, 1, 1, 0], {"x": [1.0, 3, 2, 0]}, unit="months")
    options = ConcordanceOptions(terms=(TermSpec(column="x"),), ties="efron", conf_level=0.95, horizon=2.5)
    (node,) = analyse_concordance(frame, options)
    assert [(row.get("tau").value, row.get("tau").unit) for row in node.rows] == [(3, "months"), (2.5, "months")]


def test_hundred_thousand_rows_need_little_memory() -> None:
    rng = np.random.default_rng(2)
    time, event, risk = rng.exponential(size=100_000).round(2), rng.random(100_000) < 0.5, rng.normal(size=100_000)
    tracemalloc.start()
    found = concordance(time, event, risk, ymax=None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
    assert found.estimate == pytest.approx(0.5, abs=0.01)
