"""Words: the extractor finds every message, and a missing catalogue is said."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from reporter.errors import UsageError
from reporter.report import build
from reporter.report.build import build_report
from reporter.report.language import Language, choose_languages, load_language

REPORT = Path(build.__file__).parent
CALLS = {"_", "gettext", "ngettext"}


class Recorder(gettext.NullTranslations):
    """Notes each message that the report asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.asked.add(msgid1)
        return msgid1 if n == 1 else msgid2


def extracted() -> set[str]:
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(str(REPORT.parent), method_map=[("**.py", "python")], keywords=keywords)
    return {
        part
        for _file, _line, message, _comments, _context in found
        for part in ([message] if isinstance(message, str) else message)
    }


def test_every_message_used_is_found_by_the_extractor(small) -> None:
    words = Recorder()
    for parts in (
        {"validation": True, "missing": 0.1, "phenotypes": True},
        {"groups": (), "covariates": (), "horizons": ()},
    ):
        build_report(small(**parts), Language("en", words))
    assert len(words.asked) > 150
    assert words.asked <= extracted()


def test_messages_are_constants() -> None:
    for path in REPORT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "_":
                assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"


def test_translated_words_reach_the_document(small) -> None:
    class Shout(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.replace("Survival", "SURVIVAL")

    document = build_report(small(), Language("zh", Shout()))
    assert document.language == "zh-CN"
    assert "SURVIVAL" in [section.heading for section in document.sections]


def test_choice_of_language() -> None:
    assert choose_languages(None, ["en"]) == (Language("en"),)
    assert choose_languages(None, []) == (Language("en"),)
    assert [found.tag for found in choose_languages(None, ["zh", "en"])] == ["zh", "en"]
    assert [found.tag for found in choose_languages("zh", ["en"])] == ["zh"]
    assert load_language("fr") is None
    with pytest.raises(UsageError, match="'fr'"):
        choose_languages("fr", ["en"])
