"""Ward's clustering: worked by hand, against SciPy, and merge by merge against R where merges are tied."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from reporter.phenotype.features import standardise
from reporter.phenotype.ward import ward_tree

R_CODE = """
x <- scale(as.matrix(read.csv("matrix.csv", header = FALSE)))
tree <- hclust(dist(x), method = "ward.D2")
cat(sprintf("%.17g", tree$height), sep = "\\n", file = "height.txt")
write.table(sapply(2:6, function(k) cutree(tree, k)), "cut.txt", row.names = FALSE, col.names = FALSE)
"""


def test_four_points_on_a_line_by_hand() -> None:
    """sqrt(2 ab / (a + b)) times the distance of the means: 1, 2, and sqrt(2) (6 - 0.5)."""
    tree = ward_tree(np.array([[0.0], [1.0], [5.0], [7.0]]))
    assert tree.height == pytest.approx([1.0, 2.0, 5.5 * np.sqrt(2)], rel=1e-15)
    assert tree.kept.tolist() == [0, 2, 0]
    assert tree.absorbed.tolist() == [1, 3, 2]
    assert tree.cut(2).tolist() == [0, 0, 1, 1]
    assert tree.cut(3).tolist() == [0, 0, 1, 2]
    assert tree.cut(1).tolist() == [0, 0, 0, 0]
    assert tree.cut(4).tolist() == [0, 1, 2, 3]


def test_of_tied_merges_the_smallest_rows_go_first() -> None:
    tree = ward_tree(np.array([[3.0], [0.0], [1.0], [2.0]]))
    assert (tree.kept[0], tree.absorbed[0]) == (0, 3)
    assert (tree.kept[1], tree.absorbed[1]) == (1, 2)


def test_two_rows_are_one_merge() -> None:
    tree = ward_tree(np.array([[0.0, 0.0], [3.0, 4.0]]))
    assert tree.height.tolist() == [5.0]


@pytest.mark.parametrize("n", [40, 600])
def test_heights_are_those_of_scipy_without_ties(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, 3))
    assert ward_tree(x).height == pytest.approx(linkage(x, "ward")[:, 2], rel=1e-12)


def test_labels_count_in_order_of_first_appearance() -> None:
    x = np.array([[10.0], [0.0], [10.1], [5.0], [0.1]])
    assert ward_tree(x).cut(3).tolist() == [0, 1, 0, 2, 1]


@pytest.mark.r
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_r_takes_the_same_tied_merges(seed: int, tmp_path: Path) -> None:
    """Whole numbers with many duplicates: the heights are equal in every bit, the clusters the same."""
    random = np.random.default_rng(seed)
    matrix = np.column_stack([random.integers(20, 40, 400), random.integers(0, 2, 400), random.poisson(2, 400)])
    np.savetxt(tmp_path / "matrix.csv", matrix, delimiter=",", fmt="%d")
    subprocess.run(["Rscript", "-e", R_CODE], cwd=tmp_path, check=True, capture_output=True)
    numbers = matrix.astype(float)
    tree = ward_tree(standardise(numbers).apply(numbers))
    assert tree.height.tolist() == np.loadtxt(tmp_path / "height.txt").tolist()
    cuts = np.column_stack([tree.cut(k) + 1 for k in range(2, 7)])
    assert np.array_equal(cuts, np.loadtxt(tmp_path / "cut.txt").astype(int))
