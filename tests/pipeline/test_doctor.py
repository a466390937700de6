"""The doctor says what is found, what is missing and how to get it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.pipeline import doctor
from reporter.pipeline.doctor import (
    Answer,
    Ask,
    DoctorItem,
    ask,
    check_bundled_fonts,
    check_cjk_font,
    check_library,
    check_r,
    check_rpy2,
    check_survival,
    format_doctor,
    inspect_machine,
)


def answer(code: int, text: str) -> Ask:
    def asked(_: Sequence[str]) -> Answer:
        return code, text

    return asked


def test_a_missing_r_names_its_packages() -> None:
    item = check_r(None)
    assert not item.found and item.command.endswith("apt-get install r-base-core r-base-dev")
    assert check_r((4, 2, 2)).detail == "4.2.2"


def test_survival_is_asked_of_r() -> None:
    assert check_survival(answer(0, "3.5.3")).found
    item = check_survival(answer(1, "there is no package called 'survival'"))
    assert not item.found and "r-cran-survival" in item.command and "no package" in item.detail


def test_an_rpy2_that_does_not_load_is_not_found() -> None:
    item = check_rpy2((4, 2, 2), answer(1, "undefined symbol: R_getVar"))
    assert not item.found and "R_getVar" in item.detail
    assert item.command.startswith(sys.executable) and "rpy2-rinterface==3.6.5" in item.command


def test_a_library_that_is_not_there() -> None:
    item = check_library("Pango", "libno-such-thing.so.0", "libpango-1.0-0", "the PDF")
    assert not item.found and item.command.endswith("libpango-1.0-0")


def test_fonts_are_looked_for(tmp_path: Path) -> None:
    item = check_bundled_fonts(tmp_path)
    assert not item.found and "ReporterSans-Regular.ttf" in item.detail
    assert not check_cjk_font((tmp_path,), answer(0, "")).found
    assert check_cjk_font((tmp_path,), answer(0, "Noto Sans CJK SC")).detail == "Noto Sans CJK SC"
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"")
    assert check_cjk_font((tmp_path,), answer(127, "no fc-list")).detail == "NotoSansCJK-Regular.ttc"


def test_a_command_is_asked_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHILD_TIMEOUT", 0.3)
    assert ask((sys.executable, "-c", "print('a'); print('b')")) == (0, "b")
    assert ask((sys.executable, "-c", "import time; time.sleep(9)")) == (124, "no answer within 0.3 s")
    assert ask(("no-such-command-at-all",))[0] == 127


def test_what_is_missing_stands_with_its_command() -> None:
    items = (
        DoctorItem("R", found=True, detail="4.2.2", needed_for="the check", command="get R"),
        DoctorItem("Pango", found=False, detail="none", needed_for="the PDF", command="get Pango"),
    )
    text = format_doctor(items)
    assert "ok       R      4.2.2" in text and "get R" not in text
    assert "missing  Pango  none\n         needed for the PDF\n         to mend it: get Pango" in text
    assert text.endswith("1 of 2 missing or not working.")


@pytest.mark.parametrize("is_there", [True, False])
def test_the_exit_code_says_whether_all_is_there(
    is_there: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    item = DoctorItem("R", found=is_there, detail="", needed_for="the check", command="get R")
    monkeypatch.setattr(doctor, "inspect_machine", lambda: (item,))
    assert main(["doctor"]) == (0 if is_there else 1)
    assert ("Everything is there." in capsys.readouterr().out) == is_there


@pytest.mark.r
def test_this_machine_has_what_a_verified_report_needs() -> None:
    missing = [item for item in inspect_machine() if not item.found]
    assert missing == []
