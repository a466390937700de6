"""The validation cohort beside the development cohort: standardised differences, and what the model never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reporter.report.document import Block, Callout, Cell, Inline, MethodNote, Paragraph, Run, Table, TableRow
from reporter.report.format import MINUS, count, decimals, fixed, percentage, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import blank, cell, fill, join, level_words, words
from reporter.report.sections.references import Citations
from reporter.report.sections.tables import heads
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import DriftOptions

ANALYSIS = "drift"
NOTABLE = 0.1
_COHORTS = ("development", "validation")


def _node(context: Context, endpoint: EndpointInfo) -> AnalysisNode | None:
    return context.node(ANALYSIS, "validation", endpoint.name)


def _columns(node: AnalysisNode) -> tuple[str, ...]:
    return node.options.columns if isinstance(node.options, DriftOptions) else ()


def _signed(value: float) -> str:
    text = fixed(value, 2)
    return text if value == 0 or text.startswith(MINUS) else f"+{text}"


def _smd_cell(context: Context, node: AnalysisNode, row: Row, *, signed: bool) -> Cell:
    value = row.get("smd").value
    run = context.number(node, row, "smd", _signed if signed else decimals(2))
    return cell(run, align="right", strong=value is not None and abs(value) > NOTABLE)


def _digits(row: Row) -> int:
    spread = row.get("std_dev_development").value or row.get("std_dev_validation").value or 1.0
    return 0 if spread >= 100 else 1 if spread >= 1 else 2


def _outside(context: Context, node: AnalysisNode, row: Row, stats: tuple[str, ...]) -> Inline:
    _ = context.gettext
    said = {
        "n_below": _("{n} below the range"),
        "n_above": _("{n} above the range"),
        "n_unseen": _("{n} at a level never seen"),
    }
    parts = [fill(said[s], n=context.number(node, row, s, count)) for s in stats if row.get(s).value]
    return join(parts, "; ")


def _numeric_row(context: Context, node: AnalysisNode, row: Row) -> TableRow:
    _ = context.gettext
    write = decimals(_digits(row))
    label = fill(_("{variable}, mean (SD)"), variable=words(context.column_label(row.term, unit=True)))
    cells = [Cell(label)]
    for cohort in _COHORTS:
        mean, spread = (context.number(node, row, f"{stat}_{cohort}", write) for stat in ("mean", "std_dev"))
        cells.append(cell(mean, Run(" ("), spread, Run(")"), align="center"))
    cells.append(_smd_cell(context, node, row, signed=True))
    cells.append(Cell(_outside(context, node, row, ("n_below", "n_above"))))
    return TableRow(tuple(cells))


def _level_rows(context: Context, node: AnalysisNode, row: Row) -> Iterator[TableRow]:
    _ = context.gettext
    info = context.column(row.term)
    label = fill(_("{variable}, %"), variable=words(info.label))
    smd = _smd_cell(context, node, row, signed=len(info.levels) == 2)
    yield TableRow((Cell(label), blank(), blank(), smd, Cell(_outside(context, node, row, ("n_unseen",)))), "value")
    for level in info.levels:
        found = node.find(term=level_term(row.term, level))
        if found is None:
            continue
        shares = (
            cell(context.number(node, found, f"percent_{cohort}", percentage), align="center") for cohort in _COHORTS
        )
        yield TableRow((cell(level_words(level)), *shares, blank(), blank()), "level")


def drift_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return both cohorts side by side with their standardised differences; None without a validation cohort."""
    _ = context.gettext
    node = _node(context, endpoint)
    if node is None:
        return None
    rows: list[TableRow] = []
    for name in _columns(node):
        row = node.find(term=name)
        if row is not None:
            numeric = context.column(name).kind == "numeric"
            rows += [_numeric_row(context, node, row)] if numeric else _level_rows(context, node, row)
    titles = [
        (_("Variable"), "left"), (_("Development"), "center"), (_("Validation"), "center"),
        (_("Std. difference"), "right"),
    ]  # fmt: skip
    if any(row.cells[-1].runs for row in rows):
        titles.append((_("Outside the development cohort"), "left"))
    else:
        rows = [replace(row, cells=row.cells[:-1]) for row in rows]
    text = _(
        "Standardised difference: validation less development, in standard deviations; with more than two levels a "
        "distance without sign. Bold: beyond {limit}, a customary mark, not a test. Patients with a value of the "
        "variable; the ranges and levels are those of the development cohort."
    )
    notes = (fill(text, limit=words(plain_number(NOTABLE))),)
    caption = fill(_("The validation cohort beside the development cohort."))
    return Table(f"drift_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=notes)


def _unseen(context: Context, node: AnalysisNode) -> Iterator[Block]:
    """Yield a warning when patients of the validation cohort are where the development cohort has nobody."""
    _ = context.gettext
    parts = []
    for name in _columns(node):
        row = node.find(term=name)
        if row is None:
            continue
        numeric = context.column(name).kind == "numeric"
        said = _outside(context, node, row, ("n_below", "n_above") if numeric else ("n_unseen",))
        if said:
            parts.append((words(f"{context.column(name).label}: "), *said))
    if parts:
        text = _(
            "Patients of the validation cohort lie where the development cohort has nobody; the model extrapolates "
            "there, and a level never seen counts as missing. {parts}."
        )
        yield Callout(fill(text, parts=join(parts, ". ")), "warning")


def _largest(context: Context, node: AnalysisNode) -> Iterator[Block]:
    """Yield the variables that differ most, in a sentence."""
    _ = context.gettext
    rows = [row for name in _columns(node) if (row := node.find(term=name)) is not None]
    known = [(row, row.get("smd").value) for row in rows]
    apart = [(abs(value), row) for row, value in known if value is not None]
    if not apart:
        return
    apart = sorted((item for item in apart if item[0] > NOTABLE), key=lambda item: -item[0])[:5]
    if not apart and len(known) > len([value for _row, value in known if value is not None]):
        return
    if not apart:
        text = _("No variable differs between the cohorts by more than {limit} standard deviations.")
        yield Paragraph(fill(text, limit=words(plain_number(NOTABLE))))
        return
    parts = []
    for _size, row in apart:
        signed = context.column(row.term).kind == "numeric" or len(context.column(row.term).levels) == 2
        number = context.number(node, row, "smd", _signed if signed else decimals(2))
        parts.append((words(context.column(row.term).label), Run(" "), number))
    text = _("The cohorts differ most in (standardised difference, validation less development): {parts}.")
    yield Paragraph(fill(text, parts=join(parts, "; ")))


def drift_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return what is said of the differences between the cohorts; nothing without a validation cohort."""
    node = _node(context, endpoint)
    table = drift_table(context, endpoint)
    failed = context.failures((ANALYSIS,), "validation", endpoint.name)
    if node is None or table is None:
        return failed
    return (*_largest(context, node), *_unseen(context, node), table)


def drift_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how the cohorts are compared."""
    _ = context.gettext
    if not any(node.analysis == ANALYSIS and not node.failed for node in context.results.analyses):
        return None
    text = _(
        "The cohorts are compared by standardised differences{cite}, which do not depend on their size: the difference "
        "of means, or of the share of the second of two levels, over the root of the mean of both variances; for more "
        "levels the Mahalanobis distance of the shares{levels}. No test is made."
    )
    runs = fill(text, cite=citations.cite("austin"), levels=citations.cite("yang"))
    return MethodNote(_("Differences between the cohorts"), runs)
