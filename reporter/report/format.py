"""Numbers to text, and nowhere else: half away from zero, P values and ranges as AMA style writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, log10
from types import MappingProxyType

MINUS = "\u2212"
EN_DASH = "\u2013"
THIN_SPACE = "\u2009"
FIGURE_SPACE = "\u2007"
ABSENT = "\u2014"

Write = Callable[[float], str]

# Enough for every double with a few decimals: the largest has 309 digits.
_PRECISION = 400
_SUPERSCRIPT = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_RANGE = re.compile(r"(?<=\d)-(?=\d)")
# Chinese journals: P values with their zero, no space beside a sign of relation, a tilde in intervals.
_CHINESE: ContextVar[bool] = ContextVar("chinese_numbers", default=False)
_RELATION_SPACE = re.compile(r"^([<>=]) ")


_LEVELS: ContextVar[Mapping[str, str]] = ContextVar("names_of_levels", default=MappingProxyType({}))


@contextmanager
def names_of_levels(words: Mapping[str, str]) -> Iterator[None]:
    """Print the levels of the study as `words` says within the block."""
    token = _LEVELS.set(words)
    try:
        yield
    finally:
        _LEVELS.reset(token)


@contextmanager
def chinese_numbers(*, on: bool = True) -> Iterator[None]:
    """Write numbers within the block as Chinese journals do; `on` false leaves them as they are."""
    token = _CHINESE.set(on)
    try:
        yield
    finally:
        _CHINESE.reset(token)


def _related(text: str) -> str:
    """Return a number with its sign of relation, without the space between in a Chinese text."""
    return _RELATION_SPACE.sub(r"\1", text) if _CHINESE.get() else text


def rounded(value: float, digits: int) -> Decimal:
    """Return the number with `digits` decimals, half away from zero, of its shortest decimal text; never −0."""
    step = Decimal(1).scaleb(-digits)
    found = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP, context=Context(prec=_PRECISION))
    return abs(found) if found == 0 else found


def _plain(number: Decimal) -> str:
    sign, digits = (MINUS, f"{-number:f}") if number < 0 else ("", f"{number:f}")
    whole, point, part = digits.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN_SPACE)
    return sign + whole + point + part


def fixed(value: float, digits: int) -> str:
    """Return a number with a fixed count of decimals: 4 digits stand together, more in threes."""
    return _plain(rounded(value, digits))


def count(value: float) -> str:
    """Return a whole number."""
    return fixed(value, 0)


def decimals(digits: int) -> Write:
    """Return the writer of numbers with that many decimals."""
    return lambda value: fixed(value, digits)


def small(value: float, digits: int = 2) -> str:
    """Return a number with decimals; one too small for them as ``< 0.01``, so that it is not taken for nothing."""
    if value != 0 and rounded(value, digits) == 0:
        least = fixed(float(Decimal(1).scaleb(-digits)), digits)
        return _related(f"< {least}" if value > 0 else f"> {MINUS}{least}")
    return fixed(value, digits)


def percent(share: float, digits: int = 1) -> str:
    """Return 100 times a share without the sign; a share near 0 or 1 but not on it never prints as 0 or 100."""
    return percentage(float(Decimal(repr(float(share))) * 100), digits)


def percentage(value: float, digits: int = 1) -> str:
    """Return a number of per cent without the sign; see `percent`."""
    least, found = Decimal(1).scaleb(-digits), rounded(value, digits)
    if value > 0 and found == 0:
        return _related(f"< {least:f}")
    if value < 100 and found >= 100:
        return _related(f"> {100 - least:f}")
    if value in (0, 100):
        return fixed(value, 0)
    return _plain(found)


def whole_percent(share: float) -> str:
    """Return 100 times a share without decimals; see `percent`."""
    return percent(share, 0)


def ratio_digits(values: Iterable[float | None], limits: Iterable[float | None] = ()) -> int:
    """Return the decimals of ratios and their limits: 2, more where one is tiny or a limit would be a false 1.00."""
    ends = [v for v in limits if v is not None]
    digits = 2
    for value in (*ends, *(v for v in values if v is not None)):
        if 0 < value < 0.1:
            digits = max(digits, min(1 - floor(log10(value)), 4))
    if any(rounded(value, 2) == 1 and rounded(value, 3) != 1 for value in ends):
        digits = max(digits, 3)
    return digits


def ratio(value: float, digits: int = 2) -> str:
    """Return a hazard or other ratio: fewer decimals from 10 on, ``> 1000`` and ``< 0.0001`` beyond."""
    if value > 1000:
        return _related("> 1000")
    if value >= 100:
        return fixed(value, 0)
    if value >= 10:
        return fixed(value, 1)
    return small(value, digits)


def ratio_writer(estimate: float | None, *limits: float | None) -> Write:
    """Return the writer for an estimate with its limits."""
    digits = ratio_digits((estimate,), limits)
    return lambda value: ratio(value, digits)


def p_value(value: float) -> str:
    """Return a P value: ``.03``, ``.003``, ``< .001``, ``> .99``; one just under .05 keeps the digits that show it.

    In a Chinese text ``0.03``, ``<0.001``.
    """
    text = _p_value(value)
    return text.replace(" ", "").replace(".", "0.", 1) if _CHINESE.get() else text


def _p_value(value: float) -> str:
    if value < 0.001:
        return "< .001"
    if value > 0.99:
        return "> .99"
    digits = 3 if value < 0.01 and rounded(value, 3) < Decimal("0.01") else 2
    while value < 0.05 and rounded(value, digits) >= Decimal("0.05") and digits < 4:
        digits += 1
    if value < 0.05 and rounded(value, digits) >= Decimal("0.05"):
        return "< .05"
    return f"{rounded(value, digits):f}".removeprefix("0")


def p_relation(value: float) -> str:
    """Return a P value with its sign of relation, e.g. ``= .03`` or ``< .001``."""
    text = p_value(value)
    return text if text[0] in "<>" else _related(f"= {text}")


def range_separator(texts: Iterable[str]) -> str:
    """Return the en dash of a range, or `` to `` where a part has a sign of its own; a tilde in a Chinese text."""
    if _CHINESE.get():
        return "~"
    return " to " if any(text[:1] in {MINUS, "<", ">"} for text in texts) else EN_DASH


def scientific(value: float) -> str:
    """Return a number in powers of ten with one decimal, e.g. ``3.1 × 10⁻¹³``; 0 as ``0``."""
    if value == 0:
        return "0"
    power = floor(log10(abs(value)))
    mantissa = rounded(float(Decimal(repr(float(value))).scaleb(-power)), 1)
    if abs(mantissa) >= 10:
        mantissa, power = rounded(float(mantissa) / 10, 1), power + 1
    return f"{_plain(mantissa)} × 10{str(power).translate(_SUPERSCRIPT)}"


def significant(value: float) -> str:
    """Return a number of the check with six significant digits, in powers of ten where it is large or small."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.6g}".replace("-", MINUS)
    power = floor(log10(abs(value)))
    mantissa = f"{float(Decimal(repr(float(value))).scaleb(-power)):.5f}".rstrip("0").rstrip(".").replace("-", MINUS)
    return f"{mantissa} × 10{str(power).translate(_SUPERSCRIPT)}"


def plain_number(value: float) -> str:
    """Return a label such as a horizon or a unit step as short as it is: ``5``, ``2.5``."""
    return f"{value:.10g}".replace("-", MINUS)


def padded(text: str, width: int) -> str:
    """Return the text with figure spaces in front up to `width` characters."""
    return FIGURE_SPACE * max(width - len(text), 0) + text


def level_text(level: str) -> str:
    """Return the name of a level as print sets it: ``≤20``, ``20–50``; other names as they are, or translated."""
    level = _LEVELS.get().get(level, level)
    return _RANGE.sub(EN_DASH, level.replace("<=", "≤").replace(">=", "≥")) if _is_range(level) else level


def _is_range(level: str) -> bool:
    return re.fullmatch(r"[<>=]{0,2}\s*\d+(\.\d+)?(-\d+(\.\d+)?)?", level) is not None
