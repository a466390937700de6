"""Run a parser in a child process with a limit of memory and of time, and read back its table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import reporter
from reporter.errors import Finding, FindingsError
from reporter.intake.readers.child import TOO_LARGE
from reporter.intake.readers.request import MEMORY_BYTES, TIME_S, Parsed, ReadRequest, refuse


def _environment() -> dict[str, str]:
    """Return the child's environment: this package importable, memory taken from the system as it is needed."""
    places = [str(Path(reporter.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    fixed = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    return {**os.environ, **fixed, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def _ended(code: int, said: str, place: str, memory: int) -> FindingsError:
    """Return the finding for a child that gave no answer."""
    if code == TOO_LARGE or "bad_alloc" in said or "MemoryError" in said:
        message = (
            f"reading it takes more than the {memory >> 20} MiB of memory that are allowed; keep the columns of the "
            "study, or save the table as .parquet."
        )
        return refuse("too_large", place, message)
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    last = (said.strip().splitlines() or ["it said nothing"])[-1][:200]
    message = f"the reader broke off at this file ({how}: {last}); it is damaged. Save it again, or as .csv."
    return refuse("damaged_file", place, message)


def _run(request: ReadRequest, folder: Path, memory: int, time_s: float) -> dict[str, Any]:
    asked = {"request": request.to_json(), "memory": memory}
    (folder / "request.json").write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", "reporter.intake.readers.child", str(folder)]
    with (folder / "said").open("w+b") as said:
        try:
            done = subprocess.run(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=time_s, check=False,
                env=_environment(), start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            message = f"reading it takes longer than {time_s:g} s; save the table as .csv or .parquet."
            raise refuse("too_slow", request.place, message) from None
        said.seek(0)
        words = said.read(1 << 16).decode(errors="replace")
    written = folder / "answer.json"
    if done.returncode or not written.is_file():
        raise _ended(done.returncode, words, request.place, memory)
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return found


def parse_in_child(request: ReadRequest, *, memory: int = MEMORY_BYTES, time_s: float = TIME_S) -> Parsed:
    """Parse a file in a child process.

    Parameters
    ----------
    request
        The file and how to read it.
    memory, time_s
        Bytes of data that the child may hold, and seconds that it may take.

    Raises
    ------
    FindingsError
        The file is no table that can be used, or goes beyond a limit.
    """
    import pyarrow as pa

    with tempfile.TemporaryDirectory(prefix="reporter-") as name:
        folder = Path(name)
        said = _run(request, folder, memory, time_s)
        if "errors" in said:
            raise FindingsError([Finding(**finding) for finding in said["errors"]])
        with pa.memory_map(str(folder / "table.arrow")) as file:
            table = pa.ipc.open_file(file).read_all()
    findings = tuple(Finding(**finding) for finding in said["findings"])
    return Parsed(table, findings, tuple(said["notes"]), said["origin"], said["synthetic"])
