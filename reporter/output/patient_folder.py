"""A folder of patients' pages that grows: each file is whole or not there, and the index says what is there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reporter.errors import ReporterError
from reporter.output.folder import MAKER, MANIFEST, install, sha256

ARCHIVE = "patients.zip"
_PART = ".part-"
_RESERVE = ".part-reserve"
_RESERVE_BYTES, _RESERVE_PER_PATIENT = 1 << 17, 4096
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def is_full(error: OSError) -> bool:
    """Tell whether a disk or a quota is full, so that no other file can be written either."""
    return error.errno in _FULL


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class PatientFolder:
    """Writes into a folder of ours.

    Room for the index is taken at the start, so that a disk that fills up does not lose it.

    Parameters
    ----------
    target
        Where the folder is to stand.
    aside
        True: `target` holds something that is to be replaced; all is written beside it and put in its place by
        `finish`.
    n_patients
        How many will be indexed.
    """

    def __init__(self, target: Path, *, aside: bool, n_patients: int) -> None:
        self.target = target.resolve()
        self.hashes: dict[str, str] = {}
        self._made = not self.target.exists()
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._aside = aside
            if aside:
                self.path = Path(tempfile.mkdtemp(prefix=f".{self.target.name}-", dir=self.target.parent))
                self.path.chmod(0o755)
            else:
                self.path = self.target
                self.path.mkdir(exist_ok=True)
            self._remove_parts()
            self._reserve(_RESERVE_BYTES + _RESERVE_PER_PATIENT * n_patients)
        except OSError as error:
            self.discard()
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> ReporterError:
        return ReporterError(
            f"--out {self.target}: cannot be written: {error.strerror or error}. Choose a folder that can be written "
            "and has room."
        )

    def _remove_parts(self) -> None:
        for path in self.path.glob(f"{_PART}*"):
            path.unlink()

    def _reserve(self, n_bytes: int) -> None:
        with (self.path / _RESERVE).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, n_bytes)

    def release(self) -> None:
        """Give the room of the index back, for the last `commit`."""
        (self.path / _RESERVE).unlink(missing_ok=True)

    def is_foreign(self, name: str) -> bool:
        """Tell whether a name is taken by a file that no manifest of ours lists."""
        return name not in self.hashes and os.path.lexists(self.path / name)

    def write(self, name: str, content: bytes) -> str:
        """Write a file aside and rename it; return its SHA-256.

        Raises
        ------
        OSError
            When the disk does not take it; a former file of the name is then still whole.
        """
        part = self.path / f"{_PART}{sha256(name.encode())[:16]}"
        try:
            part.write_bytes(content)
            part.replace(self.path / name)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self.hashes[name] = sha256(content)
        return self.hashes[name]

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of ours."""
        for name in names:
            self.hashes.pop(name, None)
            (self.path / name).unlink(missing_ok=True)

    def commit(self, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
        """Write the index files and, last, the manifest that lists all files.

        Raises
        ------
        ReporterError
            When the disk does not take them; the former ones are then still whole.
        """
        try:
            for name, content in files.items():
                self.write(name, content)
            text = json.dumps(
                {"maker": MAKER, **manifest, "files": dict(sorted(self.hashes.items()))}, indent=1, ensure_ascii=False
            )
            self.write(MANIFEST, (text + "\n").encode("utf-8", "surrogatepass"))
            del self.hashes[MANIFEST]
        except OSError as error:
            raise self._refused(error) from error

    def archive(self, names: Iterable[str]) -> None:
        """Write patients.zip of files of the folder; the same files give the same bytes.

        Raises
        ------
        ReporterError
            When the disk does not take it.
        """
        part = self.path / f"{_PART}zip"
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:
                for name in sorted(names):
                    info = zipfile.ZipInfo(name, _ZIP_DATE)
                    info.external_attr = 0o644 << 16
                    packed.writestr(info, (self.path / name).read_bytes())
            part.replace(self.path / ARCHIVE)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._refused(error) from error
        self.hashes[ARCHIVE] = file_sha256(self.path / ARCHIVE)

    def finish(self) -> None:
        """Put the folder in its place.

        Raises
        ------
        ReporterError
            When that cannot be done; the former folder then still stands.
        """
        self.release()
        if self._aside:
            try:
                install(self.path, self.target)
            except OSError as error:
                raise self._refused(error) from error
            finally:
                shutil.rmtree(self.path, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was written, before anything of it was committed."""
        if not hasattr(self, "path"):
            return
        if self._aside or self._made:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self.release()
