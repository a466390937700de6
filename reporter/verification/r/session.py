"""Checks run by R in the background while Python computes.

A check that hangs or kills R is not run, with the reason; a fresh child goes on with the rest.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reporter.cohort.frame import AnalysisFrame
from reporter.resources import r_scripts_folder
from reporter.verification.r.child import COMMAND, ChildError, RChild
from reporter.verification.r.code import SHARED, options_code
from reporter.verification.r.protocol import Floats, Header
from reporter.verification.task import Answer, CurveAnswer, Frames, Task


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds: start of R, one check, all checks together."""

    start: float = 60.0
    task: float = 180.0
    total: float = 1200.0


def reference_files(scripts: Path) -> list[str]:
    """Return the R files of a folder, the shared ones first."""
    return [str(path) for path in sorted(scripts.glob("*.R"), key=lambda path: (path.name not in SHARED, path.name))]


def frame_message(frame: AnalysisFrame) -> tuple[Header, list[Floats]]:
    """Return a frame as vectors: numbers, level codes from 1, NaN where missing."""
    names = [".time", ".event"]
    levels: list[list[str]] = [[], []]
    vectors = [frame.time, frame.event.astype(np.float64)]
    for name, column in frame.exported.items():
        names.append(name)
        levels.append(list(column.levels))
        vectors.append(column.values if column.is_numeric else column.values + 1.0)
    return {"ask": "frame", "key": f"{frame.cohort}/{frame.endpoint}", "names": names, "levels": levels}, vectors


def read_answer(header: Header, vectors: list[Floats]) -> Answer:
    """Turn the child's message into an answer; two values at one address are no answer."""
    said = tuple(header.get("warnings", ()))
    if header["error"]:
        return Answer(not_run=header["error"], warnings=said)
    value, length, time_of, curve_value = vectors
    ends = np.cumsum(length.astype(np.int64))
    parts = zip(header["curve"], np.split(time_of, ends[:-1]), np.split(curve_value, ends[:-1]), strict=True)
    curves = {where: CurveAnswer(at, values) for where, at, values in parts} if header["curve"] else {}
    values = dict(zip(header["address"], value.tolist(), strict=True))
    if len(values) < len(header["address"]) or len(curves) < len(header["curve"]):
        return Answer(not_run="R gave two values for one address", warnings=said)
    return Answer(values=values, curves=curves, warnings=said)


class RSession:
    """A queue of checks and the thread that feeds them to R.

    Parameters
    ----------
    scripts
        Folder of the reference files.
    limits
        Time limits.
    command
        What is started as the child.
    """

    def __init__(
        self, *, scripts: Path | None = None, limits: Limits | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        self._files = reference_files(scripts or r_scripts_folder())
        self._limits = limits or Limits()
        self._command = command
        self._queue: queue.Queue[tuple[Frames, Sequence[Task]] | None] = queue.Queue()
        self._child: RChild | None = None
        self._sent: dict[tuple[str, str], AnalysisFrame] = {}
        self._closing = False
        self._ends_at = time.monotonic() + self._limits.total
        self.answers: dict[Task, Answer] = {}
        self.why_not = ""
        self.r_version = ""
        self.survival_version = ""
        self._thread = threading.Thread(target=self._work, name="check against R", daemon=True)

    def start(self) -> None:
        """Start the thread, which starts R at once."""
        self._thread.start()

    def submit(self, frames: Frames, tasks: Sequence[Task]) -> None:
        """Queue checks on these frames; returns at once."""
        self._queue.put((dict(frames), tuple(tasks)))

    def wait(self) -> dict[Task, Answer]:
        """Wait until all queued checks have an answer or a reason and return them; R is ended."""
        self._queue.put(None)
        self._thread.join()
        return self.answers

    def close(self) -> None:
        """Drop what is queued and end R."""
        self._closing = True
        child = self._child
        if child is not None:
            child.stop()
        self._queue.put(None)
        self._thread.join()

    def _start_child(self) -> None:
        """Start R and load the reference files; raises ChildError."""
        left = self._ends_at - time.monotonic()
        self._sent = {}
        child = RChild(start_limit_s=min(self._limits.start, left), command=self._command)
        self._child = child
        self.r_version, self.survival_version = child.r_version, child.survival_version
        self._ask({"ask": "load", "paths": self._files})

    def _ask(self, header: Header, vectors: Sequence[Floats] = ()) -> tuple[Header, list[Floats]]:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise ChildError(f"the check was ended after {self._limits.total:g} s")
        if self._child is None:
            raise ChildError("R is not running")
        return self._child.ask(header, vectors, limit_s=min(self._limits.task, left))

    def _drop_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _work(self) -> None:
        try:
            self._start_child()
        except ChildError as error:
            self.why_not = str(error)
        while (item := self._queue.get()) is not None:
            frames, tasks = item
            for task in tasks:
                self.answers[task] = self._answer(frames, task)
        self._drop_child()

    def _send_frames(self, frames: Frames) -> None:
        for key, frame in frames.items():
            if self._sent.get(key) is not frame:
                found, _ = self._ask(*frame_message(frame))
                if found["error"]:
                    raise ChildError(f"the frame {'/'.join(key)} could not be handed to R: {found['error']}")
                self._sent[key] = frame

    def _answer(self, frames: Frames, task: Task) -> Answer:
        if self.why_not or self._closing:
            return Answer(not_run=self.why_not or "the check was interrupted")
        try:
            if self._child is None:
                self._start_child()
            self._send_frames(frames)
            code = options_code(task.options)
            return read_answer(
                *self._ask({"ask": "run", "task": [task.options.kind, task.cohort, task.endpoint, code]})
            )
        except (ChildError, ValueError) as error:
            self._drop_child()
            return Answer(not_run=str(error))
