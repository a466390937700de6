"""With many rows R's sums lose digits: the tolerance grows with them, within limits, and still bites."""

from __future__ import annotations

import pytest

from reporter.verification.tolerances import (
    CHI_SQUARE,
    CLOSED_FORM,
    COEFFICIENT,
    COUNT,
    LOG_P,
    P_VALUE,
    ROUNDED_AT_MOST,
    Tolerance,
)


@pytest.mark.parametrize("tolerance", [CHI_SQUARE, CLOSED_FORM, COEFFICIENT, COUNT, LOG_P, P_VALUE])
@pytest.mark.parametrize("n", [0, 20, 3000])
def test_small_frames_keep_the_tolerance(tolerance: Tolerance, n: int) -> None:
    assert tolerance.for_rows(n) is tolerance


def test_growth_has_a_limit() -> None:
    assert CLOSED_FORM.for_rows(30_000).rtol == pytest.approx(1e-11)
    assert CLOSED_FORM.for_rows(10**9).rtol == ROUNDED_AT_MOST
    assert COEFFICIENT.for_rows(10**6) == COEFFICIENT and COUNT.for_rows(10**6) is COUNT
    assert LOG_P.for_rows(30_000).rtol == pytest.approx(1e-8)


def test_it_still_bites() -> None:
    grown = CLOSED_FORM.for_rows(100_000)
    assert grown.accepts(1.0 + 2e-11, 1.0) and not grown.accepts(1.0 + 5e-11, 1.0)
    assert not P_VALUE.for_rows(100_000).accepts(0.050001, 0.05)
