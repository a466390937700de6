"""Where the pages are made changes nothing about them, and a process that dies costs one patient."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import distributed
import pytest

from reporter.errors import ReporterError, UsageError
from reporter.pipeline import patient, patient_batch, patient_engine
from reporter.pipeline.patient import report_patients
from reporter.pipeline.patient_batch import SWAPPED
from reporter.pipeline.patient_engine import Processes, check_engine
from reporter.pipeline.patient_pages import Made, PageSettings, Task, make_pages
from tests.patient.asking import GOOD, Ask, require_true_index, silent, status_of
from tests.patient.demo_result import demo_result

SETTINGS = PageSettings(("html",), "en", "")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_two_processes_and_a_cluster_write_the_bytes_of_one(ask: Ask, tmp_path: Path) -> None:
    one = ask(*(f"{name},{GOOD}" for name in "ABC"), "D,,1,20-50,3,4,30,120,1")
    assert report_patients(one, say=silent) == 1
    two = replace(one, out=tmp_path / "two", jobs=2)
    assert report_patients(two, say=silent) == 1
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        many = replace(one, out=tmp_path / "dask", engine=f"dask:{cluster.scheduler_address}")
        assert report_patients(many, say=silent) == 1
    assert contents(one.out) == contents(two.out) == contents(many.out)
    assert [state for state, _ in require_true_index(two.out).values()] == ["written"] * 3 + ["refused"]


@pytest.mark.slow
def test_a_killed_process_costs_its_own_patient_only() -> None:
    def maker(settings: PageSettings, task: Task) -> Made:
        if task.result.id == "P3":
            os.kill(os.getpid(), signal.SIGKILL)
        return make_pages(settings, task)

    tasks = [Task(i, f"P{i}", demo_result(id=f"P{i}")) for i in range(12)]
    made = {found.row: found for found in Processes(2, maker).make(SETTINGS, tasks)}
    assert sorted(made) == list(range(12))
    assert made.pop(3).reason == "the process that made the pages was killed or ran out of memory, twice"
    assert all(found.files and not found.reason and found.id == f"P{row}" for row, found in made.items())


@pytest.mark.slow
def test_a_process_that_does_not_end_costs_its_own_patient_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_engine, "LIMIT_S", 12.0)

    def maker(settings: PageSettings, task: Task) -> Made:
        if task.result.id == "P1":
            import time

            time.sleep(600)
        return make_pages(settings, task)

    tasks = [Task(i, f"P{i}", demo_result(id=f"P{i}")) for i in range(3)]
    made = {found.row: found for found in Processes(2, maker).make(SETTINGS, tasks)}
    assert "not ready after" in made[1].reason and made[0].files and made[2].files


@pytest.mark.parametrize(
    ("engine", "jobs", "words"),
    [
        ("spark", 1, "--engine spark: is not known; allowed: local, dask:tcp://HOST:PORT."),
        ("dask:localhost", 1, "is not known"),
        ("tcp://x:1", 1, "is not known"),
        ("local", 0, "--jobs 0: is not a number of processes"),
        ("dask:tcp://x:1", 2, "--jobs: is for --engine local"),
    ],
)
def test_what_is_no_engine_is_refused(ask: Ask, engine: str, jobs: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_engine(engine, jobs)
    assert words in str(caught.value)
    request = ask(f"A,{GOOD}", engine=engine, jobs=jobs)
    with pytest.raises(UsageError):
        report_patients(request, say=silent)
    assert not request.out.exists()


def test_a_cluster_that_does_not_answer_writes_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_engine, "CONNECT", "1s")
    request = ask(f"A,{GOOD}", engine="dask:tcp://127.0.0.1:9")
    with pytest.raises(ReporterError, match="no Dask scheduler answers there"):
        report_patients(request, say=silent)
    assert not request.out.exists()


def test_results_of_two_patients_swapped_on_purpose_are_not_written(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = patient_batch.assemble_results

    def swapped(*arguments: Any) -> Any:
        found = real(*arguments)
        return {**found, 0: found[1], 1: found[0]}

    monkeypatch.setattr(patient_batch, "assemble_results", swapped)
    request = ask(f"A,{GOOD}", f"B,{GOOD.replace('54', '71')}", f"C,{GOOD}", to="html")
    assert report_patients(request, say=silent) == 1
    assert status_of(request.out) == {"A": ("failed", SWAPPED), "B": ("failed", SWAPPED), "C": ("written", "")}


def test_values_under_the_right_name_but_of_another_patient_are_not_written(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = patient_batch.assemble_results

    def renamed(*arguments: Any) -> Any:
        found = real(*arguments)
        return {0: found[1].model_copy(update={"id": "A"}), 1: found[0].model_copy(update={"id": "B"})}

    monkeypatch.setattr(patient_batch, "assemble_results", renamed)
    request = ask(f"A,{GOOD}", f"B,{GOOD.replace('54', '71')}", to="html")
    assert report_patients(request, say=silent) == 1
    assert {reason for _, reason in status_of(request.out).values()} == {SWAPPED}


def test_pages_that_an_engine_hands_back_for_another_are_not_written(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crossed:
        def make(self, settings: PageSettings, tasks: list[Task]) -> Any:
            one, two = (make_pages(settings, task) for task in tasks)
            yield replace(one, row=two.row)
            yield replace(two, row=one.row)

    from contextlib import nullcontext

    monkeypatch.setattr(patient, "open_engine", lambda *_: nullcontext(Crossed()))
    request = ask(f"A,{GOOD}", f"B,{GOOD}", to="html")
    assert report_patients(request, say=silent) == 1
    assert {reason for _, reason in status_of(request.out).values()} == {SWAPPED}


@pytest.mark.r
def test_r_catches_curves_of_two_patients_swapped_on_purpose(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = patient_batch.predict_patients

    def swapped(*arguments: Any) -> Any:
        found = real(*arguments)
        one, two, *others = found.curves
        return replace(found, curves=(two, one, *others))

    monkeypatch.setattr(patient_batch, "predict_patients", swapped)
    request = ask(f"A,{GOOD}", f"B,{GOOD.replace('54', '71')}", f"C,{GOOD}", to="html", verify=True)
    assert report_patients(request, say=silent) == 1
    found = status_of(request.out)
    assert all(found[name][1].startswith("R computes another curve") for name in "AB")
    assert found["C"] == ("written", "")


def test_one_patient_who_spoils_the_estimates_of_a_chunk_fails_alone(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = patient_batch.predict_patients

    def spoiled(model: Any, table: Any, rows: Any) -> Any:
        if any(table.ids[row] == "B" for row in rows):
            raise ArithmeticError("spoiled")
        return real(model, table, rows)

    monkeypatch.setattr(patient_batch, "predict_patients", spoiled)
    request = ask(*(f"{name},{GOOD}" for name in "ABC"), to="html")
    assert report_patients(request, say=silent) == 1
    assert status_of(request.out) == {
        "A": ("written", ""), "B": ("failed", "the estimate could not be made: spoiled"), "C": ("written", "")
    }  # fmt: skip
