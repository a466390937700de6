"""Labels in several languages and the words of a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.errors import FindingsError
from reporter.spec.load import load_study
from reporter.spec.words import take_labels

STUDY = Path(__file__).resolve().parents[2] / "data" / "rotterdam" / "study.toml"


def changed(folder: Path, *pairs: tuple[str, str]) -> Path:
    text = STUDY.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_label_in_two_languages_is_one_text_and_a_word() -> None:
    data, words = take_labels(
        {"columns": {"a": {"label": {"en": "Age", "zh": "年龄"}}, "b": {"label": {"zh": "分级"}}}}
    )
    assert data == {"columns": {"a": {"label": "Age"}, "b": {"label": "分级"}}}
    assert words == {"zh": {"Age": "年龄"}}


def test_words_of_labels_steps_title_and_table(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ('title = "Recurrence-free survival after breast cancer surgery"', 'title = {en = "Title", zh = "题目"}'),
        ('label = "Tumour grade"', 'label = {en = "Grade", zh = "级别"}'),
        ('label = "Aged 18 or older"', 'label = {en = "Adults", zh = "成人"}'),
    )
    study = load_study(path)
    assert study.columns["grade"].label == "Grade"
    assert study.cohort.steps[0].condition.label == "Adults"
    told = study.words["zh"]
    assert [told[word] for word in ("Title", "Grade", "Adults", "Yes")] == ["题目", "级别", "成人", "是"]
    assert "en" not in study.words


def test_dictionaries_bring_their_chinese_labels() -> None:
    study = load_study(STUDY.parents[1] / "uterine_sarcoma" / "study.toml")
    told = study.words["zh"]
    assert (told["Age at diagnosis"], told["Primary site"]) == ("诊断年龄", "原发部位")
    assert told["Survival with uterine sarcoma (synthetic data)"] == "子宫肉瘤患者的生存(合成数据)"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('label = "Tumour grade"', 'label = {en = "Grade", fr = "Grade"}', "columns.grade.label"),
        ('label = "Tumour grade"', 'label = {en = ""}', "columns.grade.label"),
        ("[words.zh]", "[words.fr]", "words.fr"),
        ('"Yes" = "是"', '"Yes" = 1', "words.zh.Yes"),
    ],
)
def test_other_languages_are_refused_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(FindingsError) as caught:
        load_study(changed(tmp_path, (old, new)))
    assert said in str(caught.value)
    assert "study.toml:" in str(caught.value)
