"""Commands: exit codes, and what goes to which stream."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.errors import UsageError
from reporter.output.bundle import parse_formats

STUDY = Path(__file__).resolve().parents[2] / "data" / "rotterdam" / "study.toml"
Captured = pytest.CaptureFixture[str]


def refused(arguments: list[str], capsys: Captured) -> tuple[int, str]:
    """Run a command that must fail; nothing may reach stdout, no traceback stderr."""
    code = main(arguments)
    said = capsys.readouterr()
    assert code != 0 and said.out == "" and "Traceback" not in said.err
    return code, said.err


def test_a_folder_that_is_not_empty(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    for more in ([], ["--overwrite"]):
        code, said = refused(["run", str(STUDY), "--out", str(tmp_path), *more], capsys)
        assert code == 2 and "not empty" in said
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_study_that_is_not_there(tmp_path: Path, capsys: Captured) -> None:
    code, said = refused(["run", str(tmp_path / "no.toml"), "--out", str(tmp_path / "out")], capsys)
    assert code == 2 and "no.toml" in said and not (tmp_path / "out").exists()


def test_a_format_that_is_not_offered(tmp_path: Path, capsys: Captured) -> None:
    code, said = refused(["run", str(STUDY), "--out", str(tmp_path / "out"), "--to", "pdf,odt"], capsys)
    assert code == 2 and "'odt'" in said and "html, pdf" in said and not (tmp_path / "out").exists()
    assert parse_formats("pdf, html,pdf") == ("pdf", "html")
    with pytest.raises(UsageError, match="no format"):
        parse_formats(" , ")


def test_findings_stop_a_run_before_anything_is_written(tmp_path: Path, capsys: Captured) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.read_text().replace('column = "death"', 'column = "deth"').replace('"rtime"', '"rtim"'))
    for name in ("rotterdam.csv", "gbsg.csv"):
        shutil.copy(STUDY.parent / name, tmp_path)
    code, said = refused(["run", str(study), "--out", str(tmp_path / "out")], capsys)
    assert code == 3 and "Did you mean 'death'?" in said and "Did you mean 'rtime'?" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"schema_version": 99}', "not json", "\x00"])
def test_results_that_are_none(content: str, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    code, said = refused(["render", str(path), "--out", str(tmp_path / "out")], capsys)
    assert code == 2 and "results.json" in said and not (tmp_path / "out").exists()


def test_results_that_are_not_there(tmp_path: Path, capsys: Captured) -> None:
    code, said = refused(["render", str(tmp_path / "none.json"), "--out", str(tmp_path / "out")], capsys)
    assert code == 2 and "none.json" in said


@pytest.mark.parametrize("words", ["", "fly", "run", "run a.toml", "run a.toml --out b --lang xx"])
def test_wrong_words_are_a_usage_error(words: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2 and "usage:" in capsys.readouterr().err


def test_an_interrupt_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    from reporter.pipeline import run

    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_study", interrupted)
    assert main(["run", str(STUDY), "--out", str(tmp_path / "out")]) == 130
    assert "nothing was written" in capsys.readouterr().err
