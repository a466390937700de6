"""The check as a step of the run, and its second run."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reporter.errors import UsageError
from reporter.pipeline.verify import SWITCHED_OFF, Checker, summary_lines, verify_again
from reporter.results.ledger import Verdict
from reporter.results.tree import Results
from tests.verification.small import Checked, Small, make_results, nodes_of


def test_switched_off_every_number_is_not_run(small: Small) -> None:
    with Checker(enabled=False) as checker:
        assert checker.why_not == SWITCHED_OFF
        checker.submit(small.frames, small.planned)
        results = make_results(nodes_of(small.planned, small.frames))
        verification = checker.verify(results, small.frames)
    assert (verification.ran, verification.why_not, verification.n_checked) == (False, SWITCHED_OFF, 0)
    assert verification.count(Verdict.NOT_RUN) == len(verification.rows) > 200 and not verification.all_agree
    lines = summary_lines(results.model_copy(update={"verification": verification}))
    assert lines == [f"not verified: {SWITCHED_OFF}"]


@pytest.mark.r
def test_a_later_batch_has_its_new_column(small: Small) -> None:
    """The phenotype column comes after the first checks were handed over."""
    early = dict(small.frames)
    key = ("development", "os")
    with Checker(enabled=True) as checker:
        checker.submit(early, small.of_kind("follow_up"))
        size = early[key].columns["size"]
        early[key] = early[key].with_column(type(size)("phenotype", "", "", size.kind, size.levels, size.values))
        (planned,) = small.of_kind("log_rank")
        options = planned.options.model_copy(update={"group": "phenotype"})
        late = [type(planned)(planned.cohort, planned.endpoint, options)]
        checker.submit(early, late)
        results = make_results(nodes_of([*small.of_kind("follow_up"), *late], early))
        verification = checker.verify(results, early)
    assert verification.all_agree and verification.n_checked > 15


@pytest.mark.r
def test_an_error_in_the_run_ends_r(small: Small) -> None:
    def fail() -> None:
        with Checker(enabled=True) as checker:
            checker.submit(small.frames, small.planned)
            assert any(thread.name == "check against R" for thread in threading.enumerate())
            raise RuntimeError("elsewhere")

    with pytest.raises(RuntimeError, match="elsewhere"):
        fail()
    assert not any(thread.name == "check against R" for thread in threading.enumerate())


@pytest.mark.r
def test_the_summary_counts_per_analysis(checked: Checked) -> None:
    lines = summary_lines(checked.results)
    ledger = checked.results.verification.rows
    n_cox = sum(row.address.split("/")[2] == "cox_multivariable" for row in ledger if row.python is not None)
    assert any(line.split() == ["cox_multivariable", str(n_cox), str(n_cox)] for line in lines)
    assert not any("not equal" in line for line in lines)
    assert any(line.startswith("largest relative difference: ") for line in lines)
    assert any(line.startswith("R 4.") and "survival 3." in line for line in lines)
    fewer = checked.results.verification.model_copy(update={"rows": ledger[5:]})
    assert any(
        "not equal" in line for line in summary_lines(checked.results.model_copy(update={"verification": fewer}))
    )


def write(results: Results, folder: Path) -> Path:
    path = folder / "results.json"
    path.write_text(results.model_dump_json(), encoding="utf-8")
    return path


@pytest.mark.r
def test_another_study_file_is_refused(checked: Checked, rotterdam: Path, tmp_path: Path) -> None:
    provenance = checked.results.provenance.model_copy(update={"study_sha256": "0" * 64})
    path = write(checked.results.model_copy(update={"provenance": provenance}), tmp_path)
    with pytest.raises(UsageError, match="not the study file of") as caught:
        verify_again(path, rotterdam, say=lambda text: None)
    assert str(path) in str(caught.value) and "000000000000" in str(caught.value)


@pytest.mark.r
def test_other_data_are_refused(checked: Checked, rotterdam: Path, tmp_path: Path) -> None:
    first, *rest = checked.results.cohorts
    cohorts = (first.model_copy(update={"sha256": "f" * 64}), *rest)
    path = write(checked.results.model_copy(update={"cohorts": cohorts}), tmp_path)
    with pytest.raises(UsageError, match="not the development data of"):
        verify_again(path, rotterdam, say=lambda text: None)
