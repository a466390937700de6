"""Progress is silent when nobody watches, and the clock is kept."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from reporter.pipeline.progress import Bar, Silent, watch


def test_no_terminal_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with watch(2, quiet=False) as watcher:
        watcher.step("Reading")
        watcher.step("Writing")
    assert capsys.readouterr() == ("", "")
    assert list(watcher.times) == ["Reading", "Writing"] and min(watcher.times.values()) >= 0


def test_quiet_is_silent_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with watch(2, quiet=True) as watcher:
        assert type(watcher) is Silent


def test_a_terminal_gets_step_bar_and_time() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Progress(TextColumn("{task.description} {task.completed}/{task.total}"), console=console) as progress:
        bar = Bar(progress, 2)
        bar.step("Reading")
        bar.step("Writing")
        progress.refresh()
    assert "Reading 0/2" in screen.getvalue() or "Writing 1/2" in screen.getvalue()
    assert "Writing 1/2" in screen.getvalue()
