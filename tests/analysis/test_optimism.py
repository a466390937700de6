"""Optimism bootstrap: R's resamples, repeated rows by the plain kernels, noise found out, and the whole against R."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.ipcw import brier_score, weigh
from reporter.analysis.kernels.optimism import MEASURES, estimate_optimism
from reporter.analysis.kernels.r_uniform import RUniform
from reporter.analysis.optimism import analyse_optimism
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.spec.options import OptimismOptions, TermSpec

TERMS = (TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="x"))


def options(**change: object) -> OptimismOptions:
    return OptimismOptions(
        **{"terms": TERMS, "ties": "efron", "horizon": 6.0, "resamples": 25, "seed": 11, **change}
    )  # fmt: skip


def cohort(frame_of, levels, seed: int, n: int = 150, *, rare: int = 0) -> AnalysisFrame:
    """Tied times; the level c has `rare` patients, or a third of all."""
    rng = np.random.default_rng(seed)
    g, x = rng.integers(0, 3 if not rare else 2, n), rng.normal(size=n)
    g[:rare] = 2
    hazard = np.exp(0.6 * x + 0.3 * g) / 8
    time = np.ceil(rng.exponential(1 / hazard))
    censor = rng.integers(2, 16, n).astype(float)
    event = (time <= censor) | (np.arange(n) < rare)
    columns = {"g": levels(("a", "b", "c"), tuple(int(v) for v in g)), "x": x}
    return frame_of(np.minimum(time, censor), event, columns)


@pytest.mark.r
def test_the_resamples_are_those_of_r(reference) -> None:
    code = 'set.seed(20230603, "Mersenne-Twister"); for (b in 1:3) cat(floor(997 * runif(997)), "\\n")'
    lines = reference.snippet(code).strip().splitlines()
    stream = RUniform(20230603)
    for line in lines:
        assert (np.array(line.split(), dtype=float) == stream.sample(997)).all()


def test_a_seed_past_the_integers_of_r_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 2147483647"):
        RUniform(2**31)


def by_plain_kernels(x, time, event, lp, hazard, horizon, ties) -> list[float]:
    score = lp[:, None]
    fit = fit_cox(score, time, event, ties=ties)
    null, ratio = fit.log_likelihood_null, 2 * (fit.log_likelihood - fit.log_likelihood_null)
    r2 = (1 - np.exp(-ratio / time.size)) / (1 - np.exp(2 * null / time.size))
    risk = 1 - np.exp(-hazard * np.exp(lp))
    return [
        concordance(time, event, lp, ymax=None).estimate,
        float(fit.coef[0]),
        float(r2),
        concordance(time, event, lp, ymax=horizon).estimate,
        brier_score(weigh(time, event, horizon), risk).estimate,
    ]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_repeated_rows_by_the_plain_kernels(ties: str) -> None:
    """Each resample as rows that stand several times, fitted and measured by the kernels that know no multiplicity."""
    rng = np.random.default_rng(5)
    n, horizon = 120, 5.0
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n), rng.integers(0, 4, n)]).astype(float)
    time = np.ceil(rng.exponential(6 / np.exp(0.5 * x[:, 0])))
    event = rng.random(n) < 0.7
    found = estimate_optimism(x, time, event, ties=ties, horizon=horizon, resamples=6, seed=3)
    assert found.n_failed == 0
    stream = RUniform(3)
    for b in range(6):
        rows = stream.sample(n)
        fit = fit_cox(x[rows], time[rows], event[rows], ties=ties)
        lp, base = x @ fit.coef, baseline_hazard(fit)
        hazard = base.hazard[np.searchsorted(base.time, horizon, side="right") - 1] * np.exp(-fit.centre @ fit.coef)
        on_rows = by_plain_kernels(x[rows], time[rows], event[rows], lp[rows], hazard, horizon, ties)
        assert found.training[b] == pytest.approx(on_rows, rel=1e-9)
        assert found.test[b] == pytest.approx(by_plain_kernels(x, time, event, lp, hazard, horizon, ties), rel=1e-9)


def test_the_number_of_workers_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    x, time, event = rng.normal(size=(90, 3)), rng.exponential(size=90), rng.random(90) < 0.6
    one, four = (
        estimate_optimism(x, time, event, ties="efron", horizon=1.0, resamples=45, seed=4, workers=k) for k in (1, 4)
    )
    assert (one.training == four.training).all() and (one.test == four.test).all()


def test_noise_is_found_out() -> None:
    """One predictor and 20 of noise, 24 times: apparent C is too high, corrected C is that of 10,000 others."""
    gaps, flattered = [], []
    for seed in range(24):
        rng = np.random.default_rng(seed)

        def draw(n: int, rng: np.random.Generator = rng):
            x = rng.normal(size=(n, 21))
            time, censor = rng.exponential(1 / np.exp(0.7 * x[:, 0])), rng.exponential(2, n)
            return x, np.minimum(time, censor), time <= censor

        x, time, event = draw(500)
        fit = fit_cox(x, time, event, ties="efron")
        found = estimate_optimism(x, time, event, ties="efron", horizon=None, resamples=60, seed=seed)
        others, other_time, other_event = draw(10_000)
        held_out = concordance(other_time, other_event, others @ fit.coef, ymax=None).estimate
        corrected = found.apparent[0] - (found.training[:, 0] - found.test[:, 0]).mean()
        gaps.append(corrected - held_out)
        flattered.append(found.apparent[0] - held_out)
    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 2 * error
    assert np.mean(flattered) > 5 * error


def test_resamples_without_a_model_are_counted_and_left_out(frame_of, levels) -> None:
    node = analyse_optimism(cohort(frame_of, levels, 2, rare=2), options())[0]
    row = node.rows[0]
    failed = row.get("n_failed").value
    assert failed and 0 < failed < 12
    assert len(node.notes) == 1 and f"{failed:.0f} of 25 resamples gave no model" in node.notes[0]
    assert "a covariate is constant, or determined by others" in node.notes[0]
    with pytest.raises(ReporterError, match="too few for an estimate"):
        _mostly_without(frame_of, levels)


def _mostly_without(frame_of, levels) -> object:
    """A level with one patient is missing from more than a third of the resamples, two such from more than half."""
    frame = cohort(frame_of, levels, 2, rare=1)
    g = frame.columns["g"]
    values = g.values.copy()
    values[1] = 3.0
    column = replace(g, levels=("a", "b", "c", "d"), values=values)
    event = frame.event.copy()
    event[1] = True
    changed = replace(frame, event=event, columns={**frame.columns, "g": column})
    terms = (TermSpec(column="g", levels=("a", "b", "c", "d")), TermSpec(column="x"))
    return analyse_optimism(changed, options(terms=terms, resamples=60))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strata": ("g",), "terms": TERMS[1:]}, "a model with strata"),
        ({"weights": "x"}, "a model with weights"),
        ({"ties": "exact"}, "exact ties"),
        ({"max_rows": 1000}, "ask for at most 6 resamples"),
    ],
)
def test_refused(change: dict[str, object], said: str, frame_of, levels) -> None:
    with pytest.raises(ReporterError, match=said):
        analyse_optimism(cohort(frame_of, levels, 1), options(**change))


def test_no_brier_score_where_nearly_all_were_censored_before(frame_of, levels) -> None:
    rows = analyse_optimism(cohort(frame_of, levels, 1), options(horizon=15.0))[0].rows
    assert rows[0].get("harrell_c_corrected").value is not None
    assert rows[1].get("brier_corrected").value is None and rows[1].get("brier_corrected").note


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(40, 90), st.sampled_from(["efron", "breslow"]))
def test_apparent_is_the_plain_concordance(seed: int, n: int, ties: str) -> None:
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=(n, 2)), rng.integers(1, 30, n).astype(float), rng.random(n) < 0.6
    found = estimate_optimism(x, time, event, ties=ties, horizon=None, resamples=20, seed=seed)
    fit = fit_cox(x, time, event, ties=ties)
    plain = concordance(time, event, x @ fit.coef, ymax=None).estimate
    assert found.apparent[MEASURES.index("harrell_c")] == pytest.approx(plain, rel=1e-12)
    kept = found.why < 0
    assert np.isfinite(found.training[kept][:, :3]).all()
    assert np.isnan(found.test[~kept]).all()
    assert found.training[kept, 1] == pytest.approx(1.0)


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    changes: list[dict[str, object]] = [
        {}, {"ties": "breslow"}, {"horizon": None}, {"horizon": 15.0}, {"seed": 0}, {"interactions": (("g", "x"),)},
        {"terms": (TERMS[0], TermSpec(column="x", spline=(-1.0, 0.0, 1.0)))},
    ]  # fmt: skip
    jobs = [
        (Planned("development", "os", options(**change)), {("development", "os"): cohort(frame_of, levels, seed)})
        for seed, change in enumerate(changes)
    ]
    rare = {("development", "os"): cohort(frame_of, levels, 2, rare=2)}
    jobs += [(Planned("development", "os", options(ties=ties)), rare) for ties in ("efron", "breslow")]
    agree(reference, jobs)


@pytest.mark.r
def test_rms_is_near(reference) -> None:
    """rms::validate draws other resamples: within four of its Monte-Carlo errors."""
    if "TRUE" not in reference.snippet('cat(requireNamespace("rms", quietly = TRUE))'):
        pytest.skip("the R package rms is not installed")
    rng = np.random.default_rng(1)
    x, time, event = rng.normal(size=(100, 6)), rng.exponential(size=100), rng.random(100) < 0.7
    time = np.round(time / np.exp(0.5 * x[:, 0]), 3) + 0.001
    file = reference.folder / "rms.csv"
    np.savetxt(file, np.column_stack([time, event, x]), delimiter=",", fmt="%.17g")
    code = f"""
    suppressMessages(library(rms)); d <- read.csv("{file}", header = FALSE); set.seed(1)
    f <- cph(Surv(V1, V2) ~ V3 + V4 + V5 + V6 + V7 + V8, data = d, x = TRUE, y = TRUE)
    v <- validate(f, B = 400)[, "optimism"]
    cat("\\n", "found", v["Dxy"] / 2, v["R2"], v["Slope"])
    """
    theirs = np.array(reference.snippet(code).split("found")[-1].split(), dtype=float)
    found = estimate_optimism(x, time, event, ties="efron", horizon=None, resamples=400, seed=2)
    for j, other in zip((0, 2, 1), theirs, strict=True):
        gap = found.training[:, j] - found.test[:, j]
        assert abs(gap.mean() - other) < 4 * gap.std() * np.sqrt(2 / 400), MEASURES[j]
