"""Messages between the parent and the child that holds R: a JSON header, then raw float64 vectors.

A message is the length of the header (8 bytes, big-endian), the header, and one block of bytes a vector; the header's
key ``blocks`` gives their lengths.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Header = dict[str, Any]

_LENGTH = struct.Struct(">Q")
_LONGEST_HEADER = 1 << 30


def write_message(stream: IO[bytes], header: Header, vectors: Sequence[Floats] = ()) -> None:
    """Write one message and flush."""
    blocks = [np.ascontiguousarray(vector, dtype=np.float64) for vector in vectors]
    text = json.dumps({**header, "blocks": [block.nbytes for block in blocks]}).encode()
    stream.write(_LENGTH.pack(len(text)))
    stream.write(text)
    for block in blocks:
        stream.write(block.tobytes())
    stream.flush()


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the other side closed the channel")
    return data


def read_message(stream: IO[bytes]) -> tuple[Header, list[Floats]]:
    """Read one message.

    Raises
    ------
    EOFError
        When the other side closed the channel.
    ValueError
        When what arrives is no message.
    """
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    if length > _LONGEST_HEADER:
        raise ValueError("not a message of the check")
    header = json.loads(_read(stream, length))
    return header, [np.frombuffer(_read(stream, size), dtype=np.float64) for size in header["blocks"]]
