"""The shipped study of McLernon et al., Ann Intern Med 2023;176:105, reproduces the figures printed in the paper."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import STUDY, call, rows

pytestmark = pytest.mark.r

FOLDER = STUDY.parent
# Where, statistic and figure as printed: performance and calibration of the model of size, nodes and grade.
PRINTED = (
    ("performance", "harrell_c", "", "0.65"), ("performance", "uno_c", "", "0.64"), ("performance", "auc", "", "0.68"),
    ("performance", "brier", "", "0.22"), ("performance", "brier_scaled", "", "0.10"),
    ("performance", "net_benefit", "0.23", "0.362"), ("calibration", "oe_ratio", "", "1.0174"),
    ("calibration", "oe_ratio_events_conf_low", "", "0.9059"),
    ("calibration", "oe_ratio_events_conf_high", "", "1.1426"), ("calibration", "calibration_slope", "", "1.0562"),
    ("calibration", "calibration_slope_conf_low", "", "0.8159"),
    ("calibration", "calibration_slope_conf_high", "", "1.2965"),
)  # fmt: skip
RECEPTOR = (
    ("performance", "harrell_c", "", "0.67"), ("performance", "uno_c", "", "0.66"), ("performance", "auc", "", "0.70"),
    ("performance", "brier", "", "0.22"), ("performance", "brier_scaled", "", "0.13"),
    ("performance", "net_benefit", "0.23", "0.3595"),
)  # fmt: skip
# The paper's distances are those of rms, whose ties and interpolation of the curve differ; coxph gives the others.
DISTANCES = {"ici": (0.0302, 0.03013), "e50": (0.0263, 0.02620), "e90": (0.0747, 0.07459), "emax": (0.0754, 0.07528)}
COEFFICIENTS = {"size=20-50": 0.34184, "size=>50": 0.57355, "nodes": 0.30397, "nodes'": -0.81117, "grade=3": 0.36171}

# Written for this test alone: net benefit of both models from survival and base R, by its definition.
NET_BENEFIT = """
library(survival)
read <- function(name) read.csv(file.path(commandArgs(TRUE)[1], name))
bent <- function(x, top, a, b, c) {
  x <- pmin(x, top)
  p <- function(k) pmax(x - k, 0)^3
  cbind(x, (p(a) - p(b) * (c - a) / (c - b) + p(c) * (b - a) / (c - b)) / (c - a)^2)
}
ready <- function(time, event, size, d) data.frame(t = pmin(time / 365.25, 5), e = event & time / 365.25 <= 5,
  size = factor(size, c("<=20", "20-50", ">50")), nodes = I(bent(d$nodes, 19, 0, 1, 9)), g3 = d$grade == 3,
  pgr = I(bent(d$pgr, 1360, 0, 41, 486)))
d <- read("rotterdam.csv")
development <- ready(ifelse(d$recur == 1, d$rtime, d$dtime), d$recur == 1 | d$death == 1, d$size, d)
g <- read("gbsg.csv")
size <- ifelse(g$size <= 20, "<=20", ifelse(g$size <= 50, "20-50", ">50"))
validation <- ready(g$rfstime, g$status == 1, size, g)
for (model in c("size + nodes + g3", "size + nodes + g3 + pgr")) {
  fit <- coxph(as.formula(paste("Surv(t, e) ~", model)), development)
  risk <- 1 - c(summary(survfit(fit, validation), times = 4.99)$surv)
  for (at in c(0.23, 0.4, 0.5)) {
    positive <- risk >= at
    died <- 1 - summary(survfit(Surv(t, e) ~ 1, validation[positive, ]), times = 4.99)$surv
    cat(sprintf("%.17g\\n", mean(positive) * (died - (1 - died) * at / (1 - at))))
  }
}
"""


def run(study: Path, out: Path) -> Path:
    done = call("run", str(study), "--out", str(out), "--to", "html", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(FOLDER / "mclernon.toml", tmp_path_factory.mktemp("mclernon") / "out")


@pytest.fixture(scope="module")
def receptor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study with the progesterone receptor among the covariates."""
    folder = tmp_path_factory.mktemp("receptor")
    text = (FOLDER / "mclernon.toml").read_text(encoding="utf-8")
    for name in ("rotterdam.csv", "gbsg.csv"):
        text = text.replace(f'source = "{name}"', f'source = "{FOLDER / name}"')
    text = text.replace('"nodes", "grade"]', '"nodes", "grade", "pgr"]')
    text += (
        '\n[columns.pgr]\nlabel = "Progesterone receptor"\nkind = "numeric"\nunit = "fmol/l"\n'
        "transform = {winsorize = 1360, spline = [0, 41, 486]}\n"
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return run(folder / "study.toml", folder / "out")


def value_at(folder: Path, analysis: str, stat: str, level: str = "") -> float:
    """Return the only number of that name for the Cox model at 4.99 years, which R must confirm."""
    keys = {
        "cohort": "validation", "endpoint": "rfs", "analysis": analysis, "term": "cox", "time": "4.99", "stat": stat,
        "level": level, "group": "threshold" if level else "",
    }  # fmt: skip
    (row,) = (row for row in rows(folder / "stats.csv") if all(row[key] == value for key, value in keys.items()))
    (checked,) = (found for found in rows(folder / "verification.csv") if found["address"] == row["address"])
    assert checked["verdict"] == "agrees" and checked["r"], checked
    return float(row["value"])


def half_unit(printed: str) -> float:
    return 0.5 * 10.0 ** -len(printed.partition(".")[2]) * (1 + 1e-9)


@pytest.mark.parametrize(("analysis", "stat", "level", "printed"), PRINTED)
def test_figures_of_the_paper(plain: Path, analysis: str, stat: str, level: str, printed: str) -> None:
    assert abs(value_at(plain, analysis, stat, level) - float(printed)) <= half_unit(printed)


@pytest.mark.parametrize(("analysis", "stat", "level", "printed"), RECEPTOR)
def test_figures_with_the_receptor(receptor: Path, analysis: str, stat: str, level: str, printed: str) -> None:
    assert abs(value_at(receptor, analysis, stat, level) - float(printed)) <= half_unit(printed)


@pytest.mark.parametrize("stat", DISTANCES)
def test_distances_from_the_smooth_curve(plain: Path, stat: str) -> None:
    printed, by_coxph = DISTANCES[stat]
    found = value_at(plain, "calibration", stat)
    assert abs(found - printed) <= 0.0003 and abs(found - by_coxph) <= 0.5e-5 * (1 + 1e-9)


def test_the_model_of_the_paper(plain: Path) -> None:
    stats = rows(plain / "stats.csv")
    own = [row for row in stats if (row["cohort"], row["analysis"]) == ("development", "cox_multivariable")]
    found = {row["term"]: float(row["value"]) for row in own if row["stat"] == "estimate"}
    assert found.keys() == COEFFICIENTS.keys()
    for term, printed in COEFFICIENTS.items():
        assert abs(found[term] - printed) <= 0.5e-5
    (whole,) = (row for row in stats if row["address"] == "development/rfs/cox_model/GLOBAL/n_event")
    assert float(whole["value"]) == 1275
    model = json.loads((plain / "model" / "cox_rfs.json").read_text(encoding="utf-8"))["content"]
    assert (model["n"], model["n_event"], model["follow_up_end"]) == (2982, 1275, 5.0)
    at_zero = -sum(b * c for b, c in zip(model["coef"], model["centre"], strict=True))
    survival = math.exp(-model["baseline"]["hazard"][-1] * math.exp(at_zero))
    assert abs(survival - 0.804) <= 0.0005


def test_net_benefit_of_an_independent_script(plain: Path, receptor: Path, tmp_path: Path) -> None:
    (tmp_path / "benefit.R").write_text(NET_BENEFIT)
    command = ["Rscript", "--vanilla", str(tmp_path / "benefit.R"), str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = [float(line) for line in done.stdout.split()]
    ours = [value_at(f, "performance", "net_benefit", t) for f in (plain, receptor) for t in ("0.23", "0.4", "0.5")]
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert ours[0] == pytest.approx(0.36150, abs=5e-6)  # all are above the threshold: as treating all


def test_the_report_shows_table_curve_and_decision_curve(plain: Path) -> None:
    text = (plain / "report.html").read_text(encoding="utf-8")
    for said in ("performance at the horizons", "Decision curve at 4.99 years", "McLernon DJ", "Net benefit at "):
        assert said in text, said
