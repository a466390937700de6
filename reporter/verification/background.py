"""lifelines in a process of its own, beside R and the estimates: its import alone takes as long as the whole check.

The process is started as a module and never imports the caller's main module: a script or a server may call this.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Sequence

from reporter.verification.differences import Witnessed
from reporter.verification.r.child import child_environment
from reporter.verification.r.protocol import Header, read_message, write_message
from reporter.verification.r.session import frame_message
from reporter.verification.task import Frames, Task

COMMAND = (sys.executable, "-m", "reporter.verification.witness_worker")
LIMIT_S = 300.0


def task_message(task: Task) -> Header:
    """Return a task as a message."""
    return {"ask": "task", "cohort": task.cohort, "endpoint": task.endpoint, "options": task.options.model_dump_json()}


class BackgroundWitness:
    """Collects what lifelines gives; a process that fails or is late leaves its column empty.

    Parameters
    ----------
    limit_s
        Longest wait for the answers, in seconds.
    command
        What is started.
    """

    def __init__(self, *, limit_s: float = LIMIT_S, command: Sequence[str] = COMMAND) -> None:
        self._limit_s = limit_s
        self._command = command
        self._queue: queue.Queue[tuple[Frames, Sequence[Task]] | None] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._found: dict[str, Witnessed] = {}

    def submit(self, frames: Frames, tasks: Sequence[Task]) -> None:
        """Hand tasks over; returns at once."""
        if self._thread is None:
            self._start()
        self._queue.put((dict(frames), tuple(tasks)))

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603
                list(self._command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
                start_new_session=True,
            )
        except OSError:
            self._process = None
        self._thread = threading.Thread(target=self._work, name="lifelines", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._converse()
        except (OSError, ValueError, EOFError, KeyError):
            self._found = {}

    def _converse(self) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        while (item := self._queue.get()) is not None:
            frames, tasks = item
            for frame in frames.values():
                write_message(process.stdin, *frame_message(frame))
            for task in tasks:
                write_message(process.stdin, task_message(task))
        write_message(process.stdin, {"ask": "answer"})
        answer, _ = read_message(process.stdout)
        self._found = {where: Witnessed(*parts) for where, parts in answer["found"].items()}

    def wait(self) -> dict[str, Witnessed]:
        """Return all answers by address and end the process."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout=self._limit_s)
        self.close()
        return self._found

    def close(self) -> None:
        """Drop what is queued and end the process."""
        self._queue.put(None)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._thread is not None:
            self._thread.join()
        for stream in (self._process.stdin, self._process.stdout) if self._process is not None else ():
            if stream is not None:
                _close(stream)
        self._process, self._thread = None, None


def _close(stream: object) -> None:
    try:
        stream.close()  # type: ignore[attr-defined]
    except OSError:
        return
