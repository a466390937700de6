"""The language of a report: gettext catalogues in ``templates/locale``, English being the words in the code.

The ``.po`` file is read as it is: a catalogue needs no build step, in a checkout or in the wheel.
"""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from reporter.errors import UsageError
from reporter.resources import templates_folder

DOMAIN = "reporter"
LANGUAGES = ("en", "zh")
_DOCUMENT_TAGS = {"zh": "zh-CN"}


@dataclass(frozen=True)
class Language:
    """A language as the study file names it, and its words; English needs no catalogue."""

    tag: str
    translations: catalogues.NullTranslations = field(default_factory=catalogues.NullTranslations, compare=False)

    @property
    def document_tag(self) -> str:
        """BCP 47 tag for HTML ``lang`` and PDF ``/Lang``."""
        return _DOCUMENT_TAGS.get(self.tag, self.tag)

    @property
    def is_chinese(self) -> bool:
        """True where Chinese typography and number formats hold."""
        return self.tag == "zh"

    def gettext(self, message: str) -> str:
        """Return a message in this language."""
        return self.translations.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a message in the form for `n` things."""
        return self.translations.ngettext(singular, plural, n)


def catalogue_path(tag: str) -> Path:
    """Return the place of a language's catalogue."""
    return templates_folder() / "locale" / tag / "LC_MESSAGES" / f"{DOMAIN}.po"


@lru_cache(maxsize=4)
def _translations(path: Path) -> catalogues.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as source:
        catalogue = read_po(source)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def load_language(tag: str) -> Language | None:
    """Return a language, or None when its catalogue is not installed."""
    if tag == "en":
        return Language("en")
    path = catalogue_path(tag)
    return Language(tag, _translations(path)) if path.is_file() else None


def choose_languages(requested: str | None, study_languages: Sequence[str]) -> tuple[Language, ...]:
    """Return the language asked for, else those of the study, the first of which names the report's main files.

    Raises
    ------
    UsageError
        When a language is none of this program's, or its catalogue is not installed.
    """
    tags = (requested,) if requested else tuple(dict.fromkeys(study_languages)) or ("en",)
    found = []
    for tag in tags:
        language = load_language(tag) if tag in LANGUAGES else None
        if language is None:
            raise UsageError(f"--lang: '{tag}' is not a language of the report; allowed: {', '.join(LANGUAGES)}.")
        found.append(language)
    return tuple(found)
