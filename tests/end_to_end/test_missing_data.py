"""A study with missing values and a validation cohort that differs, from the study file to the report."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.command import call, rows

pytestmark = pytest.mark.r

STUDY = """\
schema = 1
[study]
id = "incomplete"
title = "A cohort with missing values"
seed = 7
[data]
source = "development.csv"
id = "id"
[columns.age]
kind = "numeric"
unit = "years"
per = 10
[columns.marker]
kind = "numeric"
[columns.stage]
kind = "ordinal"
levels = ["I", "II", "III", "IV"]
missing = {X = "not staged", Z = "record lost"}
[columns.therapy]
kind = "categorical"
levels = ["None", "Drug", "Unknown"]
[columns.year]
kind = "numeric"
[[cohort.include]]
label = "Adults"
column = "age"
min = 18
[[cohort.exclude]]
label = "Diagnosed after 2020"
column = "year"
min = 2021
[endpoints.os]
label = "Overall survival"
unit = "months"
time = "months"
event = "status"
event_values = ["dead"]
censored_values = ["alive"]
horizons = [12, 24]
[endpoints.css]
label = "Cancer-specific survival"
unit = "months"
time = "months"
event = "cause"
event_values = ["cancer"]
censored_values = ["none", "other"]
horizons = [12]
[analysis]
endpoints = ["os", "css"]
groups = ["therapy"]
covariates = ["age", "marker", "stage", "therapy"]
year = "year"
imputations = 3
[validation]
source = "validation.csv"
[[validation.cohort.include]]
label = "Adults"
column = "age"
min = 18
[validation.endpoints.os]
time = "months"
event = "status"
event_values = ["dead"]
censored_values = ["alive"]
[validation.endpoints.css]
time = "months"
event = "cause"
event_values = ["cancer"]
censored_values = ["none", "other"]
"""


def table(n: int, seed: int, shift: float) -> list[dict[str, str]]:
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        marker = rng.normal(shift)
        months = rng.exponential(30 * np.exp(-0.4 * marker))
        dead = months < 40
        cause = ("cancer" if rng.random() < 0.7 else "other") if dead else "none"
        stage = ("I", "II", "III", "X", "Z", "")[int(rng.choice(6, p=[0.25, 0.3, 0.25, 0.08, 0.06, 0.06]))]
        out.append({
            "id": str(i), "age": str(int(rng.integers(15, 90))), "year": str(int(rng.integers(2015, 2023))),
            "marker": "" if rng.random() < 0.2 else f"{marker:.3f}",
            "stage": "IV" if shift and i < 5 else stage, "therapy": str(rng.choice(["None", "Drug", "Unknown"])),
            "months": "" if i % 29 == 3 else f"{min(months, 40):.2f}", "status": "dead" if dead else "alive",
            "cause": "" if i % 31 == 4 else cause,
        })  # fmt: skip
    return out


def write(path: Path, records: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)


@dataclass(frozen=True)
class Report:
    folder: Path
    text: str


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("incomplete")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    write(folder / "development.csv", table(260, 1, 0.0))
    write(folder / "validation.csv", table(150, 2, 0.8))
    done = call("run", str(folder / "study.toml"), "--out", str(folder / "out"), "--to", "html", "--strict")
    assert done.returncode == 0, done.stderr
    html = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return Report(folder / "out", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)))


def numbers(report: Report) -> dict[str, float]:
    found = rows(report.folder / "verification.csv")
    return {row["address"]: float(row["python"]) for row in found if row["python"]}


def steps(report: Report, cohort: str) -> dict[str, tuple[int, int]]:
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    (info,) = [info for info in results["cohorts"] if info["name"] == cohort]
    return {step["name"]: (step["n_removed"], step["n_left"]) for step in info["steps"]}


def test_everything_agrees_but_the_paths_of_the_chains(report: Report) -> None:
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert [node["analysis"] for node in results["analyses"] if node["failed"]] == []
    ledger = rows(report.folder / "verification.csv")
    assert {row["verdict"] for row in ledger} == {"agrees", "not_checkable"}
    unchecked = {row["address"].split("/")[2] for row in ledger if row["verdict"] == "not_checkable"}
    assert unchecked == {"imputation_trace_curve"}


def test_each_step_is_what_a_count_of_the_file_gives(report: Report) -> None:
    """Counted from the csv files alone."""
    for cohort, extra in (("development", True), ("validation", False)):
        records = rows(report.folder.parent / f"{cohort}.csv")
        found, n = steps(report, cohort), len(records)
        kept = [r for r in records if int(r["age"]) >= 18]
        expected = {"include_1": (n - len(kept), len(kept))}
        if extra:
            before, kept = len(kept), [r for r in kept if not int(r["year"]) >= 2021]
            expected["exclude_1"] = (before - len(kept), len(kept))
        for endpoint, status in (("os", "status"), ("css", "cause")):
            known = [r for r in kept if r["months"] and r[status]]
            expected[f"missing_{endpoint}"] = (len(kept) - len(known), len(known))
            at = numbers(report)
            assert at[f"{cohort}/{endpoint}/follow_up/n"] == len(known)
            seen = ("I", "II", "III")
            whole = [r for r in known if r["marker"] and r["stage"] in seen]
            model = "cox_model/GLOBAL" if extra else "performance/cox"
            assert at[f"{cohort}/{endpoint}/{model}/n"] == len(whole)
            assert at[f"{cohort}/{endpoint}/{model}/n_missing"] == len(known) - len(whole)
            assert at[f"{cohort}/{endpoint}/missing/GLOBAL/n_complete"] == len(whole)
            for reason, word in (("not%20staged", "X"), ("record%20lost", "Z")):
                count = sum(r["stage"] == word for r in known)
                assert at[f"{cohort}/{endpoint}/missing_reason/stage={reason}/n"] == count
        assert found == expected


def test_the_tables_reconcile(report: Report) -> None:
    with (report.folder / "tables" / "attrition.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    left = None
    for label, out, remaining in lines:
        if label in ("Rows read",):
            left = int(remaining)
        elif label.startswith(("did not meet", "excluded")):
            left = left - int(out)
            assert int(remaining) == left
        elif "missing" in label:
            analysed = left - int(out)
            assert int(remaining) == analysed
        elif label.startswith("Analysed"):
            assert int(remaining) == analysed
        elif "odel" in label:
            assert int(remaining) == analysed - int(out)
    assert sum("Multivariable model" in line[0] for line in lines) == 2


def test_a_level_and_a_range_never_seen_are_reported(report: Report) -> None:
    at = numbers(report)
    records = rows(report.folder.parent / "validation.csv")
    known = [r for r in records if int(r["age"]) >= 18 and r["months"]]
    assert at["validation/os/drift/stage/n_unseen"] == sum(r["stage"] == "IV" for r in known) > 0
    assert at["validation/os/drift/marker/n_above"] > 0
    assert "at a level never seen" in report.text and "above the range" in report.text


def test_the_report_says_what_was_done(report: Report) -> None:
    for words in (
        "Missing values, No. (%)", "Combinations of missing variables", "Why values are missing", "not staged",
        "Missing values by year", "an unknown value counts as a level of its own", "therapy: Unknown",
        "The validation cohort beside the development cohort", "Imputed", "FMI", "Round 10",
        "Missing covariates are imputed by chained equations", "3 sets, 10 rounds each, seed 7",
        "Patients by step of the selection and by model", "Code list of the development cohort", "X (not staged)",
    ):  # fmt: skip
        assert words in report.text, words


def test_the_code_list_names_every_column_read(report: Report) -> None:
    with (report.folder / "tables" / "codes_development.csv").open(encoding="utf-8", newline="") as file:
        lines = {row[1]: row for row in csv.reader(file)}
    assert {"age", "marker", "stage", "therapy", "year", "months", "status", "cause"} <= set(lines)
    assert lines["cause"][2] == "cancer → event; none, other → censored"


def test_verify_draws_the_same_sets(report: Report) -> None:
    done = call("verify", str(report.folder / "results.json"), str(report.folder.parent / "study.toml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("imputations = 3", "imputations = 1", "imputations"),
        ("imputations = 3", "imputations = 'many'", "imputations"),
        ("[analysis]", "[analysis]\nstrata = []\n", ""),
        ('covariates = ["age", "marker", "stage", "therapy"]', "", "no covariates to impute"),
        ('year = "year"', 'year = "yeer"', "Did you mean 'year'?"),
    ],
)
def test_misuse_is_refused_with_words(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = STUDY.replace(old, new)
    if not said:
        text = text.replace('event_values = ["dead"]', 'event_values = ["dead"]\nentry = "age"', 1)
        said = "not offered with entry times"
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    write(tmp_path / "development.csv", table(40, 1, 0.0))
    write(tmp_path / "validation.csv", table(40, 2, 0.0))
    done = call("check", str(tmp_path / "study.toml"), cwd=tmp_path)
    assert done.returncode == 3 and said in done.stderr and "Traceback" not in done.stderr, done.stderr
