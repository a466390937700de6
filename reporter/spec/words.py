"""Labels in several languages: ``label = {en = "…", zh = "…"}``, and ``[words.zh]`` for every other word of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Words = dict[str, dict[str, str]]
_LANGUAGES = ("en", "zh")
_LABEL = "label"


def _is_label(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and set(value) <= set(_LANGUAGES)
        and all(isinstance(text, str) and text for text in value.values())
    )


def _take(value: Any, words: Words) -> Any:
    if isinstance(value, list):
        return [_take(item, words) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, item in value.items():
        if key == _LABEL and _is_label(item):
            out[key] = next(item[tag] for tag in _LANGUAGES if tag in item)
            add_words(words, out[key], item)
        else:
            out[key] = _take(item, words)
    return out


def add_words(words: Words, text: str, said: Mapping[str, str]) -> None:
    """Note what a text of the tree is in other languages."""
    for tag, other in said.items():
        if other != text:
            words.setdefault(tag, {})[text] = other


def take_labels(data: dict[str, Any]) -> tuple[dict[str, Any], Words]:
    """Return a study file with one text a label (the English one where given), and the others by language."""
    words: Words = {}
    return {key: _take(value, words) for key, value in data.items()}, words
