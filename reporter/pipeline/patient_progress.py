"""Progress of a batch of patients on the terminal: how many, how fast, how long still."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Count:
    """Counts patients and the seconds it took; draws nothing.

    `made` leaves out those that were there already or need no pages.
    """

    def __init__(self) -> None:
        self.made = 0
        self._began = time.perf_counter()

    @property
    def rate(self) -> float:
        """Patients a second since the beginning."""
        passed = time.perf_counter() - self._began
        return self.made / passed if passed > 0 else 0.0

    def says(self, words: str) -> None:
        """Note what is being done."""

    def done(self, *, skipped: bool = False) -> None:
        """Count a patient."""
        self.made += not skipped


class _Bar(Count):
    """Draws one bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        super().__init__()
        self._progress = progress
        self._task = progress.add_task("", total=total, rate="")

    def says(self, words: str) -> None:
        self._progress.update(self._task, description=words)

    def done(self, *, skipped: bool = False) -> None:
        super().done(skipped=skipped)
        self._progress.update(self._task, advance=1, rate=f"{self.rate:.1f} patients/s")


@contextmanager
def count_patients(total: int, *, quiet: bool) -> Iterator[Count]:
    """Yield a bar on stderr when it is a terminal and `quiet` is false, else a silent count."""
    if quiet or not sys.stderr.isatty():
        yield Count()
        return
    columns = (
        TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, total)
