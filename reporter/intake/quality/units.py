"""Numbers that stand in their cells with a unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from reporter.errors import Finding
from reporter.intake.finding import listed
from reporter.intake.quality.examined import Examined, rows_of
from reporter.spec.cells import cell_key, parse_number

_CELL = re.compile(r"[<>≤≥~约]?\s*[+-]?\d+(?:[.,]\d+)?\s*([a-zA-Zµμ\u4e00-\u9fff%]+[\w/^.%]*)\s*")
_SAME = {
    "mm": ("毫米", "millimeter", "millimetre", "millimeters", "millimetres"),
    "cm": ("厘米", "公分", "centimeter", "centimetre", "centimeters", "centimetres"),
    "m": ("米", "meter", "metre", "meters", "metres"),
    "g": ("克", "gram", "grams"),
    "kg": ("千克", "公斤", "kilogram", "kilograms"),
    "d": ("天", "日", "day", "days"),
    "w": ("周", "week", "weeks"),
    "mo": ("月", "个月", "month", "months"),
    "y": ("岁", "年", "yr", "yrs", "year", "years"),
}
_UNIT = {word: unit for unit, words in _SAME.items() for word in (unit, *words)}


def unit_of(cell: str) -> str:
    """Return the unit behind the number of a cell, one spelling for all; empty when the cell is no such thing."""
    if parse_number(cell) is not None:
        return ""
    found = _CELL.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    return "" if found is None else _UNIT.get(found[1].lower(), found[1].lower())


def _units(examined: Examined, name: str) -> dict[str, list[int]]:
    """Return the distinct cells of a column by their unit; words for missing and codes are left out."""
    prepared, _ = examined.resolver.prepared(name)
    if prepared is None or prepared[0].dtype.kind == "f":
        return {}
    spec = prepared[1]
    known = {cell_key(word) for word in (*spec.missing, *spec.codes)}
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(examined.prepared_cells(name).distinct):
        unit = "" if cell_key(cell) in known else unit_of(cell)
        if unit:
            found.setdefault(unit, []).append(place)
    return found


def units_in_text(examined: Examined) -> Iterator[Finding]:
    """Report numeric columns whose cells hold units: an error where they differ, else how they can be read."""
    for name, spec in examined.resolver.columns.items():
        if not (spec.is_numeric or spec.bins):
            continue
        units = _units(examined, name)
        if not units:
            continue
        cells = examined.prepared_cells(name)
        rows = rows_of(cells, [place for places in units.values() for place in places])
        if len(units) > 1:
            message = f"column '{name}' has numbers with different units: {listed(units)}; only the number is read."
            yield examined.finding(
                "mixed_units_in_text", name, message, rows, allowed="one unit a column",
                todo="Bring the cells to one unit in the file.", severity="error",
            )  # fmt: skip
        elif spec.number != "first":
            message = f"column '{name}' has numbers with a unit ({listed(units)}) in {int(rows.sum())} rows."
            yield examined.finding(
                "number_with_unit", name, message, rows, allowed="plain numbers",
                todo='Add number = "first" to the column, and unit_in_file where its unit is another.',
            )  # fmt: skip
