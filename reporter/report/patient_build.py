"""From the result of one patient to the document of two pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reporter.report.chinese import set_chinese
from reporter.report.document import Badge
from reporter.report.figures import FontMetrics
from reporter.report.figures.metrics import plain_text
from reporter.report.format import chinese_numbers, count, names_of_levels
from reporter.report.in_language import Phrasebook, patient_in_language
from reporter.report.language import Language
from reporter.report.patient.first_page import first_page
from reporter.report.patient.second_page import second_page
from reporter.report.patient.texts import PatientTexts
from reporter.report.patient_document import IndexEntry, PatientDocument, PatientIndex
from reporter.results.patient import PatientOutcome, PatientResult

_KEY_VALUES = 2
_HASH_SHOWN = 12
_LONGEST = 44
_NO_WORDS: Mapping[str, str] = MappingProxyType({})


def _badge(texts: PatientTexts) -> Badge:
    _, check = texts.gettext, texts.result.check
    if check.state == "not_run":
        words = texts.say(_("This patient's curve was not checked against R: {why}."), why=check.why_not)
        return Badge("not_verified", _("Not verified"), words)
    facts = {
        "n": texts.count(check.n_points, "check/n_points"),
        "difference": texts.difference(check.largest_difference),
        "r": texts.label(check.r_version),
        "survival": texts.label(check.survival_version),
    }
    if check.state == "disagrees":
        words = texts.say(
            _("R {r} (survival {survival}, survfit.coxph) gives another curve for this patient: the largest difference "
              "over {n} points is {difference}. Do not use this page."),
            **facts,
        )  # fmt: skip
        return Badge("disagrees", _("R disagrees"), words)
    words = texts.say(
        _("R {r} (survival {survival}, survfit.coxph) computed this patient's curve and its limits again from the same "
          "cohort: {n} points agree, largest difference {difference}."),
        **facts,
    )  # fmt: skip
    return Badge("verified", _("Verified"), words)


def shortened(text: str) -> str:
    """Return a text that a cell of the strip holds on two lines; the whole of it stands on page 2."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _strip(texts: PatientTexts) -> tuple[tuple[str, str], ...]:
    _, result = texts.gettext, texts.result
    values = [(shortened(value.label), plain_text(texts.given(value))) for value in result.values[:_KEY_VALUES]]
    n = plain_text((texts.count(result.n_development, "n"),))
    model = plain_text(texts.say(_("Cox, {n} patients"), n=n))
    return (
        (_("Patient"), texts.short_id()),
        *values,
        (_("Endpoint"), shortened(result.endpoint_label)),
        (_("Model"), model),
    )


def build_patient_document(
    result: PatientResult, language: Language, fonts: FontMetrics | None = None, *, created: str = "",
    dense: bool = False, words: Mapping[str, str] = _NO_WORDS,
) -> PatientDocument:  # fmt: skip
    """Return the two pages of one patient.

    Parameters
    ----------
    words
        The study's own words in this language.
    fonts
        May be shared by the patients of a batch.
    created
        Date of the document (ISO), empty for none.
    dense
        Set small and short, where two pages do not hold the content otherwise.
    """
    told = patient_in_language(result, Phrasebook(language, words)) if words or language.is_chinese else result
    texts = PatientTexts(language, told, dense)
    with chinese_numbers(on=language.is_chinese), names_of_levels(words):
        document = _document(texts, fonts or FontMetrics(), created)
    return set_chinese(document) if language.is_chinese else document


def _document(texts: PatientTexts, metrics: FontMetrics, created: str) -> PatientDocument:
    _, result, dense = texts.gettext, texts.result, texts.dense
    source = result.source
    patient = plain_text(texts.say(_("Patient {id}"), id=texts.short_id()))
    footer = texts.say(
        _("reporter {version} · model sha256 {hash} · for use by health professionals"),
        version=source.reporter_version,
        hash=source.model_sha256[:_HASH_SHOWN],
    )
    subtitle = texts.say(_("Predicted {endpoint} · {study}"), endpoint=texts.endpoint_words(), study=source.study_title)
    return PatientDocument(
        language=texts.language.document_tag,
        title=plain_text(texts.say(_("Prognosis report, patient {id}"), id=result.id)),
        heading=_("Individual prognosis"),
        subtitle=plain_text(subtitle),
        running_title=_("Prognosis report"),
        patient_label=patient,
        footer=plain_text(footer),
        created=created,
        strip=_strip(texts),
        badge=_badge(texts),
        pages=(first_page(texts, metrics), second_page(texts, metrics)),
        signatures=(_("Reviewed by (name, date)"), _("Discussed with patient (date)")),
        dense=dense,
    )


def build_patient_index(
    outcomes: Sequence[PatientOutcome], study_title: str, language: Language, *, created: str = ""
) -> PatientIndex:
    """Return the list of the patients of a folder."""
    _ = language.gettext
    words = {"written": _("written"), "refused": _("refused"), "failed": _("failed")}
    n_written = sum(outcome.status == "written" for outcome in outcomes)
    summary = language.ngettext(
        "{study} · pages of {written} of {n} patient", "{study} · pages of {written} of {n} patients", len(outcomes)
    )
    return PatientIndex(
        language=language.document_tag,
        title=_("Prognosis reports"),
        summary=summary.format(study=study_title, written=count(n_written), n=count(len(outcomes))),
        head=(_("Patient"), _("Pages"), _("Reason")),
        entries=tuple(IndexEntry(o.id, o.file, o.status, words[o.status], o.reason) for o in outcomes),
        created=created,
    )
