"""Chinese typesetting of a document: full-width punctuation beside Chinese words, no space between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from xml.sax.saxutils import escape, unescape

from reporter.report.document import Cell, Figure, References, Run, Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_HAS_WIDE = re.compile(f"[{_WIDE}]")
_CITATION = re.compile(r"\s*\[[\d, ]+\]")
_MARKS = "，。；：（）、［］"
_STOPS = {",": "，", ";": "；", ":": "："}
# The name and the description of a drawing; its other texts have places that were measured.
_DRAWING_WORDS = re.compile(r"<(title|desc)>([^<]*)</\1>")
_CODE_LIST = "codes_"
# Fields that hold no words: names, roles, drawings.
_NO_WORDS = frozenset({"name", "anchor", "role", "align", "svg", "language", "tone", "state", "created", "address"})


def _is_wide(char: str) -> bool:
    return _HAS_WIDE.match(char) is not None


def _neighbour(text: str, at: int, step: int) -> str:
    """Return the nearest character before or after a place that is no space; empty at the end."""
    at += step
    while 0 <= at < len(text):
        if text[at] != " ":
            return text[at]
        at += step
    return ""


def _bracket_pairs(text: str) -> list[tuple[int, int]]:
    opened: list[int] = []
    pairs = []
    for i, char in enumerate(text):
        if char == "(":
            opened.append(i)
        elif char == ")" and opened:
            pairs.append((opened.pop(), i))
    return pairs


@lru_cache(maxsize=4096)
def _set_brackets(text: str) -> str:
    """Return the text with the brackets of Chinese words full-width; those of formulas and numbers stay."""
    chars = list(text)
    for first, last in _bracket_pairs(text):
        before, inside = text[first - 1 : first], text[first + 1 : last]
        if before.isascii() and before.strip():
            continue  # a formula or a name of a function
        beside = (_neighbour(text, first, -1), _neighbour(text, last, 1))
        if _HAS_WIDE.search(inside) or any(_is_wide(char) for char in beside if char):
            chars[first], chars[last] = "（", "）"
    return "".join(chars)


def _is_item(char: str) -> bool:
    return _is_wide(char) or char.isdigit()


def _set_stops(text: str) -> str:
    """Return the text, as long as before, with the stops of Chinese sentences full-width; items of a list with 、."""
    chars = list(text)
    for i, char in enumerate(text):
        after = text[i + 1 : i + 2]
        if char == "," and after == " " and all(map(_is_item, (text[i - 1 : i], text[i + 2 : i + 3]))):
            chars[i] = "、"
        elif char in _STOPS and after in {" ", ""}:
            chars[i] = _STOPS[char]
        elif char == "." and after in {" ", ""} and (_is_wide(text[i - 1 : i]) or not after):
            chars[i] = "。"
    return "".join(chars)


def _is_loose(before: str, after: str, *, alone: bool) -> bool:
    """Return whether a space between two characters is one too many; `alone`: it sets two parts of a line apart."""
    if any(c and c in _MARKS for c in (before, after)):
        return True
    if not before or not after or not _is_wide(after):
        return False
    return _is_wide(before) or (before.isdigit() and not alone)


def _tightened(texts: list[str]) -> list[str]:
    """Return the pieces of one text without the spaces beside full-width punctuation and before Chinese words."""
    whole = "".join(texts)
    out, at = [], 0
    for text in texts:
        kept = [
            char
            for i, char in enumerate(text, at)
            if char not in " \u00a0" or not _is_loose(whole[i - 1 : i], whole[i + 1 : i + 2], alone=text == " ")
        ]
        out.append("".join(kept))
        at += len(text)
    return out


def set_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the pieces of one text in Chinese typography; a text without Chinese words as it is."""
    whole = "".join(texts)
    if not _HAS_WIDE.search(whole):
        return texts
    texts = tuple(text.replace(" ", "") if _CITATION.fullmatch(text) else text for text in texts)
    done = _set_brackets(_set_stops("".join(texts)))
    pieces, at = [], 0
    for text in texts:
        pieces.append(done[at : at + len(text)])
        at += len(text)
    return tuple(_tightened(pieces))


def set_text(text: str) -> str:
    """Return a text in Chinese typography."""
    return set_texts((text,))[0]


def _set_runs(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    texts = set_texts(tuple(run.text for run in runs))
    done = (run if text == run.text else replace(run, text=text) for run, text in zip(runs, texts, strict=True))
    return tuple(run for run in done if run.text or run.address)


def _set_value(value: Any) -> Any:
    if isinstance(value, str):
        return set_text(value)
    if isinstance(value, tuple):
        if value and all(isinstance(part, Run) for part in value):
            return _set_runs(value)
        return tuple(_set_value(part) for part in value)
    if isinstance(value, Mapping):
        return {key: _set_value(part) for key, part in value.items()}
    return set_chinese(value) if is_dataclass(value) and not isinstance(value, type) else value


def _set_element(found: re.Match[str]) -> str:
    return f"<{found[1]}>{escape(set_text(unescape(found[2])))}</{found[1]}>"


def set_chinese(block: T) -> T:
    """Return a block, or a whole document, in Chinese typography.

    Addresses, names and drawings stay as they are, and so does the list of references.
    """
    if isinstance(block, References):
        return replace(block, heading=set_text(block.heading))
    if not is_dataclass(block) or isinstance(block, type):
        return block
    if isinstance(block, Cell) and not block.runs:
        return block
    if isinstance(block, Table) and block.name.startswith(_CODE_LIST):
        done = _set_fields(replace(block, rows=()))
        return replace(done, rows=block.rows)  # cells of the file, as they stand there
    return _set_fields(block)


def _set_fields(block: D) -> D:
    changed = {part.name: _set_value(getattr(block, part.name)) for part in fields(block) if part.name not in _NO_WORDS}
    if isinstance(block, Figure):
        changed["svg"] = _DRAWING_WORDS.sub(_set_element, block.svg)
    return replace(block, **changed)
