"""Where the pages are made: in this process, in several of this machine, or on a Dask cluster.

Every engine hands back what it made as it is ready, one at a time; only the caller writes files. A process that dies
costs the patient whose pages it was making, no other.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from reporter.errors import ReporterError, UsageError
from reporter.pipeline.patient_pages import Made, PageSettings, Task, make_in_worker, make_pages, rare_garbage

LIMIT_S = 300.0
CONNECT = "10s"
_DASK = "dask:"
_SCHEMES = ("tcp://", "tls://", "ucx://")
_LOST = "the process that made the pages was killed or ran out of memory, twice"

Maker = Callable[[PageSettings, Task], Made]


class Engine(Protocol):
    """Makes pages."""

    def make(self, settings: PageSettings, tasks: Sequence[Task]) -> Iterator[Made]:
        """Yield what was made of each task, in any order."""


class OneProcess:
    """One patient after the other, in the process of the command."""

    def make(self, settings: PageSettings, tasks: Sequence[Task]) -> Iterator[Made]:
        """Yield what was made of each task, in order."""
        with rare_garbage() as beat:
            for task in tasks:
                yield make_pages(settings, task)
                beat()


class Processes:
    """Several processes of this machine (joblib with loky).

    Parameters
    ----------
    jobs
        Number of processes, at least 2.
    maker
        The function that they run.
    """

    def __init__(self, jobs: int, maker: Maker = make_in_worker) -> None:
        self.jobs, self.maker = jobs, maker

    def make(self, settings: PageSettings, tasks: Sequence[Task]) -> Iterator[Made]:
        """Yield what was made of each task; where a process died, its patients are tried again, each alone."""
        from joblib.externals.loky.process_executor import TerminatedWorkerError  # type: ignore[import-untyped]

        waiting = {task.row: task for task in tasks}
        while waiting:
            try:
                for made in self._run(settings, list(waiting.values())):
                    del waiting[made.row]
                    yield made
            except (TerminatedWorkerError, TimeoutError, multiprocessing.TimeoutError):
                for task in list(waiting.values())[: 2 * self.jobs]:
                    del waiting[task.row]
                    yield self._alone(settings, task)

    def _run(self, settings: PageSettings, tasks: Sequence[Task]) -> Iterator[Made]:
        from joblib import Parallel, delayed  # type: ignore[import-untyped]

        run = Parallel(
            n_jobs=self.jobs, backend="loky", return_as="generator_unordered", batch_size=1,
            pre_dispatch=2 * self.jobs, timeout=LIMIT_S, max_nbytes=None,
        )  # fmt: skip
        with warnings.catch_warnings():
            # "A worker stopped while some jobs were given to the executor": its patients are tried again.
            warnings.filterwarnings("ignore", message="A worker stopped", category=UserWarning)
            yield from run(delayed(self.maker)(settings, task) for task in tasks)

    def _alone(self, settings: PageSettings, task: Task) -> Made:
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        try:
            return next(self._run(settings, [task]))
        except TerminatedWorkerError:
            return Made(task.row, task.result.id, {}, _LOST)
        except (TimeoutError, multiprocessing.TimeoutError):
            return Made(task.row, task.result.id, {}, f"the pages were not ready after {LIMIT_S:.0f} seconds")


class DaskCluster:
    """The workers of a Dask cluster; each needs this version of reporter installed."""

    def __init__(self, client: Any, maker: Maker = make_pages) -> None:
        self.client, self.maker = client, maker

    def make(self, settings: PageSettings, tasks: Sequence[Task]) -> Iterator[Made]:
        """Yield what was made of each task; a patient whose worker died again and again has a reason."""
        import distributed

        as_completed: Any = distributed.as_completed
        by_future = {self.client.submit(self.maker, settings, task, pure=False, retries=1): task for task in tasks}
        try:
            for future in as_completed(by_future):
                task = by_future[future]
                error = future.exception()
                if error is None:
                    yield future.result()
                else:
                    why = f"the cluster could not make the pages: {type(error).__name__}: {error}"
                    yield Made(task.row, task.result.id, {}, why)
                future.release()
        finally:
            self.client.cancel(list(by_future))


@contextmanager
def _dask(address: str) -> Iterator[Engine]:
    try:
        import distributed
    except ImportError as error:
        raise UsageError(
            "--engine dask: the package 'distributed' is not installed. Install survival-reporter[dask], or leave "
            "--engine out and use --jobs."
        ) from error
    try:
        connect: Any = distributed.Client
        client = connect(address, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise ReporterError(f"--engine {_DASK}{address}: no Dask scheduler answers there: {error}.") from error
    try:
        yield DaskCluster(client)
    finally:
        client.close()


@contextmanager
def _local(jobs: int) -> Iterator[Engine]:
    if jobs == 1:
        yield OneProcess()
        return
    from joblib.externals.loky import get_reusable_executor  # type: ignore[import-untyped]

    try:
        yield Processes(jobs)
    finally:
        get_reusable_executor(max_workers=jobs).shutdown(wait=True, kill_workers=False)


@contextmanager
def open_engine(name: str, jobs: int) -> Iterator[Engine]:
    """Yield the engine that was asked for and end its processes.

    Parameters
    ----------
    name
        ``local``, or ``dask:tcp://host:port``.
    jobs
        Processes of ``local``.

    Raises
    ------
    UsageError
        The name is neither, or Dask is not installed.
    ReporterError
        No scheduler answers.
    """
    check_engine(name, jobs)
    with _local(jobs) if name == "local" else _dask(name.removeprefix(_DASK)) as engine:
        yield engine


def check_engine(name: str, jobs: int) -> None:
    """Raise UsageError unless engine and number of processes are allowed."""
    if jobs < 1:
        raise UsageError(f"--jobs {jobs}: is not a number of processes. Give 1 or more.")
    known = name == "local" or (name.removeprefix(_DASK).startswith(_SCHEMES) and name.startswith(_DASK))
    if not known:
        raise UsageError(f"--engine {name}: is not known; allowed: local, dask:tcp://HOST:PORT.")
    if name != "local" and jobs > 1:
        raise UsageError("--jobs: is for --engine local; a Dask cluster has its own number of workers.")
