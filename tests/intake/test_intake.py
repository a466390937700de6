"""Tables are read as text and typed by the dictionary; only the empty cell is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reporter.errors import FindingsError
from reporter.intake import from_r
from reporter.intake.mapping import map_column, map_dates, map_numbers
from reporter.intake.read import parse_text, read_table
from reporter.spec.columns import ColumnSpec, parse_number, same_value


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1.0), (" 2.5 ", 2.5), ("-3e2", -300.0), (".5", 0.5), ("5.", 5.0), ("+7", 7.0), ("007", 7.0)],
)
def test_numbers(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text", ["", " ", "nan", "NaN", "inf", "1,5", "1 2", "0x10", "1_000", "\u0661", "--1", "1e", "NA", "."]
)
def test_words_are_no_numbers(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1", "1.0", True), ("01", "1", True), ("a", "a", True), ("a", "A", False), ("1", "one", False)],
)
def test_same_value(one: str, other: str, same: bool) -> None:
    assert same_value(one, other) is same


def test_huge_number_is_not_a_time() -> None:
    values, findings = map_numbers(pd.Series(["1e400", "2"], name="t"), (), "t")
    assert findings and "1e400" in findings[0].message and np.isnan(values[0])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_that_of_the_header(delimiter: str) -> None:
    text = delimiter.join(["id", '"a,b;c"', "x"]) + "\r\n" + delimiter.join(["1", '"q"" ,;"', ""]) + "\r\n\r\n"
    table = parse_text(text, "csv", "t.csv")
    assert list(table.columns) == ["id", "a,b;c", "x"] and table.iloc[0].tolist() == ["1", 'q" ,;', ""]


def test_cells_stay_text(tmp_path) -> None:
    (tmp_path / "t.csv").write_bytes("\ufeffid,x\n007,NA\n8,\n".encode())
    found = read_table("t.csv", tmp_path)
    assert found.table.to_numpy().tolist() == [["007", "NA"], ["8", ""]]
    assert len(found.sha256) == 64


def test_tsv_is_split_at_tabs_only(tmp_path) -> None:
    (tmp_path / "t.tsv").write_text("id\tx\n1\t2,5\n", encoding="utf-8")
    assert read_table("t.tsv", tmp_path).table["x"].tolist() == ["2,5"]


def test_a_folder_is_no_table(tmp_path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(FindingsError, match=r"there is no file 't\.csv'"):
        read_table("t.csv", tmp_path)


@pytest.mark.parametrize(("cell", "days"), [("1970-01-02", 1), ("2000-02-29", 11016), ("1969-12-31", -1)])
def test_dates(cell: str, days: int) -> None:
    values, findings = map_dates(pd.Series([cell, ""], name="d"), (), "d")
    assert values[0] == days and np.isnan(values[1]) and not findings


@pytest.mark.parametrize(
    "cell", ["2001-02-29", "2001-2-3", "20010203", "01.02.2001", "2001-13-01", "today", "2001-W01-1", "2001-02-0x"]
)
def test_what_is_no_date(cell: str) -> None:
    _, findings = map_dates(pd.Series([cell], name="d"), (), "d")
    assert len(findings) == 1 and cell in findings[0].message


def test_levels_without_a_declaration_are_in_natural_order() -> None:
    numbers, _ = map_column(pd.Series(["10", "9", "", "1"], name="g"), ColumnSpec(kind="categorical"))
    words, _ = map_column(pd.Series(["b", "a", "10"], name="g"), ColumnSpec(kind="categorical"))
    assert numbers.levels == ("1", "9", "10") and words.levels == ("10", "a", "b")


def test_undeclared_levels_that_are_one_number_are_one_level() -> None:
    found, findings = map_column(pd.Series(["1", "1.0", "01", "2"], name="g"), ColumnSpec(kind="categorical"))
    assert not findings
    assert len(found.levels) == 2 and found.values.tolist() == [0, 0, 0, 1]


def test_binary_with_three_values_is_a_finding() -> None:
    _, findings = map_column(pd.Series(["0", "1", "2"], name="b"), ColumnSpec(kind="binary"))
    assert findings[0].code == "not_binary"


@pytest.mark.r
def test_r_that_does_not_answer_is_a_finding() -> None:
    with pytest.raises(FindingsError, match=r"R did not answer within 0\.01 s"):
        from_r.read_r_dataset("r:survival/lung", place="data.source", limit_s=0.01)


@pytest.mark.r
def test_r_numbers_arrive_with_every_digit() -> None:
    table = parse_text(from_r.read_r_dataset("r:survival/pbc", place="x"), "csv", "pbc")
    assert float(table["age"].iloc[0]) == 21464 / 365.25
