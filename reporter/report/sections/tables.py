"""What tables have in common: notes on absences and flags, and the numbers of captions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reporter.report.document import Block, Cell, Columns, Figure, Inline, Run, Section, Table
from reporter.report.format import ABSENT
from reporter.report.sections.context import NOT_REACHED, Context
from reporter.report.sections.inline import words


def _runs(table: Table) -> Iterable[Run]:
    for row in table.rows:
        for cell in row.cells:
            yield from cell.runs


def _absences(context: Context, table: Table) -> tuple[Inline, ...]:
    """Return one note that explains each sign of absence in the table by its reasons."""
    found: dict[str, list[str]] = {}
    for run in _runs(table):
        if run.address and run.text in (ABSENT, NOT_REACHED):
            statistic = context.results.at(run.address)
            text = context.reason(statistic.reason)
            if statistic.note:
                text = f"{text} ({statistic.note})"
            found.setdefault(run.text, []).append(text)
    notes = [f"{sign}: {'; '.join(dict.fromkeys(reasons))}." for sign, reasons in found.items()]
    return ((words(" ".join(notes)),),) if notes else ()


def _flags(context: Context, runs: Iterable[Run]) -> tuple[Inline, ...]:
    """Return one note that says what stands behind the marks of unconfirmed numbers."""
    _ = context.gettext
    words_of = dict.fromkeys(run.flag for run in runs if run.flag)
    if not words_of:
        return ()
    kept = list(words_of)[:6]
    more = _("; more in the appendix") if len(words_of) > len(kept) else ""
    text = _("† Not confirmed by R: {what}.").format(what="; ".join(kept) + more)
    return ((words(text, strong=True),),)


def noted(context: Context, table: Table) -> Table:
    """Return the table with notes on its absent and unconfirmed numbers."""
    notes = (*table.notes, *_absences(context, table), *_flags(context, _runs(table)))
    return replace(table, notes=notes)


def _numbered(context: Context, kind: str, number: int, caption: Inline) -> Inline:
    _ = context.gettext
    head = _("Table {n}.") if kind == "table" else _("Figure {n}.")
    return (Run(head.format(n=number), is_label=True, strong=True), Run(" "), *caption)


def number_captions(context: Context, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return the blocks with tables and figures numbered in the order of reading, and their notes completed."""
    counts = {"table": 0, "figure": 0}

    def visit(block: Block) -> Block:
        if isinstance(block, Section | Columns):
            return replace(block, blocks=tuple(visit(inner) for inner in block.blocks))
        if isinstance(block, Table):
            counts["table"] += 1
            done = noted(context, block)
            return replace(done, caption=_numbered(context, "table", counts["table"], block.caption))
        if isinstance(block, Figure) and block.caption:
            counts["figure"] += 1
            return replace(block, caption=_numbered(context, "figure", counts["figure"], block.caption))
        return block

    return tuple(visit(block) for block in blocks)


def heads(*titles: tuple[str, str]) -> tuple[Cell, ...]:
    """Return the cells of a table head from pairs of title and alignment; ``P`` is set in italics."""
    return tuple(
        Cell((Run("P", italic=True) if title == "P" else words(title),) if title else (), align)  # type: ignore[arg-type]
        for title, align in titles
    )


def note(text: str) -> Inline:
    """Return the words of a note."""
    return (words(text),)
