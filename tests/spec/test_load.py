"""The study file: lines, defaults, overrides and what is told about an error."""

from __future__ import annotations

import re

import pytest

from reporter.errors import FindingsError, did_you_mean
from reporter.spec.lines import key_lines, line_of
from reporter.spec.load import load_study

TEXT = '''\
# a comment with [brackets] and key = "value"
schema = 1
[study]
id = "x"            # [not.a.table]
title = """
key = 1
[table]
"""
[[cohort.include]]
label = "one"
in = [
    "a",  # ]
    "b = c",
]
[[cohort.include]]
label = "two"
[columns."odd name"]
codes = {1 = "[x]", 2 = "}"}
kind = "binary"
[validation.columns.a]
bins = [1]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("schema",), 2),
        (("study",), 3),
        (("study", "title"), 5),
        (("cohort", "include", 0), 9),
        (("cohort", "include", 0, "in"), 11),
        (("cohort", "include", 1), 15),
        (("cohort", "include", 1, "label"), 16),
        (("columns", "odd name"), 17),
        (("columns", "odd name", "kind"), 19),
        (("validation", "columns", "a", "bins"), 21),
        (("validation", "columns", "a", "nothing", 3), 20),
        (("nothing",), 1),
    ],
)
def test_lines_of_keys(path, line: int) -> None:
    assert line_of(key_lines(TEXT), path) == line


def test_nearest_word() -> None:
    assert did_you_mean("deth", ["age", "death"]) == " Did you mean 'death'?"
    assert did_you_mean("xyz", ["age", "death"]) == ""


def test_defaults_are_those_of_the_documentation(small) -> None:
    study = load_study(small.write())
    asked = study.analysis
    assert (asked.ties, asked.conf_type, asked.conf_level, asked.missing) == ("efron", "log-log", 0.95, "complete_case")
    assert (study.seed, study.languages, asked.endpoints) == (1, ("en",), ("os",))
    assert study.columns["stage"].label == "stage" and study.columns["stage"].per == 1
    assert study.validation is None and study.phenotypes is None
    assert study.folder == small.folder and re.fullmatch("[0-9a-f]{64}", study.sha256)


def test_title_in_languages(small) -> None:
    small.replace('title = "A small study"', 'title = {en = "One", zh = "一"}\nlanguages = ["en", "zh"]')
    study = load_study(small.write())
    assert (study.title_in("zh"), study.title_in("en")) == ("一", "One")


def test_shipped_study_is_valid(rotterdam) -> None:
    study = load_study(rotterdam)
    assert study.endpoints["rfs"].gap == "event" and study.endpoints["rfs"].form == "composite"
    other = study.validation
    assert other is not None
    # The override replaces the whole event definition; label, horizons and report unit stay.
    assert other.endpoints["rfs"].form == "simple" and other.endpoints["rfs"].events == ()
    assert other.endpoints["rfs"].horizons == (1, 3, 5) and other.endpoints["rfs"].shown_unit == "years"
    assert other.columns["size"].bins == (20, 50) and other.columns["size"].declared_levels == ("<=20", "20-50", ">50")
    assert other.data.id == "pid"


def test_winsorize_in_a_transform(small) -> None:
    study = load_study(small.replace("per = 10", "transform = {winsorize = 70}").write())
    assert (study.columns["age"].winsorize, study.columns["age"].transform) == (70, "identity")


BAD = {
    "unknown part of a transform": ("per = 10", "transform = {cut = 3}", "'cut'"),
    "two knots": ("per = 10", "transform = {spline = [1, 3]}", "give at least 3, in increasing order"),
    "knots out of order": ("per = 10", "transform = {spline = [1, 3, 2]}", "give at least 3, in increasing order"),
    "spline of a factor": ("[columns.stage]", "[columns.stage]\ntransform = {spline = [1, 2, 3]}", "only a numeric"),
    "stratum that is a covariate": ("[analysis]", '[analysis]\nstrata = ["stage"]', "'stage' is a covariate too"),
    "exact ties with clusters": ("[analysis]", '[analysis]\nties = "exact"\ncluster = "sex"', "knows no such part"),
    "interaction twice": (
        "[analysis]",
        '[analysis]\ninteractions = [["age", "sex"], ["sex", "age"]]',
        "stands twice; keep one",
    ),
    "levels twice": ('["I", "II", "III"]', '["I", "I", "II"]', "a level stands twice"),
    "reference": ('["I", "II", "III"]', '["I", "II", "III"]\nreference = "IV"', "'IV' is not one of the levels"),
    "binary with three codes": ('2 = "Female"', '2 = "Female", 3 = "X"', 'use kind = "categorical"'),
    "per of a factor": ("[columns.stage]", "[columns.stage]\nper = 2", "only a numeric column"),
    "levels of a number": ("per = 10", 'levels = ["a"]', "only a categorical, ordinal or binary column"),
    "group that is a number": ('groups = ["sex", "stage"]', 'groups = ["age"]', "use a column with levels"),
    "covariate twice": ('covariates = ["age"', 'covariates = ["age", "age"', "'age' stands 2 times"),
    "horizons": ("horizons = [12, 24]", "horizons = [24, 12]", "in increasing order"),
    "horizon of 0": ("horizons = [12, 24]", "horizons = [0]", "endpoints.os.horizons.1: got 0"),
    "every horizon": ("horizons = [12, 24]", "horizons = [0, -1]", "endpoints.os.horizons.2: got -1"),
    "two forms": ('time = "months"', 'time = "months"\nstart = "a"\nend = "b"', "give one of: time, event"),
    "gap of a simple endpoint": ('time = "months"', 'time = "months"\ngap = "event"', "only a composite endpoint"),
    "competing events": (
        'time = "months"',
        'time = "months"\ncompeting = {os = {column = "status", values = [9]}}',
        "the name of the endpoint itself",
    ),
    "confidence of 95": ("[analysis]", "[analysis]\nconf_level = 95", "analysis.conf_level: got 95"),
    "ties": ("[analysis]", '[analysis]\nties = "efrom"', "analysis.ties: got 'efrom'"),
    "language": ('title = "A small study"', 'title = "x"\nlanguages = ["fr"]', "study.languages.1: got 'fr'"),
    "id of a study": ('id = "small"', 'id = "a b/c"', "study.id: got 'a b/c'"),
    "name of a column": ("[columns.sex]", '[columns."a=b"]\nkind = "numeric"\n[columns.sex]', "none of = / % < >"),
    "taken name": ("[columns.sex]", '[columns.phenotype]\nkind = "numeric"\n[columns.sex]', "the name is taken"),
    "schema": ("schema = 1", "schema = 2", "schema: got 2"),
    "key of the wrong type": ('kind = "numeric"', "kind = 5", "columns.age.kind: got 5"),
    "table instead of a value": ('id = "small"', "id = {a = 1}", "study.id: got {'a': 1}"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_of_the_file(small, name: str) -> None:
    old, new, words = BAD[name]
    small.replace(old, new)
    with pytest.raises(FindingsError) as caught:
        load_study(small.write())
    text = str(caught.value)
    assert words in text
    for finding in caught.value.findings:
        line = int(finding.place.rpartition(":")[2])
        assert finding.place.startswith(str(small.folder)) and 1 <= line <= len(small.text.splitlines())


def test_line_is_that_of_the_key(small) -> None:
    small.replace("horizons = [12, 24]", "horizons = [24, 12]")
    line = next(i for i, text in enumerate(small.text.splitlines(), 1) if "horizons" in text)
    with pytest.raises(FindingsError) as caught:
        load_study(small.write())
    assert caught.value.findings[0].place.endswith(f"study.toml:{line}")


def test_partly_available_algorithms_are_warned_of(small) -> None:
    small.text += '\n[phenotypes]\nfeatures = ["age", "stage"]\nhorizon = 24\n'
    study = load_study(small.write())
    assert study.warnings == (
        (
            "phenotypes.algorithms",
            "the phenotypes are Ward's; kmeans, gmm: run only to ask whether there is any structure.",
        ),
    )
