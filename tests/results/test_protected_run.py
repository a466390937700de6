"""De-identification and suppression in whole runs, the coarse model, and which patients get no pages."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reporter.cli.main import main
from reporter.cohort.build import build_cohorts
from reporter.cohort.protection import protection_of
from reporter.errors import UsageError
from reporter.intake.deidentify import KEY_NAME, KEY_VARIABLE, pseudonym
from reporter.intake.read import SourceTable
from reporter.pipeline.explain import find_number, refuse_hidden
from reporter.pipeline.patient_refused import RegistryPatientsError, refuse_own_input, refuse_registry_format
from reporter.pipeline.plan import model_options
from reporter.pipeline.progress import Silent
from reporter.pipeline.run import RunRequest, compute
from reporter.pipeline.withheld import coarse_model
from reporter.prognosis.freeze import freeze_cox
from reporter.results.suppress import suppress_small_cells
from reporter.results.tree import Results
from reporter.results.value import Reason
from reporter.spec.load import load_study
from reporter.spec.study import DataSpec

ROTTERDAM = Path(__file__).parents[2] / "data/rotterdam"
BELOW = 11


def protected_study(folder: Path, lines: str) -> Path:
    """Write the shipped study with more lines under [data]."""
    text = (ROTTERDAM / "study.toml").read_text(encoding="utf-8")
    for name in ("rotterdam", "gbsg"):
        text = text.replace(f'source = "{name}.csv"', f'source = "{(ROTTERDAM / name).as_posix()}.csv"')
    path = folder / "study.toml"
    path.write_text(text.replace('id = "pid"', f'id = "pid"\n{lines}', 1), encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def source(*, origin: str = "", synthetic: bool = False) -> SourceTable:
    """Return a table of that origin."""
    return SourceTable(pd.DataFrame({"a": ["1"]}), "t.txt", "0" * 64, origin=origin, synthetic=synthetic)


# -- what a source demands ---------------------------------------------------------------------------------------------
def test_a_table_of_seer_is_protected_without_being_asked() -> None:
    found, findings = protection_of(DataSpec(source="t.txt"), source(origin="seer"), "data")
    assert (found.suppress_below, found.deidentify, found.from_registry, findings) == (BELOW, True, True, [])
    named = DataSpec(source="t.csv", dictionary=("seer",))
    assert protection_of(named, source(), "data")[0].suppress_below == BELOW


def test_a_synthetic_or_local_table_is_not() -> None:
    for table in (source(origin="seer", synthetic=True), source()):
        found, _ = protection_of(DataSpec(source="t.txt"), table, "data")
        assert (found.suppress_below, found.deidentify, found.from_registry) == (0, False, False)


@pytest.mark.parametrize("below", [0, 5, 10])
def test_seer_cannot_go_below_11(below: int) -> None:
    _, findings = protection_of(DataSpec(source="t.txt", suppress_below=below), source(origin="seer"), "data")
    assert [(f.code, f.place, f.severity) for f in findings] == [
        ("suppress_below_too_low", "data.suppress_below", "error")
    ]


def test_a_study_may_ask_for_more() -> None:
    data = DataSpec(source="t.txt", suppress_below=20)
    assert protection_of(data, source(origin="seer"), "data")[0].suppress_below == 20


def test_the_validation_cohort_takes_what_the_data_section_says(tmp_path: Path) -> None:
    study = load_study(protected_study(tmp_path, 'suppress_below = 15\ndeidentify = true\nkey_file = "k"'))
    assert study.validation is not None
    given = study.validation.data
    assert (given.suppress_below, given.deidentify, given.key_file) == (15, True, "k")


# -- whole runs --------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_pseudonyms_are_the_same_in_both_runs_and_the_key_stays_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    study = protected_study(tmp_path, "deidentify = true")
    request = RunRequest(study=study, out=tmp_path / "out", to="html", verify=False)
    files = compute(request, Silent()).files
    key = (tmp_path / KEY_NAME).read_bytes().strip()
    rows = list(csv.DictReader(io.StringIO(files["phenotypes.csv"].decode())))
    frame = build_cohorts(load_study(study)).frames["development", "rfs"]
    assert [row["id"] for row in rows] == [pseudonym(key, name) for name in frame.ids]
    assert not [name for name, content in files.items() if key in content]
    assert compute(request, Silent()).files["phenotypes.csv"] == files["phenotypes.csv"]
    assert "keyed pseudonyms" in files["report.html"].decode()


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Study and report of Rotterdam with hidden small cells, checked against R."""
    folder = tmp_path_factory.mktemp("hidden")
    study = protected_study(folder, "suppress_below = 11\ndeidentify = true")
    assert main(["run", str(study), "--out", str(folder / "out"), "--strict", "--quiet"]) == 0
    return study, folder / "out"


@pytest.mark.r
@pytest.mark.slow
def test_no_file_of_rows_and_no_key_is_made(hidden: tuple[Path, Path]) -> None:
    study, report = hidden
    names = {str(path.relative_to(report)) for path in report.rglob("*") if path.is_file()}
    assert not {"data_for_r.csv", "phenotypes.csv", "model/phenotypes.json"} & names
    assert not (study.parent / KEY_NAME).exists()
    manifest = json.loads((report / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["withheld"]) == {"data_for_r.csv", "phenotypes.csv", "model/phenotypes.json"}


@pytest.mark.r
@pytest.mark.slow
def test_the_ledger_keeps_verdicts_and_drops_values(hidden: tuple[Path, Path]) -> None:
    rows = rows_of(hidden[1] / "verification.csv")
    assert {row["verdict"] for row in rows} == {"agrees", "not_checkable"}
    assert not [row for row in rows if any(row[k] for k in ("python", "r", "lifelines", "abs_diff", "rel_diff"))]
    ledger = {row["address"] for row in rows}
    stats = rows_of(hidden[1] / "stats.csv")
    assert not [row["address"] for row in stats if row["value"] and row["address"] not in ledger]


@pytest.mark.r
@pytest.mark.slow
def test_what_is_shown_is_what_was_computed(hidden: tuple[Path, Path], rotterdam: Results) -> None:
    """Shown numbers are those of the open report, some rounded; none is changed otherwise."""
    open_values = {where: found.value for *_, found, where in rotterdam.statistics()}
    tree = Results.model_validate_json((hidden[1] / "results.json").read_text(encoding="utf-8"))
    shown = [(where, found.value) for *_, found, where in tree.statistics() if found.value is not None]
    assert len(shown) > 2000
    for where, value in shown:
        assert value == pytest.approx(open_values[where], rel=5e-3, abs=6e-3 if where.endswith("smd") else 6e-4), where


@pytest.mark.r
@pytest.mark.slow
def test_the_report_says_what_is_hidden(hidden: tuple[Path, Path]) -> None:
    text = (hidden[1] / "report.html").read_text(encoding="utf-8")
    for said in ("Small numbers are hidden", "Files that are not written", "De-identification", "cell-size policy"):
        assert said in text
    assert "put your own data beside" in (hidden[1] / "reproduce.R").read_text(encoding="utf-8")


@pytest.mark.r
@pytest.mark.slow
def test_verify_works_from_the_own_data_and_render_needs_none(
    hidden: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, report = hidden
    assert main(["verify", str(report / "results.json"), str(study)]) == 0
    assert "the numbers that are not hidden are those of the study file" in capsys.readouterr().out
    assert main(["render", str(report / "results.json"), "--out", str(tmp_path / "again"), "--to", "html"]) == 0
    assert (tmp_path / "again/report.html").read_bytes() == (report / "report.html").read_bytes()


@pytest.mark.r
@pytest.mark.slow
def test_verify_sees_a_changed_number(hidden: tuple[Path, Path], tmp_path: Path) -> None:
    study, report = hidden
    text = (report / "results.json").read_text(encoding="utf-8")
    changed = text.replace('"stat":"n","value":2982.0', '"stat":"n","value":2983.0', 1)
    assert changed != text
    (tmp_path / "results.json").write_text(changed, encoding="utf-8")
    assert main(["verify", str(tmp_path / "results.json"), str(study)]) == 4


# -- explain, patients -------------------------------------------------------------------------------------------------
def limited(tree: Results) -> Results:
    """Return the tree with a limit for both cohorts."""
    cohorts = tuple(info.model_copy(update={"suppress_below": BELOW}) for info in tree.cohorts)
    return tree.model_copy(update={"cohorts": cohorts})


def test_explain_refuses_hidden_numbers_and_counts(rotterdam: Results) -> None:
    tree = suppress_small_cells(limited(rotterdam))
    gone = next(where for *_, found, where in tree.statistics() if found.reason is Reason.SUPPRESSED)
    for where in (gone, "development/rfs/kaplan_meier/n_event"):
        with pytest.raises(UsageError, match="small cells of this cohort are hidden"):
            refuse_hidden(tree, find_number(tree, where), where)
    shown = "development/rfs/kaplan_meier/t=5/estimate"
    refuse_hidden(tree, find_number(tree, shown), shown)
    refuse_hidden(rotterdam, find_number(rotterdam, "development/rfs/kaplan_meier/n"), "n")


def test_registry_patients_and_those_of_the_study_get_no_pages(rotterdam: Results) -> None:
    refuse_registry_format(source(), Path("t.csv"))
    for synthetic in (False, True):
        with pytest.raises(RegistryPatientsError, match="SEER's agreement"):
            refuse_registry_format(source(origin="seer", synthetic=synthetic), Path("t.csv"))
    with pytest.raises(RegistryPatientsError, match="development table of the study itself"):
        refuse_own_input(rotterdam.cohorts[0].sha256, Path("t.csv"), rotterdam)
    refuse_own_input("0" * 64, Path("t.csv"), rotterdam)


@pytest.mark.r
@pytest.mark.slow
def test_the_command_refuses_the_own_table_and_takes_others(hidden: tuple[Path, Path], tmp_path: Path) -> None:
    call = ["patient", str(hidden[1]), "--no-verify", "--quiet", "--to", "html", "--out"]
    assert main([*call, str(tmp_path / "a"), "--input", str(ROTTERDAM / "rotterdam.csv")]) == 3
    assert not (tmp_path / "a").exists()
    assert main([*call, str(tmp_path / "b"), "--input", str(ROTTERDAM / "patients.csv")]) == 0
    assert (tmp_path / "b/predictions.csv").is_file()


# -- the coarse model --------------------------------------------------------------------------------------------------
def test_the_coarse_model_predicts_the_same_at_the_horizons(rotterdam: Results) -> None:
    study = load_study(ROTTERDAM / "study.toml")
    frame = build_cohorts(study).frames["development", "rfs"]
    whole = freeze_cox(
        frame, model_options(study, frame), rotterdam.endpoints[0], conf_type="log-log", conf_level=0.95
    )  # fmt: skip
    tree = suppress_small_cells(limited(rotterdam))
    coarse = coarse_model(whole, frame, tree, BELOW)
    assert coarse is not None
    assert coarse.horizons == (1.0, 3.0, 5.0)
    columns = {name: replace(column, values=column.values[:20]) for name, column in frame.columns.items()}
    wanted = np.array(coarse.horizons)
    before, after = whole.predict(columns, wanted), coarse.predict(columns, wanted)
    np.testing.assert_array_equal(before.survival, after.survival)
    np.testing.assert_array_equal(before.conf_low, after.conf_low)
    events = np.searchsorted(np.sort(frame.time[frame.event]), np.array(coarse.baseline.time), side="right")
    gaps = np.diff(events, prepend=0)
    assert ((gaps == 0) | (gaps >= BELOW)).all()
    assert all(abs(time * 12 - round(time * 12)) < 1e-9 for time in coarse.baseline.time)
