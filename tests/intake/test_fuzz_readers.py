"""Whatever the bytes of a file: a table or a FindingsError from every reader.

The parsers run in one worker process of their own (`fuzz_worker.py`), as the library runs them in a child: a C parser
that crashes ends the worker, which the library reports as a damaged file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake import fuzz_worker

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
N_INPUTS = 10_000 if NIGHTLY else 2_000
KINDS = ("csv", "tsv", "txt", "csv.gz", "dic", "xlsx", "xlsx part", "parquet", "feather", "dta", "sav", "sas7bdat")
PIECES = (
    b",", b'"', b"\n", b"\r", b"\0", b"\x00\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x81", b"=", b"[", b"]", b"<", b">",
    b"[Variables]\n", b"Var1Name=", b"[Format=", b"</row>", b'<c r="XFD1048576"><v>1</v></c>', b'r="A1"', b't="s"',
    b"99999999999", b"-1", b"\xff\xff\xff\x7f", b"1e999", b"<mergeCell ref='A1:B9'/>", b'hidden="1"', b"numeric",
)  # fmt: skip


class Worker:
    """The process that parses; started again when a file ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: Counter[str] = Counter()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, name: str) -> str:
        """Return ``table``, ``findings``, ``crash`` or the traceback of what must not happen."""
        if self._process is None:
            command = [sys.executable, str(Path(fuzz_worker.__file__)), str(self.folder)]
            with (self.folder / "said").open("wb") as said:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
                )
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            return "crash"
        return str(json.loads(line))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@pytest.fixture(scope="module")
def worker(tmp_path_factory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("fuzz")
    fuzz_worker.write_valid(folder)
    found = Worker(folder)
    yield found
    found.stop()


def mutated(data: st.DataObject, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
        piece = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(PIECES)))
        changed[at : at + data.draw(st.sampled_from((0, 1, len(piece), 40, 5000)))] = piece
    return bytes(changed)


@pytest.mark.slow
@settings(max_examples=N_INPUTS, deadline=None, derandomize=not NIGHTLY, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_bytes_in_any_reader(worker: Worker, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    valid = (worker.folder / f"valid.{kind.split()[0]}").read_bytes()
    if kind == "xlsx part":
        parts = fuzz_worker.parts_of(valid)
        name = data.draw(st.sampled_from(sorted(parts)))
        raw = fuzz_worker.packed({**parts, name: mutated(data, parts[name])})
    elif data.draw(st.integers(0, 9)) == 0:
        raw = data.draw(st.binary(max_size=300))
    else:
        raw = mutated(data, valid)
    (worker.folder / f"t.{kind.split()[0]}").write_bytes(raw)
    said = worker.ask(kind.split()[0])
    worker.seen[said] += 1
    assert said in ("table", "findings", "crash"), f"{kind}: {said}"
    assert said != "crash" or kind in ("dta", "sav", "sas7bdat", "parquet", "feather"), f"{kind}: {raw!r}"


def test_valid_files_are_tables(worker: Worker) -> None:
    for kind in KINDS:
        suffix = kind.split()[0]
        (worker.folder / f"t.{suffix}").write_bytes((worker.folder / f"valid.{suffix}").read_bytes())
        said = worker.ask(suffix)
        assert said == ("findings" if suffix == "sas7bdat" else "table"), (kind, said)


def test_the_inputs_reached_behind_the_first_check(worker: Worker) -> None:
    """A share of the changed files is still read, a share is refused: neither door was shut to the fuzz test."""
    n = sum(worker.seen.values())
    assert n >= N_INPUTS and worker.seen["table"] > n / 20 and worker.seen["findings"] > n / 4, worker.seen
