"""All files that can be made from the result tree alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reporter.errors import UsageError
from reporter.output.html import render_html
from reporter.output.pdf import render_pdf
from reporter.output.stats import stats_csv, verification_csv
from reporter.output.tables import table_csv
from reporter.report.build import build_report
from reporter.report.document import Block, Columns, Figure, ReportDocument, Section, Table
from reporter.report.language import Language
from reporter.results.tree import Results

FORMATS = ("html", "pdf")


def parse_formats(text: str) -> tuple[str, ...]:
    """Return the formats of ``--to``; UsageError for one that is not offered."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"--to: '{name}' is not offered by this version; allowed: {', '.join(FORMATS)}.")
    if not names:
        raise UsageError(f"--to: no format given; allowed: {', '.join(FORMATS)}.")
    return names


def _blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Section | Columns):
            yield from _blocks(block.blocks)
        else:
            yield block


def table_files(document: ReportDocument) -> dict[str, bytes]:
    """Return tables/*.csv and figures/*.svg of a document."""
    files: dict[str, bytes] = {}
    for block in _blocks((*document.title_page.blocks, *document.sections)):
        if isinstance(block, Table):
            files[f"tables/{block.name}.csv"] = table_csv(block).encode()
        elif isinstance(block, Figure):
            files[f"figures/{block.name}.svg"] = block.svg.encode()
    return files


def rendered_files(document: ReportDocument, formats: Iterable[str], stem: str = "report") -> dict[str, bytes]:
    """Return report.html and report.pdf as asked."""
    makers = {"html": lambda: render_html(document).encode(), "pdf": lambda: render_pdf(document)}
    return {f"{stem}.{name}": makers[name]() for name in formats}


def result_files(results: Results) -> dict[str, bytes]:
    """Return results.json, stats.csv and verification.csv."""
    return {
        "results.json": (results.model_dump_json(indent=None) + "\n").encode(),
        "stats.csv": stats_csv(results).encode(),
        "verification.csv": verification_csv(results.verification).encode(),
    }


def report_files(results: Results, formats: Sequence[str], languages: Sequence[Language]) -> dict[str, bytes]:
    """Return the report in the formats asked, with the tables and figures of its first language.

    Further languages stand beside it as ``report.zh.html`` and so on.
    """
    document = build_report(results, languages[0])
    files = {**rendered_files(document, formats), **table_files(document)}
    for language in languages[1:]:
        files.update(rendered_files(build_report(results, language), formats, f"report.{language.tag}"))
    return files
