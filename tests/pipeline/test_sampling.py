"""Large frames are checked on a random subset, and everything says so."""

from __future__ import annotations

import csv
import importlib.util
import io
import subprocess
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from reporter.cohort.build import build_cohorts
from reporter.output.stats import verification_csv
from reporter.pipeline.manifest import run_manifest
from reporter.pipeline.plan import plan_analyses
from reporter.pipeline.progress import Silent
from reporter.pipeline.sampling import LIMIT_S, Sampling, expected_seconds, take_rows
from reporter.pipeline.verify import Checker, summary_lines, verification_files
from reporter.report.sections.check import badge
from reporter.results.ledger import Verdict
from reporter.spec.load import load_study
from tests.verification.small import make_results, nodes_of

ROWS = 400


def generator() -> ModuleType:
    """Return the module that makes the registry."""
    path = Path(__file__).resolve().parents[1] / "scale" / "seer_like.py"
    spec = importlib.util.spec_from_file_location("seer_like", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory):
    study = load_study(generator().write_study(tmp_path_factory.mktemp("registry"), 2_000))
    built = build_cohorts(study)
    frames = dict(built.frames)
    return study, built, frames, plan_analyses(study, frames)


def test_the_registry_is_made_like_seer() -> None:
    table = generator().make_table(20_000)
    months = table["months"].to_numpy()
    dead = table["status"].to_numpy(zero_copy_only=False) == "Dead"
    assert months.min() == 0 and months.max() <= 240 and 0.55 < dead.mean() < 0.65
    assert table.equals(generator().make_table(20_000)) and sum(n - 1 for n in generator().COLUMNS.values()) == 20


def test_the_rule(registry) -> None:
    _, _, frames, planned = registry
    seconds = expected_seconds(planned, frames)
    assert 0 < seconds < LIMIT_S
    whole = Sampling(1)
    assert whole.frames(frames, planned) == frames and not whole.subsets
    few = Sampling(1, limit_s=seconds / 2, subset_rows=ROWS)
    part = few.frames(frames, planned)["development", "os"]
    assert part.n == ROWS and few.subsets[0].n_used == frames["development", "os"].n
    assert few.frames(frames, planned)["development", "os"] is part
    enough = Sampling(1, limit_s=seconds / 2, subset_rows=5_000)
    assert enough.frames(frames, planned) == frames and not enough.subsets


def test_the_draw_is_that_of_the_seed(registry) -> None:
    _, _, frames, planned = registry
    drawn = [Sampling(seed, limit_s=0, subset_rows=ROWS).frames(frames, planned) for seed in (1, 1, 2)]
    ids = [found["development", "os"].ids for found in drawn]
    assert ids[0] == ids[1] != ids[2] and len(set(ids[0])) == ROWS


def test_rows_go_together(registry) -> None:
    frame = next(iter(registry[2].values()))
    frame = replace(frame, entry=frame.time / 2, cause=np.arange(frame.n))
    part = take_rows(frame, np.array([3, 7, 11]))
    assert part.ids == tuple(frame.ids[i] for i in (3, 7, 11)) and part.cause is not None and part.entry is not None
    assert part.cause.tolist() == [3, 7, 11] and (part.entry == part.time / 2).all() and part.event.shape == (3,)
    assert all(column.values.shape == (3,) for column in part.columns.values())


@pytest.mark.r
def test_a_subset_is_checked_and_said(registry, tmp_path: Path) -> None:
    study, built, frames, planned = registry
    with Checker(enabled=True, sampling=Sampling(study.seed, limit_s=0, subset_rows=ROWS)) as checker:
        checker.submit(frames, planned)
        results = make_results(nodes_of(planned, frames), study.sha256)
        results = results.model_copy(
            update={"cohorts": built.infos, "endpoints": built.endpoints, "columns": built.columns}
        )
        results = results.model_copy(update={"verification": checker.verify(results, frames)})
    check = results.verification
    (subset,) = check.subsets
    n = frames["development", "os"].n
    assert (subset.n_checked, subset.n_used, subset.seed) == (ROWS, n, study.seed)
    assert check.count(Verdict.DISAGREES) == check.count(Verdict.MISSING_IN_R) == 0
    assert check.count(Verdict.MISSING_IN_PYTHON) == 0 and check.count(Verdict.AGREES) > 500
    by_address = {row.address: row for row in check.rows}
    row = by_address["development/os/cox_model/GLOBAL/n"]
    assert results.at("development/os/cox_model/GLOBAL/n").value == n
    assert row.python == ROWS and f"{ROWS} of {n} rows" in row.note
    valued = {where for _, _, found, where in results.statistics() if found.value is not None}
    assert valued <= set(by_address)
    assert any(f"checked on {ROWS} of {n} rows" in line for line in summary_lines(results))
    rule = run_manifest(results, Silent())
    assert rule["verification"]["rows_checked"]["development/os"]["checked"] == ROWS
    assert rule["rows_read"] == {"development": 2000} and rule["peak_memory_mib"]["python"] > 0
    files = verification_files(checker, frames, results)
    for name, data in {**files, "verification.csv": verification_csv(check).encode()}.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(["Rscript", str(tmp_path / "reproduce.R")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list(csv.reader(io.StringIO(files["data_for_r.csv"].decode())))) == ROWS + 1


def test_the_first_page_says_it(registry) -> None:
    from reporter.report.figures import FontMetrics
    from reporter.report.language import Language
    from reporter.report.sections.context import Context
    from reporter.results.ledger import LedgerRow, Subset, Verification

    row = LedgerRow(address="development/os/cox_model/GLOBAL/n", python=1.0, r=1.0, verdict=Verdict.AGREES)
    subset = Subset(cohort="development", endpoint="os", n_checked=50_000, n_used=997_096, seed=7, limit_s=60)
    results = make_results([]).model_copy(
        update={"verification": Verification(ran=True, subsets=(subset,), rows=(row,))}
    )
    said = badge(Context(results, Language("en"), FontMetrics(), {}))
    text = "".join(run.text for run in said.runs)
    assert (said.state, said.heading) == ("verified", "Verified against R on a random subset")
    assert "50,000 of 997,096" in text.replace("\u202f", ",").replace("\u2009", ",") and "seed 7" in text


def test_without_the_check_r_is_to_see_all_rows(registry) -> None:
    study, _, frames, planned = registry
    with Checker(enabled=False, sampling=Sampling(study.seed, limit_s=0, subset_rows=ROWS)) as checker:
        checker.submit(frames, planned)
        check = checker.verify(make_results([]), frames)
    assert not check.ran and not check.subsets and checker.frames == frames


@pytest.mark.r
def test_ends_of_curves_and_what_the_subset_lacks(registry, tmp_path: Path) -> None:
    """The whole curve ends later than the subset's; its row keeps the whole curve's address."""
    study, _, frames, planned = registry
    key = ("development", "os")
    frame = frames[key]
    part = Sampling(study.seed, limit_s=0, subset_rows=ROWS).frames(frames, planned)[key]
    outside = next(i for i, name in enumerate(frame.ids) if name not in set(part.ids))
    late = frame.time.copy()
    late[outside] = 999.0
    frames = {key: replace(frame, time=late)}
    planned = [item for item in planned if item.options.kind in ("kaplan_meier", "follow_up", "cox")]
    with Checker(enabled=True, sampling=Sampling(study.seed, limit_s=0, subset_rows=ROWS)) as checker:
        checker.submit(frames, planned)
        results = make_results(nodes_of(planned, frames), study.sha256)
        results = results.model_copy(update={"verification": checker.verify(results, frames)})
    ends = [row for row in results.verification.rows if "kaplan_meier_curve/t=999/estimate" in row.address]
    assert len(ends) == 1 and ends[0].verdict is Verdict.AGREES
    files = verification_files(checker, frames, results)
    for name, data in {**files, "verification.csv": verification_csv(results.verification).encode()}.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(["Rscript", str(tmp_path / "reproduce.R")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
