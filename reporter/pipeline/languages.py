"""Which languages a report is written in, and whether this machine can set them."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.output.cjk import require_cjk
from reporter.report.language import Language, choose_languages


def installed_languages(requested: str | None, study_languages: Sequence[str]) -> tuple[Language, ...]:
    """Return the languages of a report, the main one first.

    Raises
    ------
    UsageError
        When a language is none of this program's.
    ReporterError
        When one is Chinese and the machine has no Chinese font.
    """
    languages = choose_languages(requested, study_languages)
    if any(language.is_chinese for language in languages):
        require_cjk()
    return languages
