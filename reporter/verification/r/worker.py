"""The child process that holds R: ``python -m reporter.verification.r.worker``.

It answers messages on what were its standard input and output; whatever R or a package prints goes to standard error.
The only module that imports rpy2.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from reporter.verification.r.protocol import Floats, Header, read_message, write_message

HOST = Path(__file__).with_name("host.R")
_VECTORS = ("value", "curve_length", "curve_time", "curve_value")
_WORDS = ("warnings", "address", "curve")


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes for messages and give R an empty input and standard error as its output."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    return incoming, outgoing


class EmbeddedR:
    """R inside this process."""

    def __init__(self) -> None:
        from rpy2 import rinterface
        from rpy2.rinterface_lib import embedded

        start: Any = ("rpy2", "--vanilla", "--quiet")
        embedded.set_initoptions(start)
        rinterface.initr()
        self._r: Any = rinterface
        self._call("source", self._strings([str(HOST)]))

    def _strings(self, values: list[str]) -> Any:
        return self._r.StrSexpVector(values)

    def _call(self, name: str, *arguments: Any) -> Any:
        return self._r.globalenv.find(name)(*arguments)

    def versions(self) -> list[str]:
        """Attach survival; return the versions of R and of survival."""
        return [str(text) for text in self._call("host_versions")]

    def load(self, paths: list[str]) -> None:
        """Source the reference files."""
        self._call("host_load", self._strings(paths))

    def frame(self, key: str, names: list[str], levels: list[list[str]], columns: list[Floats]) -> None:
        """Make a data frame of R from vectors."""
        vectors = [self._r.FloatSexpVector.from_memoryview(column.data) for column in columns]
        listed = self._r.ListSexpVector(vectors)
        listed.do_slot_assign("names", self._strings(names))
        of_levels = self._r.ListSexpVector([self._strings(one) for one in levels])
        self._call("host_frame", self._strings([key]), listed, of_levels)

    def run(self, task: list[str]) -> tuple[Header, list[Floats]]:
        """Run one check; return its header and vectors."""
        answer = self._call("host_run", *(self._strings([text]) for text in task))
        parts = dict(zip(list(answer.names), list(answer), strict=True))
        header: Header = {"error": str(parts["error"][0])}
        header |= {name: [str(text) for text in parts.get(name, ())] for name in _WORDS}
        return header, [_floats(parts[name]) for name in _VECTORS if name in parts]


def _floats(vector: Any) -> Floats:
    # An empty vector of R has no memory to look at.
    return np.array(vector.memoryview(), dtype=np.float64) if len(vector) else np.empty(0)


def _answer(r: EmbeddedR, header: Header, vectors: list[Floats]) -> tuple[Header, list[Floats]]:
    match header["ask"]:
        case "load":
            r.load(header["paths"])
        case "frame":
            r.frame(header["key"], header["names"], header["levels"], vectors)
        case _:
            return r.run(header["task"])
    return {"error": ""}, []


def main() -> int:
    """Start R, say which, and answer until the parent closes the channel."""
    incoming, outgoing = _channel()
    try:
        r = EmbeddedR()
        r_version, survival_version = r.versions()
    except Exception as error:  # noqa: BLE001 whatever keeps R from starting is the answer
        write_message(outgoing, {"error": f"{type(error).__name__}: {error}".strip()})
        return 1
    write_message(outgoing, {"error": "", "r_version": r_version, "survival_version": survival_version})
    while True:
        try:
            header, vectors = read_message(incoming)
        except EOFError:
            return 0
        try:
            found, blocks = _answer(r, header, vectors)
        except Exception as error:  # noqa: BLE001 R's own errors, stack overflow and memory included
            found, blocks = {"error": f"{type(error).__name__}: {error}".strip()}, []
        write_message(outgoing, found, blocks)


if __name__ == "__main__":
    sys.exit(main())
