"""What a file can make a parser do ends with the child: memory, time, a crash."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from reporter.errors import FindingsError
from reporter.intake.readers import guard
from reporter.intake.readers.guard import parse_in_child
from reporter.intake.readers.request import ReadOptions, ReadRequest


def request(folder: Path, rows: int) -> ReadRequest:
    path = folder / "t.parquet"
    parquet.write_table(pa.table({"x": pa.array(range(rows)), "y": pa.array([str(i) for i in range(rows)])}), path)
    return ReadRequest(path, "parquet", "t.parquet")


def test_a_request_survives_its_way_to_the_child(tmp_path: Path) -> None:
    asked = ReadRequest(tmp_path / "a", "txt", "a", ReadOptions(sheet=2, delimiter="\t"), tmp_path / "b", packed=True)
    assert ReadRequest.from_json(asked.to_json()) == asked
    assert ReadRequest.from_json(ReadRequest(Path("x"), "csv", "x").to_json()).dic is None


def test_memory_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(FindingsError, match="more than the 200 MiB of memory") as error:
        parse_in_child(request(tmp_path, 3_000_000), memory=200 << 20)
    assert error.value.findings[0].code == "too_large"


def test_time_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(FindingsError, match=r"longer than 0\.01 s"):
        parse_in_child(request(tmp_path, 10), time_s=0.01)


def test_a_child_that_crashes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(guard, "_environment", lambda: {**os.environ, "PYTHONPATH": str(tmp_path)})
    (tmp_path / "sitecustomize.py").write_text(f"import os\nos.kill(os.getpid(), {int(signal.SIGSEGV)})\n")
    with pytest.raises(FindingsError, match=r"broke off at this file \(signal 11"):
        parse_in_child(request(tmp_path, 10))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    table = parse_in_child(request(tmp_path, 10)).table
    assert table.num_rows == 10 and table["x"].to_pylist()[9] == "9" and not list(folder.iterdir())
