"""The output folder is whole or absent, and nothing of the user's is lost."""

import json
from pathlib import Path

import pytest

from reporter.errors import UsageError
from reporter.output import folder as module
from reporter.output.folder import MANIFEST, sha256, write_folder

FILES = {"report.html": b"<p/>", "tables/a.csv": b"x\n"}


def written(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_every_file_is_listed_with_its_hash(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES, {"study": "s"}, overwrite=False)
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["files"] == {name: sha256(content) for name, content in FILES.items()}
    assert written(tmp_path / "out") == {*FILES, MANIFEST}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", FILES, {}, overwrite=False)
    assert written(tmp_path / "out") == {*FILES, MANIFEST}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_others_is_left_alone(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(UsageError, match="not empty"):
        write_folder(tmp_path, FILES, {}, overwrite=overwrite)
    assert written(tmp_path) == {"thesis.docx"}


def test_overwrite_needs_to_be_said(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES, {}, overwrite=False)
    with pytest.raises(UsageError, match="--overwrite"):
        write_folder(tmp_path / "out", FILES, {}, overwrite=False)


def test_overwrite_replaces_only_listed_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES, {}, overwrite=False)
    (out / "notes.txt").write_text("mine")
    write_folder(out, {"report.pdf": b"%PDF"}, {}, overwrite=True)
    assert written(out) == {"notes.txt", "report.pdf", MANIFEST}


def test_a_manifest_cannot_point_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES, {}, overwrite=False)
    (tmp_path / "victim.txt").write_text("keep me")
    manifest = json.loads((out / MANIFEST).read_text())
    manifest["files"]["../victim.txt"] = "0"
    (out / MANIFEST).write_text(json.dumps(manifest))
    write_folder(out, FILES, {}, overwrite=True)
    assert (tmp_path / "victim.txt").read_text() == "keep me"


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_folder(tmp_path / "out", FILES, {}, overwrite=False)
    assert list(tmp_path.iterdir()) == []
