"""The search for structure: pieces by hand, planted groups found, data without groups called structureless."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import kstest, spearmanr
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from reporter.phenotype.algorithms import MixtureControl, kmeans_from, mixture_from, ward_cut
from reporter.phenotype.nodes import analyse_phenotypes
from reporter.phenotype.nulls import copula_correlation, copula_root, copula_set, permuted
from reporter.phenotype.structure import (
    COPULA,
    _Sets,
    _silhouettes,
    best_jaccard,
    log_within,
    max_type,
    mean_by_place,
    sample_rows,
)
from reporter.phenotype.structure_nodes import with_structure
from reporter.phenotype.ward import ward_tree
from reporter.results.value import Reason
from reporter.spec.options import StructureOptions, TermSpec
from tests.phenotype.structureless import KINDS, KS, options, planted, search, variables
from tests.phenotype.test_phenotypes import options as phenotype_options
from tests.phenotype.test_phenotypes import planted as planted_frame

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SEEDS = range(20) if NIGHTLY else range(1)


def test_jaccard_by_hand() -> None:
    """Of rows 0 1 2 | 3 4 5 the rows 0 1 3 4 are drawn and found again as 0 1 3 | 4."""
    found = best_jaccard(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 3, 4]), np.array([0, 0, 0, 1]), 2)
    assert found == pytest.approx([2 / 3, 1 / 2], rel=1e-15)
    absent = best_jaccard(np.array([0, 0, 1]), np.array([0, 1]), np.array([0, 0]), 2)
    assert absent[0] == 1.0 and np.isnan(absent[1])


def test_the_largest_standardised_index_by_hand() -> None:
    """Four values a place: standardised 5 among 1 1 1 is sqrt(3); the second place never says more."""
    found = max_type(np.array([5.0, 0.0]), np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
    assert (found.statistic, found.p_value, found.place) == (pytest.approx(np.sqrt(3)), 0.25, 0)
    none = max_type(np.array([1.0]), np.ones((3, 1)))
    assert (none.statistic, none.p_value) == (0.0, 1.0)


def test_within_by_hand() -> None:
    assert log_within(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 1])) == pytest.approx(np.log(2.0))


def test_the_sample_is_evenly_spread() -> None:
    assert sample_rows(4, 4).tolist() == [0, 1, 2, 3]
    assert sample_rows(10, 4).tolist() == [1, 3, 6, 8]


@given(st.integers(1, 2000), st.integers(1, 300))
def test_sampled_rows_are_distinct_and_exist(n: int, most: int) -> None:
    rows = sample_rows(n, most)
    assert rows.size == min(n, most) and np.unique(rows).size == rows.size
    assert rows[0] >= 0 and rows[-1] < n


def test_the_mixture_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    x = np.vstack([random.normal(size=(100, 3)), random.normal(size=(80, 3)) + 2.5])
    start = ward_cut(pdist(x))(2)
    mixture = mixture_from(x, start, 2, MixtureControl(2000, 1e-13, 0.0))
    means = np.array([x[start == i].mean(axis=0) for i in range(2)])
    rest = x - means[start]
    witness = GaussianMixture(
        2, covariance_type="tied", means_init=means, weights_init=np.bincount(start) / 180, reg_covar=0.0,
        precisions_init=np.linalg.inv(rest.T @ rest / 180), tol=1e-13, max_iter=2000,
    ).fit(x)  # fmt: skip
    assert mixture.bic == pytest.approx(witness.bic(x), rel=1e-8)
    assert np.array_equal(mixture.labels, witness.predict(x))


def test_a_machine_that_does_not_tell_its_cores_gives_no_warning() -> None:
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "from joblib.externals.loky.backend import context\n"
        "context._count_physical_cores_linux = lambda: 0\n"
        "import numpy as np\n"
        "from reporter.phenotype.algorithms import kmeans_from\n"
        "print(kmeans_from(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]), 2).tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[0, 0, 1]\n"), done.stderr


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_cut_and_silhouette_are_those_of_the_slow_way(seed: int, k: int) -> None:
    x = np.random.default_rng(seed).normal(size=(30, 2))
    labels = ward_cut(pdist(x))(k)
    assert adjusted_rand_score(labels, ward_tree(x).cut(k)) == 1.0
    assert mean_by_place(pdist(x), {("ward", k): labels})[0] == pytest.approx(silhouette_score(x, labels), rel=1e-9)
    again = kmeans_from(x, labels, k)
    centres = np.array([x[again == i].mean(axis=0) for i in range(k)])
    nearest = np.square(x[:, None] - centres[None]).sum(axis=2).argmin(axis=1)
    assert np.array_equal(nearest, again)


@pytest.mark.parametrize("kind", ["skewed", "mixed", "registry"])
def test_null_sets_keep_the_marginals_and_the_copula_the_rank_correlations(kind: str) -> None:
    data = variables(KINDS[kind](np.random.default_rng(5), 300))
    root = copula_root(copula_correlation(data.scores))
    sets = [copula_set(data, root, np.random.default_rng(i)) for i in range(60)]
    for found in (sets[0], permuted(data, np.random.default_rng(1))):
        assert np.array_equal(np.sort(found, axis=0), np.sort(data.x, axis=0))
    kept = np.mean([spearmanr(found)[0] for found in sets], axis=0)
    assert np.abs(kept - spearmanr(data.x)[0]).max() < 0.035
    free = np.mean([spearmanr(permuted(data, np.random.default_rng(i)))[0] for i in range(60)], axis=0)
    assert np.abs(free - np.eye(4)).max() < 0.035


def test_three_groups_at_four_standard_deviations_are_found() -> None:
    values, truth = planted(np.random.default_rng(8), 180, 4.0)
    found, labels, k = search(values, options(algorithms=("ward", "kmeans")))
    assert k == 3
    assert adjusted_rand_score(truth, labels) >= 0.9
    assert found.found
    assert (found.copula_p_value, found.permutation_p_value) == (0.005, 0.005)
    assert found.k == 3 and (found.jaccard >= 0.75).all()


@pytest.mark.parametrize("kind", KINDS)
def test_data_without_groups_are_called_structureless(kind: str) -> None:
    """The first seed of each kind here; 20 of each under the nightly profile, of which one may be wrong."""
    calls = []
    for seed in SEEDS:
        values = KINDS[kind](np.random.default_rng([seed, 77]), 120)
        calls.append(search(values, options(seed=seed, resamples=10))[0].found)
    assert sum(calls) <= (1 if NIGHTLY else 0)


def test_p_is_uniform_under_the_copula() -> None:
    """Kolmogorov's test of the max-type P of samples drawn from a Gaussian copula."""
    asked, p = options(algorithms=("ward",), k=(2, 3), replicates=199), []
    n_sets = 200 if NIGHTLY else 60
    for seed in range(n_sets):
        data = variables(KINDS["skewed"](np.random.default_rng([seed, 5]), 40))
        sets = _Sets(data, asked, (2, 3))
        null = np.array([sets.null(COPULA, b)[0] for b in range(20, 59)])
        p.append(max_type(_silhouettes(data.x, asked, (2, 3))[0], null).p_value)
    shaken = np.array(p) - np.random.default_rng(1).uniform(0, 1 / 40, n_sets)  # P has 40 values
    assert kstest(shaken, "uniform").pvalue > 0.01


def structure_options(**change: object) -> StructureOptions:
    return options(terms=phenotype_options().terms, k=(2, 3, 4, 5), algorithms=("ward",), **change)


def test_the_answer_stands_in_the_nodes(frame_of) -> None:
    frame, _ = planted_frame(frame_of, n=40)
    before = analyse_phenotypes(frame, phenotype_options())
    said: list[str] = []
    found = with_structure(before, frame, structure_options(), said.append)
    assert len(said) == 3
    whole = found.nodes[0].find(term="GLOBAL")
    assert whole.get("structure_found").value in (0.0, 1.0)
    for level in ("1", "2", "3"):
        assert found.nodes[0].find(group="phenotype", level=level).get("jaccard").value > 0.9
    node = found.nodes[-1]
    assert node.analysis == "phenotype_structure"
    assert node.find(term="GLOBAL").get("n_replicates").value == 199
    row = node.find(group="algorithm", level="ward", term="k=3")
    assert row.get("silhouette").value == pytest.approx(before.nodes[0].find(term="k=3").get("silhouette").value)
    assert row.get("n_smallest").value == 40


def test_the_answer_does_not_depend_on_threads(frame_of, monkeypatch) -> None:
    frame, _ = planted_frame(frame_of, n=25)
    before = analyse_phenotypes(frame, phenotype_options())
    asked = structure_options(resamples=20).model_copy(
        update={"algorithms": ("ward", "kmeans", "gmm"), "replicates": 30}
    )
    answers = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        answers.append(with_structure(before, frame, asked).nodes)
    assert answers[0] == answers[1]


def test_a_sample_that_cannot_be_clustered_says_so(frame_of) -> None:
    frame, _ = planted_frame(frame_of, n=40)
    before = analyse_phenotypes(frame, phenotype_options())
    found = with_structure(before, frame, structure_options(sample=3))
    assert "3 distinct patients, too few for 3" in found.nodes[-1].failed
    stat = found.nodes[0].find(term="GLOBAL").get("structure_found")
    assert (stat.value, stat.reason) == (None, Reason.FAILED)


def test_without_clusters_there_is_nothing_to_try(frame_of) -> None:
    frame, _ = planted_frame(frame_of, er=np.full(240, 1.0))
    nothing = analyse_phenotypes(frame, phenotype_options(terms=(TermSpec(column="er"),)))
    assert with_structure(nothing, frame, structure_options()) == replace(nothing)
    assert KS == (2, 3, 4, 5)
