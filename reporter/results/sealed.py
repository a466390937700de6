"""A JSON file that says what it is and whether it is still as written: kind, schema number, SHA-256 of its content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reporter.errors import UsageError

SEALED_SCHEMA = 1


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def seal(kind: str, content: dict[str, Any]) -> str:
    """Return the file's text; the same content gives the same bytes."""
    text = _canonical(content)
    digest = hashlib.sha256(text.encode()).hexdigest()
    head = json.dumps({"kind": kind, "schema": SEALED_SCHEMA, "sha256": digest})
    return f'{head[:-1]}, "content": {text}}}\n'


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name}: is not JSON ({error}). Run the study again to write it anew.") from error
    if not isinstance(found, dict) or not {"kind", "schema", "sha256", "content"} <= set(found):
        raise UsageError(f"{name}: is not a model file of reporter (no kind, schema, sha256 and content).")
    return found


def unseal(kind: str, text: str, *, name: str) -> dict[str, Any]:
    """Return the content of a sealed text.

    Parameters
    ----------
    kind
        What the file must be.
    name
        Name of the file, for messages.

    Raises
    ------
    UsageError
        When the text is of another kind, of a newer schema, or not as it was written.
    """
    found = _parse(text, name)
    if found["kind"] != kind:
        raise UsageError(
            f"{name}: holds '{found['kind']}', expected '{kind}'. Give a folder that `reporter run` wrote."
        )
    if found["schema"] != SEALED_SCHEMA:
        raise UsageError(
            f"{name}: has schema {found['schema']}, this version reads {SEALED_SCHEMA}. "
            "Update reporter, or run the study again with this version."
        )
    content = found["content"]
    digest = hashlib.sha256(_canonical(content).encode()).hexdigest() if isinstance(content, dict) else ""
    if digest != found["sha256"]:
        raise UsageError(f"{name}: its content is not what was written (SHA-256 differs). Run the study again.")
    return dict(content)
