"""The output folder: written aside, moved in when whole; never anything lost that is not ours."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reporter.errors import ReporterError, UsageError

MANIFEST = "manifest.json"
MAKER = "survival-reporter"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder of ours, or None."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        ours = manifest["maker"] == MAKER and isinstance(manifest["files"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if ours else None


def _listed_files(folder: Path) -> list[str]:
    """Return the files that the folder's manifest lists; UsageError when the manifest is not ours."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(
            f"--out {folder}: the folder is not empty and was not written by reporter (no {MANIFEST} of ours); "
            "nothing was changed. Choose another folder."
        )
    return [name for name in manifest["files"] if _inside(folder, name)]


def _inside(folder: Path, name: str) -> bool:
    """Tell whether a name stays in the folder once links are followed."""
    return (folder / name).resolve().is_relative_to(folder.resolve())


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Raise UsageError unless `folder` can be written: absent, empty, or ours with `overwrite`."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file, expected a folder. Choose another name.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise UsageError(
            f"--out {folder}: the folder is not empty. Add --overwrite to replace a former report of ours, "
            "or choose another folder."
        )
    _listed_files(folder)


def _write_aside(aside: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = aside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    hashes = {name: sha256(content) for name, content in sorted(files.items())}
    text = json.dumps({"maker": MAKER, **manifest, "files": hashes}, indent=1, ensure_ascii=False)
    (aside / MANIFEST).write_text(text + "\n", encoding="utf-8")
    aside.chmod(0o755)


def _foreign_files(folder: Path, ours: list[str]) -> bool:
    known = {folder / name for name in (*ours, MANIFEST)}
    return any(path not in known for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _swap(aside: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one, which goes only when the new one stands."""
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    former = folder.replace(old / "report")
    try:
        aside.replace(folder)
    except OSError:
        former.replace(folder)
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)


def _move_in(aside: Path, folder: Path, ours: list[str]) -> None:
    """Move each new file over the old one, then remove what is no longer listed; the user's files stay."""
    files = sorted((p for p in aside.rglob("*") if p.is_file()), key=lambda p: (p.name == MANIFEST, str(p)))
    names = [path.relative_to(aside) for path in files]
    for name in names:
        if not _inside(folder, str(name)):
            raise UsageError(f"--out {folder}: '{name}' is a link that leads out of the folder. Remove the link.")
    for path, name in zip(files, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        path.replace(folder / name)
    for stale in set(ours) - {str(name) for name in names}:
        (folder / stale).unlink(missing_ok=True)
    for path in sorted((p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def install(aside: Path, folder: Path) -> None:
    """Put a folder that is whole in the place of a former one of ours; OSError when the disk refuses."""
    if not folder.is_dir() or not any(folder.iterdir()):
        if folder.is_dir():
            folder.rmdir()
        aside.replace(folder)
        return
    ours = _listed_files(folder)
    if _foreign_files(folder, ours):
        _move_in(aside, folder, ours)
    else:
        _swap(aside, folder)


def write_folder(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any], *, overwrite: bool) -> None:
    """Write all files and the manifest, or nothing.

    Parameters
    ----------
    files
        Relative path to content.
    manifest
        Added to the maker and the SHA-256 of each file.

    Raises
    ------
    UsageError
        When the folder is not empty, or holds files that are not ours.
    ReporterError
        When the disk does not take the files.
    """
    folder = folder.resolve()
    check_target(folder, overwrite=overwrite)
    aside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        _write_aside(aside, files, manifest)
        install(aside, folder)
    except OSError as error:
        raise ReporterError(
            f"--out {folder}: cannot be written: {error.strerror or error}. Choose a folder that can be written "
            "and has room."
        ) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
