"""Parquet and feather: the same text semantics as a table of text, whatever the type of a column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from reporter.errors import FindingsError
from reporter.intake.columnar import MANY_DISTINCT
from reporter.intake.mapping import distinct_cells, map_column, map_numbers
from reporter.intake.read import read_table
from reporter.spec.columns import ColumnSpec

TABLE = pa.table({
    "id": pa.array([1, 2**60 + 1, None]),
    "text": ["a", "", None],
    "coded": pa.array(["x", "y", "x"]).dictionary_encode(),
    "float": pa.array([1.0, float("nan"), 0.1]),
    "flag": [True, False, None],
    "day": pa.array([dt.date(2000, 2, 29), None, dt.date(1969, 12, 31)]),
    "moment": pa.array(np.array(["2000-02-29T00", "2000-02-29T12", "NaT"], dtype="M8[s]")),
})  # fmt: skip
WORDS = {
    "id": ["1", "1152921504606846977", ""], "text": ["a", "", ""], "coded": ["x", "y", "x"], "float": ["1", "", "0.1"],
    "flag": ["TRUE", "FALSE", ""], "day": ["2000-02-29", "", "1969-12-31"],
    "moment": ["2000-02-29", "2000-02-29T12:00:00", ""],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["parquet", "feather"])
@pytest.mark.parametrize("by_distinct", [True, False])
def test_text_of_each_type(tmp_path: Path, kind: str, by_distinct: bool) -> None:
    path = tmp_path / f"t.{kind}"
    parquet.write_table(TABLE, path) if kind == "parquet" else feather.write_feather(TABLE, path)
    found = read_table(path.name, tmp_path, by_distinct=by_distinct)
    assert {name: found.table[name].astype(object).tolist() for name in found.table} == WORDS
    assert len(found.sha256) == 64


def test_distinct_cells_are_those_of_the_text() -> None:
    column = pd.Series(pd.Categorical.from_codes([2, 0, 2], categories=["b", "never", "a"]), name="c")
    found = distinct_cells(column)
    assert found.distinct == ["b", "a"] and found.index.tolist() == [1, 0, 1] and found.counts.tolist() == [1, 2]
    assert found.n_rows(["a"]) == 2


def test_many_floats_stay_numbers(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=MANY_DISTINCT + 10)
    values[:3] = [np.nan, 999.0, 5.0]
    parquet.write_table(pa.table({"x": values}), tmp_path / "t.parquet")
    typed = read_table("t.parquet", tmp_path, by_distinct=True).table["x"]
    text = read_table("t.parquet", tmp_path).table["x"]
    assert typed.dtype.kind == "f" and isinstance(text.iloc[1], str) and text.iloc[0] == ""
    for column in (typed, text):
        numbers, findings = map_numbers(column, ("999.0",), "x")
        assert not findings and np.isnan(numbers[:2]).all() and (numbers[2:] == values[2:]).all()
    spec = ColumnSpec(kind="categorical", bins=(-1.0, 0.0, 1.0))
    one, other = map_column(typed, spec)[0], map_column(text, spec)[0]
    assert one.levels == ("<=-1", "-1-0", "0-1", ">1") and np.array_equal(one.values, other.values, equal_nan=True)


def test_an_infinite_number_is_a_finding(tmp_path: Path) -> None:
    values = np.arange(MANY_DISTINCT + 2.0)
    values[0] = np.inf
    parquet.write_table(pa.table({"x": values}), tmp_path / "t.parquet")
    _, findings = map_numbers(read_table("t.parquet", tmp_path, by_distinct=True).table["x"], (), "x")
    assert [finding.code for finding in findings] == ["not_a_number"] and findings[0].n_rows == 1


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (pa.table({"x": pa.array([[1], [2]])}), "nested_column"),
        (pa.table({"x": pa.array([], pa.int64())}), "empty_table"),
        (pa.table([pa.array([1]), pa.array([2])], names=["x", " x"]), "repeated_column"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, table: pa.Table, code: str) -> None:
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(FindingsError, match=code):
        read_table("t.parquet", tmp_path)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
def test_bytes_of_another_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"id,x\n1,2\n")
    with pytest.raises(FindingsError, match="not_a_table"):
        read_table(name, tmp_path)
