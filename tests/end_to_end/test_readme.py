"""The README is true on every line that a machine can read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import ROOT, Written, rows

pytestmark = pytest.mark.r

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert found, marker
    return found[1]


def test_the_commands_of_the_readme_run(written: Written, tmp_path: Path) -> None:
    for name in ("data", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(written.folder, tmp_path / "out" / "rotterdam")
    (tmp_path / "study.toml").write_text(block("example: study.toml"))
    for line in block("commands").splitlines():
        words = line.split()
        assert words[0] in {".venv/bin/reporter", "Rscript"}
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr}"
    assert (tmp_path / "out" / "example" / "report.pdf").stat().st_size > 10_000


def test_what_the_readme_names_is_there(written: Written) -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).is_file(), path
    table = README.split("## What comes out")[1].split("##")[0]
    names = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^` ]+)`", line.split("|")[1])
    ]
    assert len(names) > 8
    for name in names:
        assert (written.folder / name).exists(), name


def test_the_figures_of_the_check_are_those_of_the_report(written: Written) -> None:
    ledger = rows(written.folder / "verification.csv")
    agree = sum(row["verdict"] == "agrees" for row in ledger)
    unchecked = sum(row["verdict"] == "not_checkable" for row in ledger)
    text = " ".join(README.split())
    assert f"{agree:,} numbers agree, none disagrees, and {unchecked} (cross-validation" in text
