"""The result tree: a number or a reason, unique addresses, JSON both ways."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from reporter.results.address import address, encode_level, encode_term, time_text
from reporter.results.ledger import LedgerRow, Verdict, Verification
from reporter.results.tree import (
    AnalysisNode,
    Curve,
    CurveColumn,
    Provenance,
    Results,
    Row,
    StudyInfo,
    last_point,
)
from reporter.results.value import Reason, Statistic, statistic
from reporter.spec.options import LogRankOptions


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_a_reason(value: float) -> None:
    found = statistic("median", value, reason=Reason.NOT_REACHED)
    assert (found.value, found.reason) == (None, Reason.NOT_REACHED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": None},
        {"value": math.nan},
        {"value": math.inf},
        {"value": 1.0, "reason": Reason.NOT_RUN},
        {"value": 1.0, "text": "1"},
    ],
)
def test_value_and_reason_exclude_each_other(wrong) -> None:
    with pytest.raises(ValidationError):
        Statistic(stat="x", **wrong)


@pytest.mark.parametrize(
    ("level", "code"),
    [(">50", "%3E50"), ("<=20", "%3C%3D20"), ("a b/c%", "a%20b%2Fc%25"), ("1-2", "1-2"), ("三", "三")],
)
def test_levels_are_encoded(level: str, code: str) -> None:
    assert encode_level(level) == code


def test_terms_keep_their_first_equals_sign() -> None:
    assert encode_term("size=>50") == "size=%3E50"
    assert encode_term("age") == "age" and encode_term("g=a=b") == "g=a%3Db"


@pytest.mark.parametrize(
    ("time", "text"),
    [(5.0, "5"), (0.1, "0.1"), (1 / 3, "0.3333333333333333"), (1e-7, "1e-07"), (1e22, "1e+22"), (4.99, "4.99")],
)
def test_times_read_back(time: float, text: str) -> None:
    assert time_text(time) == text and float(text) == time


def test_address_of_a_number() -> None:
    found = address("development", "rfs", "kaplan_meier", "estimate", group="size", level=">50", time=5.0)
    assert found == "development/rfs/kaplan_meier/size=%3E50/t=5/estimate"
    assert address("development", "rfs", "cox_multivariable", "conf_low", term="size=>50").endswith(
        "/size=%3E50/conf_low"
    )


def node(*rows: Row, **more: object) -> AnalysisNode:
    return AnalysisNode(
        cohort="development", endpoint="os", analysis="log_rank", variable="g", options=LogRankOptions(group="g"),
        rows=rows, **more,
    )  # fmt: skip


def results(*nodes: AnalysisNode) -> Results:
    return Results(
        study=StudyInfo(id="x", title="x", languages=("en",), seed=1),
        provenance=Provenance(reporter_version="0", python_version="3", packages={}, study_sha256="0"),
        cohorts=(), endpoints=(), columns=(), analyses=nodes, verification=Verification(ran=False),
    )  # fmt: skip


ROW = Row(group="g", stats=(statistic("statistic", 3.25), statistic("p_value", math.nan, note="why")))


def test_json_both_ways() -> None:
    tree = results(node(ROW, curves=(Curve(time=(1.0, 2.5), columns=(CurveColumn(stat="x", values=(0.1, None)),)),)))
    assert Results.model_validate_json(tree.model_dump_json()) == tree
    assert tree.at("development/os/log_rank/g/statistic").value == 3.25
    with pytest.raises(KeyError):
        tree.at("development/os/log_rank/g/nothing")


def test_two_numbers_cannot_share_an_address() -> None:
    with pytest.raises(ValidationError, match="two numbers have the address development/os/log_rank/g/statistic"):
        results(node(ROW), node(ROW))


def test_columns_of_a_curve_have_one_length() -> None:
    with pytest.raises(ValidationError, match="1 values for 2 times"):
        Curve(time=(1.0, 2.0), columns=(CurveColumn(stat="x", values=(1.0,)),))


def test_rows_and_statistics_are_found_by_name() -> None:
    one = node(ROW)
    assert one.find(group="g") is ROW and one.find(group="h") is None
    assert ROW.get("p_value").note == "why"
    with pytest.raises(KeyError):
        ROW.get("df")
    assert last_point((0.5, None, 0.2, None)) == 2 and last_point((None,)) is None


def ledger(*verdicts: Verdict, ran: bool = True) -> Verification:
    rows = tuple(LedgerRow(address=str(i), python=1.0, r=1.0, verdict=v) for i, v in enumerate(verdicts))
    return Verification(ran=ran, rows=rows)


@pytest.mark.parametrize(
    ("verification", "good"),
    [
        (ledger(Verdict.AGREES, Verdict.NOT_CHECKABLE), True),
        (ledger(Verdict.AGREES, Verdict.NOT_RUN), False),
        (ledger(Verdict.AGREES, Verdict.MISSING_IN_R), False),
        (ledger(Verdict.AGREES, Verdict.MISSING_IN_PYTHON), False),
        (ledger(Verdict.DISAGREES), False),
        (ledger(), False),
        (ledger(Verdict.AGREES, ran=False), False),
    ],
)
def test_all_agree_only_where_everything_does(verification: Verification, good: bool) -> None:
    assert verification.all_agree is good
