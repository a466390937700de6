"""The frozen phenotypes: both ways through JSON, new patients, refused files."""

import json

import numpy as np
import pytest

from reporter.cohort.frame import Column
from reporter.errors import ReporterError, UsageError
from reporter.phenotype.model import PhenotypeModel
from reporter.phenotype.nodes import analyse_phenotypes
from reporter.results.sealed import seal
from reporter.spec.options import PhenotypeOptions, TermSpec

SIZES = ("small", "large")


@pytest.fixture(scope="module")
def trained(frame_of, levels):
    random = np.random.default_rng(8)
    size = random.integers(0, 2, 300)
    age = 40 + 25 * size + random.normal(0, 4, 300)
    columns = {"age": age, "size": levels(SIZES, tuple(size))}
    frame = frame_of(random.exponential(1 + size), np.ones(300), columns)
    terms = (TermSpec(column="age", per=10), TermSpec(column="size", levels=SIZES))
    options = PhenotypeOptions(terms=terms, k=(2, 3), horizon=1.0, conf_level=0.95, seed=5, trees=30)
    return frame, analyse_phenotypes(frame, options).model


def test_json_both_ways_gives_the_same_bytes_and_answers(trained) -> None:
    frame, model = trained
    text = model.to_json()
    again = PhenotypeModel.from_json(text)
    assert again == model
    assert again.to_json() == text
    for one, two in zip(model.predict(frame.columns), again.predict(frame.columns), strict=True):
        assert np.array_equal(one, two)


def test_no_patient_is_in_the_file(trained) -> None:
    frame, model = trained
    text = model.to_json()
    low, high = np.argmin(frame.columns["age"].values), np.argmax(frame.columns["age"].values)
    for i, age in enumerate(frame.columns["age"].values):
        assert i in (low, high) or repr(float(age)) not in text
    assert repr(float(frame.time[0])) not in text


def test_probabilities_sum_to_one_and_decide(trained) -> None:
    frame, model = trained
    assigned, probabilities = model.predict(frame.columns)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-12)
    assert np.array_equal(assigned, probabilities.argmax(axis=1))


def test_a_missing_value_gives_no_phenotype(trained) -> None:
    _, model = trained
    columns = {
        "age": Column("age", "", "", "numeric", (), np.array([50.0, np.nan, 50.0])),
        "size": Column("size", "", "", "categorical", SIZES, np.array([0.0, 1.0, np.nan])),
    }
    assigned, probabilities = model.predict(columns)
    assert (assigned >= 0).tolist() == [True, False, False]
    assert np.isnan(probabilities[1:]).all()


def test_levels_are_matched_by_name(trained) -> None:
    _, model = trained
    age = Column("age", "", "", "numeric", (), np.array([41.0, 66.0, 50.0]))
    given = Column("size", "", "", "categorical", SIZES, np.array([0.0, 1.0, np.nan]))
    turned = Column("size", "", "", "categorical", ("huge", "large", "small"), np.array([2.0, 1.0, 0.0]))
    expected = model.predict({"age": age, "size": given})[0]
    assert expected[2] == -1
    assert model.predict({"age": age, "size": turned})[0].tolist() == expected.tolist()


def test_an_absent_column_and_a_wrong_kind_are_named(trained) -> None:
    _, model = trained
    size = Column("size", "", "", "categorical", SIZES, np.array([0.0]))
    with pytest.raises(ReporterError, match="column 'age' is needed"):
        model.predict({"size": size})
    with pytest.raises(ReporterError, match="column 'age' is categorical; the model expects a number"):
        model.predict({"size": size, "age": Column("age", "", "", "categorical", SIZES, np.array([0.0]))})


def test_training_ranges(trained) -> None:
    frame, model = trained
    age, size = model.features
    assert (age.minimum, age.maximum) == (frame.columns["age"].values.min(), frame.columns["age"].values.max())
    assert size.counts == tuple(np.bincount(frame.columns["size"].codes))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('"n":300', '"n":301'), "SHA-256 differs"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "this version reads 1"),
        (lambda text: text.replace('"kind": "phenotypes"', '"kind": "frozen_cox"'), "expected 'phenotypes'"),
        (lambda text: text[:-9], "is not JSON"),
        (lambda text: json.dumps([text]), "is not a model file"),
        (lambda text: seal("phenotypes", {"n": 3}), "is not a phenotype model"),
    ],
)
def test_another_file_is_refused(trained, change, words: str) -> None:
    text = trained[1].to_json()
    assert change(text) != text
    with pytest.raises(UsageError, match=words):
        PhenotypeModel.from_json(change(text), name="phenotypes.json")
