"""Progress on the terminal: step, bar and time; silent when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Watcher(Protocol):
    """Told when a step of a run begins."""

    def step(self, words: str) -> None:
        """Note that the step called `words` begins."""


class Silent:
    """Watches nothing but the clock: `times` maps each finished step to its seconds."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._current = ""
        self._began = 0.0

    def step(self, words: str) -> None:
        """Close the step before and begin `words`."""
        self.finish()
        self._current, self._began = words, time.perf_counter()

    def finish(self) -> None:
        """Close the step that is under way."""
        if self._current:
            self.times[self._current] = time.perf_counter() - self._began
        self._current = ""


class Bar(Silent):
    """Draws one bar on a terminal."""

    def __init__(self, progress: Progress, total: int) -> None:
        super().__init__()
        self._progress = progress
        self._task = progress.add_task("", total=total)
        self._started = False

    def step(self, words: str) -> None:
        """Advance the bar and print `words` beside it."""
        super().step(words)
        self._progress.update(self._task, description=words, advance=1 if self._started else 0)
        self._started = True


@contextmanager
def watch(total: int, *, quiet: bool) -> Iterator[Silent]:
    """Yield a bar on stderr when it is a terminal and `quiet` is false, else a silent watcher."""
    if quiet or not sys.stderr.isatty():
        silent = Silent()
        yield silent
        silent.finish()
        return
    columns = (TextColumn("{task.description:<32}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        bar = Bar(progress, total)
        yield bar
        bar.finish()
