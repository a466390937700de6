"""A study with strata, a spline, interactions and left truncation on survival::pbc, from the file to the ledger."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from reporter.intake.from_r import read_r_dataset
from reporter.intake.read import parse_text
from tests.end_to_end.command import call, rows

pytestmark = pytest.mark.r

STUDY = """\
schema = 1
[study]
id = "pbc"
title = "Primary biliary cholangitis"
[data]
source = "pbc.csv"
id = "id"
[columns.age]
label = "Age"
kind = "numeric"
unit = "years"
per = 10
[columns.bili]
label = "Bilirubin"
kind = "numeric"
unit = "mg/dl"
transform = {winsorize = 20, spline = [0.5, 1.5, 4, 12]}
[columns.edema]
label = "Oedema"
kind = "categorical"
codes = {"0" = "No", "0.5" = "Some", "1" = "Yes"}
[columns.sex]
label = "Sex"
kind = "binary"
codes = {m = "Male", f = "Female"}
[columns.stage]
label = "Stage"
kind = "categorical"
levels = ["1", "2", "3", "4"]
missing = ["NA"]
[endpoints.os]
label = "Overall survival"
time = "time"
event = "status"
event_values = [2]
censored_values = [0, 1]
entry = "came"
unit = "days"
report_unit = "years"
horizons = [2, 5]
[analysis]
endpoints = ["os"]
groups = ["sex"]
covariates = ["age", "bili", "edema", "sex"]
strata = ["stage"]
interactions = [["age", "sex"], ["edema", "age"]]
"""
ANALYSES = ("cox_multivariable", "cox_term_test", "cox_baseline_curve", "ph_test", "concordance")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pbc")
    table = parse_text(read_r_dataset("r:survival/pbc", place="test"), "csv", "pbc")
    table["came"] = [
        str(int(time) * (int(number) % 4) // 9) for time, number in zip(table["time"], table["id"], strict=True)
    ]
    table.to_csv(folder / "pbc.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = call("run", str(folder / "study.toml"), "--out", str(folder / "out"), "--to", "html", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def test_every_number_agrees(report: Path) -> None:
    ledger = rows(report / "verification.csv")
    assert {row["verdict"] for row in ledger} == {"agrees"}
    by_analysis = Counter(row["address"].split("/")[2] for row in ledger)
    assert all(by_analysis[name] > 0 for name in ANALYSES)


def test_nothing_failed(report: Path) -> None:
    tree = json.loads((report / "results.json").read_text(encoding="utf-8"))
    assert [node["failed"] for node in tree["analyses"] if node["failed"]] == []


def test_terms_and_strata(report: Path) -> None:
    stats = rows(report / "stats.csv")
    terms = {row["term"] for row in stats if row["analysis"] == "cox_multivariable"}
    assert {"bili", "bili'", "bili''", "age:sex=Female", "age:edema=Yes"} <= terms
    tested = {row["term"] for row in stats if row["analysis"] == "cox_term_test"}
    assert {"bili", "bili=nonlinear", "age:sex", "age:edema"} <= tested
    tree = json.loads((report / "results.json").read_text(encoding="utf-8"))
    baseline = next(node for node in tree["analyses"] if node["analysis"] == "cox_baseline_curve")
    assert {(curve["group"], curve["level"]) for curve in baseline["curves"]} == {
        ("stage", str(i)) for i in (1, 2, 3, 4)
    }


def test_no_model_for_single_patients_and_why(report: Path) -> None:
    text = (report / "model" / "dictionary.json").read_text(encoding="utf-8")
    assert "the risk cannot be divided among the covariates" in text
    assert not (report / "model" / "cox_os.json").exists()


def test_methods_name_the_parts(report: Path) -> None:
    html = (report / "report.html").read_text(encoding="utf-8")
    for words in ("Restricted cubic splines", "knots 0.5, 1.5, 4, 12", "each stratum of Stage", "Age × Sex"):
        assert words in html
