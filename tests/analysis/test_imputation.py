"""Imputed sets: Rubin's rules by hand and as published, the draws by their properties, the pooled model against R."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from reporter.analysis.cox import fit_model
from reporter.analysis.imputation import NOTHING, analyse_cox_imputed, impute
from reporter.analysis.kernels.chained_equations import (
    Variable,
    draw_by_matching,
    draw_levels,
    nelson_aalen,
    run_chain,
)
from reporter.analysis.kernels.rubin import pool
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.spec.options import CoxImputedOptions, TermSpec

TERMS = (TermSpec(column="x", per=2), TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="z"))


def options(**change: object) -> CoxImputedOptions:
    given_options = {"terms": TERMS, "ties": "efron", "conf_level": 0.95, "imputations": 3, "iterations": 3, "seed": 1}
    return CoxImputedOptions(**{**given_options, **change})


def cohort(frame_of, levels, seed: int, n: int = 90, lost: float = 0.2):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    g = rng.integers(0, 3, n)
    rate = np.exp(0.5 * z - 0.4 * x + 0.6 * (g == 2))
    time, limit = rng.exponential(1 / rate), rng.uniform(0.3, 3, n)
    x[rng.random(n) < lost] = np.nan
    g[rng.random(n) < lost] = -1
    columns = {"x": x, "g": levels(("a", "b", "c"), tuple(int(v) for v in g)), "z": z}
    return frame_of(np.minimum(time, limit), time <= limit, columns)


def test_rubin_by_hand() -> None:
    """Estimates 1, 2, 3 with variances 1, 1, 4: mean 2, U 2, B 1, T 10/3, lambda .4, r 2/3; v = 100."""
    found = pool(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [1.0], [4.0]]), 100.0)
    df = 1 / (0.16 / 2 + 1 / (101 / 103 * 100 * 0.6))
    assert found.estimate[0] == 2
    assert found.std_error[0] == pytest.approx(np.sqrt(10 / 3), rel=1e-15)
    assert found.df[0] == pytest.approx(df, rel=1e-14)
    assert found.fmi[0] == pytest.approx((2 / 3 + 2 / (df + 3)) / (5 / 3), rel=1e-14)


def test_degrees_of_freedom_as_published() -> None:
    """SAS/STAT User's Guide, PROC MIANALYZE: with m = 5 and r = 10 % they are 484 for infinite complete ones."""
    between = 0.1 / 1.2
    spread = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    estimates = spread * np.sqrt(between / spread.var(ddof=1))
    found = pool(estimates[:, None], np.ones((5, 1)), 1e12)
    assert found.df[0] == pytest.approx(484, rel=1e-6)


def test_sets_that_are_alike_miss_no_information() -> None:
    found = pool(np.full((4, 1), 0.7), np.full((4, 1), 0.04), 50.0)
    assert found.std_error[0] == pytest.approx(0.2, rel=1e-14)
    assert found.df[0] == pytest.approx(51 / 53 * 50, rel=1e-14)
    assert found.fmi[0] == pytest.approx(2 / (found.df[0] + 3), rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 4)), min_size=2, max_size=8),
    st.floats(0.1, 10), st.floats(2, 500),
)  # fmt: skip
def test_rubin_scales_and_is_bounded(sets: list[tuple[float, float]], unit: float, v: float) -> None:
    estimates, variances = np.array(sets)[:, :1], np.array(sets)[:, 1:]
    found, scaled = pool(estimates, variances, v), pool(unit * estimates, unit**2 * variances, v)
    assert found.std_error[0] ** 2 >= variances.mean() * (1 - 1e-12)
    assert 0 < found.df[0] <= v
    assert scaled.std_error[0] == pytest.approx(unit * found.std_error[0], rel=1e-9)
    assert scaled.df[0] == pytest.approx(found.df[0], rel=1e-6)


def test_nelson_aalen_by_hand() -> None:
    time, event = np.array([2.0, 1, 2, 3]), np.array([True, True, False, True])
    assert nelson_aalen(time, event).tolist() == pytest.approx([1 / 4 + 1 / 3, 1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])


def test_matching_lends_values_of_near_patients() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(-2, 2, 200)[:, None]
    y = 10 * x[:, 0]
    missing = np.arange(200) % 4 == 0
    donors = draw_by_matching(x, np.where(missing, np.nan, y), missing, 5, rng)
    assert not missing[donors].any()
    assert np.abs(y[donors] - y[missing]).max() <= 10 * (x[1, 0] - x[0, 0]) * 8


def test_each_of_the_nearest_lends_alike() -> None:
    """One regressor that says nothing: of 12 patients with equal predictions all are donors but for the window."""
    rng = np.random.default_rng(1)
    y = np.array([1.0, 2, 3, 4, 5, np.nan])
    missing = np.isnan(y)
    drawn = [int(draw_by_matching(np.zeros((6, 0)), y, missing, 5, rng)[0]) for _ in range(2000)]
    counts = np.bincount(drawn, minlength=5)
    assert counts.size == 5
    assert ((counts - 400) ** 2 / 400).sum() < chi2.ppf(0.9999, 4)


def test_levels_are_drawn_with_their_shares() -> None:
    rng = np.random.default_rng(2)
    codes = np.where(np.arange(4000) % 2 == 0, np.nan, (np.arange(4000) % 8 == 1).astype(float))
    drawn = draw_levels(rng.normal(size=(4000, 1)), codes, np.isnan(codes), rng)
    assert drawn.mean() == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize("seed", range(3))
def test_a_chain_keeps_what_is_observed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(60) < 0.3, np.nan, rng.integers(0, 9, 60).astype(float))
    g = np.where(rng.random(60) < 0.3, np.nan, rng.integers(0, 3, 60).astype(float))
    chain = run_chain([Variable(x, x), Variable(g, g, 3)], rng.normal(size=(60, 2)), rng, iterations=2, donors=3)
    for j, values in enumerate((x, g)):
        seen = ~np.isnan(values)
        assert (chain.values[seen, j] == values[seen]).all()
        assert set(chain.values[:, j]) <= set(values[seen])
    assert chain.means.shape == (2, 2) and np.isfinite(chain.means).all()


def test_the_same_seed_gives_the_same_sets(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 3)
    one, two, other = (impute(frame, options(seed=seed)).imputed for seed in (5, 5, 6))
    assert one.values.tobytes() == two.values.tobytes() and one.trace == two.trace
    assert one.values.tobytes() != other.values.tobytes()
    assert one.names == ("x", "g") and one.values.shape == (frame.n, 3, 2)


def test_nothing_missing_says_so(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 4, lost=0.0)
    assert impute(frame, options()) is frame
    (node,) = analyse_cox_imputed(frame, options())
    assert node.notes == (NOTHING,) and node.rows == ()


def test_refusals(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 5)
    with pytest.raises(ReporterError, match="entry times"):
        impute(replace(frame, entry=frame.time / 2), options())
    with pytest.raises(ReporterError, match="no value at all"):
        impute(frame.with_column(replace(frame.columns["x"], values=np.full(frame.n, np.nan))), options())
    with pytest.raises(ReporterError, match="fewer imputations"):
        impute(frame, options(max_values=10))
    with pytest.raises(ReporterError, match="not imputed"):
        analyse_cox_imputed(frame, options())
    zero = frame.with_column(replace(frame.columns["z"], values=np.where(np.arange(frame.n) == 3, 0.0, 1.0)))
    logs = options(terms=(*TERMS[:2], TermSpec(column="z", transform="log2")))
    for refused in (lambda: impute(zero, logs), lambda: analyse_cox_imputed(zero, logs)):
        with pytest.raises(ReporterError, match="not finite"), np.errstate(divide="ignore"):
            refused()


def test_strata_help_to_impute_and_stay_as_they_are(frame_of, levels) -> None:
    """x is the stratum: imputed values follow it; who lacks the stratum is left out of the model."""
    frame = cohort(frame_of, levels, 8, 200)
    stratum = np.arange(frame.n) % 2
    x = np.where(np.arange(frame.n) % 5 == 0, np.nan, 10.0 * stratum + np.arange(frame.n) % 3)
    codes = tuple(int(s) if i % 41 else -1 for i, s in enumerate(stratum))
    s = frame_of(frame.time, frame.event, {"s": levels(("p", "q"), codes)}).columns["s"]
    frame = frame.with_column(replace(frame.columns["x"], values=x)).with_column(s)
    asked = options(strata=("s",))
    filled = impute(frame, asked)
    known = np.isnan(x) & s.observed
    assert ((filled.imputed.values[known, :, 0] >= 10) == (stratum[known] == 1)[:, None]).mean() > 0.95
    (node, *_) = analyse_cox_imputed(filled, asked)
    assert node.find(term="GLOBAL").get("n").value == s.observed.sum()
    assert node.notes[0].startswith(f"{(~s.observed).sum()} patients without")


def test_imputing_corrects_what_complete_cases_get_wrong(frame_of) -> None:
    """x is lost where z and the event say so: complete cases are biased, imputed sets hold the true coefficients.

    Over 30 cohorts of 400 the pooled z-scores are standard normal (Kolmogorov-Smirnov at 1e-3), those of the complete
    cases are not.
    """
    terms = (TermSpec(column="x"), TermSpec(column="z"))
    asked = options(terms=terms, imputations=8, iterations=5)
    imputed, complete = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        z = rng.normal(size=400)
        x = 0.6 * z + rng.normal(size=400)
        time, limit = rng.exponential(np.exp(-(0.5 * x - 0.5 * z))), rng.uniform(0.5, 3, 400)
        event = time <= limit
        x[rng.random(400) < np.where(event, 0.6, 0.05) * (z > -0.5)] = np.nan
        frame = frame_of(np.minimum(time, limit), event, {"x": x, "z": z})
        (node, *_) = analyse_cox_imputed(impute(frame, asked), asked)
        row = node.find(term="z")
        imputed.append((row.get("estimate").value + 0.5) / row.get("std_error").value)
        fit = fit_model(frame, asked).fit
        complete.append((fit.coef[1] + 0.5) / fit.std_error[1])
    assert kstest(imputed, "norm").pvalue > 1e-3
    assert kstest(complete, "norm").pvalue < 1e-6


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(6):
        frame = cohort(frame_of, levels, 20 + seed, 80 + 20 * seed)
        stratum = tuple(int(v) for v in np.arange(frame.n) % 3 - (np.arange(frame.n) % 17 == 0))
        further = frame_of(frame.time, frame.event, {"s": levels(("p", "q", "r"), stratum)}).columns["s"]
        frame = frame.with_column(further)
        change: dict[str, object] = {"ties": ("efron", "breslow")[seed % 2], "conf_level": (0.95, 0.9)[seed % 2]}
        if seed == 1:
            change |= {"strata": ("s",)}
        if seed == 2:
            change |= {"interactions": (("x", "g"),)}
        if seed == 3:
            change |= {"terms": (TermSpec(column="x", spline=(-1.5, 0.0, 1.5)), *TERMS[1:])}
        if seed == 4:
            frame = replace(frame, event=frame.event & (frame.columns["g"].codes != 1))
        if seed == 5:
            cause = np.where(frame.event, 1, (np.arange(frame.n) % 2) * 2).astype(np.int64)
            frame = replace(frame, cause=cause, causes=("other",))
        asked = options(**change)
        jobs.append((Planned("development", "os", asked), {("development", "os"): impute(frame, asked)}))
    for planned, frames in jobs:
        assert not any(node.failed for node in run_planned(planned, frames))
    agree(reference, jobs)
