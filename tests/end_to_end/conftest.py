"""One report of the shipped study for all tests of the whole path, whichever worker runs them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.end_to_end.command import STUDY, Written, call

LIMIT_S = 240.0


def _write(folder: Path, said: Path) -> None:
    done = call("run", str(STUDY), "--out", str(folder), "--strict")
    text = done.stdout if done.returncode == 0 else ""
    aside = said.with_suffix(".part")
    aside.write_text(text or f"FAILED {done.returncode} {done.stderr}", encoding="utf-8")
    aside.replace(said)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return the report of the Rotterdam study, made once."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder, said = root / "rotterdam", root / "rotterdam.txt"
    try:
        (root / "rotterdam.lock").mkdir()
    except FileExistsError:
        end = time.monotonic() + LIMIT_S
        while not said.exists() and time.monotonic() < end:
            time.sleep(0.2)
    else:
        _write(folder, said)
    text = said.read_text(encoding="utf-8")
    assert not text.startswith("FAILED"), text
    return Written(folder, text)
