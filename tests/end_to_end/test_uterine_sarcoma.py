"""The shipped study of uterine sarcoma: tables against the literature, the report, every selection step recounted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import ROOT, Written, call, pdf_text, rows

pytestmark = [pytest.mark.r, pytest.mark.slow]

FOLDER = ROOT / "data" / "uterine_sarcoma"
EXPORT = FOLDER / "uterine_sarcoma_SYNTHETIC.txt"
HOSPITAL = FOLDER / "hospital_SYNTHETIC.xlsx"


@pytest.fixture(scope="module")
def sarcoma(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return the report of the study, made once."""
    folder = tmp_path_factory.mktemp("sarcoma") / "report"
    done = call("run", str(FOLDER / "study.toml"), "--out", str(folder), "--strict")
    assert done.returncode == 0, done.stderr[-3000:]
    return Written(folder, done.stdout)


def check_in_r(export: Path) -> subprocess.CompletedProcess[str]:
    command = ["Rscript", str(FOLDER / "check_synthetic.R"), str(export)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def changed(folder: Path, old: str, new: str, *, column: str, times: int = 10**9) -> Path:
    """Copy the export with some cells of one column changed."""
    shutil.copy(EXPORT.with_suffix(".dic"), folder / "changed.dic")
    header, *lines = EXPORT.read_text(encoding="ascii").split("\n")
    at = header.split("\t").index(column)
    out = []
    for line in lines:
        cells = line.split("\t")
        if len(cells) > at and cells[at] == old and times:
            cells[at], times = new, times - 1
        out.append("\t".join(cells))
    (folder / "changed.txt").write_text("\n".join([header, *out]), encoding="ascii", newline="")
    return folder / "changed.txt"


def test_the_export_agrees_with_the_published_figures() -> None:
    done = check_in_r(EXPORT)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert last.endswith("0 outside"), last
    assert " 0 wrongly blank or filled" in done.stdout


@pytest.mark.parametrize(
    ("column", "old", "new", "times", "said"),
    [
        ("Derived AJCC N, 7th ed (2010-2015)", "Blank(s)", "N0", 1, "1 wrongly blank or filled"),
        ("Tumor Size Summary (2016+)", "050", "Blank(s)", 1, "1 wrongly blank or filled"),
        ("Radiation recode", "Beam radiation", "None/Unknown", 10**9, "radiotherapy"),
        ("SEER cause-specific death classification", "Dead (attributable to this cancer dx)",
         "Alive or dead of other cause", 400, "5-year cancer-specific"),
    ],
)  # fmt: skip
def test_the_check_of_the_export_can_fail(
    column: str, old: str, new: str, times: int, said: str, tmp_path: Path
) -> None:
    done = check_in_r(changed(tmp_path, old, new, column=column, times=times))
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(said in line and ("FALSE" in line or "wrongly" in line) for line in done.stdout.splitlines())


def test_every_number_of_the_report_is_checked(sarcoma: Written) -> None:
    verdicts = {row["verdict"] for row in rows(sarcoma.folder / "verification.csv")}
    assert verdicts <= {"agrees", "not_checkable"}
    stats = rows(sarcoma.folder / "stats.csv")
    assert {row["cohort"] for row in stats} == {"development", "validation"}
    assert {row["endpoint"] for row in stats} >= {"os", "css"}
    assert {"cumulative_incidence", "fine_gray", "performance", "phenotype"} <= {row["analysis"] for row in stats}


def test_each_selection_step_is_recounted_without_the_package(sarcoma: Written) -> None:
    command = [sys.executable, str(FOLDER / "recount.py"), str(EXPORT), str(HOSPITAL)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert "reporter" not in (FOLDER / "recount.py").read_text(encoding="utf-8").split('"""')[2]
    counted: dict[str, list[int]] = {}
    for line in done.stdout.splitlines():
        cohort, left, _ = line.split("\t")
        counted.setdefault(cohort, []).append(int(left))
    results = json.loads((sarcoma.folder / "results.json").read_text(encoding="utf-8"))
    boxes = {info["name"]: [step["n_left"] for step in info["steps"]] for info in results["cohorts"]}
    # Both endpoints of the hospital have the same dates and outcome, so its last count stands for two boxes.
    assert counted["development"] == boxes["development"]
    assert [*counted["validation"], counted["validation"][-1]] == boxes["validation"]
    removed = [
        step["n_removed"] for info in results["cohorts"] for step in info["steps"] if "missing" not in step["name"]
    ]
    assert all(removed), removed


def test_the_report_says_that_the_data_are_synthetic(sarcoma: Written) -> None:
    results = json.loads((sarcoma.folder / "results.json").read_text(encoding="utf-8"))
    assert [info["synthetic"] for info in results["cohorts"]] == [True, True]
    first = " ".join(pdf_text(sarcoma.folder / "report.pdf", "-l", "1").split())
    assert "Synthetic data: Development cohort and validation cohort." in first
    assert "synthetic" in first[:60].lower()
    page = (sarcoma.folder / "report.html").read_text(encoding="utf-8")
    assert "No row describes a person" in page


def test_the_report_of_real_patients_does_not(written: Written) -> None:
    assert "ynthetic" not in (written.folder / "report.html").read_text(encoding="utf-8")


def test_the_commands_of_the_readme_run(sarcoma: Written, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- commands: uterine sarcoma -->\n```sh\n(.*?)```", readme, re.DOTALL)
    assert found
    for name in ("data", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(sarcoma.folder, tmp_path / "out" / "uterine_sarcoma")
    lines = found[1].splitlines()
    # The report itself is made once, by the fixture, with the same words.
    lines.remove(".venv/bin/reporter run data/uterine_sarcoma/study.toml --out out/uterine_sarcoma")
    for line in lines:
        done = subprocess.run(line.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr}"
    written = rows(tmp_path / "out" / "sarcoma_patients" / "index.csv")
    assert [row["status"] for row in written] == ["written", "written"]
    assert (tmp_path / "out" / "tables" / EXPORT.name).read_bytes() == EXPORT.read_bytes()
