"""Attacks on the files of runs with small cells: nothing small is printed, and nothing small follows by subtraction."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from reporter.cohort.build import build_cohorts
from reporter.pipeline.run import Outcome
from reporter.spec.load import load_study
from tests.results.attacker import BELOW, Attack, attack, run_attacked, stats_of

pytestmark = pytest.mark.slow
CASES = [(1, False, "months"), (2, True, "months"), (3, False, "years"), (4, True, "years"), (5, False, "months")]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"seed{case[0]}-{case[2]}-{case[1]}")
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, list[Attack], Path]:
    """A run on a random cohort, and the attacks on its cohorts."""
    seed, competing, unit = request.param
    folder = tmp_path_factory.mktemp("attack")
    outcome = run_attacked(folder, seed, competing=competing, unit=unit)
    frames = build_cohorts(load_study(folder / "study.toml")).frames
    return outcome, [attack(outcome, frame) for frame in frames.values()], folder


def test_two_endpoints_and_phenotypes_together_give_nothing_back(tmp_path: Path) -> None:
    """All deaths and deaths of the disease: their difference is the other deaths, of which few at a time are hidden."""
    extra = '[phenotypes]\nfeatures = ["age", "size", "marker"]\nalgorithms = ["ward"]\nk = [2, 3]\nhorizon = 36\n'
    outcome = run_attacked(tmp_path, 22, competing=False, two=True, unit="months", extra=extra)
    frames = build_cohorts(load_study(tmp_path / "study.toml")).frames
    for cohort in ("development", "validation"):
        every, disease = (attack(outcome, frames[cohort, name]) for name in ("os", "css"))
        both = Attack(every.frame, {**every.sets, **{f"css {name}": who for name, who in disease.sets.items()}})
        targets = {**every.targets(), **{f"css {name}": who for name, who in disease.targets().items()}}
        for name, who in every.small_cells():
            other = who & every.frame.event & ~disease.frame.event
            targets |= {f"other deaths of {name}": other} if 0 < other.sum() < BELOW else {}
        assert both.small_published() == []
        assert both.small_differences() == []
        assert both.derivable(targets) == []


def test_a_few_excluded_alone_hide_the_number_read(tmp_path: Path) -> None:
    """With one small step the number read and the number analysed would tell it."""
    outcome = run_attacked(tmp_path, 5, competing=False, unit="months", excluded="consent")
    infos = outcome.results.cohorts
    assert any(info.n_read is None and info.steps == () for info in infos)
    assert "not shown (few patients)" in outcome.files["report.html"].decode()


def test_there_is_something_to_hide_and_something_to_show(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    for one in attacked[1]:
        assert len(one.targets()) > 20
    rows = stats_of(attacked[0])
    assert sum(bool(row["value"]) for row in rows) > 150
    assert sum(row["reason"] == "suppressed_small_cell" for row in rows) > 50


def test_no_small_count_is_published(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    for one in attacked[1]:
        assert one.small_published() == []
    known = {"df", "lr_df", "wald_df", "score_df", "k", "n_folds", "statistic", "tau"}
    small = [
        row["address"] for row in stats_of(attacked[0])
        if row["value"] and row["stat"].startswith("n") and row["stat"] not in known and 0 < float(row["value"]) < BELOW
    ]  # fmt: skip
    assert small == []


def test_no_small_count_follows_by_one_subtraction(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    for one in attacked[1]:
        assert one.small_differences() == []


def test_no_small_count_follows_from_all_numbers_together(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    for one in attacked[1]:
        assert one.derivable(one.targets()) == []


def test_the_attack_finds_what_is_not_hidden(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    """With the total of a hidden level added, the attack succeeds: it is able to."""
    one = attacked[1][0]
    column = one.frame.columns["rare"]
    one_more = Attack(one.frame, {**one.sets, "No": one.level("rare", column.levels[0])})
    assert any("rare=Yes" in name for name in one_more.derivable(one.targets()))


def test_no_identifier_and_no_time_of_a_patient_is_in_a_file(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    outcome, _, folder = attacked
    table = list(csv.DictReader(io.StringIO((folder / "development.csv").read_text(encoding="utf-8"))))
    times = {row["time"] for row in table if len(row["time"]) > 8}
    found = set(re.findall(r"\d+\.\d{5,}", "\n".join(c.decode("utf-8", "replace") for c in outcome.files.values())))
    assert not times & found
    for name, content in outcome.files.items():
        assert b"SECRET" not in content, name


def test_files_of_rows_are_withheld_and_said_so(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    outcome = attacked[0]
    assert not {"data_for_r.csv", "phenotypes.csv", "model/phenotypes.json"} & set(outcome.files)
    assert "data_for_r.csv" in outcome.withheld
    assert b"put your own data beside this script" in outcome.files["reproduce.R"]


def test_the_model_file_has_no_range_of_one_patient(attacked: tuple[Outcome, list[Attack], Path]) -> None:
    outcome, attacks, _ = attacked
    for name, content in outcome.files.items():
        if not name.startswith("model/cox_"):
            continue
        model = json.loads(content)["content"]
        frame = attacks[0].frame
        for predictor in model["predictors"]:
            if predictor["levels"]:
                assert all(round(share, 2) == share for share in predictor["shares"])
                continue
            values = frame.columns[predictor["name"]].values
            assert (values <= predictor["minimum"]).sum() >= BELOW
            assert (values >= predictor["maximum"]).sum() >= BELOW
