"""Where each patient went: the steps of the selection down to every model, and the code list."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.report.document import Block, Cell, Section, Table, TableRow
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.flow import counted, model_of, outcome_steps, selection_of
from reporter.report.sections.inline import blank, cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, AttritionStep, CodeEntry, CohortInfo, EndpointInfo, Row

_MOST_CODES = 60


def _label(context: Context, number: int | None) -> Cell:
    return cell(counted(context, number), align="right")


def _step_row(context: Context, step: AttritionStep) -> TableRow:
    _ = context.gettext
    text = {"include": _("did not meet: {step}"), "exclude": _("excluded: {step}")}.get(
        step.name.split("_")[0], "{step}"
    )
    return TableRow(
        (Cell(fill(text, step=words(step.label))), _label(context, step.n_removed), _label(context, step.n_left)),
        "level",
    )


def _model_row(context: Context, label: str, node: AnalysisNode, row: Row) -> TableRow:
    cells = (context.number(node, row, stat, count) for stat in ("n_missing", "n"))
    return TableRow((cell(words(label)), *(cell(run, align="right") for run in cells)), "level")


def _models(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> Iterator[TableRow]:
    """Yield a row for each model: the patients it leaves out for a missing covariate, and those it uses."""
    _ = context.gettext
    whole = model_of(context, info.name, endpoint)
    if whole is not None:
        text = _("Multivariable model") if info.name == "development" else _("Validation of the multivariable model")
        yield _model_row(context, text, *whole)
    if info.name != "development":
        return
    for name, text in (
        ("fine_gray_model", _("Fine–Gray model")), ("cox_cause_specific_model", _("Cox model of a competing event")),
    ):  # fmt: skip
        for node in context.results.nodes(name, endpoint=endpoint.name):
            if node.rows and not node.failed:
                label = f"{text}: {node.variable}" if name.startswith("cox") else text
                yield _model_row(context, label, node, node.rows[-1])
    for node in context.results.nodes("cox_univariable_model", endpoint=endpoint.name):
        if node.rows and not node.failed and node.rows[0].get("n_missing").value != 0:
            label = _("Univariable model: {covariate}").format(covariate=context.column(node.variable).label)
            yield _model_row(context, label, node, node.rows[0])


def _cohort_rows(context: Context, info: CohortInfo) -> Iterator[TableRow]:
    _ = context.gettext
    yield TableRow((cell(words(context.cohort_label(info.name))), blank(), blank()), "header")
    yield TableRow((cell(words(_("Rows read"))), blank(), _label(context, info.n_read)), "level")
    for step in selection_of(info):
        yield _step_row(context, step)
    for endpoint in context.results.endpoints:
        for step in outcome_steps(info, endpoint):
            yield _step_row(context, step)
        node = context.node("follow_up", info.name, endpoint.name)
        if node is not None:
            label = fill(_("Analysed: {endpoint}"), endpoint=words(endpoint.label))
            yield TableRow((Cell(label), blank(), cell(context.number(node, node.rows[0], "n", count), align="right")))
        yield from _models(context, info, endpoint)
    node = context.node("phenotype", info.name, context.results.endpoints[0].name)
    row = node.find(term="GLOBAL") if node is not None else None
    if node is not None and row is not None and any(found.stat == "n_missing" for found in row.stats):
        yield _model_row(context, _("Phenotypes"), node, row)


def attrition_table(context: Context) -> Table:
    """Return each step with the patients that leave and stay, down to every model of every endpoint."""
    _ = context.gettext
    rows = [row for info in context.results.cohorts for row in _cohort_rows(context, info)]
    titles = ((_("Step"), "left"), (_("Left out"), "right"), (_("Remaining"), "right"))
    text = _(
        "Steps apply one after the other: each patient is left out by one step at most. A model leaves out the "
        "patients analysed who lack a value of one of its own columns; univariable models that leave out nobody are "
        "not listed."
    )
    return Table("attrition", fill(_("Patients by step of the selection and by model.")), heads(*titles), tuple(rows),
                 notes=(note(text),), widths=(6.0, 1.0, 1.0))  # fmt: skip


def _translated(context: Context, text: str) -> str:
    """Return the words of a test or of a meaning in the language of the report."""
    _ = context.gettext
    known = {
        "at least": _("at least"), "at most": _("at most"), "one of": _("one of"), "none of": _("none of"),
        "equal to": _("equal to"), "matching": _("matching"), "not missing": _("not missing"), "event": _("event"),
        "first row of each": _("first row of each"), "competing event:": _("competing event:"),
        "censored": _("censored"), "time": _("time"), "entry": _("entry"), "start": _("start"), "end": _("end"),
        "include": _("include"), "exclude": _("exclude"), "derived": _("derived"), "otherwise": _("otherwise"),
    }  # fmt: skip
    for english, said in known.items():
        if text == english:
            return said
        if text.startswith(f"{english} "):
            return f"{said}{text.removeprefix(english)}"
    return text


def _codes(context: Context, entry: CodeEntry) -> str:
    """Return codes with their meanings, cells of one meaning together."""
    _ = context.gettext
    by_meaning: dict[str, list[str]] = {}
    for code, meaning in entry.codes[:_MOST_CODES]:
        by_meaning.setdefault(meaning, []).append(code)
    parts = []
    for meaning, codes in by_meaning.items():
        said = [code for code in codes if code]
        if entry.part != "variable":
            meaning, said = _translated(context, meaning), [_translated(context, code) for code in said]
        known = said and said != [meaning]
        parts.append(f"{', '.join(said)} → {meaning}" if known else meaning)
    if len(entry.codes) > _MOST_CODES:
        parts.append(_("and {n} more in results.json").format(n=len(entry.codes) - _MOST_CODES))
    return "; ".join(parts)


def _missing(context: Context, entry: CodeEntry) -> str:
    _ = context.gettext
    by_reason: dict[str, list[str]] = {}
    for word, reason in entry.missing:
        by_reason.setdefault(reason, []).append(word)
    parts = []
    for reason, given in by_reason.items():
        said = [word for word in given if word]
        if not said:
            parts.append(_("empty → {level}").format(level=reason))
        else:
            parts.append(f"{', '.join(said)} ({reason})" if reason else ", ".join(said))
    return "; ".join(parts)


def code_tables(context: Context) -> Iterator[Table]:
    """Yield the code list of each cohort."""
    _ = context.gettext
    parts = {"selection": _("Selection"), "endpoint": _("Endpoints"), "variable": _("Variables")}
    titles = (
        (_("What"), "left"), (_("Header in the file"), "left"), (_("Cells and what they mean"), "left"),
        (_("Missing"), "left"),
    )  # fmt: skip
    known: tuple[CodeEntry, ...] = ()
    for info in context.results.cohorts:
        rows: list[TableRow] = []
        for part, heading in parts.items():
            entries = [entry for entry in info.codes if entry.part == part and entry not in known]
            if entries:
                rows.append(TableRow((cell(words(heading)), blank(), blank(), blank()), "header"))
            for entry in entries:
                texts = (entry.name, entry.header, _codes(context, entry), _missing(context, entry))
                rows.append(TableRow(tuple(cell(words(text)) for text in texts), "level"))
        caption = fill(
            _("Code list of the {cohort} ({source})."),
            cohort=words(context.cohort_label(info.name).lower()), source=words(info.source),
        )  # fmt: skip
        text = _(
            "For items 6.1 and 7.1 of the RECORD statement. The empty cell is always missing. Of a shipped dictionary "
            "the codes that occur in the file are listed."
        )
        if known:
            text += _(" What is read as in the development cohort is not repeated.")
        known = (*known, *info.codes)
        if not rows:
            continue
        yield Table(f"codes_{info.name}", caption, heads(*titles), tuple(rows), notes=(note(text),),
                    widths=(2.0, 1.6, 4.4, 1.6))  # fmt: skip


def accounting_section(context: Context) -> Section:
    """Return the account of every patient and the code lists, for the appendix."""
    _ = context.gettext
    blocks: tuple[Block, ...] = (attrition_table(context), *code_tables(context))
    return Section("accounting", _("Account of the patients and code list"), blocks)
