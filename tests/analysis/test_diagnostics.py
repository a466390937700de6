"""Influence, functional form, and what stands beside the model where hazards are not proportional."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.coefficients import part_of
from reporter.analysis.cox import INFINITE, fit_model
from reporter.analysis.functional_form import TOO_FEW_VALUES, analyse_functional_form
from reporter.analysis.influence import TOO_FEW, analyse_influence
from reporter.analysis.kernels.natural_spline import smooth_over
from reporter.analysis.stratified import analyse_stratified
from reporter.analysis.time_split import analyse_time_split
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    AnalysisOptions,
    FunctionalFormOptions,
    InfluenceOptions,
    PhTestOptions,
    StratifiedOptions,
    TermSpec,
    TimeSplitOptions,
)
from tests.analysis.test_parity import TERMS, TRANSFORMS, as_jobs, random_frame, sets, terms_of
from tests.conftest import Levels, make_frame

X, G = TermSpec(column="x"), TermSpec(column="g", levels=("a", "b"))


def every_kind(terms: tuple[TermSpec, ...], ties: str = "efron", **more: object) -> Iterator[AnalysisOptions]:
    model = {"terms": terms, "ties": ties, **more}
    yield TimeSplitOptions(conf_level=0.95, **model)
    yield StratifiedOptions(conf_level=0.9, transform="km", alpha=0.2, **model)
    yield InfluenceOptions(conf_level=0.95, **model)
    yield FunctionalFormOptions(conf_level=0.95, **model)


@pytest.mark.r
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_on_real_cohorts(reference, agree, r_table, frame_of, levels, ties) -> None:
    found = sets(r_table, frame_of, levels)
    names = ("lung", "veteran", "colon", "pbc", "ovarian", "gbsg", "rotterdam", "aml")
    agree(reference, [job for name in names for job in as_jobs(found[name], every_kind(terms_of(found[name]), ties))])


@pytest.mark.r
def test_on_small_cohorts_with_ties(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(40):
        rng = np.random.default_rng(1000 + seed)
        frame = random_frame(frame_of, levels, rng)
        terms = TERMS[: int(rng.integers(1, 4))]
        jobs += as_jobs(frame, every_kind(terms, str(rng.choice(["efron", "breslow"]))))
        transform = str(rng.choice(TRANSFORMS[:3]))
        test = PhTestOptions(terms=terms, ties="efron", transform=transform, analysis=f"ph_test_{transform}")
        jobs.append((Planned("development", "os", test), {("development", "os"): frame}))
    agree(reference, jobs)


@pytest.mark.r
def test_with_strata_entry_and_interactions(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        frame = random_frame(frame_of, levels, rng)
        late = replace(frame, entry=frame.time - rng.exponential(6, frame.n) - 0.5)
        jobs += as_jobs(late, every_kind(TERMS))
        jobs += as_jobs(frame, every_kind((TERMS[0], TERMS[2]), strata=("g",)))
        jobs += as_jobs(frame, every_kind(TERMS, interactions=(("x", "y"),)))
    agree(reference, jobs)


@pytest.mark.r
def test_alternatives_with_weights_clusters_and_offset(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(8):
        rng = np.random.default_rng(50 + seed)
        frame = random_frame(frame_of, levels, rng)
        for name, values in (
            ("w", rng.integers(1, 4, frame.n)),
            ("o", rng.normal(size=frame.n) / 4),
            ("k", rng.integers(0, 12, frame.n)),
        ):
            column = Column(name, name, "", "numeric", (), values.astype(float))
            frame = frame.with_column(column)
        for more in ({"weights": "w"}, {"offset": "o"}, {"cluster": "k"}, {"weights": "w", "cluster": "k"}):
            model = {"terms": TERMS, "ties": "efron", "conf_level": 0.95, **more}
            stratified = StratifiedOptions(transform="km", alpha=0.3, **model)
            jobs += as_jobs(frame, iter((stratified, TimeSplitOptions(**model))))
    agree(reference, jobs)


def cohort(frame_of, levels, *, n: int = 300, crossing: bool = False) -> AnalysisFrame:
    rng = np.random.default_rng(11)
    x, codes = rng.normal(size=n), rng.integers(0, 2, n)
    shape = np.where(codes == 1, 3.0, 0.8) if crossing else np.ones(n)
    time, limit = rng.weibull(shape) * 4 * np.exp(-0.4 * x / shape), rng.uniform(3, 9, n)
    event = time <= limit
    time = np.ceil(np.minimum(time, limit) * 12) / 12
    return frame_of(time, event, {"x": x, "g": levels(("a", "b"), tuple(int(c) for c in codes))})


def rows_of(node) -> dict[tuple[str, str, str], dict[str, float | None]]:
    return {(r.group, r.level, r.term): {s.stat: s.value for s in r.stats} for r in node.rows}


@pytest.mark.r
def test_split_is_the_model_of_survsplit(reference, frame_of, levels) -> None:
    frame = cohort(frame_of, levels, crossing=True)
    (node,) = analyse_time_split(frame, TimeSplitOptions(terms=(X, G), ties="efron", conf_level=0.95))
    ours = rows_of(node)
    cut = ours["", "", "GLOBAL"]["cut"]
    code = f"""
data <- {reference.frame(frame, "split")}
both <- survSplit(Surv(.time, .event) ~ ., data = data, cut = {cut!r}, episode = "k", start = ".start", end = ".stop")
both$e <- both$k == 1
fit <- coxph(Surv(.start, .stop, .event) ~ I(x * e) + I((g == "b") * e) + I(x * !e) + I((g == "b") * !e), data = both,
             control = tight_control)
cat(sprintf("%.17g %.17g\\n", coef(fit), sqrt(diag(vcov(fit)))), sep = "")
"""
    theirs = np.array([line.split() for line in reference.snippet(code).splitlines() if line], dtype=float)
    places = [("period", level, term) for level in ("early", "late") for term in ("x", "g=b")]
    assert_allclose([(ours[p]["estimate"], ours[p]["std_error"]) for p in places], theirs, rtol=1e-9)
    assert ours["", "", "g"]["p_value"] < 1e-6


def test_without_events_after_the_cut_there_is_one_period(frame_of, levels) -> None:
    rng = np.random.default_rng(2)
    frame = frame_of(np.full(40, 3.0), rng.random(40) < 0.5, {"x": rng.normal(size=40)})
    (node,) = analyse_time_split(frame, TimeSplitOptions(terms=(X,), ties="efron", conf_level=0.95))
    found = rows_of(node)
    assert found["period", "early", "x"]["estimate"] is not None
    assert found["period", "late", "x"]["estimate"] is None and found["", "", "x"]["p_value"] is None
    late = node.find(group="period", level="late", term="x")
    assert late is not None and late.get("estimate").note == "no patient is left"


def test_stratified_only_where_the_test_fails(frame_of, levels) -> None:
    options = StratifiedOptions(terms=(X, G), ties="efron", conf_level=0.95, transform="km", alpha=1e-4)
    (steady,) = analyse_stratified(cohort(frame_of, levels), options)
    assert steady.rows == ()
    (node,) = analyse_stratified(cohort(frame_of, levels, crossing=True), options)
    assert set(rows_of(node)) == {("g", "", "GLOBAL"), ("g", "", "x")}


def test_leaving_out_is_fitting_without(frame_of, levels) -> None:
    frame = cohort(frame_of, levels)
    options = InfluenceOptions(terms=(X, G), ties="efron", conf_level=0.95, left_out=(1, 300))
    (node,) = analyse_influence(frame, options)
    found = rows_of(node)
    whole = fit_model(frame, node.options).fit.coef
    # The first patient left out is the one whose absence moves a coefficient most; dfbetas approximate that.
    moves = np.empty((frame.n, 2))
    for i in range(frame.n):
        keep = np.arange(frame.n) != i
        moves[i] = fit_model(part_of(frame, keep), node.options).fit.coef - whole
    error = fit_model(frame, node.options).fit.std_error
    top = int(np.abs(moves / error).max(axis=1).argmax())
    assert_allclose([found["left_out", "1", t]["estimate"] for t in ("x", "g=b")], whole + moves[top], rtol=1e-9)
    largest = max(found["", "", t]["max_abs_dfbetas"] for t in ("x", "g=b"))
    assert largest == pytest.approx(np.abs(moves / error).max(), rel=0.2)
    assert found["", "", "GLOBAL"] == {"n": 300, "cutoff": pytest.approx(2 / np.sqrt(300))}
    rest = node.find(group="left_out", level="300", term="x")
    assert rest is not None and rest.get("estimate").value is None and rest.get("estimate").note == TOO_FEW


def test_an_infinite_coefficient_leaves_no_influence(frame_of, levels) -> None:
    rng = np.random.default_rng(12)
    codes = rng.integers(0, 2, 60)
    event = (rng.random(60) < 0.7) & (codes != 1)
    frame = frame_of(rng.integers(1, 15, 60), event, {"g": levels(("a", "b"), tuple(int(c) for c in codes))})
    (node,) = analyse_influence(frame, InfluenceOptions(terms=(G,), ties="efron", conf_level=0.95))
    row = node.find(term="g=b")
    assert row is not None and row.get("n_above").value is None and row.get("n_above").note == INFINITE


@pytest.mark.parametrize("key", ["cluster", "weights", "offset"])
def test_what_is_not_offered_is_refused(frame_of, levels, key) -> None:
    frame, model = cohort(frame_of, levels), {"terms": (X,), "ties": "efron", "conf_level": 0.95, key: "x"}
    with pytest.raises(ReporterError, match=f"not offered with {key}"):
        analyse_influence(frame, InfluenceOptions(**model))
    with pytest.raises(ReporterError, match=f"not offered with {key}"):
        analyse_functional_form(frame, FunctionalFormOptions(**model))


def test_exact_ties_and_clusters_are_refused(frame_of, levels) -> None:
    frame, model = cohort(frame_of, levels), {"terms": (X,), "conf_level": 0.95}
    with pytest.raises(ReporterError, match="ties = 'exact'"):
        analyse_influence(frame, InfluenceOptions(ties="exact", **model))
    with pytest.raises(ReporterError, match="not offered with cluster"):
        analyse_time_split(frame, TimeSplitOptions(ties="efron", cluster="g", **model))


def test_form_of_a_u_is_seen(frame_of) -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(-2, 2, 2000)
    time, limit = rng.exponential(np.exp(-(x**2))), rng.uniform(0.5, 4, 2000)
    frame = frame_of(np.minimum(time, limit), time <= limit, {"x": x})
    (node,) = analyse_functional_form(frame, FunctionalFormOptions(terms=(X,), ties="efron", conf_level=0.95))
    values = np.array(node.curves[0].column("estimate"), dtype=float)
    assert values[0] > 0.2 and values[-1] > 0.2 and values[20] < -0.2


def test_two_values_have_no_form(frame_of) -> None:
    rng = np.random.default_rng(8)
    columns = {"x": rng.integers(0, 2, 80).astype(float), "y": rng.normal(size=80)}
    frame = frame_of(rng.exponential(3, 80), rng.random(80) < 0.8, columns)
    options = FunctionalFormOptions(terms=(X, TermSpec(column="y")), ties="efron", conf_level=0.95)
    (node,) = analyse_functional_form(frame, options)
    assert [curve.term for curve in node.curves] == ["y"] and node.notes == (f"x: {TOO_FEW_VALUES}",)


def test_smooth_of_a_line_is_the_line() -> None:
    rng = np.random.default_rng(1)
    x = rng.exponential(3, 90)
    found = smooth_over(x, 2 - 0.5 * x)
    assert found is not None
    assert_allclose(found.estimate, 2 - 0.5 * found.x, rtol=1e-9, atol=1e-12)
    assert smooth_over(np.array([1.0, 2, 3, 4] * 5), np.ones(20)) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nothing_estimable_is_never_a_crash(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 25))
    time = rng.integers(0, int(rng.integers(1, 6)), n).astype(float)
    event = rng.random(n) < rng.choice([0.0, 0.2, 0.7, 1.0])
    codes = tuple(int(c) for c in rng.integers(-1, int(rng.integers(1, 3)), n))
    columns = {"x": rng.integers(0, int(rng.integers(1, 9)), n), "g": Levels(("a", "b"), codes)}
    frame = make_frame(time, event, columns)
    frames = {("development", "os"): frame}
    late = {("development", "os"): replace(frame, entry=time - 1 - rng.integers(0, 3, n))}
    for found in (frames, late):
        for options in every_kind((X, G), str(rng.choice(["efron", "breslow"]))):
            for node in run_planned(Planned("development", "os", options), found):
                assert not any("divide" in note or "invalid" in note or "overflow" in note for note in node.notes)
                assert "Error" not in node.failed or node.failed.startswith("ReporterError")
                missing = [s for row in node.rows for s in row.stats if s.value is None]
                assert all(s.note for s in missing)
