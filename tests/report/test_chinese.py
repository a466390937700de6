"""The Chinese catalogue is whole, and a Chinese document has Chinese typography and the same numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from reporter.report.build import build_report
from reporter.report.chinese import set_chinese, set_text, set_texts
from reporter.report.document import Figure, Paragraph, References, Run
from reporter.report.format import (
    chinese_numbers,
    level_text,
    names_of_levels,
    p_relation,
    p_value,
    percent,
    range_separator,
    ratio,
    small,
)
from reporter.report.in_language import Phrasebook, in_language, unused_words
from reporter.report.language import Language, catalogue_path, load_language
from reporter.report.note_words import NOTES
from reporter.report.patient.numbers import rest_of_hundred
from reporter.results.tree import Results
from tests.report.test_language import extracted

_PLACE = re.compile(r"\{\w+\}|\*\*")
_WIDE = "\u4e00-\u9fff"


def _catalogue() -> Catalog:
    with catalogue_path("zh").open("rb") as source:
        return read_po(source)


def _messages() -> Iterator[tuple[Message, str, str]]:
    """Yield each message with its English form for several things and its Chinese form."""
    for message in _catalogue():
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[-1]
            chinese = message.string if isinstance(message.string, str) else message.string[0]
            yield message, english, chinese


@pytest.fixture(scope="module")
def chinese() -> Language:
    found = load_language("zh")
    assert found is not None
    return found


def test_every_message_is_translated_and_none_is_left_over() -> None:
    known = {part for m, _, _ in _messages() for part in ([m.id] if isinstance(m.id, str) else m.id)}
    assert sorted(extracted() - known) == [], "run: make catalogue, then translate what it adds"
    assert sorted(known - extracted()) == [], "run: make catalogue"
    assert [english for message, english, text in _messages() if not text.strip() or message.fuzzy] == []


def test_places_of_a_message_are_those_of_its_translation() -> None:
    wrong = [
        english for _, english, text in _messages() if Counter(_PLACE.findall(english)) != Counter(_PLACE.findall(text))
    ]
    assert wrong == []


def test_translations_have_chinese_punctuation() -> None:
    half = re.compile(rf"[{_WIDE}][,;:!?]|[,;] ?[{_WIDE}]|[{_WIDE}] [{_WIDE}]|[{_WIDE}]\.(?!\w)")
    assert [text for _, _, text in _messages() if half.search(text)] == []


def test_terms_are_those_of_the_glossary(chinese) -> None:
    terms = {
        "Median survival": "中位生存时间", "Concordance": "一致性", "Discrimination": "区分度",
        "Hazard ratio (log scale)": "风险比（对数刻度）", "Limits": "局限性", "References": "参考文献",
        "Development cohort": "建模队列", "Validation cohort": "验证队列", "not reached": "未达到",
        "Multivariable Cox model": "多因素Cox模型", "Flow of patients": "患者流程图", "Net benefit": "净获益",
    }  # fmt: skip
    assert {english: chinese.gettext(english) for english in terms} == terms


def test_numbers_of_a_chinese_text() -> None:
    with chinese_numbers():
        assert [p_value(p) for p in (0.03, 0.0004, 0.999, 0.0499)] == ["0.03", "<0.001", ">0.99", "0.0499"]
        assert [p_relation(p) for p in (0.03, 0.0004)] == ["=0.03", "<0.001"]
        assert [percent(0.0001), percent(0.99999), small(0.001), ratio(2000.0)] == ["<0.1", ">99.9", "<0.01", ">1000"]
        assert range_separator(("1", "2")) == range_separator(("−1", "2")) == "~"
        assert [rest_of_hundred(share) for share in (0.999, 0.001, 0.4)] == ["<1", ">99", "60"]
    assert [p_value(0.03), p_relation(0.0004), range_separator(("1", "2"))] == [".03", "< .001", "–"]


def test_levels_are_printed_in_the_words_of_the_study() -> None:
    with names_of_levels({"Yes": "是"}):
        assert [level_text("Yes"), level_text("<=20"), level_text("No")] == ["是", "≤20", "No"]
    assert level_text("Yes") == "Yes"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("年龄, 分级", "年龄、分级"),
        ("5 年 (95%CI: 4~6).", "5年（95%CI：4~6）。"),
        ("取自exp(b ± z)的值", "取自exp(b ± z)的值"),
        ("见 survival (version 3)", "见 survival (version 3)"),
        ("survival (3.5) 计算", "survival（3.5）计算"),
        ("无变化; 见下", "无变化；见下"),
        ("R, Python; 种子1", "R，Python；种子1"),
        ("words, only (English).", "words, only (English)."),
        ("S(t-) 为生存", "S(t-) 为生存"),
    ],
)
def test_typography(text: str, wanted: str) -> None:
    assert set_text(text) == wanted
    assert set_text(wanted) == wanted


def test_typography_reaches_across_runs_and_leaves_numbers_and_drawings() -> None:
    runs = (Run("中位数 ("), Run("5.0", "a/b"), Run(", "), Run("6", "a/c"), Run(")."))
    done = set_chinese(Paragraph(runs))
    assert [run.text for run in done.runs] == ["中位数（", "5.0", "、", "6", "）。"]
    assert [run.address for run in done.runs] == ["", "a/b", "", "a/c", ""]
    figure = Figure("f", (), "<svg><title>曲线, 全部</title><text>n, 例 (1)</text></svg>", "曲线, 全部")
    assert set_chinese(figure).svg == "<svg><title>曲线、全部</title><text>n, 例 (1)</text></svg>"
    assert set_chinese(References("文献", ("A, B: 中 (1).",))).items == ("A, B: 中 (1).",)
    assert set_texts((" [8, 9]", "。中")) == ("[8,9]", "。中")


@given(st.lists(st.text(alphabet="ab1年龄 ,.;:()[]（），。", max_size=12), max_size=5))
def test_typography_keeps_the_pieces_and_their_letters(texts: list[str]) -> None:
    done = set_texts(tuple(texts))
    assert len(done) == len(texts)
    for before, after in zip(texts, done, strict=True):
        assert re.sub(r"[^ab1年龄]", "", before) == re.sub(r"[^ab1年龄]", "", after)


def test_notes_are_translated_with_what_stands_in_them(chinese) -> None:
    book = Phrasebook(chinese, {"Tumour size": "肿瘤大小"})
    assert book.note("Fewer than 20 patients at risk at tau.") == "在tau处处于风险中的患者少于20例"
    assert book.note("no baseline hazard: Newton's method did not converge") == "无基线风险：Newton法未收敛"
    assert book.note("12 patients without a value of Tumour size are left out") == "剔除缺少肿瘤大小取值的12例患者"
    assert book.note("1e-9 relative or 1e-9 SE") == "相对1e-9或标准误的1e-9"
    assert book.note("a note that nobody listed") == "a note that nobody listed"
    assert book.note("") == ""
    untranslated = [note for note in NOTES if note == chinese.gettext(note)]
    assert untranslated == []


def test_a_tree_in_chinese_has_the_same_numbers(small, chinese) -> None:
    results: Results = small(validation=True, missing=0.1, phenotypes=True)
    told = in_language(results, chinese)
    assert [(where, found.value, found.reason) for _, _, found, where in told.statistics()] == [
        (where, found.value, found.reason) for _, _, found, where in results.statistics()
    ]
    for (_, row, found, _), (_, other, again, _) in zip(results.statistics(), told.statistics(), strict=True):
        assert (row.level, row.term, found.unit) == (other.level, other.term, again.unit)


def test_words_of_the_study_reach_the_report(small, chinese) -> None:
    results: Results = small()
    label = results.columns[0].label
    words = {"zh": {label: "甲变量", results.study.title: "乙标题", "Nobody says so": "无"}}
    results = results.model_copy(update={"study": results.study.model_copy(update={"words": words})})
    document = build_report(results, chinese)
    assert document.language == "zh-CN"
    assert document.title == "乙标题"
    assert "甲变量" in str(document)
    assert label not in str(document.sections)
    (warning,) = unused_words(results)
    assert "'Nobody says so'" in warning
    assert label not in warning
