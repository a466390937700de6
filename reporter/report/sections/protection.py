"""How the patients are protected: what is hidden, which files are not written, pseudonyms and grouped ages."""

from __future__ import annotations

from reporter.report.document import Block, MethodNote, Paragraph, Run, Section
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.results.tree import CohortInfo


def _limited(context: Context) -> tuple[CohortInfo, ...]:
    return tuple(info for info in context.results.cohorts if info.suppress_below > 1)


def _names(context: Context, infos: tuple[CohortInfo, ...]) -> Run:
    return words(", ".join(context.cohort_label(info.name).lower() for info in infos))


def _largest_hidden(infos: tuple[CohortInfo, ...]) -> Run:
    return Run(count(max(info.suppress_below for info in infos) - 1), is_label=True)


def protection_lines(context: Context) -> tuple[Block, ...]:
    """Return the sentence of the title page; nothing where nothing is hidden."""
    infos = _limited(context)
    if not infos:
        return ()
    text = context.gettext(
        "Small numbers are hidden ({cohorts}): no count from 1 to {most} is shown, nor what would give one back."
    )
    return (Paragraph(fill(text, cohorts=_names(context, infos), most=_largest_hidden(infos))),)


def suppression_note(context: Context, _citations: Citations) -> MethodNote | None:
    """Say how small cells are hidden; None where they are not."""
    _ = context.gettext
    infos = _limited(context)
    if not infos:
        return None
    text = _(
        "In the {cohorts} no count of 1 to {most} patients is shown (a house rule after the cell-size policy of the "
        "US Centers for Medicare & Medicaid Services; a registry’s agreement may ask for another number). Further "
        "cells are hidden so that none follows by subtraction: another level beside a hidden one, rectangles of "
        "crossed tables, percentages, and numbers of a model that differ by few from those of the cohort. Curves "
        "stand at months between which every group has no event or more than {most}, and stop where as many or fewer "
        "are at risk; at a horizon where few were censored the number at risk is hidden and survival rounded to three"
        " decimals. Minimum and maximum are never shown, medians of time are rounded to three digits. The baseline "
        "hazard in the model files stands at such months alone: predictions hold its last value between them. "
        "Everything was computed and checked against R before anything was hidden; the ledger keeps the verdicts, not"
        " the values."
    )
    return MethodNote(_("Small numbers"), fill(text, cohorts=_names(context, infos), most=_largest_hidden(infos)))


def deidentification_note(context: Context, _citations: Citations) -> MethodNote | None:
    """Say what became of identifiers, dates and ages; None where they are as given."""
    _ = context.gettext
    infos = tuple(info for info in context.results.cohorts if info.deidentified)
    if not infos:
        return None
    text = _(
        "De-identified ({cohorts}): identifiers are keyed pseudonyms (HMAC-SHA256; the key stays with the data), "
        "dates became times between two dates, and ages above {oldest} count as {oldest} (“90 or older”) in every "
        "analysis."
    )
    oldest = Run("90", is_label=True)
    return MethodNote(_("De-identification"), fill(text, cohorts=_names(context, infos), oldest=oldest))


def withheld_section(context: Context) -> Section | None:
    """Return the part of the appendix that names the files that are not written; None where all are."""
    _ = context.gettext
    if not _limited(context):
        return None
    text = _(
        "Not written, for they hold a row or a step of single patients: data_for_r.csv, phenotypes.csv, "
        "model/phenotypes.json and the files of whole curves. reproduce.R needs the user’s own data; with the study "
        "file and its data “reporter verify” repeats the whole check. Analyses that look at single patients "
        "(influence, heights of the clustering, functional form) show nothing here."
    )
    return Section("withheld", _("Files that are not written"), (Paragraph(fill(text)),))
