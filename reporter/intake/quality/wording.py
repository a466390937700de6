"""Levels that are spelled in two ways, and words for missing that count as a level."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from reporter.errors import Finding
from reporter.intake.finding import listed
from reporter.intake.quality.examined import Examined, rows_of
from reporter.spec.cells import cell_key
from reporter.spec.columns import ColumnSpec

_ABSENT = frozenset(
    ("na", "n/a", "n.a.", "nan", "null", "none given", "missing", "unknown", "unk", "not known", "not available",
     "not recorded", "no data", "?", "-", "--", "/", ".", "\\", "不详", "未知", "缺失", "无数据", "未记录", "空")
)  # fmt: skip


def plain_level(cell: str) -> str:
    """Return a cell without what does not tell levels apart: case, spaces, full-width forms."""
    return " ".join(unicodedata.normalize("NFKC", cell).casefold().split())


def _given(examined: Examined, name: str, spec: ColumnSpec) -> list[int]:
    """Return the distinct cells that are neither empty nor words for missing."""
    known = {cell_key(word) for word in (*spec.missing, "")}
    return [i for i, cell in enumerate(examined.prepared_cells(name).distinct) if cell_key(cell) not in known]


def _alike(examined: Examined, name: str, given: list[int]) -> Iterator[Finding]:
    cells = examined.prepared_cells(name)
    groups: dict[str, list[int]] = {}
    for place in given:
        groups.setdefault(plain_level(cells.distinct[place]), []).append(place)
    twice = [
        places for places in groups.values()
        if len({cell_key(cells.distinct[place]) for place in places}) > 1
    ]  # fmt: skip
    if twice:
        pairs = "; ".join(listed(sorted(cells.distinct[place] for place in places)) for places in sorted(twice)[:4])
        message = f"column '{name}' has levels that differ by case, spaces or full-width letters alone: {pairs}."
        rows = rows_of(cells, [place for places in twice for place in places])
        todo = "If they are one level, spell them alike in the file, or bring them together in codes."
        yield examined.finding("levels_alike", name, message, rows, todo=todo)


def _absent(examined: Examined, name: str, given: list[int]) -> Iterator[Finding]:
    cells = examined.prepared_cells(name)
    found = [place for place in given if plain_level(cells.distinct[place]) in _ABSENT]
    if found and len(found) < len(given):
        rows = rows_of(cells, found)
        words = listed(sorted(cells.distinct[place] for place in found))
        message = f"column '{name}' has {words} as a level, in {int(rows.sum())} rows."
        todo = "If it means missing, list it under missing; else name it in levels."
        yield examined.finding("missing_word_as_level", name, message, rows, todo=todo)


def wordings(examined: Examined) -> Iterator[Finding]:
    """Look at the levels of columns that the study file leaves to the data."""
    for name, spec in examined.resolver.columns.items():
        if spec.is_numeric or spec.kind == "date" or spec.declared_levels or not examined.resolver.knows(name):
            continue
        prepared, _ = examined.resolver.prepared(name)
        if prepared is None or prepared[0].dtype.kind == "f" or prepared[1].declared_levels:
            continue
        given = _given(examined, name, prepared[1])
        yield from _alike(examined, name, given)
        yield from _absent(examined, name, given)
