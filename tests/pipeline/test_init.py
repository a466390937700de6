"""`reporter init`: what it sees in a table, and that the study file it writes is one."""

from __future__ import annotations

import csv
import random
import re
from pathlib import Path

import pandas as pd
import pytest

from reporter.cli.main import main
from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.errors import FindingsError, UsageError
from reporter.pipeline.init import init_study
from reporter.pipeline.init.guess import LeftOut, guess_column, natural_order, stage_group
from reporter.pipeline.init.outcomes import find_endpoints
from reporter.pipeline.init.profile import profile
from reporter.pipeline.init.states import states_of
from reporter.pipeline.init.text import toml_string, toml_value
from reporter.pipeline.run import RunRequest, run_study
from reporter.spec.load import load_study
from reporter.spec.study import Study

ROOT = Path(__file__).resolve().parents[2]
SARCOMA = ROOT / "data" / "uterine_sarcoma"
N = 120


def column(header: str, *words: str, n: int = N) -> pd.Series:
    """A column in which the words take turns."""
    return pd.Series([words[i % len(words)] for i in range(n)], name=header, dtype=object)


def numbers(header: str, low: int, high: int, n: int = N) -> pd.Series:
    """A column of numbers that is the same on every run, with both ends in it."""
    draw = random.Random(header)
    values = [low, high, *(draw.randint(low, high) for _ in range(n - 2))]
    return pd.Series([str(value) for value in values], name=header, dtype=object)


def write(folder: Path, *columns: pd.Series) -> Path:
    path = folder / "table.csv"
    pd.concat(columns, axis=1).to_csv(path, index=False, quoting=csv.QUOTE_MINIMAL)
    return path


def begin(data: Path | str, folder: Path) -> tuple[str, list[str]]:
    """Write a study file; return its text and what was said."""
    said: list[str] = []
    out = folder / "study.toml"
    assert init_study(str(data), out, say=said.append, overwrite=True) == 0
    return out.read_text(encoding="utf-8"), said


def studied(folder: Path) -> tuple[Study, BuiltCohorts]:
    study = load_study(folder / "study.toml")
    return study, build_cohorts(study)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("time", "status"), {"event": ("time", "status")}),
        (("futime", "death"), {"os": ("futime", "death")}),
        (("OS_MONTHS", "OS_STATUS", "DFS_MONTHS", "DFS_STATUS"),
         {"os": ("OS_MONTHS", "OS_STATUS"), "dfs": ("DFS_MONTHS", "DFS_STATUS")}),
        (("DSS.time", "DSS", "PFI.time", "PFI", "OS.time", "OS"),
         {"os": ("OS.time", "OS"), "css": ("DSS.time", "DSS"), "pfs": ("PFI.time", "PFI")}),
        (("rtime", "recur", "dtime", "death"), {"os": ("dtime", "death"), "recurrence": ("rtime", "recur")}),
        (("ptime", "pstat", "futime", "death"), {"os": ("futime", "death"), "progression": ("ptime", "pstat")}),
        (("生存月数", "死亡"), {"os": ("生存月数", "死亡")}),
        (("随访时间", "结局"), {"event": ("随访时间", "结局")}),
        (("age", "menopause_status"), {}),
        (("protime", "margin_status"), {}),
        (("time", "node_status"), {}),
    ],
)  # fmt: skip
def test_times_and_events_are_paired(headers: tuple[str, ...], expected: dict[str, tuple[str, str]]) -> None:
    columns = [
        profile(numbers(header, 0, 90) if place % 2 == 0 else column(header, "0", "1"))
        for place, header in enumerate(headers)
    ]
    found = {one.name: (one.spec["time"], one.spec["event"]) for one in find_endpoints(columns)}
    assert found == expected
    assert [one.name for one in find_endpoints(columns)] == list(expected)


@pytest.mark.parametrize(
    ("header", "words", "event", "doubtful"),
    [
        ("death", ("0", "1"), ("1",), False),
        ("status", ("0", "1"), ("1",), True),
        ("status", ("1", "2"), ("2",), True),
        ("status", ("0", "1", "2"), ("1", "2"), True),
        ("alive", ("0", "1"), ("0",), True),
        ("censored", ("no", "yes"), ("no",), True),
        ("存活", ("是", "否"), ("否",), True),
        ("死亡", ("是", "否"), ("是",), False),
        ("OS_STATUS", ("0:LIVING", "1:DECEASED"), ("1:DECEASED",), False),
        ("vital_status", ("Alive", "Dead", "Unknown"), ("Dead",), False),
        ("vital_status", ("Alive", "Dead without tumor"), ("Dead without tumor",), False),
        ("随访结局", ("存活", "失访", "肿瘤死亡"), ("肿瘤死亡",), False),
        ("recurrence", ("未复发", "复发"), ("复发",), False),
    ],
)  # fmt: skip
def test_the_values_of_an_event(header: str, words: tuple[str, ...], event: tuple[str, ...], doubtful: bool) -> None:
    states = states_of(profile(column(header, *words)))
    assert states is not None and states.event == event and bool(states.checks) == doubtful


def test_a_status_that_says_nothing_is_no_event() -> None:
    assert states_of(profile(column("status", "A", "B"))) is None
    assert states_of(profile(column("status", "Alive", "Living"))) is None
    assert states_of(profile(column("er_status", "0", "1"))) is None


@pytest.mark.parametrize(
    "words",
    [
        ("<=20", "20-50", ">50"),
        ("Stage I", "stage ii", "STAGE IIIC1", "Stage IVB"),
        ("Ⅰ期", "Ⅱ期", "Ⅲ期", "Ⅳ期"),
        ("none", "mild", "moderate", "severe"),
        ("低级别", "高级别"),
        ("well differentiated", "moderately differentiated", "poorly differentiated"),
        ("1", "2", "10"),
        ("0", "1", "2", "3", "4+"),
        ("no", "yes"),
    ],
)
def test_levels_come_in_their_order(words: tuple[str, ...]) -> None:
    assert natural_order(words[::-1])[0] == list(words)


def test_substages_become_stages() -> None:
    assert [stage_group(word) for word in ("stage iiic1", "ⅣB", "1A", "IB2", "TX", "5")] == [
        "III", "IV", "I", "I", "", "",
    ]  # fmt: skip
    entry = guess_column(profile(column("figo", "IA", "IB", "ⅡA", "Ⅳ")), set())
    assert entry.spec["codes"] == {"IA": "I", "IB": "I", "ⅡA": "II", "Ⅳ": "IV"}


def test_words_and_numbers_for_missing() -> None:
    found = profile(column("grade", "1", "2", "3", "9", "[Not Available]", "Unknown", "未知", ""))
    assert set(found.missing) == {"9", "[Not Available]", "Unknown", "未知"} and found.words == ("1", "2", "3")
    assert set(profile(column("nodes", "0", "3", "12", "999")).missing) == {"999"}
    assert not profile(column("size", "400", "700", "999")).missing
    assert set(profile(column("t", "T1", "T2a", "TX")).missing) == {"TX"}


@pytest.mark.parametrize(
    ("cells", "spec"),
    [
        (column("meno", "0", "1"), {"kind": "binary", "codes": {"0": "No", "1": "Yes"}}),
        (column("sex", "1", "2"), {"kind": "binary", "levels": ["1", "2"]}),
        (column("stage", "1", "2", "3", "4"), {"kind": "ordinal", "levels": ["1", "2", "3", "4"]}),
        (column("marital", "1", "2", "5"), {"kind": "categorical", "levels": ["1", "2", "5"]}),
        (column("age_dx", "062 years", "071 years", "90+ years"), {"kind": "numeric", "number": "first"}),
        (column("site", "C54.1", "C54.2", "C55.9"), {"kind": "categorical", "levels": ["C54.1", "C54.2", "C55.9"]}),
        (numbers("age", 20, 90), {"kind": "numeric", "unit": "years", "per": 10}),
        (numbers("age_at_diagnosis", 9000, 31000),
         {"kind": "numeric", "unit": "years", "unit_in_file": "days", "per": 10}),
    ],
)  # fmt: skip
def test_kinds(cells: pd.Series, spec: dict[str, object]) -> None:
    found = dict(guess_column(profile(cells), set()).spec)
    del found["label"]
    assert found == spec


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (column("gender", "female"), "same in every row"),
        (column("note", *(f"seen on day {i}" for i in range(N))), "identifier or free text"),
        (column("drug", *(f"drug {i}" for i in range(15))), "too many"),
        (column("size", "3", "", ""), "% missing"),
        (column("tel", "13912345678"), "identify a person"),
        (column("number", "11010519491231002X", "440304199001011234"), "identify a person"),
        (column("患者姓名", "张三", "李四"), "identify a person"),
        (column("hospital", "A", "B"), "where or how"),
        (column("visit", "2020-01-02", "2021-03-04"), "a date"),
        (numbers("year_of_diagnosis", 2001, 2015), "calendar year"),
    ],
)
def test_columns_that_are_left_out(cells: pd.Series, why: str) -> None:
    with pytest.raises(LeftOut, match=why):
        guess_column(profile(cells), set())


def ordinary(folder: Path, *more: pd.Series) -> Path:
    """A table of a small trial, and further columns."""
    return write(
        folder, pd.Series([f"P-{i:04d}" for i in range(N)], name="patient_id"), numbers("OS_MONTHS", 1, 120),
        column("OS_STATUS", "0:LIVING", "1:DECEASED", "1:DECEASED"), numbers("age", 30, 88),
        column("arm", "A", "B"), *more,
    )  # fmt: skip


def test_the_study_file_is_tried_and_complete(tmp_path: Path) -> None:
    path = ordinary(tmp_path, column("stage", "I", "II", "III", "Unknown", "I"))
    text, said = begin(path, tmp_path)
    study, built = studied(tmp_path)
    assert study.data.id == "patient_id" and study.analysis.endpoints == ("os",)
    assert study.analysis.covariates == ("age", "stage", "arm")[: len(study.analysis.covariates)]
    assert study.columns["stage"].missing == ("Unknown",) and '"Unknown" 24' in text
    frame = built.frames["development", "os"]
    assert frame.n == N and int(frame.event.sum()) == 80 and study.endpoints["os"].horizons == (12, 36, 60)
    assert not [line for line in said if line.startswith(("warning", "still"))]
    assert begin(path, tmp_path)[0] == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study.toml", "table.csv"]


def test_nothing_of_single_patients_is_copied(tmp_path: Path) -> None:
    names = pd.Series([f"Zhang {i}" for i in range(N)], name="name")
    phones = pd.Series([f"139{i:08d}" for i in range(N)], name="tel")
    notes = pd.Series([f"seen at home, visit {i}" for i in range(N)], name="note")
    text, _ = begin(ordinary(tmp_path, names, phones, notes), tmp_path)
    assert not any(part in text for part in ("P-00", "Zhang", "139000", "seen at home"))
    assert "name: may identify a person" in text


def test_outcome_columns_are_no_covariates(tmp_path: Path) -> None:
    more = [
        numbers("PFS_MONTHS", 1, 60), column("PFS_STATUS", "0", "1"), numbers("days_to_recurrence", 1, 900),
        column("new_tumor_event", "yes", "no"), column("chemotherapy", "yes", "no", "no"),
    ]  # fmt: skip
    begin(ordinary(tmp_path, *more), tmp_path)
    study, _ = studied(tmp_path)
    assert set(study.analysis.covariates) <= {"age", "arm"} and set(study.endpoints) == {"os", "pfs"}
    assert not {"PFS_MONTHS", "days_to_recurrence", "new_tumor_event"} & set(study.columns)
    assert study.columns["chemotherapy"].after_start


def test_columns_that_say_the_same_stand_once(tmp_path: Path) -> None:
    text, _ = begin(ordinary(tmp_path, column("arm_code", "1", "2"), column("sex", "f", "m", "m")), tmp_path)
    assert "arm_code: says the same of every patient as 'arm'" in text and "[columns.arm_code]" not in text


def test_two_rows_a_patient_are_noticed(tmp_path: Path) -> None:
    pid = pd.Series([str(i // 2) for i in range(N)], name="id")
    table = write(tmp_path, pid, column("etype", "1", "2"), numbers("time", 1, 3000), column("status", "0", "1", "1"))
    text, _ = begin(table, tmp_path)
    _, built = studied(tmp_path)
    assert built.frames["development", "event"].n == N // 2
    assert f"CHECK: {N} rows of {N // 2} patients" in text and "etype: tells the rows" in text


def test_intervals_of_a_patient_are_not_taken_for_patients(tmp_path: Path) -> None:
    pid = pd.Series([str(i // 2) for i in range(N)], name="id")
    start = pd.Series([str(200 * (i % 2)) for i in range(N)], name="start")
    stop = pd.Series([str(200 if i % 2 == 0 else 201 + i) for i in range(N)], name="stop")
    table = write(tmp_path, pid, start, stop, numbers("time", 1, 3000), column("status", "0", "1"))
    _, said = begin(table, tmp_path)
    assert any("stands on several rows" in line for line in said) and any("duplicate_id" in line for line in said)
    with pytest.raises(FindingsError, match="One row a patient"):
        studied(tmp_path)


def test_without_an_endpoint_the_file_says_what_to_fill_in(tmp_path: Path) -> None:
    known = numbers("age", 30, 90), column("arm", "A", "B")
    table = write(tmp_path, *known, numbers("rest", 1, 50), column("ev", "0", "1"))
    text, said = begin(table, tmp_path)
    assert any(line.startswith("warning: no time and event") for line in said)
    with pytest.raises(FindingsError) as stopped:
        load_study(tmp_path / "study.toml")
    assert [finding.code for finding in stopped.value.findings] == ["missing_key"]
    filled = {"HEADER OF THE TIME": "rest", "HEADER OF THE STATUS": "ev", "VALUE OF THE EVENT": "1",
              "VALUE OF NO EVENT": "0"}  # fmt: skip
    marked = r"^# (?=\[endpoints\.|(endpoints|label|unit|time|event\w*|censored_values|horizons|groups|covariates) = )"
    text = re.sub(marked, "", text, flags=re.MULTILINE)
    for mark, value in filled.items():
        text = text.replace(mark, value)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    _, built = studied(tmp_path)
    assert built.frames["development", "os"].n == N


def test_days_to_death_or_last_contact_make_one_time(tmp_path: Path) -> None:
    dead = [i % 3 == 0 for i in range(N)]
    death = pd.Series([str(100 + i) if d else "" for i, d in enumerate(dead)], name="days_to_death")
    last = pd.Series(["" if d else str(200 + i) for i, d in enumerate(dead)], name="days_to_last_followup")
    status = pd.Series(["Dead" if d else "Alive" for d in dead], name="vital_status")
    begin(write(tmp_path, death, last, status, numbers("age", 30, 90)), tmp_path)
    study, built = studied(tmp_path)
    frame = built.frames["development", "os"]
    assert frame.n == N and int(frame.event.sum()) == sum(dead) and study.endpoints["os"].time == "follow_up_days"
    assert frame.time[0] * 365.25 / 12 == pytest.approx(100) and frame.time[1] * 365.25 / 12 == pytest.approx(201)


def test_an_export_of_seer_uses_the_dictionaries(tmp_path: Path) -> None:
    text, said = begin(SARCOMA / "uterine_sarcoma_SYNTHETIC.txt", tmp_path)
    study, built = studied(tmp_path)
    assert 'dictionary = ["seer", "icd_o_3_uterine_sarcoma", "figo_2009"]' in text and study.data.id == "Patient ID"
    assert set(study.endpoints) == {"os", "css"} and study.endpoints["css"].competing
    assert built.infos[0].n_read == 4000 and built.frames["development", "os"].n > 3000
    assert not {"chemotherapy", "radiation", "hysterectomy", "year"} & set(study.analysis.covariates)
    assert not [line for line in said if line.startswith(("warning", "still"))]


def test_a_hospital_workbook_in_chinese(tmp_path: Path) -> None:
    begin(SARCOMA / "hospital_SYNTHETIC.xlsx", tmp_path)
    study, built = studied(tmp_path)
    assert study.data.id == "病案号" and study.endpoints["os"].event_values == ("其他原因死亡", "肿瘤死亡")
    assert study.endpoints["css"].competing["other"].values == ("其他原因死亡",)
    assert built.frames["development", "os"].n == 157 and "FIGO分期_2009" in study.analysis.covariates
    grade = study.columns["组织学分级"]
    assert grade.missing == ("不详",) and grade.levels == ("低级别", "高级别")


@pytest.mark.r
def test_the_study_file_runs_as_it_is_and_agrees_with_r(tmp_path: Path) -> None:
    begin(ROOT / "data" / "rotterdam" / "gbsg.csv", tmp_path)
    out = tmp_path / "out"
    assert run_study(RunRequest(tmp_path / "study.toml", out, to="html", strict=True), say=lambda _: None) == 0
    stats = (out / "stats.csv").read_text(encoding="utf-8")
    assert "development/rfs/cox_multivariable/nodes/hazard_ratio" in stats


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--out", "study.csv"], ".toml"),
        (["--out", "there.toml"], "--overwrite"),
        (["--out", "no/study.toml"], "no folder"),
        (["--out", "folder.toml"], "is a folder"),
    ],
)
def test_a_place_that_cannot_be_written(
    arguments: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ordinary(tmp_path)
    (tmp_path / "there.toml").write_text("mine")
    (tmp_path / "folder.toml").mkdir()
    code = main(["init", str(path), "--out", str(tmp_path / arguments[1])])
    said = capsys.readouterr()
    assert code == UsageError.exit_code and word in said.err and "Traceback" not in said.err
    assert (tmp_path / "there.toml").read_text() == "mine" and not (tmp_path / "study.csv").exists()


def test_a_table_that_cannot_be_read_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "table.csv").write_text('a,b\n1,"2\n')
    for data in ("table.csv", "absent.csv", "notes.docx"):
        assert main(["init", str(tmp_path / data), "--out", str(tmp_path / "study.toml")]) == 3
        assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_the_command_writes_and_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ordinary(tmp_path)
    study = tmp_path / "study.toml"
    assert main(["init", str(path), "--out", str(study)]) == 0
    assert "marked CHECK" in capsys.readouterr().out
    assert main(["check", str(study)]) == 0


def test_text_of_toml() -> None:
    assert toml_string('a"b\\c\n\x7f\u2028') == '"a\\"b\\\\c\\n\\u007f\\u2028"'
    assert toml_value({"a b": [1, True, 0.5], "c": "中"}) == '{"a b" = [1, true, 0.5], c = "中"}'
