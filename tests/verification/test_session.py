"""R in its child: what it gives, and what becomes of a check that fails, hangs or kills it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reporter.resources import r_scripts_folder
from reporter.verification.r.child import ChildError, RChild
from reporter.verification.r.code import SHARED, options_code
from reporter.verification.r.session import Limits, RSession, frame_message
from reporter.verification.task import Answer, Task
from tests.verification.small import Small, tasks_of

AskR = Callable[..., dict[Task, Answer]]
FILES = ("baseline", "concordance", "cox", "follow_up", "kaplan_meier", "log_rank", "ph_test", "validation")


@pytest.mark.r
def test_every_kind_is_answered(small: Small, answers: dict[Task, Answer]) -> None:
    assert [answer.not_run for answer in answers.values()] == [""] * len(small.planned)
    assert list(answers) == tasks_of(small.planned)
    assert all(answer.values for answer in answers.values())


@pytest.mark.r
def test_each_kind_needs_its_own_file_and_no_other(small: Small) -> None:
    child = RChild(start_limit_s=60)
    folder = r_scripts_folder()
    for frame in small.frames.values():
        child.ask(*frame_message(frame), limit_s=60)

    def answered() -> set[str]:
        asked = [(t.options.kind, t.cohort, t.endpoint, options_code(t.options)) for t in tasks_of(small.planned)]
        found = [(task[0], child.ask({"ask": "run", "task": task}, limit_s=60)[0]["error"]) for task in asked]
        assert all(error in ("", f"{kind}.R is missing or has no function check_{kind}") for kind, error in found)
        return {kind for kind, error in found if not error}

    child.ask({"ask": "load", "paths": [str(folder / name) for name in SHARED]}, limit_s=60)
    try:
        for number, kind in enumerate(FILES):
            assert answered() == set(FILES[:number])
            child.ask({"ask": "load", "paths": [str(folder / f"{kind}.R")]}, limit_s=60)
        assert answered() == set(FILES)
    finally:
        child.kill()


@pytest.mark.r
@pytest.mark.parametrize("spoilt", ["cox", "kaplan_meier"])
def test_a_file_that_is_missing_takes_its_own_kind_alone(small: Small, scripts: Path, ask_r: AskR, spoilt: str) -> None:
    (scripts / f"{spoilt}.R").unlink()
    found = ask_r(small.frames, tasks_of(small.planned), scripts=scripts)
    assert {task.options.kind for task, answer in found.items() if answer.not_run} == {spoilt}
    assert all(f"{spoilt}.R is missing" in answer.not_run for answer in found.values() if answer.not_run)


@pytest.mark.r
def test_a_file_that_does_not_parse_takes_its_own_kind_alone(small: Small, scripts: Path, ask_r: AskR) -> None:
    (scripts / "cox.R").write_text("check_cox <- function(frames {")
    found = ask_r(small.frames, tasks_of(small.planned), scripts=scripts)
    assert {task.options.kind for task, answer in found.items() if answer.not_run} == {"cox"}
    assert all("cox.R does not load" in answer.not_run for answer in found.values() if answer.not_run)


SPOILT = {
    "an error": ('stop("no such thing")', "R stopped: no such thing"),
    "a hang": ("repeat {}", "R did not answer within 2 s"),
    "quit": ('quit(save = "no")', "R ended without an answer (exit code 0)"),
    "a kill": ("tools::pskill(Sys.getpid(), 9)", "R ended without an answer (signal 9)"),
    "endless recursion": ("f <- function(n) f(n + 1); f(1)", "R "),
    "two values": ('result(list(numbers("a/b/c", c(x = 1, x = 2))))', "R gave two values"),
}


@pytest.mark.r
@pytest.mark.parametrize("how", SPOILT)
def test_a_check_that_breaks_r_is_not_run_and_the_rest_stays(
    small: Small, answers: dict[Task, Answer], scripts: Path, ask_r: AskR, how: str
) -> None:
    code, said = SPOILT[how]
    (scripts / "log_rank.R").write_text(f"check_log_rank <- function(frames, cohort, endpoint, options) {{ {code} }}\n")
    found = ask_r(small.frames, tasks_of(small.planned), scripts=scripts, limits=Limits(start=60, task=2, total=120))
    for task, answer in found.items():
        if task.options.kind == "log_rank":
            assert answer.not_run.startswith(said)
        else:
            assert answer.not_run == "" and answer.values.keys() == answers[task].values.keys()


@pytest.mark.r
def test_what_r_prints_does_not_reach_the_channel(small: Small, scripts: Path, ask_r: AskR) -> None:
    noise = 'cat("noise\\n"); print(1:10); message("more"); system("echo child"); warning("took long")\n'
    text = (scripts / "log_rank.R").read_text().replace("options) {\n", f"options) {{\n{noise}", 1)
    (scripts / "log_rank.R").write_text(text)
    (answer,) = ask_r(small.frames, tasks_of(small.of_kind("log_rank")), scripts=scripts).values()
    assert answer.not_run == "" and answer.values and answer.warnings == ("took long",)


@pytest.mark.r
def test_the_frame_arrives_bit_for_bit(small: Small, scripts: Path, ask_r: AskR) -> None:
    (scripts / "log_rank.R").write_text("""
check_log_rank <- function(frames, cohort, endpoint, options) {
  frame <- frames[["development/os"]]
  stopifnot(is.factor(frame$size), is.logical(frame$.event), is.double(frame$.time))
  columns <- lapply(frame, as.numeric)
  result(curves = lapply(names(columns), function(n) curve_column("x/y/z", n, seq_along(columns[[n]]), columns[[n]])))
}
""")
    (answer,) = ask_r(small.frames, tasks_of(small.of_kind("log_rank")), scripts=scripts).values()
    assert answer.not_run == ""
    frame = small.frames["development", "os"]
    sent = {".time": frame.time, ".event": frame.event * 1.0, "age": frame.columns["age"].values,
            "size": frame.columns["size"].values + 1, "cohort": frame.columns["cohort"].values}  # fmt: skip
    for name, values in sent.items():
        assert np.array_equal(answer.curves[f"x/y/z/{name}"].value, values, equal_nan=True)


@pytest.mark.r
def test_the_total_limit_ends_everything(small: Small, scripts: Path, ask_r: AskR) -> None:
    (scripts / "follow_up.R").write_text("check_follow_up <- function(...) repeat {}\n")
    begun = time.monotonic()
    found = ask_r(small.frames, tasks_of(small.planned), scripts=scripts, limits=Limits(start=60, task=60, total=5))
    assert time.monotonic() - begun < 30
    assert len(found) == len(small.planned) and all(answer.not_run for answer in found.values())


@pytest.mark.r
def test_interrupted_while_r_computes(small: Small, scripts: Path) -> None:
    (scripts / "follow_up.R").write_text("check_follow_up <- function(...) repeat {}\n")
    session = RSession(scripts=scripts)
    session.start()
    session.submit(small.frames, tasks_of(small.planned))
    time.sleep(2)
    session.close()
    assert all(answer.not_run for answer in session.answers.values())


def test_a_child_that_has_no_r_says_why(small: Small) -> None:
    code = """
import sys
from reporter.verification.r.protocol import write_message
write_message(sys.stdout.buffer, {"error": "ModuleNotFoundError: No module named 'rpy2'"})
"""
    session = RSession(command=(sys.executable, "-c", code))
    session.start()
    session.submit(small.frames, tasks_of(small.planned))
    found = session.wait()
    assert session.why_not == "ModuleNotFoundError: No module named 'rpy2'"
    assert {answer.not_run for answer in found.values()} == {session.why_not}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("/nowhere/python",), "could not be started"),
        ((sys.executable, "-c", "raise SystemExit('libR.so: cannot open')"), "exit code 1): libR.so: cannot open"),
        ((sys.executable, "-c", "print('hello')"), "ended without an answer"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "did not answer within 1 s"),
    ],
    ids=["no file", "dies", "talks nonsense", "hangs"],
)
def test_a_child_that_does_not_start(command: tuple[str, ...], said: str) -> None:
    limit = 1.0 if "sleep" in command[-1] else 20.0
    with pytest.raises(ChildError, match=r"R|child") as caught:
        RChild(start_limit_s=limit, command=command)
    assert said in str(caught.value)


@pytest.mark.r
def test_the_child_ends_with_its_parent_side() -> None:
    child = RChild(start_limit_s=60)
    assert child.r_version.count(".") == 2 and child.survival_version
    pid = child.pid
    child.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
