"""``reporter patient`` on the models of the shipped study."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.errors import FindingsError, UsageError
from reporter.output.folder import MANIFEST
from reporter.pipeline import patient_check
from reporter.pipeline.patient import report_patients
from reporter.pipeline.patient_check import combined
from reporter.results.patient import PatientCheck
from tests.conftest import ROOT
from tests.patient.asking import GOOD, HEAD, Ask, rows_of, silent, status_of

GIVEN = ROOT / "data" / "rotterdam" / "patients.csv"


def text_of(path: Path) -> str:
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
    return re.sub(r"\s+", " ", done.stdout)


def test_the_shipped_patients_get_their_pages(ask: Ask) -> None:
    request = replace(ask(), input=GIVEN, to="pdf,html")
    assert report_patients(request, say=silent) == 0
    index = rows_of(request.out / "index.csv")
    assert [row["id"] for row in index] == ["P001", "P002", "P003", "P004"]
    for row in index:
        content = (request.out / row["file"]).read_bytes()
        assert row["status"] == "written" and sha256(content).hexdigest() == row["sha256"]
        assert (request.out / f"{row['id']}.html").is_file()
    manifest = json.loads((request.out / MANIFEST).read_text())
    assert manifest["patients"] == {"written": 4} and manifest["verification"] == {"not_run": 4}
    assert len(manifest["files"]) == 4 * 2 + 3
    last = {r["id"]: r for r in rows_of(request.out / "predictions.csv") if r["time"] == "5"}
    for name, row in last.items():
        percent = f"{100 * float(row['survival']):.0f}%"
        text = text_of(request.out / f"{name}.pdf")
        assert "Recurrence-free survival at 5 years" in text and percent in text.split() and "switched off" in text
        assert f"phenotype {row['phenotype']} of" in text


def test_the_same_input_gives_the_same_bytes(ask: Ask, tmp_path: Path) -> None:
    request = ask(f"A,{GOOD}", f"B,{GOOD}")
    report_patients(request, say=silent)
    report_patients(replace(request, out=tmp_path / "again"), say=silent)
    one, two = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in (request.out, tmp_path / "again"))
    assert one == two and one["A.pdf"] != one["B.pdf"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,20-50,3,4,30,120,1", "age: no value"),
        ("old,1,20-50,3,4,30,120,1", "age: 'old' is not a number"),
        ("1e999,1,20-50,3,4,30,120,1", "age: '1e999' is not a number"),
        ("54,2,20-50,3,4,30,120,1", "meno: '2' is not among what the model knows (allowed: '0', '1')"),
        ("54,1,20-60,3,4,30,120,1", "size: '20-60' is not among what the model knows (allowed: '<=20', '20-50',"),
        ("54,1,,3,,30,120,1", "size: no value; nodes: no value"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_refused_and_the_others_are_written(ask: Ask, row: str, reason: str) -> None:
    request = ask(f"bad,{row}", f"good,{GOOD}")
    said: list[str] = []
    assert report_patients(replace(request, quiet=False), say=said.append) == 1
    found = status_of(request.out)
    assert found["bad"][0] == "refused" and found["bad"][1].startswith(reason)
    assert found["good"] == ("written", "") and not (request.out / "bad.pdf").exists()
    assert {r["id"] for r in rows_of(request.out / "predictions.csv")} == {"good"}
    assert said[0].startswith(f"bad: refused: {reason}") and said[-1].startswith("1 of 2 patients written to")


def test_two_rows_of_one_identifier_are_both_refused(ask: Ask) -> None:
    request = ask(f"A,{GOOD}", f"B,{GOOD}", f"A,{GOOD.replace('54', '80')}", f",{GOOD}")
    assert report_patients(request, say=silent) == 1
    rows = rows_of(request.out / "index.csv")
    assert [row["status"] for row in rows] == ["refused", "written", "refused", "refused"]
    assert "stands on rows 2, 4" in rows[0]["reason"] and "row 5 has no identifier" in rows[3]["reason"]


def test_hostile_identifiers_stay_inside_the_folder(ask: Ask, tmp_path: Path) -> None:
    names = ["../../x", "/etc/y", "a/b", '"a""b"', "x" * 300, "index", "a.b", "..", "患者"]
    before = set(tmp_path.rglob("*"))
    request = ask(*(f"{name},{GOOD}" for name in names), to="html")
    assert report_patients(request, say=silent) == 0
    new = {path for path in tmp_path.rglob("*") if path not in before and request.out not in path.parents}
    assert new <= {request.out, request.input}
    files = [row["file"] for row in rows_of(request.out / "index.csv")]
    assert len(set(files)) == len(names) and all((request.out / name).is_file() and "/" not in name for name in files)
    assert "Prognosis reports" in (request.out / "index.html").read_text(encoding="utf-8")


def test_a_value_outside_the_range_is_written_with_a_warning(ask: Ask) -> None:
    request = ask("old,97,1,20-50,3,4,30,120,1", "wild,1e9,1,20-50,3,1e9,30,120,1")
    assert report_patients(request, say=silent) == 0
    text = text_of(request.out / "old.pdf")
    assert "Outside the range of the data. Age at surgery 97 years (development patients: 24–90)" in text
    assert "no: extrapolation" in text


@pytest.mark.parametrize(
    ("rows", "head", "code", "words"),
    [
        ((), "", "empty_table", "the file is empty"),
        ((), HEAD, "empty_table", "has a header and no rows"),
        ((f"A,{GOOD}",), HEAD.replace("age", "aeg"), "unknown_column", "is not in patients.csv. Did you mean 'aeg'?"),
        ((f"A,{GOOD}",), HEAD.replace("pid", "patient"), "unknown_column", "column 'pid' is not in patients.csv."),
        ((f"A,{GOOD}", "B,1,2"), HEAD, "ragged_row", "line 3 has 3 cells, the header has 9"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_writes_nothing(
    ask: Ask, rows: tuple[str, ...], head: str, code: str, words: str
) -> None:
    request = ask(*rows, head=head)
    if not head:
        request.input.write_text("")
    with pytest.raises(FindingsError) as caught:
        report_patients(request, say=silent)
    assert code in {f.code for f in caught.value.findings} and words in str(caught.value)
    assert not request.out.exists()


def test_what_the_command_refuses(ask: Ask, report: Path, tmp_path: Path) -> None:
    request = ask(f"P001,{GOOD}")
    cases = [
        (replace(request, ids=("P01",)), "no such patient. Did you mean 'P001'?"),
        (replace(request, input=tmp_path / "absent.csv"), "there is no such file"),
        (replace(request, report=tmp_path), "has no manifest.json of ours"),
        (replace(request, out=report, overwrite=True), "is the folder of the report itself"),
        (replace(request, to="odt"), "'odt' is not offered"),
        (replace(request, columns="test"), "allowed: development, validation"),
    ]
    for case, words in cases:
        with pytest.raises(UsageError, match=re.escape(words)):
            report_patients(case, say=silent)
        assert not request.out.exists()


def test_one_patient_of_the_table(ask: Ask) -> None:
    request = ask(f"A,{GOOD}", "B,,1,20-50,3,4,30,120,1", f"C,{GOOD}", ids=("C",))
    assert report_patients(request, say=silent) == 0
    assert sorted(p.name for p in request.out.iterdir()) == [
        "C.pdf",
        "index.csv",
        "index.html",
        MANIFEST,
        "predictions.csv",
    ]


def test_the_columns_of_the_validation_cohort(ask: Ask, tmp_path: Path) -> None:
    """There, size is in millimetres and falls into the levels of the development cohort."""
    request = ask(f"A,{GOOD}", f"B,{GOOD.replace('20-50', '<=20')}")
    report_patients(request, say=silent)
    other = replace(request, columns="validation", out=tmp_path / "other")
    other.input.write_text(f"{HEAD}\nA,{GOOD.replace('20-50', '35')}\nB,{GOOD.replace('20-50', '20')}\n")
    assert report_patients(other, say=silent) == 0
    assert (other.out / "predictions.csv").read_bytes() == (request.out / "predictions.csv").read_bytes()


def test_a_former_folder_is_replaced_only_on_demand(ask: Ask) -> None:
    request = ask(f"A,{GOOD}")
    report_patients(request, say=silent)
    with pytest.raises(UsageError, match="not empty"):
        report_patients(request, say=silent)
    request.input.write_text(f"{HEAD}\nB,{GOOD}\n")
    assert report_patients(replace(request, overwrite=True), say=silent) == 0
    assert {p.name for p in request.out.glob("*.pdf")} == {"B.pdf"}


def test_the_command_says_what_it_did(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    code = main(["patient", str(report), "--input", str(GIVEN), "--out", str(out), "--no-verify", "--id", "P003"])
    said = capsys.readouterr()
    assert code == 0 and said.err == ""
    assert said.out.splitlines()[0] == "not checked against R: 1 of 1 patients: it was switched off (--no-verify)"
    assert main(["patient", str(report), "--input", str(tmp_path / "no.csv"), "--out", str(tmp_path / "x")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def check_with(state: str, difference: float | None = None) -> PatientCheck:
    return PatientCheck.model_validate({"state": state, "largest_difference": difference, "n_points": 10})


def test_the_checks_of_several_endpoints_are_one() -> None:
    one, two = check_with("agrees", 1e-16), check_with("agrees", 3e-16)
    assert combined([one, two]).largest_difference == 3e-16 and combined([one, two]).n_points == 20
    assert combined([one, check_with("not_run")]).state == "not_run"
    assert combined([check_with("not_run"), check_with("disagrees", 0.1), one]).state == "disagrees"


def test_a_patient_whose_curve_disagrees_is_not_written(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [check_with("agrees", 0.0), check_with("disagrees", 0.02)]
    monkeypatch.setattr(patient_check, "check_patients", lambda *_, **__: checks)
    request = ask(f"A,{GOOD}", f"B,{GOOD}", verify=True)
    assert report_patients(request, say=silent) == 1
    assert status_of(request.out)["B"] == ("failed", "R computes another curve; largest difference 0.02")
    assert [p.name for p in request.out.glob("*.pdf")] == ["A.pdf"]


@pytest.mark.r
def test_r_checks_the_curves_and_catches_changed_data(ask: Ask, report: Path, tmp_path: Path) -> None:
    request = replace(ask(), input=GIVEN, verify=True)
    assert report_patients(request, say=silent) == 0
    text = text_of(request.out / "P001.pdf")
    assert re.search(r"Verified R 4\.\S+ \(survival \S+, survfit\.coxph\) computed this patient's curve", text)
    shutil.copytree(report, tmp_path / "changed")
    data = tmp_path / "changed" / "data_for_r.csv"
    lines = data.read_text().splitlines(keepends=True)
    kept = [line for i, line in enumerate(lines) if i != 10]
    data.write_text("".join(kept))
    changed = replace(request, report=tmp_path / "changed", out=tmp_path / "out2")
    assert report_patients(changed, say=silent) == 1
    assert {status for status, _ in status_of(changed.out).values()} == {"failed"}
    data.unlink()
    without = replace(changed, out=tmp_path / "out3", ids=("P001",))
    assert report_patients(without, say=silent) == 0
    assert "Not verified" in text_of(without.out / "P001.pdf")


R_PROGRAM = """
suppressPackageStartupMessages(library(survival))
d <- rotterdam
d$time <- ifelse(d$recur == 1, pmin(d$rtime, ifelse(d$death == 1, d$dtime, Inf)), ifelse(d$death == 1, d$dtime, d$rtime))
d$event <- d$recur == 1 | d$death == 1
d$grade3 <- as.numeric(d$grade == 3)
fit <- coxph(Surv(time / 365.25, event) ~ age + meno + size + grade3 + nodes + pgr + er + hormon, data = d,
             control = coxph.control(eps = 1e-14, iter.max = 50, toler.chol = 1e-15))
p <- read.csv(commandArgs(TRUE)[1], colClasses = c(pid = "character"))
p$size <- factor(p$size, levels = levels(d$size))
p$grade3 <- as.numeric(p$grade == 3)
s <- summary(survfit(fit, newdata = p, stype = 2, ctype = 2, conf.type = "log-log"), times = c(1, 3, 5))
m <- quantile(survfit(fit, newdata = p, stype = 2, ctype = 2, conf.type = "log-log"), 0.5)
cat(sprintf("%s,%.17g,%.17g,%.17g,%.17g\\n", rep(p$pid, each = 3), rep(c(1, 3, 5), nrow(p)), c(s$surv), c(s$lower), c(s$upper)), sep = "")
"""  # noqa: E501 - a line of R


@pytest.mark.r
def test_predictions_are_those_of_an_r_program_of_its_own(ask: Ask, tmp_path: Path) -> None:
    """Fitted in R to its own copy of the data, with none of the project's R files; 1e-8."""
    rows = [
        f"R{i},{24 + (7 * i) % 66},{i % 2},{('<=20', '20-50', '>50')[i % 3]},{2 + i % 2},{(i * i) % 35},"
        f"{(37 * i) % 900},{(53 * i) % 700},{(i // 2) % 2}"
        for i in range(40)
    ]
    request = ask(*rows)
    program = tmp_path / "reference.R"
    program.write_text(R_PROGRAM)
    done = subprocess.run(
        ["Rscript", "--vanilla", str(program), str(request.input)], capture_output=True, text=True, check=True
    )
    reference = {(row[0], float(row[1])): [float(x) for x in row[2:]] for row in csv.reader(done.stdout.splitlines())}
    report_patients(replace(request, to="html"), say=silent)
    found = rows_of(request.out / "predictions.csv")
    assert len(found) == len(reference) == 120
    for row in found:
        expected = reference[row["id"], float(row["time"])]
        assert [float(row[k]) for k in ("survival", "conf_low", "conf_high")] == pytest.approx(expected, rel=1e-8), row
