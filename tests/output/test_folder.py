"""The output folder is whole or absent, and nothing of the user's is lost."""

import json
from pathlib import Path

import pytest

from reporter.errors import ReporterError, UsageError
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

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(ReporterError, match="No space left"):
        write_folder(tmp_path / "out", FILES, {}, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_overwrite_keeps_the_former_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES, {}, overwrite=False)
    real = Path.replace

    def fails_for_the_new_one(source: Path, target: Path) -> Path:
        if target == out and "-old-" not in str(source):
            raise OSError(28, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", fails_for_the_new_one)
    with pytest.raises(ReporterError, match="No space left"):
        write_folder(out, {"report.pdf": b"%PDF"}, {}, overwrite=True)
    assert written(out) == {*FILES, MANIFEST}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_overwrite_without_files_of_the_user_leaves_no_stale_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES, {}, overwrite=False)
    write_folder(out, {"report.pdf": b"%PDF"}, {}, overwrite=True)
    assert written(out) == {"report.pdf", MANIFEST}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_that_leads_out_is_not_written_through(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_folder(out, {"report.html": b"<p/>"}, {}, overwrite=False)
    (out / "tables").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="link"):
        write_folder(out, FILES, {}, overwrite=True)
    assert list(elsewhere.iterdir()) == [] and (out / "report.html").read_bytes() == b"<p/>"


def test_a_folder_reached_through_a_link_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_folder(tmp_path / "link", FILES, {}, overwrite=False)
    assert written(tmp_path / "real") == {*FILES, MANIFEST}


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReporterError, match="cannot be written"):
        write_folder(tmp_path / "file" / "out", FILES, {}, overwrite=False)
