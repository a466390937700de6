"""Which values are missing: by variable, in which combinations, by outcome and by year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import MissingOptions

Mask = NDArray[np.bool_]

OUTCOME = "outcome"
MAX_YEARS = 150


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else float("nan")


def _counts(column: Column, keep: Mask) -> tuple[Statistic, ...]:
    """Return how many of the rows have a value and how many have none."""
    total, observed = int(keep.sum()), int((keep & column.observed).sum())
    return (
        statistic("n", observed), statistic("n_missing", total - observed),
        statistic("percent_missing", _percent(total - observed, total), unit="%"),
    )  # fmt: skip


def _rows(frame: AnalysisFrame, options: MissingOptions, group: str, level: str, keep: Mask) -> Iterator[Row]:
    complete = frame.complete(options.columns)
    total, whole = int(keep.sum()), int((keep & complete).sum())
    stats = (
        statistic("n", total), statistic("n_complete", whole),
        statistic("percent_complete", _percent(whole, total), unit="%"),
    )  # fmt: skip
    yield Row(group=group, level=level, term="GLOBAL", stats=stats)
    for name in options.columns:
        yield Row(group=group, level=level, term=name, stats=_counts(frame.columns[name], keep))


def _unknown_rows(frame: AnalysisFrame, options: MissingOptions) -> Iterator[Row]:
    """Yield how many patients are at a level that stands for an unknown value."""
    for name, level in options.unknown:
        column = frame.columns[name]
        n = int((column.codes == column.levels.index(level)).sum()) if level in column.levels else 0
        stats = (statistic("n_unknown", n), statistic("percent_unknown", _percent(n, frame.n), unit="%"))
        yield Row(term=level_term(name, level), stats=stats)


def _reason_rows(frame: AnalysisFrame, options: MissingOptions) -> Iterator[Row]:
    """Yield how many values are missing for each reason that the dictionary gives."""
    for name in options.columns:
        column = frame.columns[name]
        if column.absence is None or not column.absence.why.any():
            continue
        for code, reason in enumerate(column.absence.reasons, start=1):
            n = int((column.absence.why == code).sum())
            stats = (statistic("n", n), statistic("percent", _percent(n, frame.n), unit="%"))
            yield Row(term=level_term(name, reason), stats=stats)


def outcome_groups(frame: AnalysisFrame) -> Iterator[tuple[str, Mask]]:
    """Yield the rows with the event, those with another event, and the censored ones."""
    other = np.zeros(frame.n, dtype=bool) if frame.cause is None else frame.cause > 1
    for level, rows in (("event", frame.event), ("competing", other), ("censored", ~frame.event & ~other)):
        if rows.any():
            yield level, rows


def year_groups(column: Column) -> Iterator[tuple[str, Mask]]:
    """Yield the rows of each year, in order.

    Raises
    ------
    ReporterError
        When a numeric column has too many whole parts to be one of years.
    """
    if not column.is_numeric:
        for code, level in enumerate(column.levels):
            if (column.codes == code).any():
                yield level, column.codes == code
        return
    whole = np.floor(column.values)
    years = np.unique(whole[column.observed])
    if years.size > MAX_YEARS:
        raise ReporterError(
            f"'{column.name}' has {years.size} different whole parts, more than {MAX_YEARS}: it is no column of years. "
            "Correct analysis.year"
        )
    for year in years:
        yield f"{year:.0f}", whole == year


def _grouped(frame: AnalysisFrame, options: MissingOptions) -> Iterator[Row]:
    """Yield the rows by outcome and by year; none where nothing is missing."""
    if frame.complete(options.columns).all():
        return
    for level, keep in outcome_groups(frame):
        yield from _rows(frame, options, OUTCOME, level, keep)
    if options.year:
        for level, keep in year_groups(frame.columns[options.year]):
            yield from _rows(frame, options, options.year, level, keep)


def is_monotone(missing: NDArray[np.bool_]) -> bool:
    """Tell whether the variables can be put in an order in which whoever lacks one lacks all that follow.

    Parameters
    ----------
    missing
        Shape (n, p).
    """
    ordered = missing[:, np.argsort(missing.sum(axis=0), kind="stable")]
    return bool((ordered[:, :-1] <= ordered[:, 1:]).all())


def _patterns(frame: AnalysisFrame, options: MissingOptions) -> Iterator[Row]:
    """Yield the combinations of missing variables, the most frequent first; ties in the order of the variables."""
    missing = np.column_stack([~frame.columns[name].observed for name in options.columns])
    found, counts = np.unique(missing, axis=0, return_counts=True)
    order = sorted(range(len(found)), key=lambda i: (-int(counts[i]), found[i].tolist()))
    stats = (statistic("n_patterns", len(found)), statistic("monotone", float(is_monotone(missing))))
    yield Row(term="GLOBAL", stats=stats)
    for i in order[: options.max_patterns]:
        absent = " ".join(name for name, lost in zip(options.columns, found[i], strict=True) if lost)
        term = level_term("missing", absent) if absent else "complete"
        n = int(counts[i])
        yield Row(term=term, stats=(statistic("n", n), statistic("percent", _percent(n, frame.n), unit="%")))


def analyse_missing(frame: AnalysisFrame, options: MissingOptions) -> tuple[AnalysisNode, ...]:
    """Count the missing values of ``options.columns`` among the patients with a known outcome.

    Returns
    -------
    tuple
        ``missing``: by variable, overall, by outcome (``outcome=event`` …) and by year. ``missing_pattern``: the
        combinations (``missing=age%20size``: both missing), and whether they are monotone. ``missing_reason``: by
        variable and reason, where the dictionary gives reasons.
    """

    def node(name: str, rows: Iterator[Row]) -> AnalysisNode:
        return AnalysisNode(
            cohort=frame.cohort, endpoint=frame.endpoint, analysis=name, options=options, rows=tuple(rows)
        )

    everybody = np.ones(frame.n, dtype=bool)
    profile = [*_rows(frame, options, "", "", everybody), *_unknown_rows(frame, options), *_grouped(frame, options)]
    reasons = tuple(_reason_rows(frame, options))
    further = (node("missing_reason", iter(reasons)),) if reasons else ()
    return (node("missing", iter(profile)), *further, node("missing_pattern", _patterns(frame, options)))
