"""Compiled loops give what plain NumPy gives, whatever the design, the times, the strata and the weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reporter.analysis.kernels import concordance as concordance_module
from reporter.analysis.kernels import cox as cox_module
from reporter.analysis.kernels import packed_rows
from reporter.analysis.kernels import tabulate as tabulate_module
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import CoxFit, fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.large_cox import UNSEEN
from reporter.analysis.kernels.packed_rows import CelledRows, ListedRows, Rows
from reporter.analysis.kernels.ph_test import ph_test
from reporter.analysis.kernels.tabulate import tabulate

N = 1200
NEVER = 10**9


def cohort(seed: int, *, months: bool, numeric: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 4, N)
    columns = [(level == k).astype(float) for k in (1, 2, 3)] + [rng.integers(0, 2, N).astype(float)]
    if numeric:
        columns[1:1] = [rng.normal(60, 12, N), rng.integers(-1, 2, N).astype(float), rng.exponential(size=N) * 1e3]
    x = np.column_stack(columns)
    time = rng.exponential(20, N) * np.exp(-0.3 * columns[0])
    return x, np.floor(time) if months else time, rng.random(N) < 0.6


def both(monkeypatch: pytest.MonkeyPatch, *data: np.ndarray, **arguments: object) -> tuple[CoxFit, CoxFit]:
    found = []
    for large in (0, NEVER):
        monkeypatch.setattr(cox_module, "LARGE", large)
        found.append(fit_cox(*data, **arguments))
    assert found[0].packed is not None
    assert found[1].packed is None
    return found[0], found[1]


def assert_same(one: CoxFit, other: CoxFit) -> None:
    assert np.abs((one.coef - other.coef) / other.std_error).max() < 1e-10
    assert_allclose(one.covariance, other.covariance, rtol=1e-10, atol=1e-12 * np.abs(other.covariance).max())
    for name in ("log_likelihood", "log_likelihood_null", "score", "wald", "offset_centre"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-11)
    assert_allclose(one.centre, other.centre, rtol=1e-13)
    assert one.used.all() and other.used.all()
    assert (one.infinite == other.infinite).all()
    assert one.converged and other.converged


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("months", [True, False])
@pytest.mark.parametrize("parts", [(), ("strata",), ("weights", "offset"), ("strata", "weights", "offset")])
def test_compiled_fit_is_the_plain_fit(monkeypatch, ties, months, parts) -> None:
    x, time, event = cohort(1 + len(parts), months=months)
    rng = np.random.default_rng(5)
    values = {"strata": rng.integers(0, 3, N), "weights": rng.uniform(0.3, 2, N), "offset": rng.normal(size=N)}
    one, other = both(monkeypatch, x, time, event, ties=ties, **{part: values[part] for part in parts})
    assert_same(one, other)
    assert isinstance(packed_rows_of(one), CelledRows)
    bases = [baseline_hazard(fit) for fit in (one, other)]
    for name in ("time", "hazard", "variance", "mean_hazard"):
        ours, theirs = (getattr(base, name) for base in bases)
        assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10 * np.abs(theirs).max())
    assert_same_tests(one, other, time, event)


def packed_rows_of(fit: CoxFit) -> Rows:
    assert fit.packed is not None
    return fit.packed.rows


def assert_same_tests(one: CoxFit, other: CoxFit, time: np.ndarray, event: np.ndarray) -> None:
    for transform in ("km", "rank"):
        found, plain = (ph_test(fit, time, event, transform) for fit in (one, other))
        for columns in ([0], [1], [4, 5], list(range(7))):
            ours, theirs = (test.test(np.array(columns)).statistic for test in (found, plain))
            assert_allclose(ours, theirs, rtol=1e-9)
        assert_allclose(found.scaled, plain.scaled, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("months", [True, False])
@pytest.mark.parametrize("limit", ["TABLE", "CELLS"])
@pytest.mark.parametrize("parts", [(), ("strata", "weights", "offset")])
def test_lists_of_columns_give_what_cells_give(monkeypatch, months, limit, parts) -> None:
    monkeypatch.setattr(packed_rows, limit, 10)
    x, time, event = cohort(21, months=months)
    rng = np.random.default_rng(22)
    values = {"strata": rng.integers(0, 3, N), "weights": rng.uniform(0.3, 2, N), "offset": rng.normal(size=N)}
    one, other = both(monkeypatch, x, time, event, ties="efron", **{part: values[part] for part in parts})
    assert isinstance(packed_rows_of(one), ListedRows)
    assert_same(one, other)
    assert_same_tests(one, other, time, event)


@pytest.mark.parametrize(("n_flags", "n_numeric", "n_codes"), [(0, 7, 0), (10, 0, 1), (11, 1, 2), (25, 2, 3)])
def test_any_number_of_codes_gives_the_plain_fit(monkeypatch, n_flags, n_numeric, n_codes) -> None:
    monkeypatch.setattr(packed_rows, "PAIRS", 10**6)
    rng = np.random.default_rng(23 + n_flags)
    flags = rng.random((N, n_flags)) < rng.uniform(0.2, 0.6, n_flags)
    x = np.column_stack([flags.astype(float), rng.normal(2, 3, (N, n_numeric))])
    time, event = np.floor(rng.exponential(20, N)), rng.random(N) < 0.7
    one, other = both(monkeypatch, x, time, event, ties="efron")
    rows = packed_rows_of(one)
    assert isinstance(rows, CelledRows) and rows.codes.shape == (n_codes, N)
    assert_same(one, other)
    assert_same_tests(one, other, time, event)


def test_many_flags_are_listed(monkeypatch) -> None:
    rng = np.random.default_rng(24)
    x = (rng.random((N, 41)) < 0.4).astype(float)
    one, other = both(monkeypatch, x, np.floor(rng.exponential(20, N)), rng.random(N) < 0.7, ties="breslow")
    assert isinstance(packed_rows_of(one), ListedRows)
    assert np.abs((one.coef - other.coef) / other.std_error).max() < 1e-10
    # The last step, of at most UNSEEN, is not followed by another look at the information.
    assert_allclose(one.std_error, other.std_error, rtol=UNSEEN)
    assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-13)


def test_predictor_that_overflows_has_no_likelihood(monkeypatch) -> None:
    x, time, event = cohort(25, months=True)
    one, _ = both(monkeypatch, x, time, event, ties="efron")
    assert one.packed is not None
    with np.errstate(over="raise", invalid="raise"):
        assert one.packed.evaluate(np.full(x.shape[1], 1e3)).value == -np.inf


@pytest.mark.parametrize("strata", [False, True])
def test_tabulated_rows_give_the_plain_fit(monkeypatch, strata) -> None:
    monkeypatch.setattr(tabulate_module, "SHARE", 0.2)
    x, time, event = cohort(7, months=True, numeric=False)
    x[:, 0] *= 3
    codes = np.random.default_rng(8).integers(0, 2, N) if strata else None
    one, other = both(monkeypatch, x[:, :2], time, event, ties="efron", strata=codes)
    assert one.packed is not None and one.packed.tabulated
    assert_same(one, other)
    found, plain = (ph_test(fit, time, event, "km").test(np.arange(2)).statistic for fit in (one, other))
    assert_allclose(found, plain, rtol=1e-10)


def test_table_counts_every_row_at_risk() -> None:
    rng = np.random.default_rng(9)
    x, event, last = rng.integers(0, 2, (900, 1)).astype(float), rng.random(900) < 0.5, rng.integers(-1, 5, 900)
    table = tabulate(x, event, last, 5)
    assert table is not None
    assert table.count.sum() == (last >= 0).sum()
    for k in range(table.count.size):
        alike = (x[:, 0] == table.x[k, 0]) & (event == table.event[k]) & (last == table.last[k])
        assert alike.sum() == table.count[k]
    assert tabulate(rng.normal(size=(900, 1)), event, last, 5) is None


def test_start_from_a_sample_ends_at_the_same_optimum(monkeypatch) -> None:
    x, time, event = cohort(11, months=True)
    monkeypatch.setattr("reporter.analysis.kernels.large_cox.SAMPLED", 100)
    assert_same(*both(monkeypatch, x, time, event, ties="efron"))


@pytest.mark.parametrize("spoil", ["constant", "dependent", "tiny"])
def test_designs_that_need_care_are_left_to_the_plain_way(monkeypatch, spoil) -> None:
    x, time, event = cohort(12, months=True)
    x[:, 3] = {"constant": 0.1, "dependent": x[:, 0] + 2 * x[:, 1], "tiny": 1e6 + 1e-3 * x[:, 1]}[spoil]
    monkeypatch.setattr(cox_module, "LARGE", 0)
    found = fit_cox(x, time, event, ties="efron")
    assert found.packed is None
    assert found.used.tolist() == [True, True, True, False, True, True, True] or spoil == "tiny"


def test_infinite_coefficient_is_flagged(monkeypatch) -> None:
    x, time, event = cohort(13, months=True)
    event[x[:, 6] == 1] = False
    one, other = both(monkeypatch, x, time, event, ties="efron")
    assert one.infinite.tolist() == other.infinite.tolist() == [False] * 6 + [True]


@pytest.mark.parametrize("levels", [3, 10**6])
def test_compiled_count_of_pairs_is_the_plain_count(monkeypatch, levels) -> None:
    rng = np.random.default_rng(14)
    time, event, risk = rng.integers(0, 40, N).astype(float), rng.random(N) < 0.5, rng.integers(0, levels, N) / 7
    for ymax in (None, 12.0):
        found = []
        for large in (0, NEVER):
            monkeypatch.setattr(concordance_module, "LARGE", large)
            found.append(concordance(time, event, risk, ymax=ymax))
        assert found[0] == found[1]


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from reporter.analysis.kernels import compiled, cox; cox.LARGE = 0;"
        "x = np.arange(40.0).reshape(20, 2) % 7; t = np.arange(20.0);"
        "print(cox.fit_cox(x, t, t > 3, ties='efron').packed is not None)"
    )
    blocked = tmp_path / "file"
    blocked.write_text("")
    # Neither beside the module nor in the user's cache folder is there a place: numba finds no locator.
    patch = "import numba.core.caching as c; c.CacheImpl._locator_classes = [];"
    done = subprocess.run(
        [sys.executable, "-c", patch + code], capture_output=True, text=True, check=False,
        env={**os.environ, "HOME": str(blocked)}, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.stdout.strip() == "True", done.stderr
