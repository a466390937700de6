"""From results to a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reporter.report.chinese import set_chinese
from reporter.report.document import Block, Callout, ReportDocument, Section
from reporter.report.figures import FontMetrics
from reporter.report.format import chinese_numbers, names_of_levels
from reporter.report.in_language import in_language
from reporter.report.language import Language
from reporter.report.sections.check import check_section
from reporter.report.sections.competing_figure import net_endpoint
from reporter.report.sections.competing_risks import competing_risks_section
from reporter.report.sections.context import Context
from reporter.report.sections.cox import cox_section
from reporter.report.sections.diagnostics import diagnostics_section
from reporter.report.sections.flow_tables import accounting_section
from reporter.report.sections.inline import fill, words
from reporter.report.sections.known_differences import known_differences_section
from reporter.report.sections.limits import limits_section
from reporter.report.sections.methods import methods_section
from reporter.report.sections.patients import group_tables, patients_section
from reporter.report.sections.phenotypes import phenotypes_section
from reporter.report.sections.prognosis import prognosis_section
from reporter.report.sections.proportional_hazards import ph_section
from reporter.report.sections.protection import withheld_section
from reporter.report.sections.survival import survival_section
from reporter.report.sections.tables import number_captions
from reporter.report.sections.title import title_page
from reporter.report.sections.validation import validation_section
from reporter.results.tree import EndpointInfo, Results

_HASH = 12
_NET = ("survival", "validation")


def _endpoint_sections(context: Context, endpoint: EndpointInfo, *, several: bool) -> Iterator[Section]:
    _ = context.gettext
    makers: tuple[tuple[str, str, Callable[[Context, EndpointInfo, str, str], Section | None]], ...] = (
        ("competing-risks", _("Competing risks"), competing_risks_section),
        ("survival", _("Survival"), survival_section),
        ("cox", _("Cox models"), cox_section),
        ("proportional-hazards", _("Proportional hazards"), ph_section),
        ("diagnostics", _("Diagnostics of the model"), diagnostics_section),
        ("prognosis", _("Prognostic model"), prognosis_section),
        ("validation", _("Validation"), validation_section),
    )
    for anchor, heading, make in makers:
        title = f"{heading}: {endpoint.label}" if several else heading
        shown = net_endpoint(context, endpoint) if anchor in _NET else endpoint
        section = make(context, shown, title, f"{anchor}-{endpoint.name}" if several else anchor)
        if section is not None:
            yield section


def _failed(context: Context) -> tuple[Block, ...]:
    """Return one line for each analysis of the whole report that gave nothing."""
    _ = context.gettext
    return tuple(
        Callout(
            fill(
                _("{name} ({cohort}) could not be computed: {why}"),
                name=words(context.analysis_name(node)),
                cohort=words(context.cohort_label(node.cohort).lower()),
                why=words(node.failed),
            ),
            "warning",
        )
        for node in context.results.analyses
        if node.failed
    )


def _appendix(context: Context) -> Section:
    _ = context.gettext
    blocks: list[Block] = [check_section(context), accounting_section(context)]
    further = [block for endpoint in context.results.endpoints[:1] for block in group_tables(context, endpoint)]
    if further:
        blocks.append(Section("further-tables", _("Characteristics by further groups"), tuple(further)))
    failed = _failed(context)
    if failed:
        blocks.append(Section("failed", _("Analyses that gave nothing"), failed))
    withheld = withheld_section(context)
    if withheld is not None:
        blocks.append(withheld)
    blocks.append(known_differences_section(context))
    return Section("appendix", _("Appendix"), tuple(blocks))


def _sections(context: Context) -> Iterator[Section]:
    _ = context.gettext
    yield patients_section(context)
    endpoints = context.results.endpoints
    for endpoint in endpoints:
        yield from _endpoint_sections(context, endpoint, several=len(endpoints) > 1)
    phenotypes = phenotypes_section(context)
    if phenotypes is not None:
        yield phenotypes
    methods, references = methods_section(context)
    yield methods
    yield limits_section(context)
    yield Section("references", _("References"), (references,))
    yield _appendix(context)


def _footer(context: Context) -> str:
    _ = context.gettext
    results = context.results
    parts = [f"reporter {results.provenance.reporter_version}", _("study {id}").format(id=results.study.id)]
    parts += [_("data SHA-256 {hash}…").format(hash=info.sha256[:_HASH]) for info in results.cohorts[:1] if info.sha256]
    if results.study.date:
        parts.append(results.study.date)
    return " · ".join(parts)


def build_report(results: Results, language: Language) -> ReportDocument:
    """Return the report of a result tree in one language.

    Every number is a run with its address; other numerals are labels. What R did not confirm is flagged.
    """
    words = results.study.words.get(language.tag, {})
    if language.tag == "en" and not words:
        return _document(results, language)
    with chinese_numbers(on=language.is_chinese), names_of_levels(words):
        document = _document(in_language(results, language), language)
    return set_chinese(document) if language.is_chinese else document


def _document(results: Results, language: Language) -> ReportDocument:
    context = Context(results, language, FontMetrics(), {row.address: row for row in results.verification.rows})
    _ = context.gettext
    sections = number_captions(context, tuple(_sections(context)))
    return ReportDocument(
        language=language.document_tag,
        title=results.study.title,
        running_title=results.study.title,
        footer=_footer(context),
        created=results.study.date,
        title_page=title_page(context),
        sections=tuple(block for block in sections if isinstance(block, Section)),
        labels={"contents": _("Contents")},
    )
