"""The whole path on the shipped study, as a user walks it."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from tests.end_to_end.command import STUDY, Written, call, files, pdf_text, rows

pytestmark = pytest.mark.r


def test_every_number_has_a_ledger_row_and_none_disagrees(written: Written) -> None:
    stats = [row for row in rows(written.folder / "stats.csv") if row["value"]]
    ledger = {row["address"]: row for row in rows(written.folder / "verification.csv")}
    assert len(ledger) == len(rows(written.folder / "verification.csv"))
    assert [row["address"] for row in stats if row["address"] not in ledger] == []
    verdicts = Counter(ledger[row["address"]]["verdict"] for row in stats)
    assert set(verdicts) <= {"agrees", "not_checkable"} and verdicts["agrees"] >= 400
    unchecked = [row for row in ledger.values() if row["verdict"] == "not_checkable"]
    assert [row["address"] for row in unchecked if not row["note"]] == []
    checked = {row["address"].split("/")[2] for row in ledger.values() if row["verdict"] == "agrees" and row["r"]}
    wanted = {"baseline", "kaplan_meier", "kaplan_meier_curve", "survival_quantile", "follow_up", "log_rank",
              "cox_univariable", "cox_multivariable", "cox_model", "cox_baseline_curve", "ph_test", "concordance",
              "performance", "calibration", "phenotype", "ward_height_curve"}  # fmt: skip
    assert wanted <= checked


def test_the_counts_per_analysis_are_printed_and_equal(written: Written) -> None:
    counted = Counter(row["analysis"] for row in rows(written.folder / "stats.csv") if row["value"])
    for analysis, count in counted.items():
        line = next((li for li in written.said.splitlines() if re.match(rf"\s*{re.escape(analysis)}\s", li)), "")
        assert line.split()[1:3] == [str(count), str(count)], (analysis, count, line)


def relative(row: dict[str, str]) -> float:
    python, r = float(row["python"]), float(row["r"])
    return 0.0 if python == r else abs(python - r) / abs(r) if r else float("inf")


def test_differences_are_as_small_as_promised(written: Written) -> None:
    ledger = [row for row in rows(written.folder / "verification.csv") if row["python"] and row["r"]]
    counts = [row for row in ledger if re.search(r"/n(_event|_censor|_risk|_missing)?$", row["address"])]
    assert len(counts) > 100 and all(row["python"] == row["r"] for row in counts)
    curves = [row for row in ledger if row["address"].split("/")[2] in ("kaplan_meier", "kaplan_meier_curve")]
    assert len(curves) > 100 and max(relative(row) for row in curves) <= 1e-12
    errors = {row["address"].removesuffix("std_error"): float(row["python"]) for row in ledger
              if row["address"].endswith("/std_error")}  # fmt: skip
    for row in ledger:
        if row["address"].split("/")[2].startswith("cox_") and row["address"].endswith(("/estimate", "/std_error")):
            scale = errors.get(row["address"].removesuffix("estimate"), 0.0)
            apart = abs(float(row["python"]) - float(row["r"]))
            assert relative(row) <= 1e-9 or apart <= 1e-9 * scale, row


R_CHECK = """
library(survival)
d <- read.csv(file.path(commandArgs(TRUE)[1], "rotterdam.csv"))
years <- 365.25
event <- d$recur == 1 | d$death == 1
time <- ifelse(d$recur == 1, d$rtime, ifelse(d$death == 1, d$dtime, pmin(d$rtime, d$dtime))) / years
d$size <- factor(d$size, c("<=20", "20-50", ">50"))
fit <- coxph(Surv(time, event) ~ I(age / 10) + factor(meno) + size + I(grade == 3) + nodes + I(pgr / 100) + I(er / 100)
             + factor(hormon), data = d, ties = "efron", control = coxph.control(eps = 1e-14, iter.max = 50))
cat(sprintf("%.17g\\n", c(sum(event), coef(fit), summary(survfit(Surv(time, event) ~ 1), times = c(1, 3, 5))$surv)))
"""


def test_an_r_script_of_ten_lines_finds_the_same(written: Written, tmp_path: Path) -> None:
    (tmp_path / "check.R").write_text(R_CHECK)
    done = subprocess.run(
        ["Rscript", "--vanilla", str(tmp_path / "check.R"), str(STUDY.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [float(line) for line in done.stdout.split()]
    stats = {row["address"]: row["value"] for row in rows(written.folder / "stats.csv")}
    terms = ["age", "meno=Postmenopausal", "size=20-50", "size=%3E50", "grade=3", "nodes", "pgr", "er", "hormon=Yes"]
    wanted = [
        stats["development/rfs/kaplan_meier/n_event"],
        *(stats[f"development/rfs/cox_multivariable/{term}/estimate"] for term in terms),
        *(stats[f"development/rfs/kaplan_meier/t={t}/estimate"] for t in (1, 3, 5)),
    ]
    assert found[0] == 1713
    assert [float(x) for x in wanted] == pytest.approx(found, rel=1e-9)


def test_the_first_page_says_what_was_checked(written: Written) -> None:
    first = " ".join(pdf_text(written.folder / "report.pdf", "-l", "1").split())
    ledger = rows(written.folder / "verification.csv")
    agree = sum(row["verdict"] == "agrees" for row in ledger)
    assert "Verified against R" in first and "3.5" in first and "4." in first
    assert str(agree) in first.replace("\u2009", "").replace("\u202f", "")
    manifest = json.loads((written.folder / "manifest.json").read_text())
    assert manifest["verification"]["state"] == "verified" and manifest["verification"]["agrees"] == agree


def test_the_manifest_lists_every_file(written: Written) -> None:
    manifest = json.loads((written.folder / "manifest.json").read_text())
    assert manifest["files"] == dict(sorted(files(written.folder).items()))
    wanted = {"report.html", "report.pdf", "results.json", "stats.csv", "verification.csv", "reproduce.R",
              "data_for_r.csv", "phenotypes.csv", "model/cox_rfs.json", "model/phenotypes.json"}  # fmt: skip
    assert wanted <= set(manifest["files"])


def test_the_pages_are_whole(written: Written) -> None:
    pages = pdf_text(written.folder / "report.pdf", "-layout").split("\f")[:-1]
    for number, page in enumerate(pages, start=1):
        assert re.search(rf"\b{number}\s*/\s*{len(pages)}\b", page)
        assert len(page.split()) > 40, f"page {number} is nearly empty"
    boxes = re.findall(r'xMin="([-0-9.]+)" yMin="[-0-9.]+" xMax="([-0-9.]+)"',
                       pdf_text(written.folder / "report.pdf", "-bbox"))  # fmt: skip
    assert min(float(left) for left, _ in boxes) >= 40 and max(float(right) for _, right in boxes) <= 595.28 - 40


def reproduce(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["Rscript", "--vanilla", "reproduce.R"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_reproduce_prints_the_r_column(written: Written) -> None:
    done = reproduce(written.folder)
    assert done.returncode == 0, done.stderr
    printed = dict(csv.reader(done.stdout.splitlines()[1:]))
    ledger = {row["address"]: row["r"] for row in rows(written.folder / "verification.csv") if row["r"]}
    assert set(ledger) <= set(printed)
    off = {a: (v, printed[a]) for a, v in ledger.items() if float(printed[a]) != pytest.approx(float(v), rel=1e-13)}
    assert off == {}


@pytest.mark.parametrize("column", [".time", "er", "phenotype"])
def test_one_changed_value_is_noticed(written: Written, tmp_path: Path, column: str) -> None:
    for name in ("reproduce.R", "verification.csv", "data_for_r.csv"):
        shutil.copy(written.folder / name, tmp_path)
    with (tmp_path / "data_for_r.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    at, row = lines[0].index(column), lines[1700]
    others = sorted({line[at] for line in lines[1:] if line[at] and line[at] != row[at]})
    row[at] = others[len(others) // 2]
    with (tmp_path / "data_for_r.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    done = reproduce(tmp_path)
    assert done.returncode == 1 and done.stderr.strip()


def test_the_same_input_gives_the_same_bytes(written: Written, tmp_path: Path) -> None:
    done = call("run", str(STUDY), "--out", str(tmp_path / "again"), "--quiet", OMP_NUM_THREADS="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files(tmp_path / "again") == files(written.folder)


def without_r(tmp_path: Path) -> str:
    """Return a search path on which there is no R."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return str(folder)


def test_rendering_again_needs_no_r(written: Written, tmp_path: Path) -> None:
    path = without_r(tmp_path)
    done = call(
        "render", str(written.folder / "results.json"), "--out", str(tmp_path / "again"), "--to", "pdf", PATH=path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again" / "report.pdf").read_bytes() == (written.folder / "report.pdf").read_bytes()


def test_without_r_the_report_says_not_verified(tmp_path: Path) -> None:
    path = without_r(tmp_path)
    done = call("run", str(STUDY), "--out", str(tmp_path / "report"), PATH=path)
    assert done.returncode == 0, done.stderr
    first = pdf_text(tmp_path / "report" / "report.pdf", "-l", "1")
    assert "Not verified" in first and "Verified against R" not in first
    manifest = json.loads((tmp_path / "report" / "manifest.json").read_text())
    assert manifest["verification"]["state"] == "not verified" and manifest["verification"]["why_not"]
    strict = call("run", str(STUDY), "--out", str(tmp_path / "strict"), "--strict", PATH=path)
    assert strict.returncode == 4 and "did not run" in strict.stderr and not (tmp_path / "strict").exists()


def test_verify_runs_the_check_again(written: Written, tmp_path: Path) -> None:
    done = call("verify", str(written.folder / "results.json"), str(STUDY))
    assert done.returncode == 0, done.stderr
    results = (written.folder / "results.json").read_text()
    found = re.search(r'"stat":"hazard_ratio","value":([0-9.]+)', results)
    assert found
    changed = results.replace(found[1], repr(float(found[1]) * (1 + 1e-7)), 1)
    (tmp_path / "results.json").write_text(changed)
    done = call("verify", str(tmp_path / "results.json"), str(STUDY))
    assert done.returncode == 4, done.stdout + done.stderr


def test_patients_get_their_pages(written: Written, tmp_path: Path) -> None:
    out = tmp_path / "patients"
    given = STUDY.parent / "patients.csv"
    done = call("patient", str(written.folder), "--input", str(given), "--out", str(out))
    assert done.returncode == 0, done.stderr
    index = rows(out / "index.csv")
    assert [row["id"] for row in index] == [row["pid"] for row in rows(given)]
    for row in index:
        assert row["status"] == "written" and sha256((out / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        pages = pdf_text(out / row["file"]).split("\f")[:-1]
        assert len(pages) == 2 and all(row["id"] in page for page in pages)
    predictions = rows(out / "predictions.csv")
    assert len(predictions) == 4 * 3 and all(0 < float(row["survival"]) < 1 for row in predictions)
    again = call("patient", str(written.folder), "--input", str(given), "--out", str(tmp_path / "again"))
    assert again.returncode == 0 and files(tmp_path / "again") == files(out)
