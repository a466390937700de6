"""Trees as plain arrays against scikit-learn's own answers."""

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.ensemble import RandomForestClassifier

from reporter.phenotype.forest import MAX_LEAVES, Forest, grow_forest, grow_tree, printed_nodes


def sample(seed: int = 1, n: int = 700) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.column_stack([random.integers(20, 90, n) / 10, random.integers(0, 2, n), random.gamma(2.0, 5.0, n)])
    labels = (x[:, 0] > 5).astype(int) + (x[:, 2] > 12) + (random.random(n) > 0.9)
    return x, labels


def reference(x: np.ndarray, labels: np.ndarray) -> RandomForestClassifier:
    forest = RandomForestClassifier(
        n_estimators=60, min_samples_leaf=10, max_features="sqrt", random_state=7, oob_score=True, n_jobs=1
    )
    return forest.fit(x, labels)


def test_probabilities_are_those_of_scikit_learn() -> None:
    x, labels = sample()
    forest, _ = grow_forest(x, labels, trees=60, min_leaf=10, seed=7)
    new = sample(seed=2, n=1300)[0]
    assert np.abs(forest.probabilities(new) - reference(x, labels).predict_proba(new)).max() <= 1e-15


def test_values_at_a_threshold_are_compared_as_single_precision() -> None:
    """Every threshold itself, and its neighbours in double precision, go where scikit-learn sends them."""
    x, labels = sample()
    forest, _ = grow_forest(x, labels, trees=60, min_leaf=10, seed=7)
    inner = [(f, t) for f, t in zip(forest.feature, forest.threshold, strict=True) if f >= 0]
    rows = []
    for feature, threshold in inner[:400]:
        for value in (threshold, np.nextafter(threshold, 99), np.nextafter(np.float32(threshold), np.float32(99))):
            row = x[feature].copy()
            row[feature] = value
            rows.append(row)
    new = np.array(rows)
    single = new.astype(np.float32).astype(float)
    assert (single != new).any()
    assert np.abs(forest.probabilities(new) - reference(x, labels).predict_proba(new)).max() <= 1e-15


def test_left_out_probabilities_are_those_of_scikit_learn() -> None:
    x, labels = sample()
    forest, drawn = grow_forest(x, labels, trees=60, min_leaf=10, seed=7)
    found = forest.left_out_probabilities(x, drawn)
    assert found == pytest.approx(reference(x, labels).oob_decision_function_, rel=1e-13, abs=1e-15)
    assert not np.allclose(found, forest.probabilities(x))


def test_a_row_drawn_by_every_tree_has_no_left_out_probability() -> None:
    x, labels = sample(n=60)
    forest, _ = grow_forest(x, labels, trees=2, min_leaf=5, seed=1)
    found = forest.left_out_probabilities(x, [np.arange(60), np.arange(1, 60)])
    assert np.isnan(found[1:]).all()
    assert np.isfinite(found[0]).all()


def test_the_number_of_jobs_changes_nothing() -> None:
    x, labels = sample()
    one, two = (grow_forest(x, labels, trees=40, min_leaf=10, seed=3, jobs=jobs) for jobs in (1, 2))
    assert one[0] == two[0]
    assert all(np.array_equal(a, b) for a, b in zip(one[1], two[1], strict=True))
    assert grow_forest(x, labels, trees=40, min_leaf=10, seed=4)[0] != one[0]


def test_a_forest_reads_back_from_json() -> None:
    x, labels = sample()
    forest, _ = grow_forest(x, labels, trees=20, min_leaf=10, seed=3)
    again = Forest.model_validate_json(forest.model_dump_json())
    assert again == forest
    assert np.array_equal(again.probabilities(x), forest.probabilities(x))


@pytest.mark.parametrize(
    "change", [{"low": (0, 0, 1)}, {"low": (1, 5, 1)}, {"high": (3, -1, -1)}, {"threshold": (0.5, 0.0)}]
)
def test_nodes_that_lead_nowhere_are_refused(change: dict[str, object]) -> None:
    whole = {
        "roots": (0,), "feature": (0, -1, -1), "threshold": (0.5, 0.0, 0.0), "low": (1, 0, 1), "high": (2, -1, -1),
        "shares": ((1.0, 0.0), (0.0, 1.0)),
    }  # fmt: skip
    assert Forest.model_validate(whole).probabilities(np.array([[0.5], [0.6]])).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(ValidationError):
        Forest.model_validate({**whole, **change})


def test_the_printed_tree_is_small_and_gives_scikit_learns_answers() -> None:
    x, labels = sample()
    tree = grow_tree(x, labels, min_leaf=10, seed=1)
    nodes = printed_nodes(tree, ("age", "size=>50", "nodes"))
    leaves = [node for node in nodes if not node.term]
    assert 2 <= len(leaves) <= MAX_LEAVES
    assert sum(node.n for node in leaves) == nodes[0].n == 700
    assert min(node.n for node in leaves) >= 10
    assert nodes[0].shares == pytest.approx(np.bincount(labels) / 700, rel=1e-12)
    position = {"age": 0, "size=>50": 1, "nodes": 2}
    for row, expected in zip(x[:200], tree.predict_proba(x[:200]), strict=True):
        node = nodes[0]
        while node.term:
            low = np.float32(row[position[node.term]]) <= node.threshold
            node = nodes[node.low if low else node.high]
        assert node.shares == pytest.approx(expected, rel=1e-15)
