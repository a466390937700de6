"""A study with competing events from the study file to the report: progression of gammopathy against death."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.command import call, rows

pytestmark = pytest.mark.r

STUDY = """\
schema = 1
[study]
id = "mgus2"
title = "Progression of monoclonal gammopathy"
[data]
source = "r:survival/mgus2"
id = "id"
[columns.age]
kind = "numeric"
per = 10
unit = "years"
[columns.sex]
kind = "binary"
codes = {F = "Female", M = "Male"}
[columns.mspike]
kind = "numeric"
[[cohort.include]]
label = "Size of the monoclonal spike known"
column = "mspike"
not_missing = true
[endpoints.pcm]
label = "Progression to plasma cell malignancy"
unit = "months"
time = "ptime"
event = "pstat"
event_values = [1]
competing = {death = {column = "death", values = [1], time = "futime"}}
horizons = [120, 240]
[analysis]
endpoints = ["pcm"]
groups = ["sex"]
covariates = ["age", "sex", "mspike"]
"""


@dataclass(frozen=True)
class Report:
    folder: Path
    html: str


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("mgus2")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = call("run", str(folder / "study.toml"), "--out", str(folder / "out"), "--to", "html", "--strict")
    assert done.returncode == 0, done.stderr
    return Report(folder / "out", (folder / "out" / "report.html").read_text(encoding="utf-8"))


def value(report: Report, address: str) -> float:
    (row,) = [row for row in rows(report.folder / "verification.csv") if row["address"] == address]
    assert row["verdict"] == "agrees"
    return float(row["python"])


def test_everything_was_computed_and_agrees_with_r(report: Report) -> None:
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert [node["analysis"] for node in results["analyses"] if node["failed"]] == []
    assert {row["verdict"] for row in rows(report.folder / "verification.csv")} == {"agrees"}
    found = {row["analysis"] for row in rows(report.folder / "stats.csv")}
    assert {"cumulative_incidence", "gray_test", "cox_cause_specific", "fine_gray"} <= found


def test_the_risk_is_aalen_johansen_and_not_one_minus_kaplan_meier(report: Report) -> None:
    risk = value(report, "development/pcm/cumulative_incidence/pcm/t=120/estimate")
    net = 1 - value(report, "development/pcm/kaplan_meier/t=120/estimate")
    assert (round(risk, 4), round(net, 4)) == (0.0641, 0.0957)


def test_kaplan_meier_is_called_net_and_the_title_page_gives_the_risk(report: Report) -> None:
    text = re.sub(r"<[^>]+>", "", report.html)
    assert "net (hypothetical)" in text
    assert "cumulative incidence by 240 months" in text
    assert "Gray’s test" in text and "subdistribution hazard ratio" in text and "Wolbers’ C" in text


def test_explain_names_one_minus_kaplan_meier(report: Report) -> None:
    where = "development/pcm/cumulative_incidence/pcm/t=120/estimate"
    study = str(report.folder.parent / "study.toml")
    done = call("explain", str(report.folder), where, "--study", study, "--value", "0.0957")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 - Kaplan–Meier" in done.stdout


def test_no_patient_page_is_made_from_net_survival(report: Report, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,age,sex,mspike\n1,60,F,1.2\n", encoding="utf-8")
    done = call("patient", str(report.folder), "--input", str(tmp_path / "new.csv"), "--out", str(tmp_path / "pages"))
    assert done.returncode == 2 and "competing events" in done.stderr
    assert not (report.folder / "model" / "cox_pcm.json").exists()
