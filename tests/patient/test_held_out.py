"""Two hundred patients of a cohort that the model has not seen, against R run directly; every page has its patient."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reporter.output.folder import MANIFEST
from reporter.pipeline import patient_engine
from reporter.pipeline.patient import report_patients
from reporter.pipeline.patient_pages import Made
from tests.conftest import ROOT
from tests.patient.asking import GOOD, Ask, require_true_index, rows_of, silent

GBSG = ROOT / "data" / "rotterdam" / "gbsg.csv"

R_PROGRAM = """
suppressPackageStartupMessages(library(survival))
d <- rotterdam
relapse <- d$recur == 1
d$time <- ifelse(relapse, ifelse(d$death == 1, pmin(d$rtime, d$dtime), d$rtime), ifelse(d$death == 1, d$dtime, d$rtime))
d$event <- relapse | d$death == 1
d$high <- as.numeric(d$grade == 3)
fit <- coxph(Surv(time / 365.25, event) ~ age + meno + size + high + nodes + pgr + er + hormon, data = d,
             control = coxph.control(eps = 1e-14, iter.max = 50, toler.chol = 1e-15))
p <- read.csv(commandArgs(TRUE)[1], colClasses = c(pid = "character"))
p$size <- cut(p$size, c(-Inf, 20, 50, Inf), labels = levels(d$size))
p$high <- as.numeric(p$grade == 3)
s <- summary(survfit(fit, newdata = p, stype = 2, ctype = 2, conf.type = "log-log"), times = c(1, 3, 5))
line <- "%s,%g,%.17g,%.17g,%.17g\\n"
cat(sprintf(line, rep(p$pid, each = 3), rep(c(1, 3, 5), nrow(p)), c(s$surv), c(s$lower), c(s$upper)), sep = "")
"""


def named(settings: Any, task: Any) -> Made:
    """Stand in for the pages: only numbers are looked at."""
    return Made(task.row, task.result.id, {f"{task.stem}.html": task.result.id.encode()})


@pytest.mark.r
def test_two_hundred_held_out_patients_have_the_numbers_of_r(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``survfit.coxph`` fitted in R to its own copy of the data, with none of the project's R files; 1e-8."""
    monkeypatch.setattr(patient_engine, "make_pages", named)
    with GBSG.open(encoding="utf-8", newline="") as file:
        head, *patients = csv.reader(file)
    drawn = random.Random(20261125).sample(patients, 200)
    request = ask(*(",".join(row) for row in drawn), head=",".join(head), columns="validation", verify=True)
    assert report_patients(request, say=silent) == 0
    assert json.loads((request.out / MANIFEST).read_text())["verification"] == {"agrees": 200}
    program = tmp_path / "reference.R"
    program.write_text(R_PROGRAM)
    done = subprocess.run(
        ["Rscript", "--vanilla", str(program), str(request.input)], capture_output=True, text=True, check=True
    )
    reference = {(row[0], float(row[1])): [float(x) for x in row[2:]] for row in csv.reader(done.stdout.splitlines())}
    found = rows_of(request.out / "predictions.csv")
    assert len(found) == len(reference) == 600
    for row in found:
        expected = reference[row["id"], float(row["time"])]
        assert [float(row[k]) for k in ("survival", "conf_low", "conf_high")] == pytest.approx(expected, rel=1e-8), row


@pytest.mark.slow
def test_every_page_of_every_patient_has_the_identifier_and_no_other(ask: Ask) -> None:
    names = ["P-7", "0012", "a/b", "../../x", "O'Brien", "x" * 300, "患者7"]
    request = ask(*(f"{name},{20 + 9 * i}{GOOD[2:]}" for i, name in enumerate(names)))
    assert report_patients(replace(request, quiet=True), say=silent) == 0
    require_true_index(request.out)
    shown = {name: f"Patient {name if len(name) < 40 else name[:28] + '…' + name[-8:]}" for name in names}
    for row in rows_of(request.out / "index.csv"):
        done = subprocess.run(
            ["pdftotext", "-layout", str(request.out / row["file"]), "-"], capture_output=True, text=True, check=True
        )
        pages = done.stdout.split("\f")[:-1]
        assert len(pages) == 2
        for page in pages:
            assert [name for name in names if shown[name] in page] == [row["id"]]
