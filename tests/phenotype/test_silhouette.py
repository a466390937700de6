"""Mean silhouettes: by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from reporter.phenotype.silhouette import mean_silhouettes


def test_two_pairs_by_hand() -> None:
    x = np.array([[0.0], [1.0], [4.0], [5.0]])
    (found,) = mean_silhouettes(x, [np.array([0, 0, 1, 1])])
    assert found == pytest.approx((7 / 9 + 5 / 7) / 2, rel=1e-15)


def test_a_row_alone_counts_zero() -> None:
    x = np.array([[0.0], [1.0], [9.0]])
    (found,) = mean_silhouettes(x, [np.array([0, 0, 1])])
    assert found == pytest.approx((8 / 9 + 7 / 8 + 0) / 3, rel=1e-15)


def test_several_partitions_at_once_over_more_than_one_block() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(1100, 4))
    partitions = [random.integers(0, k, 1100) for k in (2, 3, 7)]
    expected = [silhouette_score(x, labels) for labels in partitions]
    assert mean_silhouettes(x, partitions) == pytest.approx(expected, rel=1e-11, abs=1e-14)


def test_no_partition_gives_nothing() -> None:
    assert mean_silhouettes(np.zeros((3, 1)), []) == ()
