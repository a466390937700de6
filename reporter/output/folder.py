"""The output folder: written aside, renamed when whole; never anything lost that is not ours."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reporter.errors import UsageError

MANIFEST = "manifest.json"
MAKER = "survival-reporter"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _our_files(folder: Path) -> list[str]:
    """Return the files that the folder's manifest lists; UsageError when the manifest is not ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        ours = manifest["maker"] == MAKER
        listed = list(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        ours, listed = False, []
    if not ours:
        raise UsageError(
            f"--out {folder}: the folder is not empty and was not written by reporter (no {MANIFEST} of ours); "
            "nothing was changed. Choose another folder."
        )
    return [name for name in listed if _inside(folder, name)]


def _inside(folder: Path, name: str) -> bool:
    root = folder.resolve()
    return (root / name).resolve().is_relative_to(root)


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Raise UsageError unless `folder` can be written: absent, empty, or ours with `overwrite`."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file, expected a folder. Choose another name.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise UsageError(f"--out {folder}: the folder is not empty. Add --overwrite to replace a former report of ours.")
    _our_files(folder)


def _remove_listed(folder: Path) -> None:
    for name in [*_our_files(folder), MANIFEST]:
        (folder / name).unlink(missing_ok=True)
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def _move_in(source: Path, target: Path) -> None:
    """Move every file of `source` into `target`, which may hold files of the user; the manifest comes last."""
    files = sorted((p for p in source.rglob("*") if p.is_file()), key=lambda p: (p.name == MANIFEST, str(p)))
    for path in files:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, place)


def write_folder(
    folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any], *, overwrite: bool
) -> None:
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
    """
    folder = folder.absolute()
    check_target(folder, overwrite=overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        hashes = {name: sha256(content) for name, content in sorted(files.items())}
        text = json.dumps({"maker": MAKER, **manifest, "files": hashes}, indent=1, ensure_ascii=False)
        (aside / MANIFEST).write_text(text + "\n", encoding="utf-8")
        aside.chmod(0o755)
        if folder.is_dir() and any(folder.iterdir()):
            _remove_listed(folder)
        if folder.is_dir() and any(folder.iterdir()):
            _move_in(aside, folder)
        else:
            if folder.is_dir():
                folder.rmdir()
            os.replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
