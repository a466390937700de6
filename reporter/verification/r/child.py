"""One child process that holds R, seen from the parent: every exchange has a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import reporter
from reporter.verification.r.protocol import Floats, Header, read_message, write_message

COMMAND = (sys.executable, "-m", "reporter.verification.r.worker")


class ChildError(Exception):
    """The child gave no answer; the message says why, in words for the ledger."""


def child_environment() -> dict[str, str]:
    """Return the environment of a child: English messages, one thread, this package importable from any folder."""
    places = [str(Path(reporter.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    fixed = {"LANGUAGE": "en", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **fixed, "PYTHONPATH": os.pathsep.join(filter(None, places))}


class RChild:
    """A running child.

    Parameters
    ----------
    start_limit_s
        Seconds until it must have said which R it holds.
    command
        What is started.

    Raises
    ------
    ChildError
        When the child cannot be started, or says that it has no R.
    """

    def __init__(self, *, start_limit_s: float, command: Sequence[str] = COMMAND) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 closed by kill()
        try:
            self._process = subprocess.Popen(  # noqa: S603
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=child_environment(),
                start_new_session=True,
            )
        except OSError as error:
            self._said.close()
            raise ChildError(f"the child process could not be started: {error}") from error
        try:
            header, _ = self._receive(start_limit_s)
            if header["error"]:
                raise ChildError(header["error"])
        except ChildError:
            self.kill()
            raise
        self.r_version: str = header["r_version"]
        self.survival_version: str = header["survival_version"]

    @property
    def pid(self) -> int:
        """Process identifier."""
        return self._process.pid

    @property
    def _to(self) -> BinaryIO:
        return self._process.stdin  # type: ignore[return-value]

    @property
    def _from(self) -> BinaryIO:
        return self._process.stdout  # type: ignore[return-value]

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the child after so many seconds; reads and writes then end, and ChildError is raised."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(max(seconds, 0.0), stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, OSError, ValueError) as error:
            why = f"R did not answer within {seconds:g} s" if late.is_set() else self._end()
            raise ChildError(why) from error
        finally:
            timer.cancel()

    def _end(self) -> str:
        """Say how the child ended, with the last line it printed."""
        self._process.kill()
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"R ended without an answer ({how})" + (f": {lines[-1].strip()[:200]}" if lines else "")

    def _receive(self, limit_s: float) -> tuple[Header, list[Floats]]:
        with self._deadline(limit_s):
            return read_message(self._from)

    def ask(self, header: Header, vectors: Sequence[Floats] = (), *, limit_s: float) -> tuple[Header, list[Floats]]:
        """Send a message and return the answer.

        Raises
        ------
        ChildError
            When no answer came in time or the child ended; it is dead afterwards.
        """
        with self._deadline(limit_s):
            write_message(self._to, header, vectors)
            return read_message(self._from)

    def stop(self) -> None:
        """End the child; the thread that waits for its answer gets ChildError and closes the pipes."""
        self._process.kill()

    def kill(self) -> None:
        """End the child and close its pipes; only where no other thread waits for an answer."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        self._said.close()
