"""Tables as CSV, the numbers a document prints, and the column widths of a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from reporter.report.document import (
    Badge,
    Block,
    Bullets,
    Callout,
    Cell,
    Columns,
    Figure,
    Inline,
    MethodNote,
    Paragraph,
    ReportDocument,
    Section,
    Table,
)
from reporter.report.figures.metrics import FontMetrics, plain_text

TEXT_WIDTH = 493.0
_SIZE = 8.3
_PADDING = 7.0
_SVG_WIDTH = re.compile(r'width="([0-9.]+)pt"')


def _csv_row(cells: Iterable[Cell]) -> list[str]:
    row: list[str] = []
    for cell in cells:
        row += [plain_text(cell.runs), *[""] * (cell.span - 1)]
    return row


def table_csv(table: Table) -> str:
    """Return spanner, head and body of a table as CSV with the texts as printed; plot axes are left out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for cells in (table.spanner, table.head):
        if cells:
            writer.writerow(_csv_row(cells))
    writer.writerows(_csv_row(row.cells) for row in table.rows if row.role != "axis")
    return out.getvalue()


def _cells(table: Table) -> Iterator[Cell]:
    yield from (*table.spanner, *table.head)
    for row in table.rows:
        yield from row.cells


def _inlines(block: Block) -> Iterator[Inline]:
    match block:
        case Paragraph() | Callout() | MethodNote() | Badge():
            yield block.runs
        case Bullets():
            yield from block.items
        case Figure():
            yield block.caption
            yield from block.notes
        case Table():
            yield block.caption
            yield from (cell.runs for cell in _cells(block))
            yield from block.notes
        case Columns() | Section():
            for inner in block.blocks:
                yield from _inlines(inner)


def number_address_pairs(document: ReportDocument) -> list[tuple[str, str]]:
    """Return text and address of every number of the document, in reading order; drawings are not looked into."""
    page = document.title_page
    texts: list[Inline] = [page.lead]
    for key in page.key_figures:
        texts += [key.value, key.interval, key.words]
    texts.append(page.badge.runs)
    for block in (*page.blocks, *document.sections):
        texts += _inlines(block)
    return [(run.text, run.address) for runs in texts for run in runs if run.address]


def _natural(cell: Cell, fonts: FontMetrics, weight: int) -> float:
    drawn = _SVG_WIDTH.search(cell.svg) if cell.svg else None
    if drawn:
        return float(drawn[1])
    return fonts.inline_width(cell.runs, _SIZE, 600 if cell.strong else weight)


def _smallest(cell: Cell, fonts: FontMetrics, *, is_head: bool) -> float:
    """Return the width below which a cell breaks badly: a number whole, words by their longest."""
    if cell.svg:
        return _natural(cell, fonts, 400)
    text = plain_text(cell.runs)
    if cell.align != "left" and not is_head:
        return min(_natural(cell, fonts, 400), 170.0)
    words = max((fonts.width(word, _SIZE, weight=600 if is_head else 400) for word in text.split()), default=0.0)
    return min(words, 110.0)


def column_widths(table: Table, fonts: FontMetrics, total: float = TEXT_WIDTH) -> list[float]:
    """Return column widths in per cent: as wished or as the texts are wide, no column narrower than its longest number.

    Parameters
    ----------
    table
        Cells that span columns do not count.
    fonts
        Widths of the bundled faces.
    total
        Width of the table in points.
    """
    count = max((sum(c.span for c in row.cells) for row in table.rows), default=0)
    count = max(count, sum(c.span for c in table.head), 1)
    natural, smallest = [0.0] * count, [0.0] * count
    lines = [(table.head, True), *((row.cells, False) for row in table.rows if row.role != "axis")]
    for cells, is_head in lines:
        for place, cell in _places(cells):
            if cell.span == 1:
                natural[place] = max(natural[place], _natural(cell, fonts, 600 if is_head else 400) + _PADDING)
                smallest[place] = max(smallest[place], _smallest(cell, fonts, is_head=is_head) + _PADDING)
    wished = natural
    if len(table.widths) == count:
        wished = [total * w / sum(table.widths) for w in table.widths]
    fitted = _fit(wished, smallest, total)
    return [100 * w / sum(fitted) for w in fitted]


def _places(cells: Iterable[Cell]) -> Iterator[tuple[int, Cell]]:
    place = 0
    for cell in cells:
        yield place, cell
        place += cell.span


def _fit(wished: list[float], smallest: list[float], total: float) -> list[float]:
    """Scale the wished widths to the total, holding the columns that would become too narrow at their smallest."""
    held: set[int] = set()
    while True:
        free = total - sum(smallest[i] for i in held)
        share = sum(w for i, w in enumerate(wished) if i not in held)
        if free <= 0 or share <= 0:
            return [max(s, 1.0) for s in smallest]
        fitted = [smallest[i] if i in held else w * free / share for i, w in enumerate(wished)]
        narrow = {i for i, w in enumerate(fitted) if i not in held and w < smallest[i] - 1e-9}
        if not narrow:
            return fitted
        held |= narrow
