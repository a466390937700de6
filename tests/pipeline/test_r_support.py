"""Which rpy2 goes with which R."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.pipeline import r_support
from reporter.pipeline.r_support import find_r_version, parse_r_version, rpy2_requirement


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("R version 4.2.2 Patched (2022-11-10 r83330)\nCopyright (C) 2022", (4, 2, 2)),
        ("R version 4.5.1 (2025-06-13) -- 'Great Square Root'", (4, 5, 1)),
        ("Rscript (R) version 4.3.0 (2023-04-21)", None),
        (" 4.4.10\n", (4, 4, 10)),
        ("command not found", None),
        ("", None),
    ],
)
def test_the_version_is_read(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_r_version(text) == version


def interface_version(requirements: list[str]) -> tuple[int, ...]:
    found = next(r for r in requirements if r.startswith("rpy2-rinterface=="))
    return tuple(int(part) for part in found.partition("==")[2].split("."))


@pytest.mark.parametrize("version", [(4, 2, 2), (4, 4, 3)])
def test_an_older_r_gets_an_interface_that_loads(version: tuple[int, ...]) -> None:
    assert interface_version(rpy2_requirement(version)) < (3, 6, 6)


@pytest.mark.parametrize("version", [(4, 5, 0), (4, 6, 1), (5, 0, 0)])
def test_a_newer_r_gets_the_newer_interface(version: tuple[int, ...]) -> None:
    assert interface_version(rpy2_requirement(version)) >= (3, 6, 6)


def test_without_r_nothing_is_required() -> None:
    assert rpy2_requirement(None) == []


def fake_r(folder: Path, body: str) -> None:
    path = folder / "R"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_r_on_the_path_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_r(tmp_path, "echo 'R version 4.6.2 (2026-10-31)'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_r_version() == (4, 6, 2)
    fake_r(tmp_path, "exit 1")
    assert find_r_version() is None
    (tmp_path / "R").unlink()
    assert find_r_version() is None


def test_an_r_that_hangs_is_no_r(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_r(tmp_path, "exec /bin/sleep 30")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(r_support, "R_TIMEOUT", 0.2)
    assert find_r_version() is None


def test_the_choice_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """Set-up runs it before any package is installed."""
    fake_r(tmp_path, "echo 'R version 4.2.2 Patched (2022-11-10 r83330)'")
    root = Path(r_support.__file__).parents[2]
    command = [sys.executable, "-S", "-E", "-B", "-m", "reporter.pipeline.r_support"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env={"PATH": str(tmp_path)})
    assert done.stdout.split() == rpy2_requirement((4, 2, 2))
