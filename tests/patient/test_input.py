"""Patients from CSV, XLSX, JSON and the command line: the same patients give the same numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from reporter.cli.main import main
from reporter.errors import FindingsError, UsageError
from reporter.pipeline.patient import PatientRequest, report_patients
from reporter.pipeline.patient_json import parse_patients
from tests.patient.asking import GOOD, HEAD, Ask, rows_of, silent, status_of

NAMES = HEAD.split(",")
CELLS = [["A", *GOOD.split(",")], ["B", "71", "1", ">50", "3", "14", "0", "0.5", "0"]]


def predictions(request: PatientRequest, name: str, source: Path | None, **changes: object) -> bytes:
    request = replace(request, input=source, to="html", out=request.out.parent / f"out-{name}", **changes)
    assert report_patients(request, say=silent) == 0
    return (request.out / "predictions.csv").read_bytes()


def number_or_text(cell: str) -> object:
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        return cell


def test_every_kind_of_table_gives_the_same_numbers(ask: Ask, tmp_path: Path) -> None:
    request = ask(*(",".join(row) for row in CELLS))
    expected = predictions(request, "csv", request.input)
    as_text = [dict(zip(NAMES, row, strict=True)) for row in CELLS]
    typed = [{name: number_or_text(cell) for name, cell in row.items()} for row in as_text]
    columns = {name: [row[name] for row in typed] for name in NAMES}
    for name, content in (("text", as_text), ("typed", typed), ("columns", columns)):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        assert predictions(request, name, file) == expected, name
    book = Workbook()
    for row in (NAMES, *CELLS):
        book.active.append([number_or_text(cell) for cell in row])
    book.save(tmp_path / "p.xlsx")
    assert predictions(request, "xlsx", tmp_path / "p.xlsx") == expected
    first = [f"{name}={cell}" for name, cell in zip(NAMES[1:], CELLS[0][1:], strict=True)]
    assert (
        predictions(request, "set", None, values=tuple(first), ids=("A",)) == expected[: len(expected.split(b"B,")[0])]
    )


def test_set_needs_no_file_and_has_a_name_of_its_own(report: Path, tmp_path: Path) -> None:
    words = [f"{name}={cell}" for name, cell in zip(NAMES[1:], CELLS[1][1:], strict=True)]
    command = ["patient", str(report), "--out", str(tmp_path / "o"), "--no-verify", "--quiet", "--to", "html"]
    assert main([*command, "--set", *words[:3], "--set", *words[3:]]) == 0
    assert (tmp_path / "o" / "patient.html").is_file() and status_of(tmp_path / "o") == {"patient": ("written", "")}


@pytest.mark.parametrize(
    ("words", "ids", "message"),
    [
        (("age",), (), "--set age: has no '='. Write column=value"),
        (("age=54", "age=55"), (), "'age' is given twice"),
        (("aeg=54",), (), "no model has a column 'aeg'. Did you mean 'age'?"),
        (("age=54",), ("A", "B"), "--set describes one patient"),
        ((), (), "give either --input with a table, or --set"),
    ],
)
def test_what_set_refuses(ask: Ask, words: tuple[str, ...], ids: tuple[str, ...], message: str) -> None:
    request = replace(ask(), input=None, values=words, ids=ids)
    with pytest.raises(UsageError) as caught:
        report_patients(request, say=silent)
    assert message in str(caught.value) and not request.out.exists()


def test_set_without_a_predictor_names_it(ask: Ask) -> None:
    request = replace(ask(), input=None, values=("age=54",))
    with pytest.raises(FindingsError, match="'meno' is not in --set"):
        report_patients(request, say=silent)
    assert not request.out.exists()


def test_a_null_or_absent_value_of_json_refuses_its_patient_only(ask: Ask, tmp_path: Path) -> None:
    rows = [dict(zip(NAMES, [name, *CELLS[0][1:]], strict=True)) for name in "ABC"]
    rows[0]["age"] = None  # type: ignore[assignment]
    del rows[1]["nodes"]
    file = tmp_path / "p.json"
    file.write_text(json.dumps(rows))
    request = replace(ask(), input=file, to="html")
    assert report_patients(request, say=silent) == 1
    assert status_of(request.out) == {
        "A": ("refused", "age: no value"), "B": ("refused", "nodes: no value"), "C": ("written", "")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a table of patients: Expecting value"),
        ("[]", "it has no patient"),
        ("{}", "it has no patient"),
        ("3", "it is a single value"),
        ("[1]", "entry 1 is not an object"),
        ('{"a": 1}', "'a' is not a list"),
        ('{"a": [1], "b": []}', "the columns have different lengths"),
        ('[{"a": [1]}]', "entry 1, 'a', is neither text, a number nor null"),
        ('[{"a": 1, "a": 2}]', "an object has the key 'a' twice"),
        ('[{"a": NaN}]', "NaN is not a number of JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_is_no_table_writes_nothing(ask: Ask, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    request = replace(ask(), input=file)
    with pytest.raises(FindingsError) as caught:
        report_patients(request, say=silent)
    assert message in str(caught.value) and not request.out.exists()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(), min_size=1, max_size=8))
def test_numbers_of_json_keep_their_value(numbers: list[float]) -> None:
    table = parse_patients(json.dumps([{"x": x} for x in numbers]))
    assert [float(cell) for cell in table["x"]] == [float(x) for x in numbers]
    assert all(math.isfinite(float(cell)) for cell in parse_patients(json.dumps({"x": numbers}))["x"])


def test_several_identifiers(ask: Ask) -> None:
    request = ask(*(f"{name},{GOOD}" for name in "ABCD"), ids=("D", "B"), to="html")
    assert report_patients(request, say=silent) == 0
    assert [row["id"] for row in rows_of(request.out / "index.csv")] == ["B", "D"]
