"""The difference explainer names the convention that gives a published or another tool's number."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.errors import UsageError
from reporter.intake.from_r import read_r_dataset
from reporter.pipeline.explain import find_number, read_value
from reporter.pipeline.progress import Silent
from reporter.pipeline.run import RunRequest, compute

LUNG = """\
schema = 1
[study]
id = "lung"
title = "Lung cancer"
[data]
source = "lung.csv"
[columns.age]
kind = "numeric"
[columns.sex]
kind = "binary"
codes = {1 = "Male", 2 = "Female"}
[columns.ph_ecog]
kind = "numeric"
[[cohort.include]]
label = "Performance status known"
column = "ph_ecog"
not_missing = true
[endpoints.os]
label = "Overall survival"
unit = "months"
time = "months"
event = "status"
event_values = [2]
report_unit = "months"
horizons = [12]
[analysis]
endpoints = ["os"]
groups = ["sex"]
covariates = ["age", "sex", "ph_ecog"]
conf_type = "log-log"
"""
# CAMIS: five deaths, then five censored: S is exactly one half from 87 to 118.
CAMIS = "id,time,dead\n" + "".join(
    f"{i},{t},{int(t < 90)}\n" for i, t in enumerate((54, 75, 77, 84, 87, 92, 103, 105, 112, 118))
)
CAMIS_STUDY = """\
schema = 1
[study]
id = "camis"
title = "Ten patients"
[data]
source = "camis.csv"
[endpoints.os]
label = "Overall survival"
unit = "days"
time = "time"
event = "dead"
event_values = [1]
report_unit = "days"
horizons = [80]
[analysis]
endpoints = ["os"]
"""


def make_report(folder: Path, text: str) -> Path:
    """Write the study and its results.json."""
    study = folder / "study.toml"
    study.write_text(text)
    found = compute(RunRequest(study=study, out=folder / "out", to="html", verify=False), Silent())
    (folder / "results.json").write_bytes(found.files["results.json"])
    return study


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report of lung in whole months, as registries have them."""
    folder = tmp_path_factory.mktemp("lung")
    rows = list(csv.DictReader(io.StringIO(read_r_dataset("r:survival/lung", place="test"))))
    lines = ["age,sex,ph_ecog,months,status"]
    lines += [f"{r['age']},{r['sex']},{r['ph.ecog']},{int(float(r['time']) // 30.4375)},{r['status']}" for r in rows]
    (folder / "lung.csv").write_text("\n".join(lines) + "\n")
    make_report(folder, LUNG)
    return folder


def said(folder: Path, where: str, value: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    """Return exit code and first line."""
    study = str(folder / "study.toml")
    code = main(["explain", str(folder), where, "--study", study, "--value", value, *more])
    return code, capsys.readouterr().out.partition("\n")[0]


CASES = [
    # S(12) and its limits: numerics.md, row 1; log-log is the study's own
    ("kaplan_meier/t=12/conf_low", ".3203", "type log (R's default)"),
    ("kaplan_meier/t=12/conf_high", "0.4548", "type plain"),
    ("kaplan_meier/t=12/conf_high", "0.4541", "the number of this report"),
    # number at risk at 12 months: row 5
    ("kaplan_meier/t=12/n_risk", "57", "T > t"),
]


@pytest.mark.r
@pytest.mark.parametrize(("where", "value", "words"), CASES)
def test_a_convention_is_named(lung: Path, where: str, value: str, words: str, capsys) -> None:
    code, line = said(lung, f"development/os/{where}", value, capsys)
    assert code == 0 and words in line


@pytest.mark.r
def test_the_baseline_of_lifelines(lung: Path, capsys) -> None:
    """The man of numerics.md, row 9: .3064 by R, .3231 by lifelines and scikit-survival."""
    where = "development/os/cox_baseline_curve/t=12/cumulative_hazard"
    man = ("--at", "age=60,sex=Male,ph_ecog=1")
    code, line = said(lung, where, ".3231", capsys, *man)
    assert code == 0 and "Breslow's baseline hazard" in line and "here: 0.3063585" in line
    assert said(lung, where, ".3064", capsys, *man)[1].startswith(".3064 is the number of this report")


@pytest.mark.r
def test_numbers_of_r_and_lifelines_by_other_options(lung: Path, capsys) -> None:
    """What R's coxph(ties = "breslow"), cox.zph("rank") and lifelines give for the same data."""
    from reporter.cohort.build import build_cohorts
    from reporter.pipeline.alternatives import Again, by_option, by_term
    from reporter.pipeline.other_rules import by_rule
    from reporter.pipeline.render import load_results
    from reporter.spec.load import load_study

    results, frames = load_results(lung / "results.json"), build_cohorts(load_study(lung / "study.toml")).frames

    def found(where: str, source) -> dict[str, float]:
        return dict(source(Again(find_number(results, f"development/os/{where}"), results, frames, frames)))

    breslow = found("cox_multivariable/age/estimate", by_option)
    rank = found("ph_test/age/statistic", by_option)["the transform rank"]
    former = found("ph_test/age/statistic", by_rule)
    other = found("cox_multivariable/sex=Female/estimate", by_term)
    where = {
        "cox_multivariable/age/estimate": (next(v for k, v in breslow.items() if k.startswith("Breslow")), "Breslow"),
        "ph_test/age/statistic": (rank, "transform rank"),
    }
    for address, (value, words) in where.items():
        code, line = said(lung, f"development/os/{address}", f"{value:.6f}", capsys)
        assert code == 0 and words in line
    assert any("before 3.0" in words for words in former)
    here = find_number(results, "development/os/cox_multivariable/sex=Female/estimate").value
    assert here is not None and other["the other direction: Male against Female"] == pytest.approx(-here, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("87", 0, "first time with S <= 0.5 (lifelines)"),
        ("102.5", 0, "the number of this report"),
        ("61", 1, "none of the"),
    ],
)
def test_the_median_on_a_plateau(tmp_path: Path, value: str, code: int, words: str, capsys) -> None:
    (tmp_path / "camis.csv").write_text(CAMIS)
    make_report(tmp_path, CAMIS_STUDY)
    got, line = said(tmp_path, "development/os/survival_quantile/median", value, capsys)
    assert got == code and words in line


def test_what_cannot_be_asked(tmp_path: Path, capsys) -> None:
    (tmp_path / "camis.csv").write_text(CAMIS)
    study = make_report(tmp_path, CAMIS_STUDY)
    for where, value, more, words in (
        (
            "development/os/kaplan_meier/t=80/estimat",
            "1",
            (),
            "Did you mean 'development/os/kaplan_meier/t=80/est",
        ),
        ("development/os/kaplan_meier/t=80/estimate", "<0.001", (), "not a number"),
        ("development/os/kaplan_meier/t=80/estimate", "0.6", ("--at", "age=60"), "baseline hazard"),
    ):
        assert main(["explain", str(tmp_path), where, "--study", str(study), "--value", value, *more]) == 2
        assert words in capsys.readouterr().err
    study.write_text(CAMIS_STUDY + "# changed\n")
    where = "development/os/kaplan_meier/t=80/estimate"
    assert main(["explain", str(tmp_path), where, "--study", str(study), "--value", "0.6"]) == 2
    assert "not the study file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("0.323", 0.3234, 0.3236), (".3231", 0.32305, 0.3232), ("32.3%", 0.3225, 0.3236), ("-1.50", -1.504, -1.506),
     ("2.3e-5", 2.34e-5, 2.36e-5), ("102.5", 102.5, 102.6)],
)  # fmt: skip
def test_digits_decide(text: str, inside: float, outside: float) -> None:
    given = read_value(text)
    assert given.is_given_by(inside) and not given.is_given_by(outside)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "<0.001", "0,5"])
def test_no_number(text: str) -> None:
    with pytest.raises(UsageError, match="not a number"):
        read_value(text)


def test_near_equal_times_are_left_apart_for_other_tools(tmp_path: Path, capsys) -> None:
    """Two deaths at 0.3 and 0.1 + 0.2: one time for R, two for others, and another number at risk at the second."""
    times = ("0.1", "0.3", "0.30000000000000004", "0.5", "0.7", "0.8")
    lines = "".join(f"{i},{t},{int(i < 4)}\n" for i, t in enumerate(times))
    (tmp_path / "camis.csv").write_text("id,time,dead\n" + lines)
    text = CAMIS_STUDY.replace("horizons = [80]", "horizons = [0.3]")
    make_report(tmp_path, text)
    code, line = said(tmp_path, "development/os/kaplan_meier/t=0.3/estimate", "0.667", capsys)
    assert code == 0 and "near-equal times not merged" in line and "here: 0.5" in line


def test_a_tool_that_gives_up_ends_only_its_own_conventions() -> None:
    from reporter.pipeline.alternatives import _as_far_as_it_goes

    def broken():
        yield "one", 1.0
        raise ValueError("no convergence")

    assert _as_far_as_it_goes(broken()) == [("one", 1.0)]
