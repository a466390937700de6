"""Bad studies and bad data: file, place, what was got, what is allowed, what to do; exit 3; no traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError, UsageError
from reporter.spec.load import load_study


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reporter check` writes its files into the present folder."""
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))


def line_of(small, text: str) -> int:
    return next(i for i, line in enumerate(small.text.splitlines(), 1) if text in line)


# name: (change, code, words that the message must have)
BAD: dict[str, tuple[Callable, str, tuple[str, ...]]] = {
    "unknown key": (
        lambda s: s.replace("covariates =", "covariats ="),
        "unknown_key",
        (
            "study.toml:{covariats}",
            "'analysis.covariats'",
            "Did you mean 'covariates'?",
            "Allowed here: endpoints, groups",
        ),
    ),
    "unknown table": (
        lambda s: s.replace("[analysis]", "[analyses]"),
        "unknown_key",
        ("study.toml:{[analyses]}", "'analyses'", "Did you mean 'analysis'?"),
    ),
    "unknown key of a column": (
        lambda s: s.replace("per = 10", "pre = 10"),
        "unknown_key",
        ("'columns.age.pre'", "Did you mean 'per'?"),
    ),
    "unknown key of a step": (
        lambda s: s.replace("min = 18", "minimum = 18"),
        "unknown_key",
        (
            "study.toml:{minimum}",
            "'cohort.include.1.minimum'",
            "Did you mean 'min'?",
            "Allowed here: label, column, min, max, in",
        ),
    ),
    "missing key": (lambda s: s.replace('title = "A small study"\n', ""), "missing_key", ("'study.title'", "add it")),
    "value that is not allowed": (
        lambda s: s.replace('kind = "numeric"', 'kind = "number"'),
        "invalid_value",
        ("columns.age.kind: got 'number'", "'numeric', 'categorical', 'ordinal', 'binary' or 'date'"),
    ),
    "not TOML": (lambda s: s.replace("schema = 1", "schema = = 1"), "not_toml", ("study.toml:1", "not valid TOML")),
    "covariate not in the dictionary": (
        lambda s: s.replace('covariates = ["age"', 'covariates = ["agee"'),
        "unknown_column",
        ("analysis.covariates", "'agee'", "Did you mean 'age'?", "add [columns.agee]"),
    ),
    "endpoint not declared": (
        lambda s: s.replace("[analysis]", '[analysis]\nendpoints = ["oss"]'),
        "unknown_endpoint",
        ("'oss' is not declared", "Did you mean 'os'?"),
    ),
    "column not in the table": (
        lambda s: s.replace('event = "status"', 'event = "statu"'),
        "unknown_column",
        (
            "endpoints.os",
            "'statu' is not in patients.csv",
            "Did you mean 'status'?",
            "id, age, sex, stage, months, status",
        ),
    ),
    "dictionary column not in the table": (
        lambda s: s.replace("[columns.age]", "[columns.agee]\nkind = 'numeric'\n[columns.age]"),
        "unknown_column",
        ("columns.agee", "'agee' is not in patients.csv", "Did you mean 'age'?"),
    ),
    "id not in the table": (
        lambda s: s.replace('id = "id"', 'id = "pid"'),
        "unknown_column",
        ("data.id", "'pid' is not in patients.csv", "Did you mean 'id'?"),
    ),
    "step on a column not in the table": (
        lambda s: s.replace('column = "age"', 'column = "agge"'),
        "unknown_column",
        ("cohort.include.1 'Adults'", "Did you mean 'age'?"),
    ),
    "missing file": (
        lambda s: s.replace("patients.csv", "patient.csv"),
        "missing_file",
        ("data.source", "there is no file 'patient.csv'", "start at the study file's folder"),
    ),
    "table of a kind that is not read": (
        lambda s: s.replace("patients.csv", "patients.docx"),
        "not_available",
        ("'patients.docx'", "Save the table as one of these"),
    ),
    "event value that never occurs": (
        lambda s: s.replace('event_values = ["Dead"]', 'event_values = ["dead"]'),
        "event_never_occurs",
        ("endpoints.os", "'dead' never occurs in column 'status'", "'Alive', 'Dead'"),
    ),
    "status neither event nor censored": (
        lambda s: s.set("status", "Lost", range(3)),
        "unknown_status",
        ("'Lost' in 3 rows", "'Dead'", "'Alive'", "missing"),
    ),
    "censoring that must be guessed": (
        lambda s: s.replace('censored_values = ["Alive"]\n', "").set("status", "Lost", range(3)),
        "ambiguous_censoring",
        ("2 values beside the events", "censored_values"),
    ),
    "value under events and censored": (
        lambda s: s.replace('censored_values = ["Alive"]', 'censored_values = ["Alive", "Dead"]'),
        "event_and_censored",
        ("'Dead'", "keep one"),
    ),
    "time that is not a number": (
        lambda s: s.set("months", "12 mo", range(2)),
        "not_a_number",
        ("endpoints.os", "column 'months' must hold numbers", "'12 mo' in 2 rows", "missing"),
    ),
    "negative time": (
        lambda s: s.set("months", "-3", range(5, 7)),
        "negative_time",
        ("endpoints.os", "column 'months'", "2 rows", "'-3' in row 6", "0 or more"),
    ),
    "covariate that is not a number": (
        lambda s: s.set("age", "n/a", range(1)),
        "not_a_number",
        ("columns.age", "'n/a' in 1 rows", "list them under missing"),
    ),
    "code the dictionary does not know": (
        lambda s: s.set("stage", "IV", range(4)),
        "unknown_code",
        ("columns.stage", "'IV' in 4 rows", "'I', 'II', 'III'"),
    ),
    "empty cohort": (
        lambda s: s.replace("min = 18", "min = 180"),
        "empty_cohort",
        ("cohort.include.1 'Adults'", "removes all 40 patients", "Correct its condition"),
    ),
    "covariate with one level": (
        lambda s: s.set("sex", "1"),
        "constant_column",
        ("analysis.covariates", "'sex' has one level, 'Male'", "40 patients", "take it out"),
    ),
    "covariate with one value": (
        lambda s: s.set("age", "50"),
        "constant_column",
        ("analysis.covariates", "'age' is 50 in every patient"),
    ),
    "covariate without a value": (lambda s: s.set("stage", "Unknown"), "constant_column", ("'stage' has no value",)),
    "no events": (
        lambda s: s.set("status", "Alive").set("status", "Dead", range(1)).set("age", "3", range(1)),
        "no_events",
        ("endpoints.os", "none of the 39 patients has an event"),
    ),
    "group with no events": (
        lambda s: [s.set("stage", "", range(i, i + 1)) for i in range(40) if i % 4] and s,
        "group_without_events",
        ("analysis.groups", "no patient with a known 'stage' has an event"),
    ),
    "same patient twice": (
        lambda s: s.set("id", "7", range(2)),
        "duplicate_id",
        ("data.id", "'7'", "One row a patient"),
    ),
    "patient without id": (lambda s: s.set("id", "", range(2)), "missing_id", ("column 'id' is empty in 2 rows",)),
    "level in a step that the column has not": (
        lambda s: s.replace('column = "age"\nmin = 18', 'column = "sex"\nequals = "Femal"'),
        "unknown_level",
        ("'Femal' is not a level of 'sex'", "Did you mean 'Female'?"),
    ),
    "step without a test": (
        lambda s: s.replace("min = 18\n", ""),
        "empty_condition",
        ("'Adults' tests nothing", "min, max, in, not_in"),
    ),
    "bad pattern": (
        lambda s: s.replace("min = 18", 'matches = "("'),
        "invalid_value",
        ("matches: got '('", "not a regular expression"),
    ),
    "unit missing": (lambda s: s.replace('unit = "months"\n', ""), "missing_key", ("days, months or years",)),
    "logarithm of nothing": (
        lambda s: s.replace("per = 10", 'transform = "log2"').set("age", "0", range(1)).replace("min = 18", "min = 0"),
        "transform_undefined",
        ("columns.age.transform", "values above 0", "1 patients"),
    ),
    "bootstrap with exact ties": (
        lambda s: s.replace("[analysis]", '[analysis]\nbootstrap = 500\nties = "exact"'),
        "invalid_model",
        ("analysis.bootstrap: not offered with ties", "or remove it"),
    ),
    "bootstrap without a model": (
        lambda s: s.replace("[analysis]", "[analysis]\nbootstrap = 500").replace("covariates =", "#"),
        "invalid_model",
        ("there is no model to bootstrap", "give analysis.covariates"),
    ),
    "R data set spelt wrongly": (
        lambda s: s.replace("patients.csv", "r:survival"),
        "invalid_source",
        ("'r:survival'", "r:package/dataset"),
    ),
}


def findings_of(path: Path):
    with pytest.raises(FindingsError) as caught:
        build_cohorts(load_study(path))
    return caught.value.findings


@pytest.mark.parametrize("name", BAD)
def test_finding_says_where_what_and_what_to_do(small, name: str) -> None:
    change, code, words = BAD[name]
    change(small)
    found = [finding for finding in findings_of(small.write()) if finding.code == code]
    assert found, f"no finding {code}"
    text = str(found[0])
    for word in words:
        wanted = word
        if "{" in word:
            name_of_key = word[word.index("{") + 1 : word.index("}")]
            wanted = f"study.toml:{line_of(small, name_of_key)}:"
        assert wanted in text, text


@pytest.mark.parametrize("name", BAD)
def test_check_exits_3_and_writes_to_stderr_alone(small, name: str, capsys) -> None:
    BAD[name][0](small)
    assert main(["check", str(small.write())]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("reporter: error: ") and f"[{BAD[name][1]}]" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("name", ["negative time", "unknown key", "empty cohort"])
def test_run_writes_nothing(small, name: str, capsys) -> None:
    BAD[name][0](small)
    out = small.folder / "out"
    assert main(["run", str(small.write()), "--out", str(out), "--no-verify", "--quiet"]) == 3
    assert not out.exists() and sorted(p.name for p in small.folder.iterdir()) == ["patients.csv", "study.toml"]
    assert "Traceback" not in capsys.readouterr().err


def test_all_errors_at_once_of_the_file(small, capsys) -> None:
    small.replace("covariates =", "covariats =").replace("per = 10", "per = -1").replace("event_values", "event_value")
    assert main(["check", str(small.write())]) == 3
    told = capsys.readouterr().err
    assert all(word in told for word in ("covariats", "columns.age.per: got -1", "event_value"))


def test_all_errors_at_once_of_the_data(small) -> None:
    small.set("months", "-1", range(1)).set("age", "old", range(2)).set("stage", "V", range(1)).set(
        "status", "?", range(1)
    )
    codes = {finding.code for finding in findings_of(small.write())}
    assert {"negative_time", "not_a_number", "unknown_code", "unknown_status"} <= codes


def test_errors_of_both_cohorts_at_once(small) -> None:
    small.text += '\n[validation]\nsource = "other.csv"\n'
    (small.folder / "other.csv").write_text("id,age,sex,stage,months\n1,50,1,I,9\n", encoding="utf-8")
    small.set("months", "-1", range(1))
    places = [finding.place.split(": ") for finding in findings_of(small.write())]
    assert {"endpoints.os", "validation.endpoints.os"} <= {key for _, key in places}
    assert all(int(where.rpartition("study.toml:")[2]) > 1 for where, _ in places)


def test_warnings_stand_after_the_errors(small, capsys) -> None:
    small.set("sex", "1").set("months", "0", range(2))
    assert main(["check", str(small.write())]) == 3
    told = capsys.readouterr().err.splitlines()
    lines = [line for line in told if line.removeprefix("reporter: ").startswith(("error: ", "warning: "))]
    assert [line.removeprefix("reporter: ").partition(":")[0] for line in lines] == ["error"] * 2 + ["warning"] * 2
    assert "[unused_level]" in lines[2] and "[time_zero]" in lines[3]


def test_no_study_file_is_usage(tmp_path: Path, capsys) -> None:
    with pytest.raises(UsageError, match="there is no such study file"):
        load_study(tmp_path / "no.toml")
    assert main(["check", str(tmp_path / "no.toml")]) == 2
    assert main(["check", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_good_study_prints_its_cohorts(small, capsys) -> None:
    assert main(["check", str(small.write())]) == 0
    told = capsys.readouterr()
    assert "development, os: 40 patients, 30 events" in told.out and "study.toml: no findings" in told.out
    assert told.err == ""


def test_r_source_without_r_is_a_finding(small, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "")
    small.replace("patients.csv", "r:survival/lung")
    assert main(["check", str(small.write())]) == 3
    told = capsys.readouterr().err
    assert "data.source" in told and "R is not installed" in told and "or give a .csv file" in told


@pytest.mark.r
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("r:survival/nothing", "'survival' has no data set 'nothing'"),
        ("r:notapackage/x", "'notapackage' is not installed"),
        ("r:survival/survexp.us", "is not a data frame"),
    ],
)
def test_r_source_that_is_not_there(small, source: str, words: str, capsys) -> None:
    small.replace("patients.csv", source)
    assert main(["check", str(small.write())]) == 3
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty_table", "the file is empty"),
        (b"id,age\n", "empty_table", "a header and no rows"),
        (b"id,age,age\n1,2,3\n", "repeated_column", "2 columns named 'age'"),
        (b"id,age\n1,2,3\n", "ragged_row", "line 2 has 3 cells, the header has 2"),
        (b'id,age\n1,"2\n', "not_a_table", "correct the quotes"),
        (b"id,age\n1,\x81\n", "not_text", "line 2 is not text in UTF-8, UTF-16, GB18030 or Windows-1252"),
    ],
)
def test_broken_tables(small, content: bytes, code: str, words: str) -> None:
    path = small.write()
    (small.folder / "patients.csv").write_bytes(content)
    first = findings_of(path)[0]
    assert first.code == code and words in str(first)


def test_study_file_that_is_not_utf8(small) -> None:
    path = small.write()
    path.write_bytes(small.text.replace("A small study", "Ü").encode("latin-1"))
    (found,) = findings_of(path)
    assert found.code == "not_utf8" and found.place.endswith("study.toml:5")
