"""Table 1 by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.analysis.baseline import analyse_baseline, quantile
from reporter.results.value import Reason
from reporter.spec.options import BaselineOptions


@pytest.mark.parametrize(("p", "value"), [(0.25, 1.75), (0.5, 2.5), (0.75, 3.25)])
def test_quantiles_are_type_7(p: float, value: float) -> None:
    assert quantile(np.array([4.0, 1, 3, 2]), p) == value


def test_counts_missing_and_percentages(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3, 4], [1, 0, 1, 0], {"x": [2, np.nan, 4, 6], "g": levels(("a", "b"), (0, 0, 1, -1))})
    (node,) = analyse_baseline(frame, BaselineOptions(columns=("x", "g")))
    x = node.find(term="x")
    assert [x.get(name).value for name in ("n", "n_missing", "mean", "std_dev", "median")] == [3, 1, 4, 2, 4]
    assert [node.find(term="g").get(name).value for name in ("n", "n_missing")] == [3, 1]
    assert node.find(term="g=a").get("percent").value == pytest.approx(200 / 3)


def test_by_group_leaves_out_and_says_so(frame_of, levels) -> None:
    frame = frame_of([1, 2, 3], [1, 0, 1], {"x": [2.0, 3, 4], "g": levels(("a", "b"), (0, 0, -1))})
    (node,) = analyse_baseline(frame, BaselineOptions(group="g", columns=("x", "g")))
    assert node.notes == ("1 patients without a value of g are left out",)
    assert {row.level for row in node.rows} == {"a"}


def test_no_value_and_one_value_have_reasons(frame_of) -> None:
    frame = frame_of([1, 2], [1, 0], {"x": [np.nan, np.nan], "y": [5, np.nan]})
    (node,) = analyse_baseline(frame, BaselineOptions(columns=("x", "y")))
    assert node.find(term="x").get("mean").reason is Reason.NOT_ESTIMABLE
    assert node.find(term="y").get("std_dev").reason is Reason.NOT_ESTIMABLE
    assert node.find(term="y").get("median").value == 5
