"""Cox models: one table of hazard ratios with its forest plot, and the tests of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reporter.report.document import Block, Callout, Cell, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.figures import choose_forest_axis, draw_forest_axis, draw_forest_row
from reporter.report.figures.models import ForestAxis, ForestRow
from reporter.report.format import count, decimals, p_value, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.cox_firth import firth_table
from reporter.report.sections.cox_fit import fit_sentence, fit_table
from reporter.report.sections.cox_parts import notes_on_parts, terms_of
from reporter.report.sections.cox_spline import spline_figures
from reporter.report.sections.cox_terms import term_table
from reporter.report.sections.imputation import imputation_blocks
from reporter.report.sections.inline import absent_cell, blank, cell, fill, level_words, words
from reporter.report.sections.landmark import landmark_blocks
from reporter.report.sections.tables import heads, note
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, ColumnInfo, EndpointInfo, Row
from reporter.spec.options import CoxOptions

ANALYSES = ("cox_univariable", "cox_multivariable", "cox_term_test", "cox_firth", "cox_landmark", "concordance")
FEW_EVENTS = 10
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class _Line:
    """A line of the table: its label, and the rows of the two models; `is_reference` has no ratio."""

    label: Inline
    single: tuple[AnalysisNode, Row] | None
    full: tuple[AnalysisNode, Row] | None
    is_level: bool
    is_reference: bool
    is_spline: bool = False


def _found(node: AnalysisNode | None, term: str) -> tuple[AnalysisNode, Row] | None:
    row = node.find(term=term) if node is not None else None
    return (node, row) if node is not None and row is not None else None


def _number_line(label: str, single: AnalysisNode | None, full: AnalysisNode | None, term: str) -> _Line:
    return _Line((words(label),), _found(single, term), _found(full, term), False, False)


def _interaction_lines(context: Context, full: AnalysisNode | None) -> list[_Line]:
    """Return a line for each coefficient of an interaction: those rows that belong to no single covariate."""
    options = full.options if full is not None else None
    if full is None or not isinstance(options, CoxOptions) or not options.interactions:
        return []
    single = {term for spec in options.terms for term in terms_of(context.column(spec.column))}
    products = [row.term for row in full.rows if row.term not in single]
    return [_number_line(context.term_label(term), None, full, term) for term in products]


def _lines(context: Context, endpoint: EndpointInfo, info: ColumnInfo, full: AnalysisNode | None) -> list[_Line]:
    single = context.node("cox_univariable", "development", endpoint.name, info.name)
    if info.spline:
        lines = [_number_line(context.term_label(term), single, full, term) for term in terms_of(info)]
        return [replace(line, is_spline=True) for line in lines]
    if not info.levels:
        label = (words(context.column_label(info.name, per=True)),)
        return [_Line(label, _found(single, info.name), _found(full, info.name), False, False)]
    out = []
    for i, level in enumerate(info.levels):
        term = level_term(info.name, level)
        out.append(_Line((level_words(level),), _found(single, term), _found(full, term), True, i == 0))
    return out


def _covariates(context: Context, endpoint: EndpointInfo) -> list[str]:
    full = context.node("cox_multivariable", "development", endpoint.name)
    if full is not None and isinstance(full.options, CoxOptions):
        return [term.column for term in full.options.terms]
    nodes = context.results.nodes("cox_univariable", endpoint=endpoint.name)
    return [node.variable for node in nodes if not node.failed]


def _counts(context: Context, line: _Line) -> Cell:
    found = line.single or line.full
    if found is None:
        return absent_cell("right")
    n, events = (context.number(*found, stat, count) for stat in ("n", "n_event"))
    return cell(n, Run("/"), events, align="right")


def _ratio(context: Context, found: tuple[AnalysisNode, Row] | None, line: _Line) -> Cell:
    _ = context.gettext
    if line.is_reference and found is not None:
        return cell(words(_("1 [reference]")), align="center")
    if line.is_spline and found is not None:
        b, error = (context.number(*found, stat, decimals(3)) for stat in ("estimate", "std_error"))
        return Cell(fill(_("b = {b} (SE, {se})"), b=b, se=error), "center")
    return Cell(context.hazard_ratio(*found), "center") if found is not None else absent_cell()


def _p(context: Context, found: tuple[AnalysisNode, Row] | None, line: _Line) -> Cell:
    if line.is_reference:
        return blank()
    if found is None:
        return absent_cell("right")
    value = found[1].get("p_value").value
    strong = value is not None and value < _SIGNIFICANT
    return cell(context.number(*found, "p_value", p_value), align="right", strong=strong)


def _forest_row(context: Context, line: _Line) -> ForestRow | None:
    """Return the drawn interval; None where there is nothing to draw."""
    _ = context.gettext
    if line.full is None or line.is_spline:
        return None
    if line.is_reference:
        return ForestRow(_("reference level"))
    row = line.full[1]
    values = [row.get(stat).value for stat in ("hazard_ratio", "conf_low", "conf_high")]
    if values[0] is None:
        return None
    text = "".join(run.text for run in context.hazard_ratio(*line.full))
    return ForestRow(text, *values)


def _table_row(context: Context, line: _Line, axis: ForestAxis | None, *, single: bool) -> TableRow:
    cells = [Cell(line.label), _counts(context, line)]
    if single:
        cells += [_ratio(context, line.single, line), _p(context, line.single, line)]
    if axis is not None:
        drawn = _forest_row(context, line)
        cells.append(_ratio(context, line.full, line))
        cells.append(Cell(svg=draw_forest_row(drawn, axis, context.fonts)) if drawn else blank())
        cells.append(_p(context, line.full, line))
    return TableRow(tuple(cells), "level" if line.is_level else "value")


def _axis_row(context: Context, axis: ForestAxis, before: int) -> TableRow:
    _ = context.gettext
    words_axis = _("Hazard ratio (log scale)")
    drawn = draw_forest_axis(axis, words_axis, _("lower risk"), _("higher risk"), context.fonts)
    return TableRow((cell(words(words_axis), align="right", span=before), Cell(svg=drawn), blank()), "axis")


def _model_note(context: Context, endpoint: EndpointInfo, options: CoxOptions | None) -> Inline:
    _ = context.gettext
    node = context.node("cox_model", "development", endpoint.name)
    if node is None:
        return ()
    row = node.rows[0]
    return fill(
        _(
            "Multivariable model: {n} patients, {events} events; {missing} patients with a missing covariate left out. "
            "Ties by the {ties} method."
        ),
        n=context.number(node, row, "n", count),
        events=context.number(node, row, "n_event", count),
        missing=context.number(node, row, "n_missing", count),
        ties=words((options.ties if options else "").capitalize()),
    )


def _notes(context: Context, endpoint: EndpointInfo, full: AnalysisNode | None, *, forest: bool) -> tuple[Inline, ...]:
    _ = context.gettext
    notes = [note(_("HR, hazard ratio; CI, confidence interval; No./events, of the univariable model."))]
    options = full.options if full is not None and isinstance(full.options, CoxOptions) else None
    found = _model_note(context, endpoint, options)
    if found:
        notes.append(found)
    if forest:
        notes.append(
            note(
                _(
                    "Squares and lines: hazard ratios and intervals of the multivariable model; arrows: "
                    "intervals beyond the axis; open circles: reference levels."
                )
            )
        )
    notes += notes_on_parts(context, options)
    notes.append(
        (
            words(_("P"), italic=True),
            words(_(" values are two-sided, from Wald tests, not adjusted for multiple testing.")),
        )
    )
    return tuple(notes)


def cox_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the table of hazard ratios with the forest plot of the multivariable model."""
    _ = context.gettext
    names = _covariates(context, endpoint)
    full = context.node("cox_multivariable", "development", endpoint.name)
    single = any(context.node("cox_univariable", "development", endpoint.name, name) for name in names)
    if not names or not (single or full):
        return None
    groups = [(context.column(name), _lines(context, endpoint, context.column(name), full)) for name in names]
    products = _interaction_lines(context, full)
    drawn = [_forest_row(context, line) for _info, lines in groups for line in lines]
    drawn += [_forest_row(context, line) for line in products]
    axis = choose_forest_axis([row for row in drawn if row], plain_number, context.fonts) if full else None
    rows: list[TableRow] = []
    span = 2 + 2 * single + 3 * (axis is not None)
    for info, lines in groups:
        if info.levels:
            rows.append(TableRow((cell(words(info.label)), *(blank() for _i in range(span - 1))), "header"))
        rows += [_table_row(context, line, axis, single=single) for line in lines]
    if products:
        rows.append(TableRow((cell(words(_("Interactions"))), *(blank() for _i in range(span - 1))), "header"))
        rows += [_table_row(context, line, axis, single=single) for line in products]
    if axis is not None:
        rows.append(_axis_row(context, axis, 3 + 2 * single))
    caption = fill(_("{endpoint}: Cox proportional-hazards models."), endpoint=words(endpoint.label))
    head, spanner = _heads(context, full, single=single)
    return Table(
        f"cox_{endpoint.name}",
        caption,
        head,
        tuple(rows),
        spanner,
        _notes(context, endpoint, full, forest=axis is not None),
    )


def _heads(context: Context, full: AnalysisNode | None, *, single: bool) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    _ = context.gettext
    level = context.level_of_confidence(getattr(full.options, "conf_level", 0.95) if full else 0.95).text
    ratio = _("HR ({ci})").format(ci=level)
    titles = [(_("Characteristic"), "left"), (_("No./events"), "right")]
    spanner = [blank(2)]
    if single:
        titles += [(ratio, "center"), ("P", "right")]
        spanner.append(cell(words(_("Univariable")), align="center", span=2))
    if full is not None:
        titles += [(ratio, "center"), (_("Adjusted HR"), "center"), ("P", "right")]
        spanner.append(cell(words(_("Multivariable")), align="center", span=3))
    return heads(*titles), tuple(spanner)


def _warnings(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return what the fits themselves warned of, and too few events."""
    _ = context.gettext
    out: list[Block] = []
    texts: list[str] = []
    for name in ("cox_univariable", "cox_multivariable"):
        for node in context.results.nodes(name, endpoint=endpoint.name):
            texts += [f"{context.analysis_name(node)}: {text}" for text in node.notes]
    if texts:
        out.append(Callout((words(_("From the fits: ") + "; ".join(dict.fromkeys(texts)) + "."),), "warning"))
    model = context.node("cox_model", "development", endpoint.name)
    per = model.rows[0].get("events_per_variable").value if model is not None else None
    if model is not None and per is not None and per < FEW_EVENTS:
        text = _("With {events} events per coefficient the model is likely to fit noise; its estimates are unstable.")
        number = context.number(model, model.rows[0], "events_per_variable", decimals(1))
        out.append(Callout(fill(text, events=number), "warning"))
    return tuple(out)


def cox_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return the section of the Cox models; None without covariates."""
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    sentence = fit_sentence(context, endpoint)
    if sentence:
        blocks.append(Paragraph(sentence))
    blocks += _warnings(context, endpoint)
    for make in (cox_table, firth_table, term_table, fit_table):
        table = make(context, endpoint)
        if table is not None:
            blocks.append(table)
    blocks += landmark_blocks(context, endpoint)
    blocks += spline_figures(context, endpoint)
    blocks += imputation_blocks(context, endpoint)
    return Section(anchor, heading, tuple(blocks), new_page=True) if blocks else None
