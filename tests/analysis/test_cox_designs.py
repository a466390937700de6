"""Splines and interactions: the design, McLernon's model, and every analysis of such a model against R."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.cox import fit_model
from reporter.analysis.design import make_design, ordered_pairs, term_names
from reporter.analysis.new_patients import complete_design
from reporter.analysis.splines import restricted_cubic_spline
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    AnalysisOptions,
    ConcordanceOptions,
    CoxOptions,
    ModelOptions,
    PhTestOptions,
    TermSpec,
    TermTestOptions,
    ValidationOptions,
)

GRADES = ("1-2", "3", ">3 x")
TERMS = (
    TermSpec(column="nodes", winsorize=19, spline=(0, 1, 9)),
    TermSpec(column="grade", levels=GRADES),
    TermSpec(column="age", per=10),
    TermSpec(column="arm", levels=("No", "Yes")),
)
PAIRS = (("age", "arm"), ("arm", "grade"), ("nodes", "arm"))


def cohort(frame_of, levels, seed: int, n: int = 300, cohort: str = "development") -> AnalysisFrame:
    rng = np.random.default_rng(seed)
    nodes, age = rng.poisson(4, n).astype(float), rng.normal(55, 9, n).round()
    grade, arm = rng.integers(0, 3, n), rng.integers(0, 2, n)
    nodes[rng.random(n) < 0.03] = np.nan
    death = rng.exponential(8 * np.exp(-0.1 * np.nan_to_num(nodes) - 0.3 * grade * arm - 0.02 * (age - 55)))
    time, end = np.ceil(4 * death), np.ceil(4 * rng.uniform(1, 9, n))
    columns = {
        "nodes": nodes,
        "grade": levels(GRADES, tuple(int(v) for v in grade)),
        "age": age,
        "arm": levels(("No", "Yes"), tuple(int(v) for v in arm)),
    }
    return frame_of(np.minimum(time, end), time <= end, columns, cohort=cohort)


def test_the_basis_is_cubic_between_the_knots_and_linear_outside() -> None:
    knots = (1.0, 2.0, 4.0, 7.0)
    x = np.array([-3.0, 0.0, 1.5, 8.0, 9.0, 10.0, 11.0])
    basis = restricted_cubic_spline(x, knots)
    assert basis.shape == (7, 3)
    assert basis[:2, 1:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert basis[2, 1] == pytest.approx(0.5**3 / 36)
    assert_allclose(np.diff(basis[3:], n=2, axis=0), 0, atol=1e-12)


def test_a_step_scales_all_columns_of_a_spline(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 1)
    rows = frame.complete(["nodes"])
    plain, step = (
        make_design((TermSpec(column="nodes", per=per, spline=(0, 1, 9)),), frame.columns, rows) for per in (1.0, 4.0)
    )
    assert_allclose(plain.matrix, 4 * step.matrix, rtol=1e-14)


def test_names_of_products_and_their_order(frame_of, levels) -> None:
    assert ordered_pairs(TERMS, (("arm", "age"), ("age", "arm"))) == (("age", "arm"),)
    names, groups = term_names(TERMS, PAIRS)
    assert names == (
        "nodes", "nodes'", "grade=3", "grade=>3 x", "age", "arm=Yes", "age:arm=Yes", "grade=3:arm=Yes",
        "grade=>3 x:arm=Yes", "nodes:arm=Yes", "nodes':arm=Yes",
    )  # fmt: skip
    assert groups[6:] == ("age:arm", "grade:arm", "grade:arm", "nodes:arm", "nodes:arm")
    frame = cohort(frame_of, levels, 2)
    design = make_design(TERMS, frame.columns, frame.complete(["nodes"]), PAIRS)
    column = dict(zip(design.names, design.matrix.T, strict=True))
    for name in names[6:]:
        first, second = name.split(":")
        assert_allclose(column[name], column[first] * column[second])


def test_new_patients_get_the_same_columns(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 3)
    matrix, complete = complete_design(TERMS, frame.columns, PAIRS)
    rows = frame.complete(["nodes"])
    assert np.array_equal(complete, rows)
    assert np.array_equal(matrix[rows], make_design(TERMS, frame.columns, rows, PAIRS).matrix)
    assert np.isnan(matrix[~rows]).all()


@pytest.mark.r
def test_mclernon_model_of_rotterdam(r_table, frame_of, levels) -> None:
    """McLernon et al., Ann Intern Med 2023;176:105: five coefficients as printed."""
    data = r_table("survival/rotterdam")
    event = (data["recur"] == 1) | (data["death"] == 1)
    time = np.where(data["recur"] == 1, data["rtime"], data["dtime"]) / 365.25
    sizes = ("<=20", "20-50", ">50")
    columns = {
        "cs": levels(sizes, tuple(sizes.index(text) for text in data["size"])),
        "nodes": data["nodes"],
        "grade": levels(("2", "3"), tuple(int(v) - 2 for v in data["grade"])),
    }
    frame = frame_of(np.minimum(time, 5.0), event & (time <= 5), columns)
    terms = (
        TermSpec(column="cs", levels=sizes),
        TermSpec(column="nodes", winsorize=19, spline=(0, 1, 9)),
        TermSpec(column="grade", levels=("2", "3")),
    )
    model = fit_model(frame, ModelOptions(terms=terms, ties="efron"))
    assert (frame.n, int(frame.event.sum())) == (2982, 1275)
    assert [round(float(b), 5) for b in model.fit.coef] == [0.34184, 0.57355, 0.30397, -0.81117, 0.36171]


def options_of(terms, pairs, ties: str) -> Iterator[AnalysisOptions]:
    model = {"terms": terms, "interactions": pairs, "ties": ties}
    yield CoxOptions(**model, analysis="cox_multivariable", conf_level=0.95)
    yield TermTestOptions(**model, conf_level=0.95)
    yield PhTestOptions(**model, transform="km")
    yield PhTestOptions(**model, transform="identity")
    yield ConcordanceOptions(**model, conf_level=0.95, horizon=12.0)


@pytest.mark.r
def test_every_analysis_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed, ties in ((11, "efron"), (12, "breslow"), (13, "efron")):
        frames = {
            ("development", "os"): cohort(frame_of, levels, seed),
            ("validation", "os"): cohort(frame_of, levels, seed + 50, cohort="validation"),
        }
        chosen = (PAIRS, (("grade", "age"), ("arm", "age")), ())[seed % 3]
        jobs += [(Planned("development", "os", item), frames) for item in options_of(TERMS, chosen, ties)]
        single = CoxOptions(terms=TERMS[:1], ties=ties, analysis="cox_univariable", conf_level=0.9)
        jobs.append((Planned("development", "os", single), frames))
        check = ValidationOptions(
            terms=TERMS, interactions=chosen, ties=ties, conf_level=0.95, horizons=(4.0, 12.0), min_group_size=20
        )
        jobs.append((Planned("validation", "os", check), frames))
    agree(reference, jobs)


@pytest.mark.r
def test_small_cohorts_agree_with_r(reference, agree, frame_of, levels) -> None:
    """Few rows: levels that do not meet, knots without values, products that run to infinity."""
    jobs = []
    for seed in range(100, 124):
        frames = {("development", "os"): cohort(frame_of, levels, seed, n=3 * seed - 260)}
        pairs = PAIRS[seed % 3 :][:1]
        terms = tuple(term for term in TERMS if term.column in pairs[0] or seed % 2)
        jobs += [(Planned("development", "os", item), frames) for item in options_of(terms, pairs, "efron")]
    agree(reference, jobs)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(-50, 50), min_size=3, max_size=6, unique=True).map(sorted), st.integers(1, 100))
def test_any_knots_give_straight_tails(knots: list[int], step: int) -> None:
    low, high = knots[0] - np.arange(3.0) * step, knots[-1] + np.arange(3.0) * step
    size = (1.0 + abs(high[-1]) + abs(low[-1])) ** 3 / (knots[-1] - knots[0]) ** 2
    for tail in (low, high):
        basis = restricted_cubic_spline(tail, knots)
        assert basis.shape == (3, len(knots) - 1)
        assert_allclose(np.diff(basis, n=2, axis=0), 0, atol=1e-9 * size)
    assert_allclose(restricted_cubic_spline(low, knots)[:, 1:], 0)
