"""The page of ``reporter check``: all findings of a study file and its tables, errors first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reporter.errors import Finding
from reporter.report.document import Block, Callout, Paragraph, Section, Table, TableRow
from reporter.report.format import count
from reporter.report.language import Language
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads

_WIDTHS = (1.9, 2.2, 4.6, 3.6, 0.8, 1.7)


@dataclass(frozen=True)
class FindingsPage:
    """A page of findings.

    Parameters
    ----------
    language
        BCP 47 tag.
    title, created
        Words of the head; the date is empty.
    blocks
        What stands on the page.
    """

    language: str
    title: str
    created: str
    blocks: tuple[Block, ...]


def _cohort(finding: Finding, _: Callable[[str], str]) -> str:
    named = {"development": _("Development cohort"), "validation": _("Validation cohort")}
    return named.get(finding.cohort, _("Study file"))


def _row(finding: Finding, _: Callable[[str], str]) -> TableRow:
    where = f"{_cohort(finding, _)}: {finding.column or finding.place}"
    allowed = _("Allowed: {what}.").format(what=finding.allowed) if finding.allowed else ""
    n_rows = "" if finding.n_rows is None else count(finding.n_rows)
    texts = (finding.code, where, finding.message, " ".join(part for part in (allowed, finding.todo) if part))
    return TableRow((
        *(cell(words(text)) for text in texts), cell(words(n_rows), align="right"), cell(words(", ".join(finding.ids)))
    ))  # fmt: skip


def _section(anchor: str, heading: str, findings: Sequence[Finding], _: Callable[[str], str]) -> Section:
    head = heads(
        (_("Code"), "left"), (_("Where"), "left"), (_("What was found"), "left"), (_("What to do"), "left"),
        (_("Rows"), "right"), (_("First rows"), "left"),
    )  # fmt: skip
    caption = (words(heading),)
    rows = tuple(_row(finding, _) for finding in findings)
    return Section(anchor, heading, (Table(anchor, caption, head, rows, widths=_WIDTHS),))


def findings_page(name: str, findings: Sequence[Finding], language: Language) -> FindingsPage:
    """Return the page of the findings of one study.

    Parameters
    ----------
    name
        Name of the study file.
    findings
        Errors and warnings, in any order; they are shown in their order, errors first.
    """
    _ = language.gettext
    errors = [finding for finding in findings if finding.severity == "error"]
    warnings = [finding for finding in findings if finding.severity != "error"]
    blocks: list[Block] = []
    if not findings:
        blocks.append(Callout(fill(_("No findings: nothing in the study file or its tables was found wrong.")), "good"))
    else:
        text = _("{errors} errors and {warnings} warnings. Errors stop a run; warnings are printed in the report.")
        numbers = {"errors": words(count(len(errors))), "warnings": words(count(len(warnings)))}
        blocks.append(Callout(fill(text, **numbers), "warning" if errors else "info"))
        text = _("The rows lead to patients: keep this page with the data. Row 1 is the first patient of the table.")
        blocks.append(Paragraph((words(text),), "note"))
    if errors:
        blocks.append(_section("errors", _("Errors"), errors, _))
    if warnings:
        blocks.append(_section("warnings", _("Warnings"), warnings, _))
    title = _("Findings in {name}").format(name=name)
    return FindingsPage(language.tag, title, "", tuple(blocks))
