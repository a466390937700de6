"""Selection, the dictionary and the two cohorts."""

from __future__ import annotations

import numpy as np
import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.spec.load import load_study


def build(small):
    return build_cohorts(load_study(small.write()))


def frame(small):
    return build(small).frames["development", "os"]


STEPS = {
    "include min": ("include", 'column = "age"\nmin = 50', lambda r: r["age"] != "" and int(r["age"]) >= 50),
    "include max": ("include", 'column = "age"\nmax = 50', lambda r: r["age"] != "" and int(r["age"]) <= 50),
    "exclude min": ("exclude", 'column = "age"\nmin = 50', lambda r: not (r["age"] != "" and int(r["age"]) >= 50)),
    "include in": ("include", 'column = "stage"\nin = ["I", "II"]', lambda r: r["stage"] in ("I", "II")),
    "include not in": ("include", 'column = "stage"\nnot_in = ["III"]', lambda r: r["stage"] in ("I", "II")),
    "exclude in": ("exclude", 'column = "stage"\nin = ["III"]', lambda r: r["stage"] != "III"),
    "mapped level": ("include", 'column = "sex"\nequals = "Male"', lambda r: r["sex"] == "1"),
    "not missing": ("include", 'column = "stage"\nnot_missing = true', lambda r: r["stage"] not in ("", "Unknown")),
    "unmapped column": ("include", 'column = "status"\nequals = "Dead"', lambda r: r["status"] == "Dead"),
    "unmapped number": ("include", 'column = "months"\nmin = 20.5', lambda r: int(r["months"]) >= 20.5),
    "pattern": ("include", 'column = "id"\nmatches = "[0-4]$"', lambda r: int(r["id"]) % 10 < 5),
    "two tests": (
        "include",
        'column = "age"\nmin = 40\nmax = 70',
        lambda r: r["age"] != "" and 40 <= int(r["age"]) <= 70,
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_and_missing_values(small, name: str) -> None:
    action, test, keeps = STEPS[name]
    small.set("age", "", range(3)).set("stage", "", range(5, 8)).set("stage", "Unknown", range(8, 10))
    small.replace(
        '[[cohort.include]]\nlabel = "Adults"\ncolumn = "age"\nmin = 18\n',
        f'[[cohort.{action}]]\nlabel = "x"\n{test}\n',
    )
    if name in ("mapped level", "include min", "unmapped column"):
        small.replace('groups = ["sex", "stage"]\ncovariates = ["age", "sex", "stage"]', 'covariates = ["age"]')
    if name == "unmapped column":
        small.rows[1]["status"] = "Dead"
    found = build(small)
    kept = [row["id"] for row in small.rows if keeps(row)]
    assert list(found.frames["development", "os"].ids) == kept
    step = found.infos[0].steps[0]
    assert (step.n_removed, step.n_left) == (40 - len(kept), len(kept))


def test_steps_stand_in_the_order_of_the_file(small) -> None:
    small.text += """
[[cohort.exclude]]
label = "Stage III"
column = "stage"
equals = "III"

[[cohort.include]]
label = "Under 80"
column = "age"
max = 79
"""
    small.replace('covariates = ["age", "sex", "stage"]', 'covariates = ["age"]')
    steps = build(small).infos[0].steps
    assert [step.label for step in steps[:3]] == ["Adults", "Stage III", "Under 80"]
    left = 40
    for step in steps:
        assert step.n_left == left - step.n_removed
        left = step.n_left


def test_reference_comes_first_and_order_stays(small) -> None:
    small.replace('levels = ["I", "II", "III"]', 'levels = ["I", "II", "III"]\nreference = "II"')
    stage = frame(small).columns["stage"]
    assert stage.levels == ("II", "I", "III")
    assert [stage.levels[code] for code in stage.codes[:3]] == ["I", "II", "III"]


def test_codes_may_share_a_level_and_compare_as_numbers(small) -> None:
    small.replace('levels = ["I", "II", "III"]', 'codes = {1 = "Early", 2 = "Early", 3 = "Late"}')
    for i, row in enumerate(small.rows):
        row["stage"] = ("1", "02", "3.0")[i % 3]
    stage = frame(small).columns["stage"]
    assert stage.levels == ("Early", "Late")
    assert stage.codes[:6].tolist() == [0, 0, 1, 0, 0, 1]


def test_bins_are_closed_on_the_right(small) -> None:
    small.replace('levels = ["I", "II", "III"]', "bins = [20, 50]").replace('missing = ["Unknown"]\n', "")
    for i, row in enumerate(small.rows):
        row["stage"] = ("20", "20.1", "50", "50.5", "")[i % 5]
    stage = frame(small).columns["stage"]
    assert stage.levels == ("<=20", "20-50", ">50")
    assert stage.codes[:5].tolist() == [0, 1, 1, 2, -1]


def test_words_for_missing_are_per_column(small) -> None:
    small.set("stage", "Unknown", range(2)).set("age", "", range(2, 4))
    columns = frame(small).columns
    assert columns["stage"].observed[:3].tolist() == [False, False, True]
    with pytest.raises(FindingsError, match="'Unknown'"):
        frame(small.set("age", "Unknown", range(1)))


def test_na_is_no_word_for_missing(small) -> None:
    with pytest.raises(FindingsError, match="must hold numbers, got 'NA'"):
        frame(small.set("age", "NA", range(1)))


def test_level_that_nobody_has_is_left_out_and_said(small) -> None:
    small.replace('levels = ["I", "II", "III"]', 'levels = ["I", "II", "III", "IV"]')
    built = build(small)
    assert built.frames["development", "os"].columns["stage"].levels == ("I", "II", "III")
    assert built.findings[0].code == "unused_level" and "'IV'" in built.findings[0].message


VALIDATION = """
[validation]
source = "other.csv"

[validation.columns.sex]
codes = {m = "Male", f = "Female"}

[validation.columns.stage]
bins = [1, 2]

[validation.endpoints.os]
unit = "days"
time = "days"
event = "dead"
event_values = [1]
"""


def write_other(small, rows: str) -> None:
    (small.folder / "other.csv").write_text("id,age,sex,stage,days,dead\n" + rows, encoding="utf-8")


def test_validation_overrides_columns_and_the_whole_event(small) -> None:
    small.replace('levels = ["I", "II", "III"]', 'levels = ["I", "II", "III"]\nreference = "II"')
    small.text += VALIDATION
    write_other(small, "a,60,f,1,365.25,1\nb,50,m,2,30.4375,0\nc,40,f,9,0,1\n")
    found = build(small).frames["validation", "os"]
    assert found.ids == ("a", "b", "c")
    np.testing.assert_allclose(found.time, [12, 1, 0], rtol=1e-14)
    assert found.event.tolist() == [True, False, True] and found.time_unit == "months"
    assert found.columns["sex"].codes.tolist() == [1, 0, 1]
    assert found.columns["stage"].levels == ("II", "I", "III") and found.columns["stage"].codes.tolist() == [1, 0, 2]


def test_level_never_seen_in_development_is_missing_and_said(small) -> None:
    small.text += VALIDATION.replace("[validation.columns.stage]\nbins = [1, 2]\n", "")
    write_other(small, "a,60,f,III,30,1\nb,50,m,I,60,1\n")
    for row in small.rows:
        row["stage"] = row["stage"].replace("III", "II")
    built = build(small)
    stage = built.frames["validation", "os"].columns["stage"]
    assert stage.levels == ("I", "II") and stage.codes.tolist() == [-1, 0]
    found = next(f for f in built.findings if f.code == "level_not_in_development")
    assert "'III'" in found.message and found.n_rows == 1
    assert found.place.endswith("study.toml:46: validation.columns.stage")


def test_validation_without_a_needed_column_is_an_error(small) -> None:
    small.text += VALIDATION
    (small.folder / "other.csv").write_text("id,sex,stage,days,dead\na,f,1,30,1\n", encoding="utf-8")
    with pytest.raises(FindingsError, match=r"validation.columns.age: column 'age' is not in other.csv"):
        build(small)


def test_shipped_study(rotterdam) -> None:
    built = build_cohorts(load_study(rotterdam))
    development = built.frames["development", "rfs"]
    assert built.infos[0].n_read == 2982 and development.columns["grade"].levels == ("1-2", "3")
    assert development.columns["size"].levels == built.frames["validation", "rfs"].columns["size"].levels
    assert development.time.max() == pytest.approx(7043 / 365.25, rel=1e-12)
    assert built.findings == ()


@pytest.mark.r
def test_shipped_tables_are_those_of_r(rotterdam, tmp_path) -> None:
    text = rotterdam.read_text(encoding="utf-8")
    text = text.replace('source = "rotterdam.csv"', 'source = "r:survival/rotterdam"').replace(
        'source = "gbsg.csv"', 'source = "r:survival/gbsg"'
    )
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    shipped, from_r = (build_cohorts(load_study(p)).frames for p in (rotterdam, path))
    for key, one in shipped.items():
        other = from_r[key]
        assert one.ids == other.ids
        np.testing.assert_array_equal(one.time, other.time)
        np.testing.assert_array_equal(one.event, other.event)
        for name, column in one.columns.items():
            assert column.levels == other.columns[name].levels
            np.testing.assert_array_equal(column.values, other.columns[name].values)
