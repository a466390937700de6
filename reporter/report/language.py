"""The language of a report: gettext catalogues in ``templates/locale``, English being the words in the code."""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Sequence
from dataclasses import dataclass, field

from reporter.errors import UsageError
from reporter.resources import templates_folder

DOMAIN = "reporter"
LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Language:
    """A BCP 47 tag and the words of that language; English needs no catalogue."""

    tag: str
    translations: catalogues.NullTranslations = field(default_factory=catalogues.NullTranslations, compare=False)

    def gettext(self, message: str) -> str:
        """Return a message in this language."""
        return self.translations.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a message in the form for `n` things."""
        return self.translations.ngettext(singular, plural, n)


def load_language(tag: str) -> Language | None:
    """Return a language, or None when its catalogue is not installed."""
    if tag == "en":
        return Language("en")
    folder = templates_folder() / "locale"
    if catalogues.find(DOMAIN, folder, [tag]) is None:
        return None
    return Language(tag, catalogues.translation(DOMAIN, folder, [tag]))


def choose_language(requested: str | None, study_languages: Sequence[str]) -> tuple[Language, str]:
    """Return the language asked for, else the study's first, and a warning when English stands in for it.

    Raises
    ------
    UsageError
        When the language asked for is none of this program's.
    """
    tag = requested or (study_languages[0] if study_languages else "en")
    if tag not in LANGUAGES:
        raise UsageError(f"--lang: '{tag}' is not a language of the report; allowed: {', '.join(LANGUAGES)}.")
    found = load_language(tag)
    if found is not None:
        return found, ""
    return Language("en"), f"--lang: no catalogue of '{tag}' is installed with this version; the report is in English."
