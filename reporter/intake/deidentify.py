"""De-identification: keyed pseudonyms for identifiers, one group for ages from 90 on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reporter.errors import UsageError

KEY_NAME = "pseudonym.key"
KEY_VARIABLE = "REPORTER_PSEUDONYM_KEY"
SMALLEST_KEY = 16
_NEW_KEY = 32
_LENGTH = 10

OLDEST = 90.0
"""Ages from here on are one group (US 45 CFR 164.514(b)(2)(i)(C): ages over 89 become a category of 90 or older)."""

_AGE = re.compile(r"(?<![a-z])age(?![a-z])|年龄|年齡", re.IGNORECASE)
_YEARS = ("years", "year", "", "年", "岁", "歲")


def pseudonym(key: bytes, identifier: str) -> str:
    """Return the pseudonym of an identifier: the same for the same key, 16 letters and digits.

    The first 80 bits of HMAC-SHA256, base32: without the key nobody can try identifiers out.
    """
    digest = hmac.new(key, identifier.encode(), hashlib.sha256).digest()[:_LENGTH]
    return base64.b32encode(digest).decode().lower()


def _checked(key: bytes, where: str) -> bytes:
    if len(key) < SMALLEST_KEY:
        raise UsageError(
            f"{where}: the key of the pseudonyms has {len(key)} bytes; at least {SMALLEST_KEY} are needed. Put a "
            "longer secret there, e.g. 64 random hexadecimal digits."
        )
    return key


def _read_key(path: Path) -> bytes:
    try:
        return _checked(path.read_bytes().strip(), str(path))
    except OSError as error:
        raise UsageError(
            f"{path}: the key of the pseudonyms cannot be read ({error.strerror or error}). Correct [data] key_file, "
            f"or leave it out: then {KEY_NAME} is made beside the study file."
        ) from error


def _make_key(path: Path) -> bytes:
    key = secrets.token_hex(_NEW_KEY).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise UsageError(
            f"{path}: the key of the pseudonyms cannot be written ({error.strerror or error}). Name a key under [data] "
            f"key_file, or set {KEY_VARIABLE}."
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(key + b"\n")
    return key


def pseudonym_key(folder: Path, key_file: str = "") -> bytes:
    """Return the key of a study's pseudonyms; the first use makes it. It never enters an output.

    Parameters
    ----------
    folder
        Folder of the study file.
    key_file
        ``[data] key_file``, relative to `folder`; empty: the environment variable REPORTER_PSEUDONYM_KEY, else
        ``pseudonym.key`` in `folder`, made with mode 0600 when it is not there.

    Raises
    ------
    UsageError
        When the key cannot be read or written, or is too short.
    """
    if key_file:
        return _read_key(folder / key_file)
    given = os.environ.get(KEY_VARIABLE, "")
    if given:
        return _checked(given.encode(), KEY_VARIABLE)
    path = folder / KEY_NAME
    return _read_key(path) if path.exists() else _make_key(path)


def is_age(name: str, label: str, unit: str) -> bool:
    """Tell whether a numeric column is an age in years, by its name or label and its unit."""
    words = f"{name.replace('_', ' ')} {label}"
    return unit.strip().lower() in _YEARS and _AGE.search(words) is not None


def group_oldest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ages with those above 90 at 90, which stands for "90 or older"; missing ages stay missing."""
    return np.where(values > OLDEST, OLDEST, values)
