"""The words of a result tree in another language: notes, reasons and the study's own words; no number changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reporter.report.format import level_text
from reporter.report.language import Language
from reporter.report.note_words import NOTES
from reporter.results.known_differences import N_
from reporter.results.ledger import Verification
from reporter.results.patient import PatientResult
from reporter.results.tree import AnalysisNode, CohortInfo, ColumnInfo, EndpointInfo, Results, Row, StudyInfo

_PLACE = re.compile(r"\{(\w+)\}")
_FINDING = re.compile(r"(?P<place>(?:warning: )?[^\s:]+(?: \(\w+\))?: )?(?P<said>.*?)(?P<code> \[\w+\])?", re.DOTALL)
_NUMBER = r"[\d.,e+\-]+"
_PLACES = {
    **dict.fromkeys(("n", "k", "least", "free", "folds", "time", "bound"), _NUMBER), "unit": "years|months|days"
}  # fmt: skip
_DEEPEST = 3
_PHENOTYPE = N_("Phenotype")


def _pattern(note: str) -> re.Pattern[str]:
    pieces = _PLACE.split(note)
    parts = [
        f"(?P<{piece}>{_PLACES.get(piece, '.+?')})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)
    ]
    return re.compile("".join(parts), re.DOTALL)


_PATTERNS = tuple((note, _pattern(note)) for note in NOTES if _PLACE.search(note))
_WHOLE = frozenset(note for note in NOTES if not _PLACE.search(note))


@dataclass(frozen=True)
class Phrasebook:
    """Translates the words of a tree.

    Parameters
    ----------
    words
        The study's own words (labels, levels, units, steps) and what they are in this language.
    """

    language: Language
    words: Mapping[str, str] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """Return a word of the study in this language; one without a translation as it is."""
        return self.words.get(text, text)

    def note(self, text: str, depth: int = 0) -> str:
        """Return a note in this language; one that is not listed as it is."""
        if not text or depth > _DEEPEST:
            return text
        if text in self.words:
            return self.words[text]
        found = self._listed(text)
        if found in _WHOLE:
            return self.language.gettext(found)
        for note, pattern in _PATTERNS:
            match = pattern.fullmatch(found)
            if match:
                parts = {name: self.note(part, depth + 1) for name, part in match.groupdict().items()}
                return self.language.gettext(note).format(**parts)
        return text

    def finding(self, text: str) -> str:
        """Return a finding with its message in this language; its place and its code stay."""
        found = _FINDING.fullmatch(text)
        if found is None:
            return self.note(text)
        return f"{found['place']}{self.note(found['said'])}{found['code'] or ''}"

    def _listed(self, text: str) -> str:
        """Return a note as it is listed: its first letter may be large, a full stop may follow."""
        for form in (text, text.removesuffix("."), text[:1].lower() + text[1:].removesuffix(".")):
            if form in _WHOLE or any(pattern.fullmatch(form) for _, pattern in _PATTERNS):
                return form
        return text

    # -- parts of the tree -------------------------------------------------------------------------------------------
    def row(self, row: Row) -> Row:
        """Return a row with its notes in this language."""
        if not any(found.note for found in row.stats):
            return row
        stats = (f.model_copy(update={"note": self.note(f.note)}) if f.note else f for f in row.stats)
        return row.model_copy(update={"stats": tuple(stats)})

    def node(self, node: AnalysisNode) -> AnalysisNode:
        """Return an analysis with its notes in this language."""
        return node.model_copy(
            update={
                "rows": tuple(self.row(row) for row in node.rows),
                "failed": self.note(node.failed),
                "notes": tuple(self.note(text) for text in node.notes),
            }
        )

    def column(self, info: ColumnInfo) -> ColumnInfo:
        """Return a variable with the study's words for this language."""
        told = tuple(self.word(label) for label in info.derived_from)
        label = self.language.gettext(_PHENOTYPE) if info.name == "phenotype" else self.word(info.label)
        return info.model_copy(update={"label": label, "unit": self.word(info.unit), "derived_from": told})

    def endpoint(self, info: EndpointInfo) -> EndpointInfo:
        """Return an endpoint with the study's words for this language."""
        return info.model_copy(update={"label": self.word(info.label)})

    def cohort(self, info: CohortInfo) -> CohortInfo:
        """Return a cohort with its steps and findings in this language."""
        steps = (step.model_copy(update={"label": self.note(step.label)}) for step in info.steps)
        codes = (
            entry.model_copy(
                update={
                    "name": self.note(entry.name),
                    "codes": tuple((cell, self.word(meaning)) for cell, meaning in entry.codes),
                }
            )
            for entry in info.codes
        )
        return info.model_copy(
            update={
                "steps": tuple(steps),
                "codes": tuple(codes),
                "findings": tuple(self.finding(text) for text in info.findings),
            }
        )

    def check(self, found: Verification) -> Verification:
        """Return the check with its reasons and tolerances in this language."""
        known: dict[str, str] = {}

        def said(text: str) -> str:
            if text not in known:
                known[text] = self.note(text)
            return known[text]

        rows = (
            row.model_copy(update={"tolerance": said(row.tolerance), "note": said(row.note) if not row.r else row.note})
            for row in found.rows
        )
        return found.model_copy(update={"rows": tuple(rows), "why_not": self.note(found.why_not)})

    def study(self, info: StudyInfo) -> StudyInfo:
        """Return the study with its title in this language."""
        return info.model_copy(update={"title": self.word(info.title)})


def _capital(cause: str) -> str:
    """Return the name of a competing event as reports print it."""
    text = cause.replace("_", " ")
    return text[:1].upper() + text[1:]


def _own_words(results: Results) -> set[str]:
    """Return every word of the study that a report prints."""
    columns = [
        word
        for c in results.columns
        for word in (c.label, c.unit, *c.levels, *c.derived_from, *map(level_text, c.levels))
    ]
    steps = [word for info in results.cohorts for word in (info.label, *(step.label for step in info.steps))]
    ends = [word for info in results.endpoints for word in (info.label, *map(_capital, info.causes))]
    return {results.study.title, *columns, *steps, *ends}


def unused_words(results: Results) -> tuple[str, ...]:
    """Return a warning for each language with translations of words that the study does not have."""
    own = _own_words(results)
    out = []
    for tag, said in results.study.words.items():
        lost = [word for word in said if word not in own]
        if lost:
            shown = ", ".join(f"'{word}'" for word in lost[:8])
            out.append(
                f"warning: words.{tag}: {shown}: no label, level, unit or step of the study reads so; "
                "these translations are not used. Write the words as the study has them."
            )
    return tuple(out)


def phrasebook(results: Results, language: Language) -> Phrasebook:
    """Return the phrasebook of a tree for a language."""
    return Phrasebook(language, results.study.words.get(language.tag, {}))


def patient_in_language(result: PatientResult, book: Phrasebook) -> PatientResult:
    """Return the result of a patient with its words in a language: the same numbers."""
    told = tuple(
        value.model_copy(update={"label": book.word(value.label), "unit": book.word(value.unit)})
        for value in result.values
    )
    found = result.phenotype
    if found is not None:
        found = found.model_copy(update={"features": tuple(book.word(label) for label in found.features)})
    others = (o.model_copy(update={"endpoint_label": book.word(o.endpoint_label)}) for o in result.others)
    return result.model_copy(
        update={
            "values": told,
            "phenotype": found,
            "phenotype_missing": book.note(result.phenotype_missing),
            "endpoint_label": book.word(result.endpoint_label),
            "others": tuple(others),
            "source": result.source.model_copy(update={"study_title": book.word(result.source.study_title)}),
            "check": result.check.model_copy(update={"why_not": book.note(result.check.why_not)}),
        }
    )


def in_language(results: Results, language: Language) -> Results:
    """Return a result tree with its words in a language: the same addresses and numbers.

    Names of levels stay in the tree, being parts of addresses; they are translated where they are printed.
    """
    book = phrasebook(results, language)
    return Results(
        schema_version=results.schema_version,
        study=book.study(results.study),
        provenance=results.provenance,
        cohorts=tuple(book.cohort(info) for info in results.cohorts),
        endpoints=tuple(book.endpoint(info) for info in results.endpoints),
        columns=tuple(book.column(info) for info in results.columns),
        analyses=tuple(book.node(node) for node in results.analyses),
        decision_tree=results.decision_tree,
        verification=book.check(results.verification),
    )
