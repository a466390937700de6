"""reproduce.R with nothing but R and survival."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from reporter.output.stats import verification_csv
from reporter.pipeline.verify import verification_files
from reporter.results.ledger import LedgerRow, Verdict, Verification
from reporter.verification.compare import compare
from reporter.verification.reproduce import data_for_r, reproduce_r
from reporter.verification.task import Answer, Task
from tests.verification.small import LEVELS, Checked, Small, make_results, nodes_of, tasks_of


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which("Rscript")), "--vanilla", str(folder / "reproduce.R")]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8", cwd="/")


def write(folder: Path, small: Small, rows: tuple[LedgerRow, ...]) -> None:
    data = data_for_r(small.frames)
    verification = Verification(ran=True, rows=rows)
    (folder / "data_for_r.csv").write_bytes(data)
    (folder / "reproduce.R").write_bytes(reproduce_r(tasks_of(small.planned), small.frames, verification, data))
    (folder / "verification.csv").write_text(verification_csv(verification), encoding="utf-8")


@pytest.fixture(scope="session")
def rows(small: Small, answers: dict[Task, Answer]) -> tuple[LedgerRow, ...]:
    return compare(make_results(nodes_of(small.planned, small.frames)), answers)


def test_data_are_in_long_form_without_identifiers(small: Small) -> None:
    table = list(csv.reader(io.StringIO(data_for_r(small.frames).decode())))
    assert table[0] == ["cohort", "endpoint", ".time", ".event", "age", "size", "cohort"]
    assert len(table) == 1 + sum(frame.n for frame in small.frames.values())
    frame = small.frames["development", "os"]
    assert [float(row[2]) for row in table[1 : frame.n + 1]] == frame.time.tolist()
    assert {row[5] for row in table[1:]} == {*LEVELS, ""}


@pytest.mark.r
def test_it_prints_the_r_column_and_agrees(small: Small, rows: tuple[LedgerRow, ...], tmp_path: Path) -> None:
    write(tmp_path, small, rows)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    printed = dict(csv.reader(done.stdout.splitlines()))
    assert printed.pop("address") == "value"
    assert printed.keys() == {row.address for row in rows}
    for row in rows:
        assert (
            printed[row.address] == ""
            if row.r is None
            else float(printed[row.address]) == pytest.approx(row.r, rel=1e-13)
        )


@pytest.mark.r
@pytest.mark.parametrize("column", [".time", "size"])
def test_one_changed_cell_makes_numbers_differ(
    small: Small, rows: tuple[LedgerRow, ...], tmp_path: Path, column: str
) -> None:
    write(tmp_path, small, rows)
    table = list(csv.reader(io.StringIO((tmp_path / "data_for_r.csv").read_text(encoding="utf-8"))))
    at = table[0].index(column)
    others = sorted({row[at] for row in table[1:] if row[at] and row[at] != table[50][at]})
    table[50][at] = others[0]
    with (tmp_path / "data_for_r.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    done = run(tmp_path)
    assert done.returncode == 1
    assert "a value was changed" in done.stderr and "numbers are not those of verification.csv" in done.stderr
    assert "development/os/" in done.stderr


def tampered(rows: tuple[LedgerRow, ...], how: str) -> tuple[tuple[LedgerRow, ...], str]:
    at = next(i for i, row in enumerate(rows) if row.address.endswith("cox_multivariable/age/estimate"))
    row = rows[at]
    if how == "dropped":
        return rows[:at] + rows[at + 1 :], row.address
    if how == "absent":
        return (*rows[:at], row.model_copy(update={"r": None}), *rows[at + 1 :]), row.address
    if how == "unknown":
        strange = row.model_copy(update={"address": "development/os/cox_multivariable/weight/estimate"})
        return (*rows, strange), strange.address
    return (*rows[:at], row.model_copy(update={"r": (row.r or 0) * (1 + 1e-6)}), *rows[at + 1 :]), row.address


@pytest.mark.r
@pytest.mark.parametrize("how", ["dropped", "absent", "unknown", "moved"])
def test_a_ledger_that_was_tampered_with_is_noticed(
    small: Small, rows: tuple[LedgerRow, ...], tmp_path: Path, how: str
) -> None:
    changed, address = tampered(rows, how)
    write(tmp_path, small, changed)
    done = run(tmp_path)
    assert done.returncode == 1 and address in done.stderr and "1 numbers are not" in done.stderr


@pytest.mark.r
def test_without_a_ledger_it_says_what_is_missing(small: Small, rows: tuple[LedgerRow, ...], tmp_path: Path) -> None:
    write(tmp_path, small, rows)
    (tmp_path / "verification.csv").unlink()
    done = run(tmp_path)
    assert done.returncode == 1 and "verification.csv is missing" in done.stderr


@pytest.mark.r
def test_where_r_had_not_run_it_is_compared_with_python(
    small: Small, rows: tuple[LedgerRow, ...], tmp_path: Path
) -> None:
    blank = {"r": None, "abs_diff": None, "rel_diff": None, "verdict": Verdict.NOT_RUN}
    write(tmp_path, small, tuple(row.model_copy(update=blank) for row in rows))
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.r
def test_the_shipped_study_is_reproduced(checked: Checked, tmp_path: Path) -> None:
    for name, data in verification_files(checked.checker, checked.frames, checked.results).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "verification.csv").write_text(verification_csv(checked.results.verification), encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1 + len(checked.results.verification.rows)
