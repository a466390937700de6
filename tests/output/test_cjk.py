"""Chinese faces: found, cut to what reports use, embedded; a report in Chinese is refused without one."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from reporter.errors import ReporterError
from reporter.output import cjk
from reporter.output.cjk import CjkFace, cjk_faces, cjk_rules, needs_cjk, require_cjk
from reporter.output.fonts import font_rules, font_url
from reporter.pipeline.languages import installed_languages

NAME = "喆玥赟"  # characters of names that small fonts lack


def embedded(rules: str) -> list[TTFont]:
    return [TTFont(BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", rules)]


def test_only_chinese_texts_get_chinese_faces() -> None:
    assert not needs_cjk("Ⅰ期? no: é – ≤ “x”".replace("期", ""))
    assert needs_cjk("年")
    assert cjk_rules("English only") == ""
    assert "Reporter Hei" not in font_rules("English only", font_url)
    assert font_rules("中文", font_url).count('font-family:"Reporter Hei"') == 2


def test_faces_hold_every_character_and_the_space_between_words() -> None:
    text = f"生存分析，{NAME}（95%CI）Ⅰ期"
    fonts = embedded(cjk_rules(text))
    assert len(fonts) == 2
    for font in fonts:
        assert {ord(char) for char in text + " \u00a0"} <= set(font.getBestCmap())
        assert len(font.getGlyphOrder()) < 4000


def test_the_same_text_gives_the_same_bytes() -> None:
    first = cjk_rules("生存")
    cjk._cut.cache_clear()
    assert cjk_rules("生存") == first
    assert cjk_rules("存生") == first


def test_without_a_font_chinese_is_refused_and_english_is_not(monkeypatch) -> None:
    monkeypatch.setattr(cjk, "cjk_faces", lambda: ())
    with pytest.raises(ReporterError, match="apt-get install fonts-noto-cjk"):
        require_cjk()
    with pytest.raises(ReporterError, match="fonts-noto-cjk"):
        installed_languages(None, ("en", "zh"))
    assert [language.tag for language in installed_languages("en", ("zh",))] == ["en"]


def test_the_simplified_face_is_preferred_and_variable_fonts_are_left(monkeypatch) -> None:
    lines = (
        "/f/a.ttc\t0\tNoto Sans CJK JP\t80\tFalse\n/f/a.ttc\t2\tNoto Sans CJK SC\t80\tFalse\n"
        "/f/b.ttc\t2\tNoto Sans CJK SC\t200\tFalse\n/f/v.ttf\t0\tNoto Sans CJK SC\t80\tTrue\nnonsense\n"
    )

    class Done:
        stdout = lines

    monkeypatch.setattr(cjk.subprocess, "run", lambda *a, **k: Done())
    found = cjk._from_list(cjk._listed())
    assert found == (CjkFace(Path("/f/a.ttc"), 2, 400), CjkFace(Path("/f/b.ttc"), 2, 600))


def test_this_machine_has_faces() -> None:
    assert [face.weight for face in cjk_faces()] == [400, 600], "set-up installs fonts-noto-cjk"
