"""Clusters, their order, their nodes and what cannot be clustered."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from reporter.phenotype.classifier import cross_validate, nearest_centroid, stratified_folds
from reporter.phenotype.clusters import find_clusters, label_order
from reporter.phenotype.nodes import analyse_phenotypes, analyse_recognition, assign_phenotypes, carry_phenotypes
from reporter.results.value import Reason
from reporter.spec.options import PhenotypeOptions, TermSpec

CENTRES = ((30.0, 1.0), (60.0, 12.0), (75.0, 2.0))
RATES = (0.1, 1.5, 0.5)


def options(**change: object) -> PhenotypeOptions:
    given = {
        "terms": (TermSpec(column="age", per=10), TermSpec(column="nodes")), "k": (2, 3, 4, 5), "horizon": 2.0,
        "conf_level": 0.95, "seed": 11, "trees": 40,
    }  # fmt: skip
    return PhenotypeOptions.model_validate({**given, **change})


def planted(frame_of, seed: int = 1, n: int = 80, **columns: object):
    """Three groups far apart; the second dies fastest, the first slowest."""
    random = np.random.default_rng(seed)
    truth = random.permutation(np.repeat([0, 1, 2], n))
    age, nodes = (np.array([CENTRES[i][j] for i in truth]) + random.normal(0, 0.5, 3 * n) for j in (0, 1))
    death = random.exponential(1 / np.array(RATES)[truth])
    end = random.uniform(3, 6, 3 * n)
    frame = frame_of(np.minimum(death, end), death <= end, {"age": age, "nodes": nodes, **columns})
    return frame, truth


def recognition(frame, options: PhenotypeOptions):
    (node,) = analyse_recognition(analyse_phenotypes(frame, options))
    assert node.analysis == "phenotype_classifier"
    return node


def value(node, stat: str, **place: object) -> float | None:
    return node.find(**place).get(stat).value


def test_separated_groups_are_found_and_ordered_worst_first(frame_of) -> None:
    frame, truth = planted(frame_of)
    found = analyse_phenotypes(frame, options())
    order = np.array([2, 0, 1])
    assert np.array_equal(found.column.codes, order[truth])
    node = found.nodes[0]
    assert value(node, "k", term="GLOBAL") == 3
    assert value(node, "n", term="GLOBAL") == 240
    means = [value(node, "rmst", group="phenotype", level=str(i)) for i in (1, 2, 3)]
    assert means == sorted(means)
    assert value(node, "n_event", group="phenotype", level="1") == frame.event[truth == 1].sum()
    assert value(node, "silhouette", term="k=3") == value(node, "silhouette", term="GLOBAL")
    assert node.notes == ()


def test_tree_and_forest_recognise_them(frame_of) -> None:
    frame, _ = planted(frame_of)
    node = recognition(frame, options())
    assert [row.term for row in node.rows] == ["tree", "forest"]
    for row in node.rows:
        assert row.get("accuracy").value == 1.0
        assert row.get("balanced_accuracy").value == 1.0
        assert row.get("n_folds").value == 5


def test_each_fold_makes_its_own_clusters(frame_of) -> None:
    """The labels of the whole cohort only deal the folds: shuffled, they change no accuracy."""
    found = analyse_phenotypes(planted(frame_of)[0], options()).clusters
    shuffled = replace(found, labels=np.random.default_rng(1).permutation(found.labels))
    assert cross_validate(shuffled, options())["forest"].accuracy == 1.0


def test_noise_is_recognised_less_well(frame_of) -> None:
    random = np.random.default_rng(3)
    frame = frame_of(
        random.exponential(1, 200), np.ones(200), {"age": random.normal(size=200), "nodes": random.normal(size=200)}
    )
    row = recognition(frame, options(k=(5,))).find(term="forest")
    assert 0.5 < row.get("accuracy").value < 1.0


def test_the_same_input_gives_the_same_everything(frame_of) -> None:
    one, two = (analyse_phenotypes(planted(frame_of)[0], options()) for _ in range(2))
    assert one.nodes == two.nodes
    assert analyse_recognition(one) == analyse_recognition(two)
    assert one.model.to_json() == two.model.to_json()
    assert np.array_equal(one.probability, two.probability)


def test_heights_stand_in_a_curve_by_number_of_the_merge(frame_of) -> None:
    curve = analyse_phenotypes(planted(frame_of)[0], options()).nodes[1].curves[0]
    assert curve.time == tuple(float(i) for i in range(1, 240))
    assert curve.column("height") == tuple(sorted(curve.column("height")))


def test_a_missing_feature_gives_no_phenotype(frame_of) -> None:
    frame, _ = planted(frame_of)
    frame.columns["age"].values[[3, 9]] = np.nan
    found = analyse_phenotypes(frame, options())
    assert np.flatnonzero(~found.column.observed).tolist() == [3, 9]
    assert np.flatnonzero(np.isnan(found.probability)).tolist() == [3, 9]
    assert value(found.nodes[0], "n_missing", term="GLOBAL") == 2
    assert "2 patients with a missing feature have no phenotype" in found.nodes[0].notes


def test_probabilities_are_those_of_trees_that_did_not_see_the_patient(frame_of) -> None:
    """On noise the left-out probability of the own cluster is below that of the trees that learned it."""
    random = np.random.default_rng(3)
    frame = frame_of(
        random.exponential(1, 200), np.ones(200), {"age": random.normal(size=200), "nodes": random.normal(size=200)}
    )
    found = analyse_phenotypes(frame, options(k=(4,), min_leaf=1))
    _, seen = found.model.predict(frame.columns)
    assert found.probability.mean() < seen[np.arange(200), found.column.codes].mean() - 0.02


def test_few_events_are_noted(frame_of) -> None:
    frame, truth = planted(frame_of)
    frame.event[(truth == 0) & (np.cumsum(truth == 0) > 5)] = False
    assert any(note.startswith("phenotype 3 has") for note in analyse_phenotypes(frame, options()).nodes[0].notes)


def test_a_phenotype_without_events_has_the_whole_horizon(frame_of) -> None:
    frame, truth = planted(frame_of)
    frame.event[truth == 0] = False
    node = analyse_phenotypes(frame, options()).nodes[0]
    assert value(node, "rmst", group="phenotype", level="3") == pytest.approx(2.0, rel=1e-12)
    assert "phenotype 3 has 0 events, fewer than 10" in node.notes


def test_a_follow_up_that_ends_early_has_a_reason_and_comes_last(frame_of) -> None:
    frame, truth = planted(frame_of)
    frame.time[truth == 1] = np.minimum(frame.time[truth == 1], 1.0)
    frame.event[(truth == 1) & (frame.time == 1.0)] = False
    stat = analyse_phenotypes(frame, options()).nodes[0].find(group="phenotype", level="3").get("rmst")
    assert (stat.value, stat.reason) == (None, Reason.NOT_ESTIMABLE)
    assert stat.note == "follow-up ends before 2 years"


def test_ties_of_the_restricted_mean_go_by_size_then_as_they_come() -> None:
    rmst = np.array([2.0, 1.0, 2.0 + 1e-12, np.nan, 2.0])
    assert label_order(rmst, np.array([10, 5, 20, 90, 10])).tolist() == [1, 2, 0, 4, 3]


def test_k_not_below_the_distinct_patients_is_refused(frame_of) -> None:
    frame = frame_of(np.arange(1, 41), np.ones(40), {"age": [30, 40, 50, 60] * 10, "nodes": [1, 1, 2, 2] * 10})
    found = analyse_phenotypes(frame, options(k=(2, 3, 4, 5)))
    node = found.nodes[0]
    assert node.find(term="k=4").get("silhouette").reason == Reason.NOT_ESTIMABLE
    assert "k = 5 is not below the number of distinct patients; not tried" in node.notes
    assert node.find(term="k=3").get("silhouette").value is not None
    nothing = analyse_phenotypes(frame, options(k=(4, 5)))
    assert nothing.column is None and nothing.model is None and nothing.tree == ()
    assert "which is 4" in nothing.nodes[0].failed


def test_a_constant_feature_is_left_out_and_named(frame_of) -> None:
    frame, truth = planted(frame_of, er=np.full(240, 5.0))
    terms = (*options().terms, TermSpec(column="er"))
    found = analyse_phenotypes(frame, options(terms=terms))
    assert np.array_equal(found.column.codes, np.array([2, 0, 1])[truth])
    assert found.model.names == ("age", "nodes")
    assert "er does not vary among the patients with all features; left out" in found.nodes[0].notes
    assert (assign_phenotypes(found.model, frame).codes >= 0).all()


def test_a_level_that_nobody_has_is_left_out_and_never_assigned(frame_of, levels) -> None:
    codes = tuple(np.random.default_rng(4).integers(0, 2, 240))
    frame, _ = planted(frame_of, size=levels(("small", "middle", "large"), codes))
    terms = (*options().terms, TermSpec(column="size", levels=("small", "middle", "large")))
    found = analyse_phenotypes(frame, options(terms=terms))
    assert found.model.names == ("age", "nodes", "size=middle")
    frame.columns["size"].values[0] = 2
    assert assign_phenotypes(found.model, frame).codes[0] == -1
    assert (assign_phenotypes(found.model, frame).codes[1:] >= 0).all()


@pytest.mark.parametrize(
    ("column", "words"),
    [(np.full(240, np.nan), "0 of 240 patients"), (np.full(240, 1.0), "no feature varies")],
    ids=["all missing", "all constant"],
)
def test_what_cannot_be_clustered_says_why(frame_of, column: np.ndarray, words: str) -> None:
    frame, _ = planted(frame_of, er=column)
    found = analyse_phenotypes(frame, options(terms=(TermSpec(column="er"),)))
    assert found.column is None
    assert [node.analysis for node in found.nodes] == ["phenotype"]
    assert words in found.nodes[0].failed
    assert analyse_recognition(found) == ()


def test_one_level_alone_is_no_feature(frame_of, levels) -> None:
    frame, _ = planted(frame_of, size=levels(("small",), (0,) * 240))
    only = analyse_phenotypes(frame, options(terms=(TermSpec(column="size", levels=("small",)),)))
    assert "no feature varies" in only.nodes[0].failed
    terms = (*options().terms, TermSpec(column="size", levels=("small",)))
    found = analyse_phenotypes(frame, options(terms=terms))
    assert any(note.startswith("size does not vary") for note in found.nodes[0].notes)
    assert (assign_phenotypes(found.model, frame).codes >= 0).all()


def test_too_many_patients_are_refused(frame_of, monkeypatch) -> None:
    monkeypatch.setattr("reporter.phenotype.clusters.MAX_PATIENTS", 100)
    assert "offered up to 100" in analyse_phenotypes(planted(frame_of)[0], options()).nodes[0].failed


def test_a_logarithm_that_does_not_exist_says_so(frame_of) -> None:
    frame, _ = planted(frame_of)
    frame.columns["nodes"].values[0] = -1.0
    terms = (TermSpec(column="age"), TermSpec(column="nodes", transform="log1p"))
    assert "log1p does not exist" in analyse_phenotypes(frame, options(terms=terms)).nodes[0].failed


def test_a_transform_changes_the_clusters_but_not_the_units_of_the_tree(frame_of) -> None:
    frame, _ = planted(frame_of)
    frame.columns["nodes"].values[:] = np.abs(frame.columns["nodes"].values)
    terms = (TermSpec(column="age"), TermSpec(column="nodes", transform="log1p", winsorize=10.0))
    found = analyse_phenotypes(frame, options(terms=terms, k=(3,)))
    raw = frame.columns["nodes"].values
    assert found.model.centre[1] == pytest.approx(np.log1p(np.minimum(raw, 10)).mean(), rel=1e-13)
    for node in found.tree:
        if node.term:
            column = frame.columns[node.term].values
            assert column.min() < node.threshold < column.max()


def test_a_phenotype_smaller_than_the_folds_gives_no_accuracy(frame_of) -> None:
    age = np.concatenate([np.random.default_rng(1).normal(50, 3, 60), [500.0, 501.0, 502.0]])
    frame = frame_of(np.arange(1, 64), np.ones(63), {"age": age, "nodes": age * 2})
    stat = recognition(frame, options(k=(2,))).find(term="tree").get("accuracy")
    assert (stat.value, stat.reason) == (None, Reason.NOT_ESTIMABLE)
    assert "3 patients, fewer than the 5 folds" in stat.note


def test_clusters_that_hang_on_the_order_of_ties_are_noted(frame_of) -> None:
    """Four corners of a square, equally full: two clusters can be cut either way."""
    age, nodes = [0, 0, 1, 1] * 10, [0, 1, 0, 1] * 10
    frame = frame_of(np.arange(1, 41), np.ones(40), {"age": age, "nodes": nodes})
    assert find_clusters(frame, options(k=(3,))).n_moved > 0
    notes = analyse_phenotypes(frame, options(k=(3,))).nodes[0].notes
    assert any(note.startswith("another order of tied merges") for note in notes)


def test_no_warning_leaves_the_analysis(frame_of) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recognition(planted(frame_of)[0], options())


def test_the_frame_of_another_endpoint_keeps_the_clusters(frame_of) -> None:
    home, _ = planted(frame_of)
    found = analyse_phenotypes(home, options(k=(5,), min_leaf=40, trees=3))
    forest = assign_phenotypes(found.model, home)
    assert not np.array_equal(forest.codes, found.column.codes)
    keep = np.arange(239, 9, -1)
    other = frame_of(home.time[keep], home.event[keep], {n: c.values[keep] for n, c in home.columns.items()})
    ids = [home.ids[i] for i in keep]
    ids[0] = "new"
    other = type(other)(**{**vars(other), "ids": tuple(ids), "endpoint": "rfs"})
    carried = carry_phenotypes(found, home, other)
    assert np.array_equal(carried.codes[1:], found.column.codes[keep][1:])
    assert carried.codes[0] == forest.codes[keep[0]]


def test_folds_hold_the_same_share_of_each_label() -> None:
    labels = np.repeat([0, 1, 2], [50, 25, 13])
    fold = stratified_folds(labels, 5, seed=2)
    for label, size in enumerate((50, 25, 13)):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.sum() == size and counts.max() - counts.min() <= 1
    assert np.ptp(np.bincount(fold)) <= 1
    assert np.array_equal(fold, stratified_folds(labels, 5, seed=2))
    assert not np.array_equal(fold, stratified_folds(labels, 5, seed=3))


def test_nearest_centroid_by_hand() -> None:
    x, labels = np.array([[0.0], [2.0], [10.0]]), np.array([0, 0, 1])
    assert nearest_centroid(x, labels, np.array([[5.0], [6.0], [5.5]])).tolist() == [0, 1, 0]
