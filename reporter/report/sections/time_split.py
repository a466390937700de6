"""What to read where hazards are not proportional: hazard ratios before and after the median event time."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.report.document import Block, Callout, Cell, Paragraph, Table, TableRow
from reporter.report.format import decimals, p_value
from reporter.report.sections.context import Context
from reporter.report.sections.inline import absent_cell, blank, cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import ModelOptions

_SIGNIFICANT = 0.05
GLOBAL = "GLOBAL"


def broken_covariates(node: AnalysisNode | None) -> tuple[str, ...]:
    """Return the covariates whose test of proportional hazards has P below .05."""
    rows = node.rows if node is not None else ()
    return tuple(r.term for r in rows if r.term != GLOBAL and (r.get("p_value").value or 1.0) < _SIGNIFICANT)


def belongs(term: str, covariate: str) -> bool:
    """Return whether a coefficient is one of a covariate: itself, one of its levels or a column of its spline."""
    return term.partition("=")[0].rstrip("'") == covariate


def _ratio(context: Context, node: AnalysisNode, level: str, term: str) -> Cell:
    row = node.find(group="period", level=level, term=term)
    return Cell(context.hazard_ratio(node, row), "center") if row is not None else absent_cell()


def _lines(context: Context, node: AnalysisNode, covariate: str) -> list[TableRow]:
    terms = [r.term for r in node.rows if r.level == "early" and r.term != GLOBAL and belongs(r.term, covariate)]
    change = node.find(term=covariate)
    out = []
    for i, term in enumerate(terms):
        p = blank()
        if i == 0 and change is not None:
            value = change.get("p_value").value
            strong = value is not None and value < _SIGNIFICANT
            p = cell(context.number(node, change, "p_value", p_value), align="right", strong=strong)
        ratios = (_ratio(context, node, "early", term), _ratio(context, node, "late", term))
        out.append(TableRow((cell(words(context.term_label(term))), *ratios, p)))
    return out


def split_table(context: Context, node: AnalysisNode, endpoint: EndpointInfo, shown: Sequence[str]) -> Table | None:
    """Return the hazard ratios of some covariates by period, with the test of their change; None without a row."""
    _ = context.gettext
    rows = [line for covariate in shown for line in _lines(context, node, covariate)]
    whole = node.find(term=GLOBAL)
    if not rows or whole is None:
        return None
    caption = fill(
        _("{endpoint}: hazard ratios before and after the median event time, {cut} {unit}."),
        endpoint=words(endpoint.label), cut=context.number(node, whole, "cut", decimals(2)),
        unit=words(context.unit(endpoint.unit)),
    )  # fmt: skip
    head = heads(
        (_("Covariate"), "left"), (_("HR up to the cut"), "center"), (_("HR after it"), "center"),
        (_("P of change"), "right"),
    )  # fmt: skip
    level = context.level_of_confidence(getattr(node.options, "conf_level", 0.95)).text
    text = _(
        "HR: hazard ratio ({level}), adjusted for all covariates of the model, each of which has a value a period."
    )
    return Table(
        f"cox_time_split_{endpoint.name}", caption, head, tuple(rows), notes=(note(text.format(level=level)),),
        widths=(3.0, 2.0, 2.0, 1.0),
    )  # fmt: skip


def _stratified_rows(context: Context, node: AnalysisNode, covariate: str) -> list[TableRow]:
    main = context.node("cox_multivariable", node.cohort, node.endpoint)
    out = []
    for row in node.rows:
        if row.group != covariate or row.term == GLOBAL:
            continue
        usual = main.find(term=row.term) if main is not None else None
        before = Cell(context.hazard_ratio(main, usual), "center") if main is not None and usual else absent_cell()
        found = Cell(context.hazard_ratio(node, row), "center")
        out.append(TableRow((cell(words(context.term_label(row.term))), before, found)))
    return out


def stratified_tables(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return, for each covariate with levels that fails, the other hazard ratios in the model stratified by it."""
    _ = context.gettext
    node = context.node("cox_stratified", "development", endpoint.name)
    groups: tuple[str, ...] = tuple(dict.fromkeys(row.group for row in node.rows)) if node is not None else ()
    out: list[Block] = []
    for group in groups:
        rows = _stratified_rows(context, node, group) if node is not None else []
        if not rows:
            continue
        caption = fill(
            _("{endpoint}: hazard ratios when {covariate} has a baseline hazard for each level."),
            endpoint=words(endpoint.label), covariate=words(context.column_label(group)),
        )  # fmt: skip
        head = heads(
            (_("Covariate"), "left"), (_("Prespecified model"), "center"), (_("Stratified model"), "center")
        )  # fmt: skip
        name = f"cox_stratified_{endpoint.name}_{group}"
        out.append(Table(name, caption, head, tuple(rows), widths=(3.0, 2.0, 2.0)))
    return tuple(out)


def advice(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return what to do where hazards are not proportional, with the alternatives; nothing when no test says so.

    Parameters
    ----------
    node
        The test of proportional hazards.
    """
    _ = context.gettext
    broken = broken_covariates(node)
    if not broken:
        return ()
    split = context.node("cox_time_split", "development", endpoint.name)
    table = split_table(context, split, endpoint, broken) if split is not None else None
    stratified = stratified_tables(context, endpoint)
    if table is None and not stratified:
        return ()
    text = _(
        "What to do: read these covariates by period, not by one number for the whole follow-up, and compare absolute "
        "survival at the horizons, which needs no proportional hazards. The tables show the alternatives; they stand "
        "beside the prespecified model and do not replace it, because they were chosen after seeing the test."
    )
    blocks: list[Block] = [Paragraph(fill(text))]
    blocks += [table] if table is not None else []
    return (*blocks, *stratified)


def _p_by_transform(context: Context, nodes: Sequence[AnalysisNode], main: Row) -> TableRow:
    found = [(node, node.find(term=main.term)) for node in nodes]
    cells = [
        cell(context.number(node, row, "p_value", p_value), align="right") if row is not None else absent_cell("right")
        for node, row in found
    ]
    _ = context.gettext
    label = _("Global test") if main.term == GLOBAL else context.covariate_label(main.term)
    return TableRow((cell(words(label)), *cells))


def sensitivity_table(context: Context, node: AnalysisNode, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return the P values of the test under each transform of time; nothing when one was asked for."""
    _ = context.gettext
    others = [
        context.node(f"ph_test_{name}", "development", endpoint.name) for name in ("km", "rank", "identity", "log")
    ]
    failures = context.failures(
        ("ph_test_km", "ph_test_rank", "ph_test_identity", "ph_test_log"), "development", endpoint.name
    )
    nodes = [node, *(found for found in others if found is not None)]
    if len(nodes) == 1:
        return failures
    titles = [(str(getattr(found.options, "transform", "")), "right") for found in nodes]
    caption = fill(
        _("{endpoint}: P values of the test under other transforms of time; the first is the prespecified one."),
        endpoint=words(endpoint.label),
    )
    rows = tuple(_p_by_transform(context, nodes, row) for row in node.rows)
    widths = (3.0, *(1.0 for _title in titles))
    table = Table(
        f"ph_sensitivity_{endpoint.name}", caption, heads((_("Covariate"), "left"), *titles), rows, widths=widths
    )
    return (*failures, table)


def exact_ties(context: Context, endpoint: EndpointInfo) -> Callout | None:
    """Say that a model with exact ties has no test of proportional hazards; None for other models."""
    _ = context.gettext
    model = context.node("cox_model", "development", endpoint.name)
    options = model.options if model is not None else None
    if isinstance(options, ModelOptions) and options.ties == "exact":
        return Callout(fill(_("With exact ties there is no test of proportional hazards.")), "info")
    return None
