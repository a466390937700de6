"""Log-rank test by hand and where it cannot be computed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.log_rank import analyse_log_rank
from reporter.results.value import Reason
from reporter.spec.options import LogRankOptions


def test_two_groups_by_hand() -> None:
    time = np.array([1.0, 2.0, 2.0, 3.0])
    event = np.array([True, True, True, False])
    found = log_rank(time, event, np.array([0, 0, 1, 1]), 2)
    # Time 1: n 4, in group 0 2, d 1. Time 2: n 3, in group 0 1, d 2.
    expected = 1 * 2 / 4 + 2 * 1 / 3
    variance = 1 * 0.5 * 0.5 + 2 * (1 / 3) * (2 / 3) * (3 - 2) / (3 - 1)
    assert found.observed.tolist() == [2, 1]
    assert found.expected[0] == pytest.approx(expected, rel=1e-15)
    assert found.statistic == pytest.approx((2 - expected) ** 2 / variance, rel=1e-14)
    assert found.df == 1
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=1e-13)


def test_groups_in_any_order_give_the_same_statistic() -> None:
    rng = np.random.default_rng(8)
    time, event, group = rng.integers(1, 12, 80).astype(float), rng.random(80) < 0.6, rng.integers(0, 3, 80)
    first = log_rank(time, event, group, 3)
    turned = log_rank(time, event, 2 - group, 3)
    assert first.statistic == pytest.approx(turned.statistic, rel=1e-12)
    assert first.observed.sum() == pytest.approx(first.expected.sum(), rel=1e-13)


def test_huge_statistic_keeps_its_log_p() -> None:
    time = np.arange(1.0, 4001)
    group = (time > 2000).astype(np.int64)
    found = log_rank(time, np.ones(4000, dtype=bool), group, 2)
    assert found.p_value == 0 and -1e5 < found.log_p_value < -700


@pytest.mark.parametrize(
    ("time", "event", "codes", "df"),
    [
        ([1, 2, 3, 4], [1, 1, 1, 1], (0, 0, 0, 0), 0),
        ([1, 2, 3, 4], [0, 0, 0, 0], (0, 0, 1, 1), 0),
        # The second group is censored before the first event: nobody of it is ever at risk.
        ([1, 2, 3, 4], [0, 0, 1, 1], (1, 1, 0, 0), 0),
        # Everybody dies at once: no variance.
        ([2, 2, 2, 2], [1, 1, 1, 1], (0, 0, 1, 1), 1),
    ],
)
def test_without_a_test_there_is_a_reason(frame_of, levels, time, event, codes, df) -> None:
    frame = frame_of(time, event, {"g": levels(("a", "b", "c"), codes)})
    (node,) = analyse_log_rank(frame, LogRankOptions(group="g"))
    row = node.rows[0]
    for name in ("statistic", "p_value", "log_p_value"):
        assert row.get(name).reason is Reason.NOT_ESTIMABLE and row.get(name).note
    assert row.get("df").value == df


def test_rows_without_a_group_are_left_out(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], {"g": levels(("a", "b"), (0, 1, -1, 0, 1))})
    (node,) = analyse_log_rank(frame, LogRankOptions(group="g"))
    assert [node.find(group="g", level=level).get("n").value for level in "ab"] == [2, 2]
