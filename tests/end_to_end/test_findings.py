"""`reporter check` on a messy table of a hospital: every planted problem, and nothing else; its two files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reporter.cli.main import main
from reporter.output.findings import CSV, HTML, findings_csv
from reporter.report.findings_page import findings_page
from reporter.report.language import Language
from tests.intake.test_quality import id_number, name_of

STUDY = """\
schema = 1
[study]
id = "ward"
title = "A ward"
[data]
source = "ward.csv"
id = "研究编号"
dictionary = ["icd_o_3_uterine_sarcoma", "figo_2009"]

[columns.age]
source = "年龄"
kind = "numeric"
unit = "years"
[columns.site]
source = "部位"
[columns.tumor_size]
source = "肿瘤最大径"
kind = "numeric"
unit = "mm"
[columns.figo]
source = "FIGO分期"
[columns.m_stage]
source = "M分期"
kind = "categorical"
[columns.examined]
source = "检出淋巴结"
kind = "numeric"
[columns.positive]
source = "阳性淋巴结"
kind = "numeric"
[columns.grade]
source = "分级"
kind = "categorical"
[columns.sex]
source = "性别"
kind = "binary"
codes = {"女" = "Female", "男" = "Male"}

[endpoints.os]
start = "诊断日期"
end = "末次随访"
event = "结局"
event_values = ["死亡"]
censored_values = ["存活"]
horizons = [365]

[analysis]
groups = ["figo"]
covariates = ["age", "tumor_size"]

[[checks]]
label = "more positive lymph nodes than examined"
greater = ["positive", "examined"]
[[checks]]
label = "a man with a tumour of the uterus"
when = [{column = "sex", in = ["Male"]}, {column = "site", not_missing = true}]
severity = "error"
todo = "Ask the ward."
"""


def row(i: int) -> dict[str, str]:
    return {
        "研究编号": f"S{i + 1:03d}", "姓名": name_of(i), "身份证号": id_number(i), "联系电话": f"1380000{i:04d}",
        "出生日期": f"19{40 + i % 40}-0{1 + i % 9}-15",
        "年龄": str(45 + i % 30), "性别": "女" if i < 47 else "男",
        "部位": "子宫体" if i < 47 else "",
        "肿瘤最大径": str(60 + 3 * (i % 20)), "FIGO分期": ["I", "II", "III", "IV"][i % 4],
        "M分期": "M1" if i % 4 == 3 else "M0",
        "检出淋巴结": str(10 + i % 5), "阳性淋巴结": str(i % 4), "分级": ["高", "低"][i % 2],
        "诊断日期": f"2015-{1 + i % 12:02d}-10", "末次随访": f"20{17 + i % 4}-{1 + i % 12:02d}-20",
        "结局": ["死亡", "存活"][i // 4 % 2], "备注": "",
    }  # fmt: skip


def ward(*changes: tuple[int, str, str]) -> list[dict[str, str]]:
    rows = [row(i) for i in range(48)]
    for at, column, value in changes:
        rows[at][column] = value
    return rows


def write(folder: Path, rows: list[dict[str, str]], study: str = STUDY) -> Path:
    with (folder / "ward.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "study.toml").write_text(study, encoding="utf-8")
    return folder / "study.toml"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


WITHOUT = ("姓名", "身份证号", "联系电话", "出生日期")
PLANTED = (
    (0, "年龄", "150"), (1, "肿瘤最大径", "7.5"), (4, "M分期", "M1"), (3, "阳性淋巴结", "20"), (5, "性别", "男"),
    (6, "分级", "高 "), (7, "分级", "不详"), (8, "末次随访", "2014-01-01"), (9, "末次随访", "2201-01-01"),
    (10, "诊断日期", "1900-01-01"), (11, "结局", "?"), (12, "检出淋巴结", "999"),
    (13, "备注", "家属电话 139-1234-5678, a.b@example.org"), (14, "末次随访", ""),
    (15, "肿瘤最大径", "70mm"), (16, "研究编号", "S001"),
    (17, "末次随访", "2016-02-30"),
)  # fmt: skip
FOUND = {
    ("implausible_age", "age", 1), ("mixed_units", "tumor_size", 1), ("impossible_combination", "figo", 1),
    ("impossible_combination", "positive", 1), ("impossible_combination", "sex", 1), ("levels_alike", "grade", 25),
    ("missing_word_as_level", "grade", 1), ("end_before_start", "末次随访", 1), ("date_in_future", "末次随访", 1),
    ("date_far_off", "诊断日期", 1), ("unknown_status", "结局", 1), ("looks_like_missing_code", "examined", 1),
    ("identifier_phone", "备注", 1), ("identifier_email", "备注", 1), ("missing_time", "", 2),
    ("not_a_number", "tumor_size", 1),
    ("number_with_unit", "tumor_size", 1), ("duplicate_id", "研究编号", 4), ("duplicate_row", "", 1),
    ("not_a_date", "末次随访", 1),
    ("identifier_name", "姓名", 49), ("identifier_id_number", "身份证号", 49), ("identifier_phone", "联系电话", 49),
    ("identifier_birth_date", "出生日期", 49),
}  # fmt: skip


def test_every_planted_problem_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ward(*PLANTED)
    rows.append(dict(rows[20]))
    assert main(["check", str(write(tmp_path, rows)), "--out", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err
    table = read(tmp_path / "out" / CSV)
    found = [(line["code"], line["column"], int(line["n_rows"])) for line in table]
    assert set(found) == FOUND and len(found) == len(FOUND)
    assert [line["severity"] for line in table] == sorted(line["severity"] for line in table)
    assert all((line["cohort"] == "development" and line["ids"] and line["todo"]) or line["message"] for line in table)
    ids = {(line["code"], line["column"]): line["ids"] for line in table}
    assert ids["duplicate_id", "研究编号"] == "S001; S001; S021; S021" and ids["mixed_units", "tumor_size"] == "S002"
    page = (tmp_path / "out" / HTML).read_text(encoding="utf-8")
    secret = [one[name] for one in rows for name in WITHOUT] + ["139-1234-5678", "a.b@example.org"]
    assert not [cell for cell in secret if cell in told or cell in page or cell in str(table)]
    assert all(f"[{code}]" in told and code in page for code, _, _ in FOUND) and "Traceback" not in told


def clean() -> list[dict[str, str]]:
    return [{name: cell for name, cell in one.items() if name not in WITHOUT} for one in ward()]


def test_a_clean_table_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(tmp_path, clean())), "--out", str(tmp_path)]) == 0
    assert "study.toml: no findings" in capsys.readouterr().out
    assert read(tmp_path / CSV) == []
    assert "No findings: nothing" in (tmp_path / HTML).read_text(encoding="utf-8")


def test_the_page_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clean()
    rows[0]["年龄"] = "150"
    rows[1]["分级"] = "<b>&"
    study = write(tmp_path, rows)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["check", str(study)]) == 0 and main(["check", str(study)]) == 0  # its own files are replaced
    text = Path(HTML).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text.partition("\n")[2])
    assert "default-src 'none'" in text and "<script" not in text and not re.search(r"https?://", text)
    heads = [head for head in root.iter("th") if head.get("scope") == "col"]
    assert len(heads) == 6 and root.get("lang") == "en"
    assert sorted(path.name for path in Path().iterdir()) == [CSV, HTML]


@pytest.mark.parametrize("name", [HTML, CSV])
def test_files_of_others_are_not_replaced(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    study = write(tmp_path, clean())
    (tmp_path / name).write_text("mine\n", encoding="utf-8")
    assert main(["check", str(study), "--out", str(tmp_path)]) == 2
    assert f"{name} is there and was not written by reporter check" in capsys.readouterr().err
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine\n"
    assert len([path for path in tmp_path.iterdir() if path.name.startswith("findings")]) == 1


def test_out_that_is_a_file_is_usage(tmp_path: Path) -> None:
    study = write(tmp_path, clean())
    assert main(["check", str(study), "--out", str(tmp_path / "ward.csv")]) == 2


def test_errors_of_the_study_file_are_written_too(tmp_path: Path) -> None:
    study = write(tmp_path, clean(), STUDY.replace("covariates", "covariats"))
    assert main(["check", str(study), "--out", str(tmp_path)]) == 3
    [line] = read(tmp_path / CSV)
    assert (line["code"], line["cohort"]) == ("unknown_key", "") and "study.toml:" in line["message"]


VALIDATION = (
    '\n[validation]\nsource = "ward.csv"\n[[validation.cohort.include]]\nlabel = "Old"\ncolumn = "age"\nmin = 50\n'
)


def test_findings_of_both_cohorts_and_of_the_study_file_at_once(tmp_path: Path) -> None:
    rows = clean()
    rows[0]["年龄"] = "150"
    rows[1]["末次随访"] = "2014-01-01"
    wards = '[phenotypes]\nfeatures = ["age", "tumor_size"]\nhorizon = 365\n'
    assert main(["check", str(write(tmp_path, rows, STUDY + wards + VALIDATION)), "--out", str(tmp_path)]) == 3
    found = {(line["code"], line["cohort"]) for line in read(tmp_path / CSV)}
    assert {
        (code, name) for code in ("implausible_age", "end_before_start") for name in ("development", "validation")
    } <= found
    assert ("partly_available", "") in found


def test_a_run_stops_at_the_error_of_a_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = clean()
    rows[5]["性别"] = "男"
    study = write(tmp_path, rows)
    assert main(["run", str(study), "--out", str(tmp_path / "out"), "--no-verify", "--quiet"]) == 3
    told = capsys.readouterr().err
    assert "a man with a tumour of the uterus: 1 rows (sex, site), 1 of them selected. Ask the ward." in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('greater = ["positive", "examined"]', "", "give when = "),
        ('greater = ["positive", "examined"]', 'greater = ["positive", "grade"]', "needs two numeric or date columns"),
        ('greater = ["positive", "examined"]', 'greater = ["positive", "exam"]', "needs two numeric or date columns"),
        ('{column = "sex", in = ["Male"]}', '{column = "sex"}', "has no test"),
        ('{column = "sex", in = ["Male"]}', '{column = "sexx", in = ["Male"]}', "'sexx' is not in ward.csv"),
        ('{column = "sex", in = ["Male"]}', '{column = "sex", in = ["Mann"]}', "'Mann' is not a level of 'sex'"),
    ],
)
def test_a_check_that_cannot_be_applied_is_an_error(
    tmp_path: Path, old: str, new: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert STUDY.count(old) == 1
    assert main(["check", str(write(tmp_path, clean(), STUDY.replace(old, new))), "--out", str(tmp_path)]) == 3
    assert words in capsys.readouterr().err


def hospital(change: Callable[[str], str]) -> str:
    return change(STUDY)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda text: text, "S002"),
        (lambda text: text.replace('id = "研究编号"', 'id = "研究编号"\ndeidentify = true'), "row 2"),
        (lambda text: text.replace('id = "研究编号"', 'id = "姓名"'), "row 2"),
    ],
)
def test_identifiers_that_may_not_be_shown_are_rows(tmp_path: Path, change: Callable[[str], str], shown: str) -> None:
    rows = ward((1, "肿瘤最大径", "7.5"))
    study = write(tmp_path, rows, hospital(change))
    main(["check", str(study), "--out", str(tmp_path)])
    [line] = [line for line in read(tmp_path / CSV) if line["code"] == "mixed_units"]
    assert line["ids"] == shown


def test_no_cell_is_a_formula() -> None:
    from reporter.errors import Finding

    content = findings_csv([Finding("x", "data", "=1+1", ids=("=cmd()",), cohort="development", column="-2")])
    [line] = list(csv.DictReader(io.StringIO(content.decode())))
    assert (line["ids"], line["column"], line["message"]) == ("'=cmd()", "'-2", "'=1+1")


def test_the_page_lists_errors_before_warnings() -> None:
    from reporter.errors import Finding

    findings = (Finding("late", "a", "later", severity="warning"), Finding("first", "b", "sooner"))
    page = findings_page("study.toml", findings, Language("en"))
    assert [getattr(block, "anchor", "") for block in page.blocks] == ["", "", "errors", "warnings"]
