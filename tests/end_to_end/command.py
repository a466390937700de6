"""The command as a user calls it, and what it writes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "data" / "rotterdam" / "study.toml"
COMMAND = [sys.executable, "-m", "reporter"]


@dataclass(frozen=True)
class Written:
    """A report folder and what the command said."""

    folder: Path
    said: str


def call(*words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    environ = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, cwd=cwd, env=environ)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, str]:
    """Return the hash of every file but the manifest, which alone holds the clock."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def pdf_text(path: Path, *options: str) -> str:
    command = ["pdftotext", *options, str(path), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
