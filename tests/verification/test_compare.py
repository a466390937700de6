"""Verdicts of the outer join, on made-up answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reporter.results.ledger import LedgerRow, Verdict
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Results, Row
from reporter.results.value import Reason, Statistic
from reporter.spec.options import KaplanMeierOptions, LogRankOptions, PhenotypeOptions, TermSpec
from reporter.verification.compare import compare
from reporter.verification.differences import REGISTER, Witnessed
from reporter.verification.task import Answer, CurveAnswer, Task
from tests.verification.small import make_results

OPTIONS = LogRankOptions(group="arm")
TASK = Task("development", "os", OPTIONS)
WHERE = "development/os/log_rank/arm/statistic"


def one(value: float | None, reason: Reason | None = None, *, failed: str = "") -> Results:
    rows = () if failed else (Row(group="arm", stats=(Statistic(stat="statistic", value=value, reason=reason),)),)
    node = AnalysisNode(
        cohort="development", endpoint="os", analysis="log_rank", options=OPTIONS, rows=rows, failed=failed
    )
    return make_results([node])


def ledger(results: Results, answer: Answer, found: Witnessed | None = None) -> LedgerRow:
    (row,) = compare(results, {TASK: answer}, {WHERE: found} if found else {})
    return row


def test_within_and_outside() -> None:
    row = ledger(one(4.0), Answer(values={WHERE: 4.0 * (1 + 5e-13)}))
    assert (row.verdict, row.address, row.tolerance) == (
        Verdict.AGREES,
        WHERE,
        "1e-12 relative or 1e-12 of the degrees of freedom",
    )
    assert row.abs_diff == pytest.approx(2e-12, rel=0.01) and row.rel_diff == pytest.approx(5e-13, rel=0.01)
    assert ledger(one(4.0), Answer(values={WHERE: 4.0 * (1 + 1e-11)})).verdict is Verdict.DISAGREES


def test_absent_on_both_sides_agrees_and_names_the_reason() -> None:
    row = ledger(one(None, Reason.NOT_REACHED), Answer(values={WHERE: math.nan}))
    assert row.verdict is Verdict.AGREES and "not_reached" in row.note and row.r is None


@pytest.mark.parametrize("r", [math.nan, math.inf])
def test_a_value_against_an_absence_disagrees(r: float) -> None:
    assert ledger(one(4.0), Answer(values={WHERE: r})).verdict is Verdict.DISAGREES


def test_an_absence_against_a_value_disagrees() -> None:
    row = ledger(one(None, Reason.NOT_ESTIMABLE), Answer(values={WHERE: 4.0}))
    assert row.verdict is Verdict.DISAGREES and row.r == 4.0


def test_missing_on_either_side() -> None:
    assert ledger(one(4.0), Answer()).verdict is Verdict.MISSING_IN_R
    rows = compare(one(4.0), {TASK: Answer(values={WHERE: 4.0, WHERE.replace("statistic", "df"): 1.0})})
    assert [row.verdict for row in rows] == [Verdict.AGREES, Verdict.MISSING_IN_PYTHON]
    assert rows[1].python is None and rows[1].r == 1.0


def test_not_run_and_not_asked() -> None:
    row = ledger(one(4.0), Answer(not_run="R stopped: no"))
    assert (row.verdict, row.note) == (Verdict.NOT_RUN, "R stopped: no")
    assert compare(one(4.0), {})[0].verdict is Verdict.NOT_RUN


def test_what_python_could_not_do_and_r_did_is_missing_in_python() -> None:
    row = ledger(one(None, failed="ValueError: no"), Answer(values={WHERE: 4.0}))
    assert row.verdict is Verdict.MISSING_IN_PYTHON and "ValueError: no" in row.note
    assert compare(one(None, failed="ValueError: no"), {TASK: Answer(not_run="R stopped: no")}) == ()


def test_r_warnings_stand_in_the_note() -> None:
    row = ledger(one(4.0), Answer(values={WHERE: 4.0}, warnings=("took long",)))
    assert row.verdict is Verdict.AGREES and "R warned: took long" in row.note


def test_only_declared_numbers_are_not_checkable() -> None:
    options = PhenotypeOptions(terms=(TermSpec(column="age"),), k=(2,), horizon=3.0, conf_level=0.95, seed=1)
    stats = tuple(Statistic(stat=name, value=0.9) for name in ("accuracy", "kappa"))
    node = AnalysisNode(
        cohort="development", endpoint="os", analysis="phenotype_classifier", options=options,
        rows=(Row(term="tree", stats=stats),),
    )  # fmt: skip
    rows = compare(make_results([node]), {Task("development", "os", options): Answer()})
    assert [row.verdict for row in rows] == [Verdict.NOT_CHECKABLE, Verdict.MISSING_IN_R]
    assert "scikit-learn" in rows[0].note


KM = KaplanMeierOptions(horizons=(), conf_level=0.95, conf_type="log-log")
KEY = "development/os/kaplan_meier_curve/estimate"


def curve(values: tuple[float | None, ...]) -> Results:
    time = tuple(float(i + 1) for i in range(len(values)))
    found = Curve(time=time, columns=(CurveColumn(stat="estimate", values=values),))
    node = AnalysisNode(cohort="development", endpoint="os", analysis="kaplan_meier_curve", options=KM, curves=(found,))
    return make_results([node])


def compared(results: Results, time: list[float], value: list[float]) -> tuple[LedgerRow, ...]:
    answer = Answer(curves={KEY: CurveAnswer(np.array(time), np.array(value))})
    return compare(results, {Task("development", "os", KM): answer})


def test_a_curve_is_one_row_a_column_at_its_last_point() -> None:
    (row,) = compared(curve((0.9, 0.8, None)), [1, 2, 3], [0.9, 0.8 * (1 + 3e-13), math.nan])
    assert row.address == "development/os/kaplan_meier_curve/t=2/estimate"
    assert row.verdict is Verdict.AGREES and (row.python, row.r) == (0.8, pytest.approx(0.8))
    assert "worst at t=2" in row.note and "1 points absent" in row.note


def test_the_worst_point_of_a_curve_decides() -> None:
    (row,) = compared(curve((0.9, 0.8, 0.7)), [1, 2, 3], [0.9, 0.8 + 1e-11, 0.7])
    assert row.verdict is Verdict.DISAGREES and "worst at t=2; 1 points outside" in row.note
    assert row.rel_diff == pytest.approx(1.25e-11, rel=0.01)


@pytest.mark.parametrize(
    ("time", "value"),
    [([1, 2], [0.9, 0.8]), ([1, 2, 3.001], [0.9, 0.8, 0.7]), ([1, 2, 3], [0.9, math.nan, 0.7])],
    ids=["fewer points", "another time", "an absence"],
)
def test_curves_that_do_not_match_disagree(time: list[float], value: list[float]) -> None:
    (row,) = compared(curve((0.9, 0.8, 0.7)), time, value)
    assert row.verdict is Verdict.DISAGREES and row.note


def test_a_curve_without_a_partner() -> None:
    (row,) = compare(curve((0.9, 0.8)), {Task("development", "os", KM): Answer()})
    assert row.verdict is Verdict.MISSING_IN_R
    answer = Answer(curves={KEY: CurveAnswer(np.array([1.0]), np.array([0.9]))})
    rows = compare(make_results([]), {Task("development", "os", KM): answer})
    assert [(r.verdict, r.address) for r in rows] == [
        (Verdict.MISSING_IN_PYTHON, KEY.replace("/estimate", "/t=1/estimate"))
    ]


def test_lifelines_is_explained_by_the_register_or_said_to_be_unexplained() -> None:
    known = ledger(one(4.0), Answer(values={WHERE: 4.0}), found=Witnessed(5.0, "median_on_plateau"))
    assert known.lifelines == 5.0 and known.note.startswith("known_difference: median_on_plateau")
    unknown = ledger(one(4.0), Answer(values={WHERE: 4.0}), found=Witnessed(5.0))
    assert "no known difference explains it" in unknown.note and unknown.verdict is Verdict.AGREES
    same = ledger(one(4.0), Answer(values={WHERE: 4.0}), found=Witnessed(4.0, "median_on_plateau"))
    assert same.note == "" and same.lifelines == 4.0
    wrong = ledger(one(4.0), Answer(values={WHERE: 5.0}), found=Witnessed(5.0, "median_on_plateau"))
    assert wrong.verdict is Verdict.DISAGREES


def test_the_register_is_whole() -> None:
    assert len({entry.id for entry in REGISTER}) == len(REGISTER) >= 15
    assert all(entry.quantity and entry.r and entry.libraries and entry.printed for entry in REGISTER)
