"""Columns made of others: the first case that holds, or a rule of a shipped dictionary."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from reporter.intake.conditions import Values, misuse, true_rows
from reporter.intake.finding import listed
from reporter.intake.mapping import Cells
from reporter.spec.columns import ColumnSpec
from reporter.spec.conditions import ValueTest
from reporter.spec.dictionaries import Rule, RuleInput, read_rule
from reporter.spec.dictionaries.rules import MISSING, NOT_GIVEN

Made = tuple[Cells | None, ColumnSpec, list[str]]
ValuesOf = Callable[[ValueTest], tuple[Values | None, list[str]]]
CellsOf = Callable[[str], tuple[Cells | None, list[str], str]]

NO_CASE = "no case applies"
_MANY = 4_000_000


def _counted(words: list[str], index: NDArray[np.int64]) -> Cells:
    return Cells(words, index, np.bincount(index, minlength=len(words)).astype(np.int64))


def by_cases(spec: ColumnSpec, values_of: ValuesOf, n: int) -> Made:
    """Return the value of the first case that holds, in each row.

    Parameters
    ----------
    spec
        The column, with `cases`.
    values_of
        Gives what a condition sees, or why it sees nothing.
    n
        Number of rows.

    Returns
    -------
    tuple
        Cells, how they are read (rows without a case are missing for that reason), and problems in words.
    """
    problems: list[str] = []
    tested = []
    for case in spec.cases:
        masks = []
        for test in case.when:
            values, why = values_of(test)
            problems += why
            if values is not None:
                problems += [finding.message for finding in misuse(test, values, "")]
                masks.append(true_rows(test, values))
        tested.append(masks)
    if problems:
        return None, spec, list(dict.fromkeys(problems))
    words = [*dict.fromkeys(case.value for case in spec.cases), NO_CASE]
    index = np.full(n, len(words) - 1, dtype=np.int64)
    free = np.ones(n, dtype=bool)
    for case, masks in zip(spec.cases, tested, strict=True):
        holds = reduce(np.logical_and, masks, free)
        index[holds] = words.index(case.value)
        free = free & ~holds
    return _counted(words, index), _with_missing(spec, [NO_CASE]), []


def _with_missing(spec: ColumnSpec, reasons: list[str]) -> ColumnSpec:
    """Return the column with reasons as words for missing."""
    own = {reason: reason for reason in reasons}
    change = {"missing": (*spec.missing, *own), "missing_reasons": {**spec.missing_reasons, **own}}
    return spec.model_copy(update=change)


def _categories(given: RuleInput, cells: Cells, reasons: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return category and reason of each distinct cell, and the cells that the rule does not know."""
    n = len(cells.distinct) - len(reasons)
    found = [given.category(cell) for cell in cells.distinct[:n]]
    bad = [cell for cell, (category, _) in zip(cells.distinct, found, strict=False) if category == NOT_GIVEN]
    return [*found, *((MISSING, f"{given.title}: {reason}") for reason in reasons)], bad


def _combined(indices: list[NDArray[np.int64]], sizes: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct combinations of several indices, shape = (k, inputs), and the combination of each row."""
    code = np.zeros(indices[0].size, dtype=np.int64)
    for index, size in zip(indices, sizes, strict=True):
        code = code * size + index
    total = int(np.prod(sizes, dtype=np.float64))
    if total <= _MANY:
        present = np.flatnonzero(np.bincount(code, minlength=total))
        place = np.zeros(total, dtype=np.int64)
        place[present] = np.arange(present.size)
        row = place[code]
    else:
        present, row = np.unique(code, return_inverse=True)
    parts = np.empty((present.size, len(sizes)), dtype=np.int64)
    rest = present.copy()
    for position in reversed(range(len(sizes))):
        parts[:, position] = rest % sizes[position]
        rest //= sizes[position]
    return parts, np.asarray(row, dtype=np.int64)


def by_rule(spec: ColumnSpec, cells_of: CellsOf) -> Made:
    """Return the level that a rule gives to each row, over the distinct combinations of its inputs.

    Parameters
    ----------
    spec
        The column, with `derive`.
    cells_of
        Gives distinct values of a column (the last are reasons of missing ones), the reasons and the unit; raises
        LookupError with words when there is no such column.

    Returns
    -------
    tuple
        Cells, how they are read (a reason stands as a word for missing), and problems in words.
    """
    rule = read_rule(spec.derive["rule"])
    names = [name for name in rule.inputs if name in spec.derive]
    problems: list[str] = []
    indices, categories = [], []
    for name in names:
        try:
            cells, reasons, unit = cells_of(spec.derive[name])
        except LookupError as error:
            problems.append(str(error.args[0]))
            continue
        problems += _input_problems(rule.inputs[name], spec.derive[name], unit)
        if cells is None:
            continue
        found, bad = _categories(rule.inputs[name], cells, reasons)
        if bad:
            message = f"the rule {rule.name} does not know {listed(bad)} of '{spec.derive[name]}' ({name}); map them"
            problems.append(f"{message} with codes or list them under missing.")
        indices.append(cells.index)
        categories.append(found)
    if problems:
        return None, spec, problems
    return _applied(rule, spec, names, indices, categories)


def _input_problems(given: RuleInput, name: str, unit: str) -> list[str]:
    if given.unit and unit != given.unit:
        return [f"'{name}' must be in {given.unit}, its unit is '{unit}'; give unit and unit_in_file"]
    return []


def _applied(
    rule: Rule,
    spec: ColumnSpec,
    names: list[str],
    indices: list[NDArray[np.int64]],
    categories: list[list[tuple[str, str]]],
) -> Made:
    parts, row = _combined(indices, [len(found) for found in categories])
    detail = spec.derive.get("detail", rule.default_detail)
    words: dict[str, int] = {}
    reasons: dict[str, None] = {}
    of_part = []
    for part in parts.tolist():
        given = {name: found[i] for name, found, i in zip(names, categories, part, strict=True)}
        level, reason = rule.value(given, detail)
        if not level:
            reasons[reason] = None
        of_part.append(words.setdefault(level or reason, len(words)))
    index = np.array(of_part, dtype=np.int64)[row] if of_part else row
    return _counted(list(words), index), _with_missing(spec, list(reasons)), []
