"""Missing values: by variable and outcome, by year, and their patterns."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.report.document import Block, Callout, Cell, Inline, MethodNote, Paragraph, Run, Table, TableRow
from reporter.report.format import count, level_text, percentage
from reporter.report.sections.context import Context
from reporter.report.sections.inline import blank, cell, fill, join, words
from reporter.report.sections.references import Citations
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import MissingOptions

ANALYSES = ("missing", "missing_pattern", "missing_reason")
_OUTCOME = "outcome"
_MOST_COLUMNS = 6


def _profile(context: Context, cohort: str, endpoint: EndpointInfo) -> AnalysisNode | None:
    return context.node("missing", cohort, endpoint.name)


def _nodes(context: Context, endpoint: EndpointInfo) -> tuple[AnalysisNode, ...]:
    found = (_profile(context, info.name, endpoint) for info in context.results.cohorts)
    return tuple(node for node in found if node is not None)


def _columns(node: AnalysisNode) -> tuple[str, ...]:
    return node.options.columns if isinstance(node.options, MissingOptions) else ()


def _n_missing(row: Row | None) -> float:
    """Return the missing values; a number that may not be shown counts as one."""
    value = row.get("n_missing").value if row is not None else 0.0
    return 1.0 if value is None else value


def _variables(nodes: tuple[AnalysisNode, ...]) -> tuple[str, ...]:
    """Return the variables with a missing value in any of the nodes."""
    names = dict.fromkeys(name for node in nodes for name in _columns(node))
    return tuple(name for name in names if any(_n_missing(node.find(term=name)) for node in nodes))


def _share(context: Context, node: AnalysisNode, row: Row | None) -> Cell:
    if row is None:
        return blank()
    n, share = context.number(node, row, "n_missing", count), context.number(node, row, "percent_missing", percentage)
    return cell(n, Run(" ("), share, Run(")"), align="center")


def _outcomes(node: AnalysisNode) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.level for row in node.rows if row.group == _OUTCOME))


def _outcome_words(context: Context, outcome: str) -> str:
    _ = context.gettext
    return {
        "event": _("With the event"),
        "competing": _("With another event"),
        "censored": _("Censored"),
    }.get(outcome, outcome)


def _places(nodes: tuple[AnalysisNode, ...]) -> list[tuple[AnalysisNode, str]]:
    """Return the columns of the table: each cohort, and for the first its outcomes."""
    out = []
    for i, node in enumerate(nodes):
        out.append((node, ""))
        out += [(node, outcome) for outcome in _outcomes(node)] if i == 0 else []
    return out


def missing_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the missing values by variable, cohort and outcome; None where nothing is missing."""
    _ = context.gettext
    nodes = _nodes(context, endpoint)
    names = _variables(nodes)
    if not names:
        return None
    places = _places(nodes)
    titles = [(_("Variable"), "left")]
    titles += [(_outcome_words(context, outcome) if outcome else _("All"), "center") for _found, outcome in places]
    spanner = [blank()]
    for node in nodes:
        span = sum(1 for found, _outcome in places if found is node)
        spanner.append(cell(words(context.cohort_label(node.cohort)), align="center", span=span))
    first = [cell(words(_("Patients")))]
    last = [cell(words(_("Complete in all variables")))]
    for node, outcome in places:
        row = node.find(group=_OUTCOME if outcome else "", level=outcome, term="GLOBAL")
        first.append(cell(context.number(node, row, "n", count), align="center") if row else blank())
        last.append(_complete(context, node, row) if row else blank())
    rows = [TableRow(tuple(first))]
    for name in names:
        found = (
            _share(context, node, node.find(group=_OUTCOME if outcome else "", level=outcome, term=name))
            for node, outcome in places
        )
        rows.append(TableRow((cell(words(context.column_label(name))), *found)))
    rows.append(TableRow(tuple(last)))
    caption = fill(_("Missing values, No. (%)."))
    text = _("Of the patients with a known outcome; variables without a missing value are left out.")
    return Table(f"missing_{endpoint.name}", caption, heads(*titles), tuple(rows), tuple(spanner), (note(text),))


def _complete(context: Context, node: AnalysisNode, row: Row) -> Cell:
    n, share = context.number(node, row, "n_complete", count), context.number(node, row, "percent_complete", percentage)
    return cell(n, Run(" ("), share, Run(")"), align="center")


def pattern_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the most frequent combinations of missing variables; None where nothing is missing."""
    _ = context.gettext
    found = (context.node("missing_pattern", info.name, endpoint.name) for info in context.results.cohorts)
    nodes = [node for node in found if node is not None and len(node.rows) > 1]
    if not any(row.term != "complete" for node in nodes for row in node.rows[1:]):
        return None
    terms = dict.fromkeys(row.term for node in nodes for row in node.rows[1:])
    titles = [(_("Missing"), "left"), *((context.cohort_label(node.cohort), "center") for node in nodes)]
    rows = []
    for term in terms:
        cells = [cell(words(_pattern_words(context, term)))]
        for node in nodes:
            row = node.find(term=term)
            cells.append(_pattern_cell(context, node, row) if row is not None else blank())
        rows.append(TableRow(tuple(cells)))
    notes = [_monotone(context, node) for node in nodes if node.rows[0].get("monotone").value is not None]
    caption = fill(_("Combinations of missing variables, the most frequent, No. (%)."))
    return Table(f"missing_patterns_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=tuple(notes))


def _pattern_words(context: Context, term: str) -> str:
    _ = context.gettext
    if term == "complete":
        return _("none")
    return ", ".join(context.column(name).label for name in term.removeprefix("missing=").split(" "))


def _pattern_cell(context: Context, node: AnalysisNode, row: Row) -> Cell:
    n, share = context.number(node, row, "n", count), context.number(node, row, "percent", percentage)
    return cell(n, Run(" ("), share, Run(")"), align="center")


def _monotone(context: Context, node: AnalysisNode) -> Inline:
    _ = context.gettext
    row = node.rows[0]
    if row.get("monotone").value:
        text = _("{cohort}: {n} combinations; they are monotone (whoever lacks one variable lacks all that follow it).")
    else:
        text = _("{cohort}: {n} combinations; they are not monotone.")
    number = context.number(node, row, "n_patterns", count)
    return fill(text, cohort=words(context.cohort_label(node.cohort)), n=number)


def reason_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return why values are missing, as the dictionary says; None where it gives no reasons."""
    _ = context.gettext
    nodes = [
        node
        for info in context.results.cohorts
        if (node := context.node("missing_reason", info.name, endpoint.name)) is not None
    ]
    terms = dict.fromkeys(row.term for node in nodes for row in node.rows if row.get("n").value != 0)
    if not terms:
        return None
    titles = [(_("Variable and reason"), "left"), *((context.cohort_label(n.cohort), "center") for n in nodes)]
    rows: list[TableRow] = []
    last = ""
    for term in terms:
        name, _separator, reason = term.partition("=")
        if name != last:
            rows.append(TableRow((cell(words(context.column(name).label)), *(blank() for _node in nodes)), "header"))
        last = name
        found = ((node, node.find(term=term)) for node in nodes)
        cells = (_pattern_cell(context, node, row) if row is not None else blank() for node, row in found)
        rows.append(TableRow((cell(words(reason)), *cells), "level"))
    caption = fill(_("Why values are missing, No. (%)."))
    text = _("Reasons are those of the data dictionary; other missing values are empty cells, or have no reason given.")
    return Table(f"missing_reasons_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=(note(text),))


def year_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the missing values by year of the development cohort; None without a year or a missing value."""
    _ = context.gettext
    node = _profile(context, "development", endpoint)
    year = node.options.year if node is not None and isinstance(node.options, MissingOptions) else ""
    names = _variables((node,)) if node is not None else ()
    if node is None or not year or not names:
        return None
    most = sorted(names, key=lambda name: -_n_missing(node.find(term=name)))[:_MOST_COLUMNS]
    shown = [name for name in names if name in most]
    titles = [(context.column(year).label, "left"), (_("Patients"), "right")]
    titles += [(context.column(name).label, "center") for name in shown]
    rows = []
    for row in node.rows:
        if row.group != year or row.term != "GLOBAL":
            continue
        cells = [cell(words(level_text(row.level))), cell(context.number(node, row, "n", count), align="right")]
        cells += [_share(context, node, node.find(group=year, level=row.level, term=name)) for name in shown]
        rows.append(TableRow(tuple(cells)))
    caption = fill(_("Missing values by {year} (development cohort), No. (%)."), year=words(context.column(year).label))
    notes = (note(_("The variables with most missing values; the others are in stats.csv.")),)
    return Table(f"missing_by_year_{endpoint.name}", caption, heads(*titles), tuple(rows), notes=notes)


def _unknown(context: Context, endpoint: EndpointInfo) -> Iterator[Block]:
    """Yield a warning for the levels that stand for an unknown value."""
    _ = context.gettext
    for node in _nodes(context, endpoint):
        pairs = node.options.unknown if isinstance(node.options, MissingOptions) else ()
        parts: list[Inline] = []
        for name, level in pairs:
            row = node.find(term=f"{name}={level}")
            if row is None or row.get("n_unknown").value == 0:
                continue
            label = words(f"{context.column(name).label}: {level_text(level)}")
            n = context.number(node, row, "n_unknown", count)
            share = context.number(node, row, "percent_unknown", percentage)
            parts.append(fill(_("{level} ({n} patients, {share}%)"), level=label, n=n, share=share))
        if parts:
            text = _(
                "{cohort}: an unknown value counts as a level of its own: {levels}. Such a level mixes patients of all "
                "others; its hazard ratio has no meaning of its own, and those of other variables can be biased."
            )
            cohort = words(context.cohort_label(node.cohort))
            yield Callout(fill(text, cohort=cohort, levels=join(parts, "; ")), "warning")


def missing_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return what is said of missing values; a sentence where there are none, nothing where none were counted."""
    _ = context.gettext
    nodes = _nodes(context, endpoint)
    if not nodes:
        return ()
    unknown = tuple(_unknown(context, endpoint))
    tables = (make(context, endpoint) for make in (missing_table, reason_table, pattern_table, year_table))
    found: tuple[Block, ...] = tuple(table for table in tables if table is not None)
    if not found:
        found = (Paragraph(fill(_("No value of the analysed variables is missing."))),)
    return (*unknown, *found)


def missing_note(context: Context, _citations: Citations) -> MethodNote | None:
    """Say how missing values are counted."""
    _ = context.gettext
    nodes = [node for endpoint in context.results.endpoints for node in _nodes(context, endpoint)]
    if not _variables(tuple(nodes)):
        return None
    text = _(
        "Missing values are counted among the patients with a known outcome, by variable, by combination of variables "
        "and by outcome. Combinations are monotone when the variables can be ordered so that whoever lacks one lacks "
        "all that follow. The counts do not show whether values are missing at random."
    )
    return MethodNote(_("Missing values"), fill(text))
