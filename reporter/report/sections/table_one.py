"""Table 1: patient characteristics, overall, by group and in both cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reporter.report.document import Cell, Inline, Run, Table, TableRow
from reporter.report.format import Write, count, fixed, percentage
from reporter.report.sections.context import Context
from reporter.report.sections.inline import blank, cell, fill, level_words, sentence, words
from reporter.report.sections.tables import note
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, ColumnInfo, Row
from reporter.spec.options import BaselineOptions

MAX_LEVELS = 6


@dataclass(frozen=True)
class Place:
    """A column of the table: the rows of one level of one node, under a heading."""

    node: AnalysisNode
    level: str
    heading: Run
    spanner: str = ""

    def find(self, term: str) -> Row | None:
        """Return the row of a term, or None."""
        return self.node.find(group=self.node.variable, level=self.level, term=term)


def level_places(context: Context, node: AnalysisNode, spanner: str = "") -> tuple[Place, ...]:
    """Return one column for each level of a grouped node that has patients."""
    info = context.column(node.variable)
    return tuple(
        Place(node, level, words(context.level_label(node.variable, level)), spanner)
        for level in info.levels
        if node.find(group=node.variable, level=level, term="GLOBAL") is not None
    )


def _measured_digits(values: Sequence[float | None]) -> int:
    """Whole numbers stay whole, as do those from 100 on; others get one decimal, two below 10."""
    known = [v for v in values if v is not None]
    if all(v == round(v) for v in known):
        return 0
    largest = max((abs(v) for v in known), default=0.0)
    return 0 if largest >= 100 else 1 if largest >= 10 else 2


def _median_cell(context: Context, place: Place, term: str, digits: int) -> Cell:
    row = place.find(term)
    if row is None:
        return blank()

    def write(value: float) -> str:
        return fixed(value, digits)

    runs = context.with_interval(place.node, row, "median", write, "q1", "q3")
    return Cell(runs, "center")


def _share_cell(context: Context, place: Place, term: str) -> Cell:
    row = place.find(term)
    if row is None:
        return blank()
    number = context.number(place.node, row, "n", count)
    return cell(number, Run(" ("), context.number(place.node, row, "percent", percentage), Run(")"), align="center")


def _count_cell(context: Context, place: Place, term: str, stat: str, write: Write = count) -> Cell:
    row = place.find(term)
    if row is None:
        return blank()
    return cell(context.number(place.node, row, stat, write), align="center")


def _has_missing(places: Sequence[Place], term: str) -> bool:
    rows = [place.find(term) for place in places]
    return any(row is not None and row.get("n_missing").value for row in rows)


def _numeric_rows(context: Context, places: Sequence[Place], info: ColumnInfo) -> list[TableRow]:
    _ = context.gettext
    rows = [place.find(info.name) for place in places]
    values = [row.get(s).value for row in rows if row is not None for s in ("median", "q1", "q3")]
    digits = _measured_digits(values)
    label = fill(_("{variable}, median (IQR)"), variable=words(context.column_label(info.name, unit=True)))
    cells = (Cell(label), *(_median_cell(context, place, info.name, digits) for place in places))
    return [TableRow(cells)]


def _level_rows(context: Context, places: Sequence[Place], info: ColumnInfo) -> list[TableRow]:
    _ = context.gettext
    label = fill(_("{variable}, No. (%)"), variable=words(info.label))
    rows = [TableRow((Cell(label), *(blank() for _place in places)), "header")]
    for level in info.levels:
        term = level_term(info.name, level)
        cells = (cell(level_words(level)), *(_share_cell(context, place, term) for place in places))
        rows.append(TableRow(cells, "level"))
    return rows


def _variable_rows(context: Context, places: Sequence[Place], name: str) -> list[TableRow]:
    _ = context.gettext
    info = context.column(name)
    if all(place.find(name) is None for place in places):
        return []
    rows = (_numeric_rows if info.kind == "numeric" else _level_rows)(context, places, info)
    if _has_missing(places, name):
        cells = (cell(words(_("Missing"))), *(_count_cell(context, place, name, "n_missing") for place in places))
        rows.append(TableRow(cells, "level"))
    return rows


def _spanner(places: Sequence[Place]) -> tuple[Cell, ...]:
    if not any(place.spanner for place in places):
        return ()
    cells = [blank()]
    for place in places:
        if len(cells) > 1 and place.spanner and cells[-1].runs == (words(place.spanner),):
            cells[-1] = Cell(cells[-1].runs, "center", span=cells[-1].span + 1)
        else:
            cells.append(Cell((words(place.spanner),), "center") if place.spanner else blank())
    return tuple(cells)


def characteristics_table(
    context: Context, name: str, caption: Inline, places: Sequence[Place], variables: Sequence[str]
) -> Table:
    """Return the table of characteristics over the given columns."""
    _ = context.gettext
    first = words(_("Characteristic"))
    head = (Cell((first,)), *(Cell((place.heading,), "center") for place in places))
    counts = TableRow((cell(words(_("Patients"))), *(_count_cell(context, place, "GLOBAL", "n") for place in places)))
    events = TableRow(
        (cell(words(_("Events"))), *(_count_cell(context, place, "GLOBAL", "n_event") for place in places))
    )
    rows = [counts, events]
    for variable in variables:
        rows += _variable_rows(context, places, variable)
    notes = [note(_("IQR, interquartile range (quantiles of type 7). Percentages are of the patients with a value."))]
    notes += [(sentence(text),) for text in dict.fromkeys(t for place in places for t in place.node.notes)]
    return Table(name, caption, head, tuple(rows), _spanner(places), tuple(notes))


def variables_of(node: AnalysisNode) -> tuple[str, ...]:
    """Return the columns that a node describes."""
    return node.options.columns if isinstance(node.options, BaselineOptions) else ()
