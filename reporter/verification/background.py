"""lifelines in a process of its own, beside R and the estimates: its import alone takes as long as the whole check."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as LateError
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from reporter.verification.differences import Witnessed
from reporter.verification.lifelines import witness
from reporter.verification.task import Frames, Task

LIMIT_S = 300.0


class BackgroundWitness:
    """Collects what lifelines gives; a process that fails or is late leaves its column empty.

    Parameters
    ----------
    limit_s
        Longest wait for the answers, in seconds.
    """

    def __init__(self, *, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._pool: ProcessPoolExecutor | None = None
        self._found: list[Future[dict[str, Witnessed]]] = []

    def submit(self, frames: Frames, tasks: Sequence[Task]) -> None:
        """Hand tasks over; returns at once."""
        try:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
            self._found.append(self._pool.submit(witness, dict(frames), tuple(tasks)))
        except (OSError, RuntimeError):
            self.close()

    def wait(self) -> dict[str, Witnessed]:
        """Return all answers by address and end the process."""
        found: dict[str, Witnessed] = {}
        try:
            for future in self._found:
                found |= future.result(timeout=self._limit_s)
        except (BrokenProcessPool, LateError, OSError):
            pass
        self.close()
        return found

    def close(self) -> None:
        """Drop what is queued and end the process."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if not all(future.done() for future in self._found):
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 no public way to end a late worker
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
