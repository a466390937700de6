"""The child process that parses one file: ``python -m reporter.intake.readers.child FOLDER``.

FOLDER holds request.json; the child writes answer.json and, where the file is a table, table.arrow. What a file can
make a parser do (take all memory, crash, loop) ends with the child.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reporter.errors import FindingsError
from reporter.intake.readers.request import MAX_UNPACKED_BYTES, Parsed, ReadRequest

TOO_LARGE = 7


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_UNPACKED_BYTES, MAX_UNPACKED_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write(found: Parsed, folder: Path) -> dict[str, Any]:
    import pyarrow as pa

    with pa.OSFile(str(folder / "table.arrow"), "wb") as file, pa.ipc.new_file(file, found.table.schema) as writer:
        writer.write_table(found.table)
    return {
        "findings": [asdict(finding) for finding in found.findings], "notes": list(found.notes),
        "origin": found.origin, "synthetic": found.synthetic,
    }  # fmt: skip


def answer(request: ReadRequest, folder: Path) -> dict[str, Any]:
    """Parse a file into a folder and return what is said of it, as plain values."""
    from reporter.intake.readers.parse import parse_or_refuse

    try:
        return _write(parse_or_refuse(request, folder), folder)
    except FindingsError as error:
        return {"errors": [asdict(finding) for finding in error.findings]}


def main(folder: Path) -> int:
    """Answer the request in a folder; return the exit code."""
    asked = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    _limit(asked["memory"])
    try:
        said = answer(ReadRequest.from_json(asked["request"]), folder)
    except MemoryError:
        return TOO_LARGE
    (folder / "answer.json").write_text(json.dumps(said), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
