"""Cells and lists of a packed design give the sums and products that the columns themselves give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.kernels.packed_rows import CelledRows, Columns, ListedRows


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 40), n_times=st.integers(1, 6), n_numeric=st.integers(0, 3), n_flags=st.integers(0, 24),
    weighted=st.booleans(), shifted=st.booleans(), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_sums_and_products_are_those_of_the_columns(
    n: int, n_times: int, n_numeric: int, n_flags: int, weighted: bool, shifted: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    flags = (rng.random((n, n_flags)) < 0.4).astype(float)
    raw = np.column_stack([flags, rng.normal(50, 9, (n, n_numeric))])
    last = rng.integers(-1, n_times, n)
    event = (rng.random(n) < 0.5) & (last >= 0)
    weight, offset = rng.uniform(0.2, 3, n) if weighted else None, rng.normal(size=n) if shifted else None
    mean, deviation = np.full(raw.shape[1], 50.0), np.full(raw.shape[1], 9.0)
    columns = Columns(np.arange(n_flags, raw.shape[1]), np.arange(n_flags), mean, deviation, n_times, int(flags.sum()))
    x = np.column_stack([(raw[:, n_flags:] - 50) / 9, flags])
    beta = rng.normal(0, 0.3, x.shape[1]) * rng.integers(0, 2)
    eta = x @ beta + (0.0 if offset is None else offset)
    risk = np.exp(eta) * (1.0 if weight is None else weight)
    at = (last[:, None] == np.arange(n_times)).astype(float)
    died = at * event[:, None]
    hazard, tied = rng.random((2, 3, n_times))
    seen = risk * (last >= 0)
    for kind in (CelledRows, ListedRows):
        rows = kind(np.ascontiguousarray(raw), event, last, columns, weight, offset)
        found = rows.sums(beta)
        assert_allclose(found.s0, at.T @ risk, rtol=1e-12)
        assert_allclose(found.d0, died.T @ risk, rtol=1e-12)
        assert_allclose(found.s1, at.T @ (risk[:, None] * x), rtol=1e-11, atol=1e-11)
        assert_allclose(found.d1, died.T @ (risk[:, None] * x), rtol=1e-11, atol=1e-11)
        deaths = (hazard[0][last] * event * (1.0 if weight is None else weight)) @ x
        assert_allclose(rows.deaths(hazard[0]), deaths, rtol=1e-11, atol=1e-11)
        for gram, h, a in zip(rows.grams(found.risk, hazard, tied), hazard, tied, strict=True):
            by_row = seen * (h[last] - event * a[last])
            assert_allclose(gram, x.T @ (by_row[:, None] * x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n_flags", [10, 11, 40])
def test_cells_hold_any_pattern_of_their_columns(n_flags: int) -> None:
    x = np.eye(n_flags)
    last, event = np.zeros(n_flags, dtype=np.int64), np.ones(n_flags, dtype=bool)
    nothing = np.zeros(n_flags)
    columns = Columns(np.arange(0), np.arange(n_flags), nothing, nothing + 1, 1, n_flags)
    rows = CelledRows(x, event, last, columns, None, None)
    assert rows.fits and rows.codes.shape[0] == -(-n_flags // 10)
    beta = np.linspace(-1, 1, n_flags)
    assert_allclose(rows.sums(beta).d1[0], np.exp(beta), rtol=1e-15)
