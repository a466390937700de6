"""A batch that is stopped, killed or out of room leaves whole files and a true index, and can go on."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reporter.errors import ReporterError, UsageError
from reporter.output.folder import MANIFEST
from reporter.output.patient_folder import ARCHIVE, PatientFolder
from reporter.pipeline import patient_batch, patient_engine
from reporter.pipeline.patient import report_patients
from reporter.pipeline.patient_batch import FULL, STOPPED
from reporter.pipeline.patient_pages import Made, make_pages
from tests.patient.asking import GOOD, Ask, require_true_index, rows_of, silent

SIX = tuple(f"{name},{GOOD}" for name in "ABCDEF")


def stopping_after(n: int, error: BaseException) -> Any:
    """Make pages, and raise when asked for one more than `n`."""
    done: list[int] = []

    def make(settings: Any, task: Any) -> Made:
        if len(done) == n:
            raise error
        done.append(task.row)
        return make_pages(settings, task)

    return make


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_batch, "CHUNK", 2)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_ctrl_c_leaves_whole_files_and_resume_ends_as_if_nothing_had_been(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = replace(ask(*SIX, to="html,pdf"), out=tmp_path / "whole")
    report_patients(whole, say=silent)
    request = replace(whole, out=tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(patient_engine, "make_pages", stopping_after(3, KeyboardInterrupt()))
        assert report_patients(request, say=silent) == 1
    found = require_true_index(request.out)
    assert [state for state, _ in found.values()] == ["written"] * 3 + ["failed"] * 3
    assert {reason for state, reason in found.values() if state == "failed"} == {STOPPED}
    with pytest.raises(UsageError, match="not empty"):
        report_patients(request, say=silent)
    before = (request.out / "A.pdf").stat()
    assert report_patients(replace(request, resume=True), say=silent) == 0
    assert contents(request.out) == contents(whole.out)
    after = (request.out / "A.pdf").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_error_of_the_program_keeps_what_is_done(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html")
    monkeypatch.setattr(patient_engine, "make_pages", stopping_after(3, AssertionError("broken")))
    with pytest.raises(AssertionError):
        report_patients(request, say=silent)
    assert [state for state, _ in require_true_index(request.out).values()] == ["written"] * 3 + ["failed"] * 3


KILLED = """
import os, sys
from pathlib import Path
from reporter.pipeline import patient_batch, patient_engine
from reporter.pipeline.patient import PatientRequest, report_patients
real, done = patient_engine.make_pages, []
def make(settings, task):
    if len(done) == 3:
        os._exit(9)
    done.append(task.row)
    return real(settings, task)
patient_batch.CHUNK, patient_engine.make_pages = 2, make
report, table, out = map(Path, sys.argv[1:])
report_patients(PatientRequest(report=report, input=table, out=out, verify=False, to="html"), say=print)
"""


def test_a_process_killed_without_warning_loses_one_chunk(ask: Ask) -> None:
    request = ask(*SIX, to="html")
    command = [sys.executable, "-c", KILLED, str(request.report), str(request.input), str(request.out)]
    assert subprocess.run(command, check=False).returncode == 9
    assert [row["id"] for row in rows_of(request.out / "index.csv")] == ["A", "B"]
    assert (request.out / "C.html").is_file() and json.loads((request.out / MANIFEST).read_text())["kind"] == "patients"
    assert report_patients(replace(request, resume=True), say=silent) == 0
    assert {state for state, _ in require_true_index(request.out).values()} == {"written"}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_a_signal_ends_the_command_in_order(ask: Ask, number: signal.Signals, jobs: int) -> None:
    request = ask(*(f"S{i},{GOOD}" for i in range(60)))
    command = [sys.executable, "-m", "reporter.cli.main", "patient", str(request.report), "--input", str(request.input)]
    command = [*command, "--out", str(request.out), "--no-verify", "--jobs", str(jobs), "--quiet"]
    program = "import sys; from reporter.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command[1:3] = ["-c", program]
    child = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while len(list(request.out.glob("S*.pdf"))) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 1 and "Traceback" not in said
    states = [state for state, _ in require_true_index(request.out).values()]
    assert len(states) == 60 and 3 <= states.count("written") < 60


def test_resume_makes_again_only_what_changed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html", archive=True)
    report_patients(request, say=silent)
    (request.out / "E.html").write_text("tampered")
    (request.out / "F.html").unlink()
    changed = [row.replace("54", "60") if row[0] == "B" else row for row in SIX]
    changed[2] = changed[2].replace("54", "")
    request.input.write_text("\n".join(("pid,age,meno,size,grade,nodes,pgr,er,hormon", *changed)) + "\n")
    made: list[str] = []

    def make(settings: Any, task: Any) -> Made:
        made.append(task.result.id)
        return make_pages(settings, task)

    monkeypatch.setattr(patient_engine, "make_pages", make)
    assert report_patients(replace(request, resume=True, archive=False), say=silent) == 1
    found = require_true_index(request.out)
    assert made == ["B", "E", "F"] and found["C"] == ("refused", "age: no value")
    assert not (request.out / "C.html").exists() and not (request.out / ARCHIVE).exists()


def test_resume_is_for_the_same_batch_only(ask: Ask, tmp_path: Path) -> None:
    request = ask(*SIX, to="html")
    report_patients(request, say=silent)
    before = contents(request.out)
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("x")
    cases = [
        (replace(request, resume=True, to="pdf"), "made from other models, by another version, or with another --to"),
        (replace(request, resume=True, ids=("A",)), "has pages of 5 patients who are not asked for, e.g. 'B'"),
        (replace(request, resume=True, overwrite=True), "Give one of them"),
        (replace(request, resume=True, out=other), "was not written by reporter"),
    ]
    for case, words in cases:
        with pytest.raises(UsageError) as caught:
            report_patients(case, say=silent)
        assert words in str(caught.value)
    assert contents(request.out) == before and contents(other) == {"mine.txt": b"x"}
    assert report_patients(replace(request, resume=True, out=tmp_path / "new"), say=silent) == 0


def test_a_file_that_is_not_ours_is_never_written_over(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html")
    with monkeypatch.context() as patch:
        patch.setattr(patient_engine, "make_pages", stopping_after(3, KeyboardInterrupt()))
        report_patients(request, say=silent)
    (request.out / "F.html").write_text("mine")
    assert report_patients(replace(request, resume=True), say=silent) == 1
    found = {row["id"]: row for row in rows_of(request.out / "index.csv")}
    assert found["F"]["status"] == "failed" and "has a file F.html that is not ours" in found["F"]["reason"]
    assert found["E"]["status"] == "written" and (request.out / "F.html").read_text() == "mine"


def test_overwrite_that_is_stopped_still_gives_a_true_index(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html")
    report_patients(request, say=silent)
    monkeypatch.setattr(patient_engine, "make_pages", stopping_after(1, KeyboardInterrupt()))
    assert report_patients(replace(request, overwrite=True), say=silent) == 1
    found = require_true_index(request.out)
    assert [state for state, _ in found.values()] == ["written"] + ["failed"] * 5
    assert [path.name for path in request.out.parent.iterdir() if path.name.startswith(".")] == []


def failing_writes(monkeypatch: pytest.MonkeyPatch, number: int, names: Iterator[str] | set[str]) -> None:
    real, refused = Path.write_bytes, {f".part-{name}" for name in names}

    def write(path: Path, content: bytes) -> int:
        if path.name in refused:
            real(path, content[:10])
            raise OSError(number, os.strerror(number))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)


def part_names(*names: str) -> set[str]:
    from reporter.output.folder import sha256

    return {sha256(name.encode())[:16] for name in names}


def test_a_full_disk_stops_the_batch_and_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html,pdf")
    with monkeypatch.context() as patch:
        failing_writes(patch, errno.ENOSPC, part_names("D.pdf"))
        assert report_patients(request, say=silent) == 1
    found = require_true_index(request.out)
    assert [state for state, _ in found.values()] == ["written"] * 3 + ["failed"] * 3
    assert found["D"][1] == f"the pages could not be written: {os.strerror(errno.ENOSPC)}" and found["E"][1] == FULL
    assert report_patients(replace(request, resume=True), say=silent) == 0
    assert {state for state, _ in require_true_index(request.out).values()} == {"written"}


def test_a_file_that_cannot_be_written_costs_its_patient_only(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(*SIX, to="html,pdf")
    failing_writes(monkeypatch, errno.EFBIG, part_names("B.html"))
    assert report_patients(request, say=silent) == 1
    found = require_true_index(request.out)
    assert [name for name, (state, _) in found.items() if state == "failed"] == ["B"]
    assert not (request.out / "B.pdf").exists()


def test_a_disk_without_room_for_the_index_is_refused_at_the_start(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    request = ask(*SIX, to="html")
    with pytest.raises(ReporterError, match="cannot be written: No space left on device"):
        report_patients(request, say=silent)
    assert not request.out.exists()
    request.out.mkdir()
    with pytest.raises(ReporterError):
        report_patients(request, say=silent)
    assert list(request.out.iterdir()) == []


def test_the_archive_has_all_files_and_the_same_bytes_each_time(ask: Ask, tmp_path: Path) -> None:
    request = ask(*SIX, to="html", archive=True)
    again = replace(request, out=tmp_path / "again")
    assert report_patients(request, say=silent) == report_patients(again, say=silent) == 0
    require_true_index(request.out)
    with zipfile.ZipFile(request.out / ARCHIVE) as packed:
        assert packed.testzip() is None
        names = {path.name for path in request.out.iterdir()} - {ARCHIVE, MANIFEST}
        assert set(packed.namelist()) == names
        assert all(packed.read(name) == (request.out / name).read_bytes() for name in names)
    assert contents(request.out) == contents(again.out)


def test_a_write_replaces_a_file_whole(tmp_path: Path) -> None:
    folder = PatientFolder(tmp_path / "o", aside=False, n_patients=1)
    folder.write("a.pdf", b"one")
    assert folder.write("a.pdf", b"two") == folder.hashes["a.pdf"] and not folder.is_foreign("a.pdf")
    (tmp_path / "o" / "b.pdf").symlink_to("nowhere")
    assert folder.is_foreign("b.pdf")
    folder.commit({}, {})
    folder.finish()
    assert {p.name for p in (tmp_path / "o").iterdir()} == {"a.pdf", "b.pdf", MANIFEST}
