"""Checks of a table: each code with a table that triggers it and one that nearly does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.errors import Finding
from reporter.intake.quality import Examined, examine
from reporter.intake.quality.dates import far_off
from reporter.intake.quality.identity import is_id_number
from reporter.intake.quality.magnitude import other_unit, special_codes
from reporter.intake.quality.repeated import copies
from reporter.intake.read import SourceTable
from reporter.intake.resolve import Resolver
from reporter.spec.checks import DataCheck, impossible_combinations
from reporter.spec.columns import ColumnSpec
from reporter.spec.dictionaries import dictionary_columns
from reporter.spec.study import DataSpec

Columns = Mapping[str, Sequence[str]]
Specs = Mapping[str, dict[str, Any]] | None
WEIGHTS = [2 ** (17 - i) % 11 for i in range(17)]  # GB 11643-1999: 2 to the place, modulo 11
NUMERIC = {"x": {"kind": "numeric"}}
SIZES = [str(100 + 2 * i) for i in range(20)]


def id_number(serial: int) -> str:
    """Make an identity number with the right check digit for nobody: the district 110199 does not exist."""
    body = f"110199{1940 + serial % 50}0{1 + serial % 9}15{serial % 1000:03d}"
    remainder = (12 - sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11) % 11
    return body + ("X" if remainder == 10 else str(remainder))


def name_of(i: int) -> str:
    return "王李张刘陈杨黄赵吴周"[i % 10] + "一二三四五六七八九十"[i // 10] + "甲"


def found(
    cells: Columns, columns: Specs = None, *, data: Mapping[str, Any] | None = None, **more: Any
) -> list[Finding]:
    table = pd.DataFrame({name: pd.Categorical(list(column)) for name, column in cells.items()})
    resolver = Resolver(table, {key: ColumnSpec.model_validate(spec) for key, spec in (columns or {}).items()})
    source = SourceTable(table, "a.csv", "", synthetic=more.pop("synthetic", False))
    settings_of_data = DataSpec.model_validate({"source": "a.csv", **(data or {})})
    keep = more.pop("keep", np.ones(len(table), dtype=bool))
    return list(examine(Examined(resolver, source, settings_of_data, more.pop("prefix", ""), keep, **more)))


def codes(*args: Any, **more: Any) -> Counter[str]:
    return Counter(finding.code for finding in found(*args, **more))


def case(cells: Columns, columns: Specs = None, **more: Any) -> Callable[[], Counter[str]]:
    return lambda: codes(cells, columns, **more)


def with_one(values: Sequence[str], one: str) -> list[str]:
    return [*values[:-1], one]


DATE = {"d": {"kind": "date"}}
DAYS = [f"2015-{1 + i % 12:02d}-10" for i in range(30)]
LEVELS = {"x": {"kind": "categorical"}}
YES = ["Yes", "No"] * 10
WIDE = {f"c{i}": [str(i * j % 13) for j in range(12)] for i in range(1, 12)}
SAME = {name: [*column, column[3]] for name, column in WIDE.items()}
MALE = {"sex": {"kind": "categorical"}, "site": {"kind": "categorical"}}
NODES = {"nodes_positive": NUMERIC["x"], "nodes_examined": NUMERIC["x"]}
SEER = {"known_checks": impossible_combinations(["seer"])}
FIGO = {"known_checks": impossible_combinations(["figo_2009"])}
STAGES = {name: {"kind": "categorical"} for name in ("figo", "t_stage", "n_stage", "m_stage")}
OWN = (DataCheck.model_validate({"label": "low above high", "greater": ["a", "b"]}),)
TWO = {"a": NUMERIC["x"], "b": NUMERIC["x"]}

# code: (what triggers it, what nearly does)
CASES: dict[str, tuple[Callable[[], Counter[str]], Callable[[], Counter[str]]]] = {
    "duplicate_row": (case(SAME), case({**SAME, "c1": [*WIDE["c1"], "other"]})),
    "missing_time": (
        case({"x": YES}, known={"os": np.arange(20) > 0}),
        case({"x": YES}, known={"os": np.arange(20) > 0}, keep=np.arange(20) > 0),
    ),
    "date_in_future": (
        case({"d": with_one(DAYS, "2201-05-10")}, DATE),
        case({"d": with_one(DAYS, "2024-05-10")}, DATE),
    ),
    "date_far_off": (case({"d": with_one(DAYS, "1900-01-01")}, DATE), case({"d": with_one(DAYS, "2006-01-01")}, DATE)),
    "mixed_units_in_text": (
        case({"x": with_one([f"{i} mm" for i in SIZES], "12 cm")}, {"x": {"kind": "numeric", "number": "first"}}),
        case({"x": with_one([f"{i} mm" for i in SIZES], "120 毫米")}, {"x": {"kind": "numeric", "number": "first"}}),
    ),
    "number_with_unit": (
        case({"x": with_one(SIZES, "120mm")}, NUMERIC),
        case({"x": with_one(SIZES, "12e1")}, NUMERIC),
    ),
    "mixed_units": (case({"x": with_one(SIZES, "12")}, NUMERIC), case({"x": with_one(SIZES, "60")}, NUMERIC)),
    "looks_like_missing_code": (
        case({"x": with_one(SIZES, "999")}, NUMERIC),
        case({"x": with_one(SIZES, "999")}, {"x": {"kind": "numeric", "missing": [999]}}),
    ),
    "implausible_age": (
        case({"age": with_one(SIZES[:10], "150")}, {"age": {"kind": "numeric", "unit": "years"}}),
        case({"age": with_one(SIZES[:10], "150")}, {"age": {"kind": "numeric", "unit": "months"}}),
    ),
    "empty_column": (case({"x": [""] * 20}, NUMERIC), case({"x": with_one([""] * 20, "7")}, NUMERIC)),
    "near_constant": (
        case({"x": with_one(["No"] * 40, "Yes")}, LEVELS, used=["x"]),
        case({"x": ["No"] * 35 + ["Yes"] * 5}, LEVELS, used=["x"]),
    ),
    "constant_column": (
        case({"x": ["No"] * 40}, LEVELS, used=["x"], prefix="validation."),
        case({"x": ["No"] * 40}, LEVELS, used=["x"]),  # an error of the frame in the development cohort
    ),
    "levels_alike": (case({"x": with_one(YES, "no ")}, LEVELS), case({"x": with_one(YES, "not")}, LEVELS)),
    "missing_word_as_level": (
        case({"x": with_one(YES, "NA")}, LEVELS),
        case({"x": with_one(YES, "NA")}, {"x": {"kind": "categorical", "levels": ["Yes", "No", "NA"]}}),
    ),
    "impossible_combination": (
        case({"sex": ["Male"], "site": ["C54.1-Endometrium"]}, MALE, **SEER),
        case({"sex": ["Male", "Female"], "site": ["C50.1", "C54.1-Endometrium"]}, MALE, **SEER),
    ),
    "check_not_applied": (
        case({"a": ["1"]}, {"a": NUMERIC["x"]}, checks=OWN, prefix="validation."),
        case({"a": ["1"], "b": ["2"]}, TWO, checks=OWN, prefix="validation."),
    ),
    "identifier_id_number": (
        case({"note": with_one(YES, f"see {id_number(7)}")}),
        case({"note": with_one(YES, f"see {id_number(7)[:-1]}{(int(id_number(8)[-1], 36) + 1) % 10}")}),
    ),
    "identifier_phone": (
        case({"note": with_one(YES, "call 138-0000-0007")}),
        case({"serial": with_one(SIZES, "13800000007")}),
    ),
    "identifier_email": (
        case({"note": with_one(YES, "write to a.b@example.org")}),
        case({"note": with_one(YES, "5 @ 3")}),
    ),
    "identifier_birth_date": (case({"出生日期": DAYS}), case({"year of birth": [day[:4] for day in DAYS]})),
    "identifier_name": (
        case({"v7": [name_of(i) for i in range(40)]}),
        case({"grade": ["高级别", "低级别"] * 20}),
    ),
    "identifier_address": (case({"家庭住址": [f"street {i}" for i in range(9)]}), case({"site": ["home", "ward"] * 9})),
    "identifier_record_number": (
        case({"住院号": SIZES}, data={"id": "住院号"}),
        case({"住院号": SIZES}, data={"id": "住院号"}, protected=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_the_code_is_found(code: str) -> None:
    assert CASES[code][0]()[code] == 1


@pytest.mark.parametrize("code", CASES)
def test_a_near_miss_is_not(code: str) -> None:
    assert CASES[code][1]()[code] == 0


@pytest.mark.parametrize(
    ("row", "n"),
    [
        ({"figo": "I", "m_stage": "M1"}, 1),
        ({"figo": "IIIA", "m_stage": "M1"}, 1),
        ({"figo": "IVB", "m_stage": "M1"}, 0),
        ({"figo": "IA", "n_stage": "N1", "m_stage": "M0"}, 1),
        ({"figo": "IIIC", "n_stage": "N1", "m_stage": "M0"}, 0),
        ({"figo": "IIIA", "t_stage": "T1b", "n_stage": "N0", "m_stage": "M0"}, 1),
        ({"figo": "IIIC", "t_stage": "T1b", "n_stage": "N1", "m_stage": "M0"}, 0),
        ({"figo": "II", "t_stage": "T2", "n_stage": "N0", "m_stage": "M0"}, 0),
    ],
)
def test_stages_that_cannot_be(row: dict[str, str], n: int) -> None:
    cells = {name: [row.get(name, "")] for name in STAGES}
    assert codes(cells, STAGES, **FIGO)["impossible_combination"] == n


def test_more_positive_nodes_than_examined_and_whose() -> None:
    cells = {"pid": ["a", "b", "c"], "nodes_positive": ["3", "4", ""], "nodes_examined": ["3", "3", "0"]}
    [finding] = found(cells, NODES, keep=np.array([True, False, True]), **SEER)
    assert (finding.rows, finding.n_rows, finding.severity) == ((1,), 1, "warning")
    assert "0 of them selected" in finding.message


def test_columns_that_the_study_does_not_name_are_checked_by_the_dictionary() -> None:
    cells = {"Sex": ["Male", "Female"], "Primary Site - labeled": ["C54.1-Endometrium"] * 2}
    assert codes(cells, extra=dictionary_columns(("seer",)), **SEER)["impossible_combination"] == 1
    assert codes(cells, **SEER)["impossible_combination"] == 0


def test_a_check_of_the_study_file_may_be_an_error() -> None:
    check = DataCheck.model_validate({"label": "no", "when": [{"column": "x", "in": ["No"]}], "severity": "error"})
    [finding] = found({"x": YES}, LEVELS, checks=(check,))
    assert (finding.severity, finding.n_rows, finding.place) == ("error", 10, "checks.1")
    wrong = DataCheck.model_validate({"label": "no", "when": [{"column": "x", "in": ["Nope"]}]})
    assert codes({"x": YES}, LEVELS, checks=(wrong,)) == {"unknown_level": 1}
    assert codes({"x": YES, "y": YES}, LEVELS, checks=OWN)["wrong_kind"] == 1


def test_identifiers_are_never_printed_and_synthetic_patients_have_none() -> None:
    numbers = [id_number(i) for i in range(30)]
    secret = {"姓名": [name_of(i) for i in range(30)], "n": numbers, "tel": ["13800000007"] * 30}
    text = " ".join(f"{finding} {finding.ids}" for finding in found(secret))
    assert "identifier_name" in text and "identifier_id_number" in text and "identifier_phone" in text
    assert not [cell for column in secret.values() for cell in column if cell in text]
    assert not codes(secret, synthetic=True)


def test_identity_numbers() -> None:
    # The example of GB 11643-1999 and of many textbooks.
    assert is_id_number("11010519491231002X") and is_id_number("440524188001010014")
    assert not is_id_number("110105194912310021") and not is_id_number("11010519491331002X")
    assert all(is_id_number(id_number(i)) for i in range(200))


@pytest.mark.parametrize(
    ("values", "powers"),
    [
        ([*range(100, 140, 2), 12], {-1}),
        ([*range(150, 190, 2), 1.65], {-2}),
        ([*range(3, 30, 3), *range(30, 130, 4)], set()),  # no gap: clusters run into each other
        ([*range(4, 8), *range(40, 80)], {-1}),
        ([*range(100, 140, 2), 5000], set()),
        ([2**i for i in range(20)], set()),
        ([12, 120, 120], set()),
        ([], set()),
    ],
)
def test_other_units_by_hand(values: list[float], powers: set[int]) -> None:
    assert set(other_unit(np.array(values, dtype=float))) == powers


def test_special_codes_by_hand() -> None:
    ages = np.array([*range(40, 60), 99.0])
    assert not special_codes(ages).any()
    assert special_codes(np.array([*range(1, 20), 99.0])).sum() == 1
    assert special_codes(np.array([*range(20), -9.0, -9.0])).sum() == 2
    assert not special_codes(np.array([*range(20), -9.0, -2.5])).any()


def test_far_off_by_hand() -> None:
    days = np.arange(10_000.0, 10_100.0)
    assert far_off(days) == (-np.inf, np.inf)
    assert far_off(np.append(days, 0.0)) == (10_000.0, np.inf)
    assert far_off(np.append(days, np.full(40, 0.0))) == (-np.inf, np.inf)  # too many to be slips


def test_copies_are_compared_cell_by_cell() -> None:
    table = pd.DataFrame({"a": ["1", "1", "2", "1"], "b": [0.5, np.nan, 0.5, np.nan]})
    assert copies(table).tolist() == [3]


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 5))
def test_the_order_of_rows_changes_no_count(random: Any, n_bad: int) -> None:
    n = 40
    cells = {
        "id": [f"P{i}" for i in range(n)], "姓名": [name_of(i) for i in range(n)],
        "x": [str(100 + i) for i in range(n - n_bad)] + ["12"] * n_bad, "d": ["2015-01-01"] * (n - 1) + ["1900-01-01"],
        "g": ["Yes", "No"] * (n // 2 - 1) + ["no", "NA"], "nodes_positive": ["1"] * n,
        "nodes_examined": ["0", "2"] * 20,
    }  # fmt: skip
    columns = {**NUMERIC, **DATE, **NODES, "g": {"kind": "categorical"}}
    order = list(range(n))
    random.shuffle(order)
    shuffled = {name: [column[i] for i in order] for name, column in cells.items()}

    def counts(given: Columns) -> list[tuple[str, str, int | None, str]]:
        every = found(given, columns, used=["x", "g"], data={"id": "id"}, **SEER)
        return sorted((one.code, one.column, one.n_rows, one.message) for one in every)

    assert counts(cells) == counts(shuffled) and len(counts(cells)) >= 4
