"""Tables of what a study asks for beside the curve: quantiles, restricted means, conditional survival, tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reporter.report.document import Block, Cell, Inline, Run, Table, TableRow
from reporter.report.format import Write, decimals, fixed, p_value, plain_number
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import absent_cell, cell, fill, level_words, sentence, words
from reporter.report.sections.survival_tests import pair_table, rank_test_table
from reporter.report.sections.tables import heads
from reporter.results.address import level_term, time_text
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import ConditionalOptions, KaplanMeierOptions

FURTHER_ANALYSES = ("rmst", "conditional_survival", "rank_test", "pairwise_log_rank", "survival_difference")
LATE_ENTRY = "n_late_entry"
_COHORT = "development"
_MOST_COLUMNS = 3
_MEDIAN = 0.5

Cells = Callable[[AnalysisNode, str], tuple[Cell, ...]]


def time_writer(unit: str) -> Write:
    """Return the writer of times: days whole, months with one decimal, years with two."""
    return decimals({"days": 0, "months": 1}.get(unit, 2))


def percent_points(value: float) -> str:
    """Return a difference of shares in percentage points."""
    return fixed(100 * value, 1)


def body(
    context: Context, endpoint: EndpointInfo, analysis: str, variables: Sequence[str], width: int, cells: Cells
) -> tuple[TableRow, ...]:
    """Return a header for each variable and a row for each of its levels; the empty variable is all patients."""
    _ = context.gettext
    rows: list[TableRow] = []
    for variable in variables:
        node = context.node(analysis, _COHORT, endpoint.name, variable)
        if node is None or not node.rows:
            continue
        if variable:
            rows.append(TableRow((cell(words(context.column(variable).label), span=width),), "header"))
        for level in dict.fromkeys(row.level for row in node.rows if row.level or not variable):
            name = level_words(level) if variable else words(_("All patients"))
            rows.append(TableRow((cell(name), *cells(node, level)), "level" if variable else "value"))
    return tuple(rows)


def notes_of(context: Context, endpoint: EndpointInfo, analysis: str, variables: Sequence[str]) -> tuple[Inline, ...]:
    """Return the notes of an analysis's nodes, each once."""
    nodes = (context.node(analysis, _COHORT, endpoint.name, variable) for variable in variables)
    texts = dict.fromkeys(text for node in nodes if node for text in node.notes)
    return tuple((sentence(text),) for text in texts)


def _interval_cell(context: Context, node: AnalysisNode, row: Row | None, stat: str, write: Write) -> Cell:
    return absent_cell() if row is None else Cell(context.with_interval(node, row, stat, write), "center")


def _first_options(context: Context, endpoint: EndpointInfo, analysis: str) -> object | None:
    nodes = context.results.nodes(analysis, cohort=_COHORT, endpoint=endpoint.name)
    return next((node.options for node in nodes if not node.failed), None)


def _confidence(context: Context, options: object) -> str:
    return context.level_of_confidence(getattr(options, "conf_level", 0.95)).text


def quantile_table(context: Context, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Block, ...]:
    """Return the times by which the shares asked for have failed; nothing when only the median is."""
    _ = context.gettext
    options = _first_options(context, endpoint, "survival_quantile")
    if not isinstance(options, KaplanMeierOptions) or set(options.quantiles) <= {_MEDIAN}:
        return ()
    shares, write = sorted({*options.quantiles, _MEDIAN}), time_writer(endpoint.unit)

    def cells(node: AnalysisNode, level: str) -> tuple[Cell, ...]:
        out = []
        for p in shares:
            stat, term = ("median", "") if p == _MEDIAN else ("quantile", f"p={time_text(p)}")
            row = node.find(group=node.variable, level=level, term=term)
            out.append(
                absent_cell() if row is None else Cell(_quantile_runs(context, node, row, stat, write), "center")
            )
        return tuple(out)

    ci = _confidence(context, options)
    title = _("{percent}% with an event ({ci})")
    columns = [(title.format(percent=plain_number(round(100 * p, 6)), ci=ci), "center") for p in shares]
    caption = fill(
        _("{endpoint}: times, in {unit}, by which a share of the patients had an event."),
        endpoint=words(endpoint.label),
        unit=words(context.unit(endpoint.unit)),
    )
    rows = body(context, endpoint, "survival_quantile", variables, 1 + len(shares), cells)
    return (Table(f"quantiles_{endpoint.name}", caption, heads((_("Group"), "left"), *columns), rows),)


def _quantile_runs(context: Context, node: AnalysisNode, row: Row, stat: str, write: Write) -> Inline:
    first = context.number(node, row, stat, write)
    if all(row.get(name).value is None for name in (stat, "conf_low", "conf_high")):
        return (first,)
    return (first, Run(" ("), *context.interval(node, row, write), Run(")"))


def rmst_table(context: Context, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Block, ...]:
    """Return restricted means with their differences from the first level of each variable."""
    _ = context.gettext
    options = _first_options(context, endpoint, "rmst")
    tau = getattr(options, "tau", None)
    if tau is None:
        return ()
    write = time_writer(endpoint.unit)

    def cells(node: AnalysisNode, level: str) -> tuple[Cell, ...]:
        first = _interval_cell(context, node, node.find(group=node.variable, level=level, time=tau), "estimate", write)
        differences = context.node("rmst_difference", _COHORT, endpoint.name, node.variable)
        row = next((r for r in differences.rows if r.level == level), None) if differences else None
        if differences is None or row is None:
            reference = words(_("reference")) if differences else words("")
            return first, cell(reference, align="center"), cell()
        return (
            first,
            _interval_cell(context, differences, row, "estimate", write),
            cell(context.number(differences, row, "p_value", p_value), align="center"),
        )

    ci = _confidence(context, options)
    columns = ((_("Mean ({ci})").format(ci=ci), "center"), (_("Difference ({ci})").format(ci=ci), "center"))
    caption = fill(
        _("{endpoint}: restricted mean survival to {time}, in {unit}."),
        endpoint=words(endpoint.label),
        time=context.time_point(tau, endpoint.unit),
        unit=words(context.unit(endpoint.unit)),
    )
    rows = body(context, endpoint, "rmst", variables, 4, cells)
    notes = notes_of(context, endpoint, "rmst", variables)
    head = heads((_("Group"), "left"), *columns, ("P", "center"))
    return (Table(f"rmst_{endpoint.name}", caption, head, rows, notes=notes),)


def conditional_tables(context: Context, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Block, ...]:
    """Return survival to the horizons of those who survived to the times asked for, three columns a table."""
    _ = context.gettext
    options = _first_options(context, endpoint, "conditional_survival")
    if not isinstance(options, ConditionalOptions):
        return ()
    points = [(s, h) for s in options.given for h in options.horizons if h > s]
    caption = fill(
        _("{endpoint}: survival of those who have survived some time, in % ({ci})."),
        endpoint=words(endpoint.label),
        ci=words(_confidence(context, options)),
    )
    out: list[Block] = []
    for start in range(0, len(points), _MOST_COLUMNS):
        chunk = points[start : start + _MOST_COLUMNS]

        def cells(node: AnalysisNode, level: str, chunk: list[tuple[float, float]] = chunk) -> tuple[Cell, ...]:
            found = [
                node.find(group=node.variable, level=level, term=f"given={time_text(s)}", time=h) for s, h in chunk
            ]
            return tuple(_interval_cell(context, node, row, "estimate", share(1)) for row in found)

        title = _("to {time}, given {start}")
        columns = [
            (title.format(time=_point(context, h, endpoint), start=_point(context, s, endpoint)), "center")
            for s, h in chunk
        ]
        rows = body(context, endpoint, "conditional_survival", variables, 1 + len(chunk), cells)
        name = f"conditional_{endpoint.name}" + (f"_{start // _MOST_COLUMNS + 1}" if start else "")
        out.append(Table(name, caption, heads((_("Group"), "left"), *columns), rows))
    return tuple(out)


def _point(context: Context, time: float, endpoint: EndpointInfo) -> str:
    return context.time_point(time, endpoint.unit).text


def difference_tables(context: Context, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Block, ...]:
    """Return differences of survival from the first level, with their P values, two horizons a table."""
    _ = context.gettext
    options = _first_options(context, endpoint, "survival_difference")
    horizons = getattr(options, "horizons", ())
    caption = fill(
        _("{endpoint}: differences of survival from the first level, in percentage points ({ci})."),
        endpoint=words(endpoint.label),
        ci=words(_confidence(context, options)),
    )
    out: list[Block] = []
    for start in range(0, len(horizons), 2):
        chunk = horizons[start : start + 2]
        columns = [
            title
            for h in chunk
            for title in ((_("at {time}").format(time=_point(context, h, endpoint)), "center"), ("P", "center"))
        ]
        rows = _difference_rows(context, endpoint, variables, chunk)
        name = f"differences_{endpoint.name}" + (f"_{start // 2 + 1}" if start else "")
        scale = _("P values are those of tests on the scale log(−log S): they may differ from what the limits suggest.")
        notes = ((words(scale),), *notes_of(context, endpoint, "survival_difference", variables))
        out.append(Table(name, caption, heads((_("Group"), "left"), *columns), rows, notes=notes))
    return tuple(out)


def _difference_rows(
    context: Context, endpoint: EndpointInfo, variables: Sequence[str], chunk: Sequence[float]
) -> tuple[TableRow, ...]:
    _ = context.gettext

    def cells(node: AnalysisNode, level: str, first: str) -> tuple[Cell, ...]:
        out: list[Cell] = []
        term = level_term(node.variable, first) if level else ""
        for horizon in chunk:
            row = node.find(group=node.variable, level=level, term=term, time=horizon)
            if row is None:
                out += [absent_cell(), absent_cell()]
                continue
            shown = _interval_cell(context, node, row, "estimate", percent_points) if level else cell()
            out += [shown, cell(context.number(node, row, "p_value", p_value), align="center")]
        return tuple(out)

    rows: list[TableRow] = []
    for variable in variables:
        node = context.node("survival_difference", _COHORT, endpoint.name, variable)
        if node is None or not node.rows:
            continue
        first = next(row.term.partition("=")[2] for row in node.rows if row.term)
        label = fill(
            _("{group} (reference {level})"), group=words(context.column(variable).label), level=level_words(first)
        )
        rows.append(TableRow((Cell(label, span=1 + 2 * len(chunk)),), "header"))
        levels = list(dict.fromkeys(row.level for row in node.rows if row.level))
        rows += [TableRow((cell(level_words(level)), *cells(node, level, first)), "level") for level in levels]
        if len(levels) > 1:
            rows.append(TableRow((cell(words(_("all levels alike"))), *cells(node, "", first)), "level"))
    return tuple(rows)


def further_survival_tables(context: Context, endpoint: EndpointInfo, variables: Sequence[str]) -> tuple[Block, ...]:
    """Return the tables of what the study asks for beside the curve and the log-rank test; often none."""
    groups = [variable for variable in variables if variable]
    return (
        *quantile_table(context, endpoint, variables),
        *rmst_table(context, endpoint, variables),
        *conditional_tables(context, endpoint, variables),
        *difference_tables(context, endpoint, groups),
        *rank_test_table(context, endpoint, groups),
        *pair_table(context, endpoint, groups),
    )
