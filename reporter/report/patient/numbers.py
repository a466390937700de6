"""Numbers that only a patient's pages write."""

from __future__ import annotations

from decimal import Decimal
from math import floor, log10

from reporter.report.format import count, plain_number, rounded, whole_percent

# The second pair as a Chinese page writes it.
_COMPLEMENT = {"> 99": "< 1", "< 1": "> 99", ">99": "<1", "<1": ">99"}


def rest_of_hundred(share: float) -> str:
    """Return what is left of one hundred beside the printed share, so that both add up."""
    text = whole_percent(share)
    return _COMPLEMENT.get(text) or count(100 - float(text))


def icons_of_hundred(share: float) -> int:
    """Return how many of one hundred dots are filled: the printed share, never all or none unless it is 1 or 0."""
    found = int(rounded(float(Decimal(repr(float(share))) * 100), 0))
    return found if share in (0.0, 1.0) else min(max(found, 1), 99)


def brief(value: float) -> str:
    """Return a number of the cohort with three significant digits; whole ones in full."""
    if value == 0 or value == round(value):
        return plain_number(value)
    return plain_number(float(rounded(value, max(2 - floor(log10(abs(value))), 0))))
