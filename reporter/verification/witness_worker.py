"""The child process of the second witness: ``python -m reporter.verification.witness_worker``."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

import numpy as np
from pydantic import TypeAdapter

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.spec.options import AnalysisOptions
from reporter.verification.lifelines import witness
from reporter.verification.r.protocol import Floats, Header, read_message, write_message
from reporter.verification.task import Task

_OPTIONS: TypeAdapter[AnalysisOptions] = TypeAdapter(AnalysisOptions)


def read_frame(header: Header, vectors: list[Floats]) -> AnalysisFrame:
    """Return the frame of a message (`reporter.verification.r.session.frame_message`), as far as numbers need it."""
    cohort, _, endpoint = header["key"].partition("/")
    time, event, *values = vectors
    columns = {}
    for name, levels, column in zip(header["names"][2:], header["levels"][2:], values, strict=True):
        codes = column - 1.0 if levels else column
        columns[name] = Column(name, name, "", "categorical" if levels else "numeric", tuple(levels), codes)
    ids = tuple(str(i) for i in range(time.size))
    entry, cause = columns.pop(".entry", None), columns.pop(".cause", None)
    return AnalysisFrame(
        cohort, endpoint, ids, time, event != 0, "", columns,
        entry=None if entry is None else entry.values, cause=None if cause is None else cause.values.astype(np.int64),
    )  # fmt: skip


def answer(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Take frames and tasks until the answers are asked for, then write them in one message."""
    frames: dict[tuple[str, str], AnalysisFrame] = {}
    found: dict[str, tuple[float | None, str, float]] = {}
    while True:
        header, vectors = read_message(incoming)
        if header["ask"] == "answer":
            write_message(outgoing, {"found": found})
            return
        if header["ask"] == "frame":
            frame = read_frame(header, vectors)
            frames[frame.cohort, frame.endpoint] = frame
            continue
        task = Task(header["cohort"], header["endpoint"], _OPTIONS.validate_json(header["options"]))
        found |= {where: (one.value, one.convention, one.scale) for where, one in witness(frames, [task]).items()}


def main() -> int:
    """Answer on what was standard output; what lifelines prints goes to standard error."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        answer(incoming, outgoing)
    except EOFError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
