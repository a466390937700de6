"""Requests of ``reporter patient`` and what it wrote."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from reporter.output.folder import MANIFEST
from reporter.pipeline.patient import PatientRequest

HEAD = "pid,age,meno,size,grade,nodes,pgr,er,hormon"
GOOD = "54,1,20-50,3,4,30,120,1"
Ask = Callable[..., PatientRequest]


def silent(_: str) -> None:
    """Say nothing."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def status_of(folder: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["status"], row["reason"]) for row in rows_of(folder / "index.csv")}


def require_true_index(folder: Path) -> dict[str, tuple[str, str]]:
    """Fail unless index, manifest and files tell the same and nothing else is there; return what the index says."""
    index, manifest = rows_of(folder / "index.csv"), json.loads((folder / MANIFEST).read_text())
    for row in index:
        assert (row["status"] == "written") == bool(row["file"]) == bool(row["sha256"]) != bool(row["reason"])
        if row["file"]:
            assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    files = {path.name for path in folder.iterdir()}
    assert files == {*manifest["files"], MANIFEST}
    assert all(hashlib.sha256((folder / n).read_bytes()).hexdigest() == h for n, h in manifest["files"].items())
    written = {row["id"] for row in index if row["status"] == "written"}
    assert {row["id"] for row in rows_of(folder / "predictions.csv")} == written
    stems = {row["file"].rsplit(".", 1)[0] for row in index if row["file"]}
    own = {"index.csv", "index.html", "predictions.csv", "patients.zip", MANIFEST}
    assert {name.rsplit(".", 1)[0] for name in files - own} == stems
    return status_of(folder)
