"""Values that cannot stand together in one patient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporter.errors import Finding
from reporter.intake.conditions import misuse, true_rows
from reporter.intake.quality.examined import Examined, Mask
from reporter.intake.resolve import Resolver
from reporter.spec.checks import DataCheck


def _greater(resolver: Resolver, names: tuple[str, str], place: str) -> tuple[Mask | None, list[Finding]]:
    """Return the rows in which the first of two numbers or dates is greater."""
    first, second = (resolver.mapped(name)[0] if name in resolver.columns else None for name in names)
    if first is None or second is None or first.levels or second.levels:
        message = f"greater needs two numeric or date columns of the dictionary, got {' and '.join(names)}."
        return None, [Finding("wrong_kind", place, message, todo="Declare both under [columns], or use when.")]
    return first.values > second.values, []


def true_of(check: DataCheck, resolver: Resolver, place: str) -> tuple[Mask | None, list[Finding]]:
    """Return the rows for which a combination holds, shape = (n,), or why that cannot be told."""
    rows = np.ones(len(resolver.table), dtype=bool)
    findings: list[Finding] = []
    for test in check.when:
        values, problems = resolver.values(test, place)
        if values is not None:
            problems = [*problems, *misuse(test, values, place)]
        findings += problems
        if values is not None and not problems:
            rows &= true_rows(test, values)
    if check.greater is not None:
        greater, problems = _greater(resolver, check.greater, place)
        findings += problems
        rows &= False if greater is None else greater
    return (None if findings else rows), findings


def _own(examined: Examined) -> Iterator[Finding]:
    """Apply the combinations of the study file; one that cannot be applied is a finding."""
    for number, check in enumerate(examined.checks, 1):
        place = f"checks.{number}"
        lacks = [name for name in check.columns if not examined.resolver.knows(name)]
        if lacks and not examined.is_development:
            message = f"'{check.label}' is not checked here: the table has no {', '.join(lacks)}."
            todo = "Name the columns under [validation.columns], or know that it is not checked."
            yield examined.finding("check_not_applied", lacks[0], message, todo=todo, place=place)
            continue
        rows, problems = true_of(check, examined.resolver, place)
        yield from problems
        if rows is not None:
            yield from _found(examined, check, rows, place)


def _found(examined: Examined, check: DataCheck, rows: Mask, place: str) -> Iterator[Finding]:
    if not rows.any():
        return
    columns, n_selected = ", ".join(check.columns), int((rows & examined.keep).sum())
    message = f"{check.label}: {int(rows.sum())} rows ({columns}), {n_selected} of them selected."
    todo = check.todo or "Look the rows up and correct them."
    yield examined.finding(
        "impossible_combination", check.columns[0], message, rows, todo=todo, severity=check.severity, place=place
    )


def combinations(examined: Examined) -> Iterator[Finding]:
    """Report rows with combinations that the study file or a shipped dictionary does not allow."""
    yield from _own(examined)
    own = examined.resolver
    missing = {name: spec for name, spec in examined.extra.items() if name not in own.columns}
    wide = Resolver(own.table, {**own.columns, **missing}, levels=own.levels, source=own.source, prefix=own.prefix)
    for check in examined.known_checks:
        resolver = own if all(name in own.columns for name in check.columns) else wide
        if not all(name in resolver.columns and resolver.knows(name) for name in check.columns):
            continue
        rows = _known(check, resolver)
        first = check.columns[0]
        if rows is not None:
            yield from _found(examined, check, rows, examined.place(first))


def _known(check: DataCheck, resolver: Resolver) -> Mask | None:
    """Return the rows for which a shipped combination holds; levels that the study file renamed are no matter."""
    rows = np.ones(len(resolver.table), dtype=bool)
    for test in check.when:
        values, _ = resolver.values(test, "")
        if values is None or ((test.min is not None or test.max is not None) and values.numbers is None):
            return None
        rows &= true_rows(test, values)
    if check.greater is not None:
        greater, _ = _greater(resolver, check.greater, "")
        if greater is None:
            return None
        rows &= greater
    return rows
