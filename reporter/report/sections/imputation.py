"""The multivariable model with imputed covariates, beside that of the complete cases."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.report.document import Block, Callout, Cell, Inline, MethodNote, Paragraph, Run, Table, TableRow
from reporter.report.format import count, decimals, p_value, percentage, plain_number
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import absent_cell, blank, cell, fill, join, level_words, sentence, words
from reporter.report.sections.references import Citations
from reporter.report.sections.tables import heads
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Curve, EndpointInfo, Row
from reporter.spec.options import CoxImputedOptions, TermSpec

ANALYSIS = "cox_imputed"
_MUCH = 0.5


def _node(context: Context, endpoint: EndpointInfo, analysis: str = ANALYSIS) -> AnalysisNode | None:
    return context.node(analysis, "development", endpoint.name)


def _options(node: AnalysisNode) -> CoxImputedOptions | None:
    return node.options if isinstance(node.options, CoxImputedOptions) else None


def _missing(context: Context, endpoint: EndpointInfo, column: str) -> Cell:
    """Return the share of the patients without a value of a covariate."""
    for name in ("missing", "imputation"):
        node = _node(context, endpoint, name)
        row = node.find(term=column) if node is not None else None
        if node is not None and row is not None:
            return cell(context.number(node, row, "percent_missing", percentage), align="right")
    return absent_cell("right")


def _estimates(context: Context, node: AnalysisNode | None, row: Row | None, *, spline: bool) -> list[Cell]:
    """Return the ratio, or the coefficient of a column of a spline, and its P value."""
    _ = context.gettext
    if node is None or row is None:
        return [absent_cell(), absent_cell("right")]
    ratio = Cell(context.hazard_ratio(node, row), "center")
    if spline:
        b, error = (context.number(node, row, stat, decimals(3)) for stat in ("estimate", "std_error"))
        ratio = Cell(fill(_("b = {b} (SE, {se})"), b=b, se=error), "center")
    return [ratio, cell(context.number(node, row, "p_value", p_value), align="right")]


def _line(context: Context, endpoint: EndpointInfo, term: str, label: Inline, column: str) -> TableRow:
    """Return a line: share missing, both estimates, fraction of missing information."""
    pooled, complete = _node(context, endpoint), _node(context, endpoint, "cox_multivariable")
    row = pooled.find(term=term) if pooled is not None else None
    main = complete.find(term=term) if complete is not None else None
    cells = [Cell(label), _missing(context, endpoint, column) if column else blank()]
    spline = bool(column and context.column(column).spline)
    cells += [*_estimates(context, complete, main, spline=spline), *_estimates(context, pooled, row, spline=spline)]
    if pooled is None or row is None:
        cells.append(absent_cell("right"))
    else:
        cells.append(cell(context.number(pooled, row, "fmi", share(0)), align="right"))
    return TableRow(tuple(cells), "value" if column else "level")


def _lines(context: Context, endpoint: EndpointInfo, term: TermSpec, names: list[str]) -> Iterator[TableRow]:
    """Yield the lines of one covariate and take their names from the list."""
    info = context.column(term.column)
    if not term.levels:
        own = [name for name in names if name.rstrip("'") == term.column]
        for name in own:
            names.remove(name)
            yield _line(context, endpoint, name, (words(context.term_label(name)),), term.column)
        return
    yield TableRow(
        (cell(words(info.label)), _missing(context, endpoint, term.column), *(blank() for _i in range(5))), "header"
    )
    for level in term.levels[1:]:
        name = level_term(term.column, level)
        names.remove(name)
        yield _line(context, endpoint, name, (level_words(level),), "")


def imputed_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return hazard ratios of the complete cases and of the imputed sets; None without imputed sets."""
    _ = context.gettext
    node = _node(context, endpoint)
    options = _options(node) if node is not None else None
    if node is None or options is None or not node.rows:
        return None
    names = [row.term for row in node.rows if row.term != "GLOBAL"]
    rows = [line for term in options.terms for line in _lines(context, endpoint, term, names)]
    rows += [_line(context, endpoint, name, (words(context.term_label(name)),), "") for name in names]
    ratio = _("HR ({ci})").format(ci=context.level_of_confidence(options.conf_level).text)
    head = heads(
        (_("Characteristic"), "left"), (_("Missing, %"), "right"), (ratio, "center"), ("P", "right"),
        (ratio, "center"), ("P", "right"), (_("FMI, %"), "right"),
    )  # fmt: skip
    spanner = (
        blank(2), cell(words(_("Complete cases")), align="center", span=2),
        cell(words(_("Imputed")), align="center", span=3),
    )  # fmt: skip
    caption = fill(
        _("{endpoint}: multivariable model of the complete cases and with imputed covariates."),
        endpoint=words(endpoint.label),
    )
    return Table(f"cox_imputed_{endpoint.name}", caption, head, tuple(rows), spanner, _notes(context, node))


def _notes(context: Context, node: AnalysisNode) -> tuple[Inline, ...]:
    _ = context.gettext
    row = node.rows[0]
    text = _(
        "Imputed: {n} patients, {events} events, {incomplete} patients with an imputed value, {m} sets. FMI, fraction "
        "of missing information. The model of the complete cases is the main one; that of the imputed sets is valid "
        "where values are missing at random given the covariates and the outcome."
    )
    runs = fill(
        text,
        n=context.number(node, row, "n", count),
        events=context.number(node, row, "n_event", count),
        incomplete=context.number(node, row, "n_incomplete", count),
        m=context.number(node, row, "n_imputations", count),
    )
    return (runs, *((sentence(text),) for text in node.notes))


def _digits(row: Row) -> int:
    spread = row.get("std_dev_observed").value or 1.0
    return 0 if spread >= 100 else 1 if spread >= 1 else 2


def _chain_cells(context: Context, node: AnalysisNode, curve: Curve, digits: int) -> list[Cell]:
    """Return the mean of the chains with their extremes after the first round, in the middle and at the end."""
    write = decimals(digits)
    cells = []
    for index in _shown(len(curve.time)):
        mean, low, high = (
            context.curve_number(node, curve, stat, index, write) for stat in ("mean", "minimum", "maximum")
        )
        cells.append(cell(mean, Run(" ("), low, Run(" to "), high, Run(")"), align="center"))
    return cells


def _shown(n: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((0, n // 2 - 1 if n > 3 else 0, n - 1)))


def imputation_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return observed beside imputed values, and how the chains ran; None without imputed sets."""
    _ = context.gettext
    node, chains = _node(context, endpoint, "imputation"), _node(context, endpoint, "imputation_trace_curve")
    if node is None or chains is None or not chains.curves:
        return None
    rows: list[TableRow] = []
    for curve in chains.curves:
        rows += _compared(context, node, chains, curve)
    times = chains.curves[0].time
    rounds = [_("Round {n}").format(n=plain_number(times[i])) for i in _shown(len(times))]
    head = heads(
        (_("Variable"), "left"), (_("Observed"), "center"), (_("Imputed"), "center"), *((r, "center") for r in rounds)
    )
    text = _(
        "Mean (SD), or per cent at each level. Rounds of the chained equations: mean of the imputed values over the "
        "chains (the lowest to the highest chain); levels count 0, 1, … in their order. Chains that mix show no trend "
        "towards the last round."
    )
    caption = fill(_("{endpoint}: observed and imputed values."), endpoint=words(endpoint.label))
    return Table(f"imputation_{endpoint.name}", caption, head, tuple(rows), notes=((words(text),),))


def _compared(context: Context, node: AnalysisNode, chains: AnalysisNode, curve: Curve) -> Iterator[TableRow]:
    row = node.find(term=curve.term)
    if row is None:
        return
    info = context.column(curve.term)
    numeric = info.kind == "numeric"
    digits = _digits(row) if numeric else 2
    cells = [cell(words(context.column_label(curve.term, unit=True)))]
    for part in ("observed", "imputed"):
        if not numeric:
            cells.append(blank())
            continue
        mean, spread = (context.number(node, row, f"{stat}_{part}", decimals(digits)) for stat in ("mean", "std_dev"))
        cells.append(cell(mean, Run(" ("), spread, Run(")"), align="center"))
    cells += _chain_cells(context, chains, curve, digits)
    yield TableRow(tuple(cells))
    for level in info.levels:
        found = node.find(term=level_term(curve.term, level))
        if found is None:
            continue
        shares = (
            cell(context.number(node, found, f"percent_{part}", percentage), align="center")
            for part in ("observed", "imputed")
        )
        yield TableRow((cell(level_words(level)), *shares, *(blank() for _i in _shown(len(curve.time)))), "level")


def _much_missing(context: Context, node: AnalysisNode) -> Iterator[Block]:
    """Yield a warning for coefficients most of whose information is missing."""
    _ = context.gettext
    rows = [row for row in node.rows if row.term != "GLOBAL" and (row.get("fmi").value or 0.0) > _MUCH]
    if rows:
        parts = [
            (words(context.term_label(row.term)), Run(" "), context.number(node, row, "fmi", share(0)), Run("%"))
            for row in rows
        ]
        text = _("More than half of the information is missing for {terms}: more imputed sets are needed there.")
        yield Callout(fill(text, terms=join(parts, "; ")), "warning")


def imputation_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return what is said of the imputed sets; nothing where none were asked for."""
    _ = context.gettext
    node = _node(context, endpoint)
    if node is None:
        return context.failures((ANALYSIS,), "development", endpoint.name)
    if not node.rows:
        return tuple(Paragraph((sentence(text),), "note") for text in node.notes)
    tables = (imputed_table(context, endpoint), imputation_table(context, endpoint))
    return (*_much_missing(context, node), *(table for table in tables if table is not None))


def imputation_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how values are imputed and how the models are pooled."""
    _ = context.gettext
    nodes = [node for node in context.results.nodes(ANALYSIS) if node.rows]
    options = _options(nodes[0]) if nodes else None
    if options is None:
        return None
    text = _(
        "Missing covariates are imputed by chained equations{chained}: {m} sets, {rounds} rounds each, seed {seed}; "
        "each variable from all other covariates, strata and offset, the event indicator and the Nelson–Aalen "
        "cumulative hazard{white}, of all causes where events compete. Numbers on the scale of the model by predictive "
        "mean matching with {donors} donors; levels by a logistic or multinomial regression fitted to a bootstrap "
        "sample, with a weak normal prior. "
        "Splines and interactions are made from the imputed values afterwards; they are not in the imputation model. "
        "The model is fitted in each set and pooled by Rubin’s rules{rubin} with the degrees of freedom of Barnard and "
        "Rubin{barnard}, for complete data the events less the coefficients. R fits and pools the same sets. Nothing "
        "else in this report uses imputed values; the validation cohort is not imputed."
    )
    numbers = {"m": options.imputations, "rounds": options.iterations, "seed": options.seed, "donors": options.donors}
    runs = fill(
        text,
        chained=citations.cite("mice"), white=citations.cite("white"), rubin=citations.cite("rubin"),
        barnard=citations.cite("barnard"), **{key: words(str(value)) for key, value in numbers.items()},
    )  # fmt: skip
    return MethodNote(_("Multiple imputation"), runs)
