"""Numbers as text: rounding, P values, shares, ratios, ranges."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report.format import (
    count,
    fixed,
    level_text,
    p_relation,
    p_value,
    padded,
    percent,
    percentage,
    plain_number,
    range_separator,
    ratio,
    ratio_digits,
    ratio_writer,
    scientific,
    significant,
    small,
)

FINITE = st.floats(-1e9, 1e9, allow_nan=False)
SHARES = st.floats(0, 1, allow_nan=False)


def read(text: str) -> Decimal:
    """Read a printed number back."""
    return Decimal(text.replace("\u2212", "-").replace("\u2009", ""))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.125, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (2.675, 2, "2.68"),  # the float is below, its shortest text is not
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (-0.004, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (9999, 0, "9999"),
        (12345, 0, "12\u2009345"),
        (-1234567.8, 1, "−1\u2009234\u2009567.8"),
        (1e-320, 3, "0.000"),
    ],
)
def test_fixed(value: float, digits: int, text: str) -> None:
    assert fixed(value, digits) == text


@given(FINITE, st.integers(0, 6))
def test_fixed_is_within_half_a_unit_and_never_minus_zero(value: float, digits: int) -> None:
    text = fixed(value, digits)
    unit = Decimal(1).scaleb(-digits)
    assert abs(read(text) - Decimal(repr(value))) <= unit / 2
    assert not text.startswith("−") or read(text) != 0
    assert "-" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "< .001"),
        (0.0009999, "< .001"),
        (0.001, ".001"),
        (0.0014, ".001"),
        (0.0034272822647458422, ".003"),
        (0.0096, ".01"),
        (0.01, ".01"),
        (0.0449, ".04"),
        (0.046, ".046"),
        (0.0496, ".0496"),
        (0.04999, "< .05"),
        (0.05, ".05"),
        (0.0501, ".05"),
        (0.105, ".11"),
        (0.5, ".50"),
        (0.99, ".99"),
        (0.9901, "> .99"),
        (1.0, "> .99"),
    ],
)
def test_p_value(value: float, text: str) -> None:
    assert p_value(value) == text


@given(st.floats(0, 1, allow_nan=False))
def test_p_value_says_the_same_of_five_per_cent(value: float) -> None:
    text = p_relation(value)
    assert text.startswith(("< ", "> ", "= "))
    printed = Decimal("0" + text[2:])
    below = printed < Decimal("0.05") or text == "< .05"
    assert below == (value < 0.05)


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.0, 0, "0"),
        (1.0, 1, "100"),
        (0.0001, 0, "< 1"),
        (0.9999, 0, "> 99"),
        (0.9996, 1, "> 99.9"),
        (0.0004, 1, "< 0.1"),
        (0.005, 0, "1"),
        (0.995, 0, "> 99"),
        (0.994, 0, "99"),
        (0.5685, 1, "56.9"),
        (0.285, 0, "29"),
    ],
)
def test_percent(share: float, digits: int, text: str) -> None:
    assert percent(share, digits) == text


@given(SHARES, st.integers(0, 2))
def test_percent_is_never_all_or_none_by_rounding(share: float, digits: int) -> None:
    text = percent(share, digits)
    if text == "100":
        assert share == 1
    if text == "0":
        assert share == 0
    if text[0] not in "<>":
        assert abs(read(text) - Decimal(repr(share)) * 100) <= Decimal(1).scaleb(-digits) / 2
    assert read(text.lstrip("<> ")) <= 100


def test_percentage_takes_numbers_of_per_cent() -> None:
    assert percentage(44.0) == "44.0"
    assert percentage(0.02) == "< 0.1"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.7, 2, "0.70"), (12.34, 2, "12.3"), (123.4, 2, "123"), (5000.0, 2, "> 1000"), (1e-9, 4, "< 0.0001")],
)
def test_ratio(value: float, digits: int, text: str) -> None:
    assert ratio(value, digits) == text


def test_ratio_keeps_the_digits_that_show_which_side_of_one_a_limit_is() -> None:
    write = ratio_writer(1.008, 1.002, 1.014)
    assert [write(v) for v in (1.008, 1.002, 1.014)] == ["1.008", "1.002", "1.014"]
    assert ratio_digits([1.0004], [0.98, 1.02]) == 2
    assert ratio_digits([0.02], [0.004, 0.3]) == 4
    assert ratio_digits([None], [None, None]) == 2


def test_small_numbers_are_not_printed_as_nothing() -> None:
    assert small(0.001) == "< 0.01"
    assert small(-0.001) == "> −0.01"
    assert small(0.0) == "0.00"


def test_ranges_take_to_where_a_part_has_a_sign() -> None:
    assert range_separator(("0.70", "0.91")) == "–"
    assert range_separator(("−0.3", "0.1")) == " to "
    assert range_separator(("< 0.01", "0.1")) == " to "


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.7e-10, "3.7 × 10⁻¹⁰"), (9.96e-5, "1.0 × 10⁻⁴"), (12.0, "1.2 × 10¹"), (-2e3, "−2.0 × 10³")],
)
def test_scientific(value: float, text: str) -> None:
    assert scientific(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1713.0, "1713"), (-0.15, "−0.15"), (6.07e-61, "6.07 × 10⁻⁶¹"), (1e7, "1 × 10⁷")]
)
def test_significant(value: float, text: str) -> None:
    assert significant(value) == text


def test_labels() -> None:
    assert plain_number(5.0) == "5"
    assert plain_number(2.5) == "2.5"
    assert padded("7", 3) == "\u2007\u20077"
    assert count(1713.0) == "1713"
    assert [level_text(t) for t in ("<=20", "20-50", ">50", "C50-C54", "T1-2b", "1-2")] == [
        "≤20", "20–50", ">50", "C50-C54", "T1-2b", "1–2",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [1e25, 1.5e40, 1.7e308, -1.7e308])
def test_a_huge_number_is_written(value: float) -> None:
    assert float(fixed(value, 2).replace("\u2009", "").replace("\u2212", "-")) == value
