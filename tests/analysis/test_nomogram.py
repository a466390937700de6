"""Nomogram: points by hand, its axes, what has none, rms::nomogram, and the whole against R."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.analysis.cox import fit_model
from reporter.analysis.nomogram import analyse_nomogram, axis_values
from reporter.pipeline.plan import Planned
from reporter.spec.options import NomogramOptions, TermSpec

TERMS = (TermSpec(column="g", levels=("a", "b", "c")), TermSpec(column="x", per=10.0))
AXIS = (20.0, 40.0, 60.0, 80.0)


def options(**change: object) -> NomogramOptions:
    return NomogramOptions(
        **{"terms": TERMS, "ties": "efron", "axes": ((), AXIS), "horizons": (2.0, 6.0), **change}
    )  # fmt: skip


def cohort(frame_of, levels, seed: int, n: int = 120):
    rng = np.random.default_rng(seed)
    g, x = rng.integers(0, 3, n), rng.integers(20, 81, n).astype(float)
    time = np.ceil(rng.exponential(8 / np.exp(0.02 * (x - 50) + 0.4 * (g == 2))))
    columns = {"g": levels(("a", "b", "c"), tuple(int(v) for v in g)), "x": x}
    return frame_of(np.minimum(time, 12), time <= 12, columns)


def test_points_by_hand(frame_of, levels) -> None:
    """Points are b times the distance from the lowest on the axis; their sum gives the survival of the model."""
    frame = cohort(frame_of, levels, 1)
    node, fit = analyse_nomogram(frame, options())[0], fit_model(frame, options()).fit
    b_b, b_c, b_x = fit.coef
    parts = {"g": np.array([0.0, b_b, b_c]), "x": b_x * np.array(AXIS) / 10}
    unit = 100 / max(np.ptp(part) for part in parts.values())
    names = {"g": ("a", "b", "c"), "x": ("20", "40", "60", "80")}
    points = {}
    for column, part in parts.items():
        for name, value in zip(names[column], part, strict=True):
            row = node.find(group=column, level=name)
            assert row is not None
            points[column, name] = row.get("points").value
            assert points[column, name] == pytest.approx(unit * (value - part.min()), rel=1e-12, abs=1e-12)
    assert max(points.values()) == pytest.approx(100)

    whole = node.find(term="GLOBAL")
    total = points["g", "c"] + points["x", "60"]
    start, scale = (whole.get(stat).value for stat in ("predictor_at_zero", "points_per_unit"))
    predictor = b_c + b_x * 6 - fit.centre @ fit.coef
    assert total / scale + start == pytest.approx(predictor, rel=1e-10)
    assert whole.get("predictor_centre").value == pytest.approx(fit.centre @ fit.coef)
    zero = node.find(group="total_points", level="0", time=6.0).get("survival").value
    baseline = node.find(term="GLOBAL", time=6.0).get("baseline_survival").value
    assert zero == pytest.approx(baseline ** np.exp(start), rel=1e-12)
    for row in node.rows:
        if row.group == "survival":
            given_total = row.get("total_points").value
            base = node.find(term="GLOBAL", time=row.time).get("baseline_survival").value
            assert base ** np.exp(given_total / scale + start) == pytest.approx(float(row.level), rel=1e-10)


@pytest.mark.parametrize(
    ("values", "term", "expected"),
    [
        (np.arange(1001) / 10, TermSpec(column="x"), tuple(float(v) for v in range(10, 100, 10))),
        (np.arange(1001) / 10, TermSpec(column="x", winsorize=42.0), tuple(float(v) for v in range(5, 45, 5))),
        (np.full(50, 3.2), TermSpec(column="x"), (4.0, 5.0)),
    ],
)
def test_axis_values(values: np.ndarray, term: TermSpec, expected: tuple[float, ...]) -> None:
    """Of 1,001 values the 10 lowest and highest are left out: from 1 to 99, at most 10 steps."""
    assert axis_values(values, term) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_axes_rise_and_are_short(values: list[float]) -> None:
    found = axis_values(np.array(values), TermSpec(column="x"))
    assert 1 <= len(found) <= 12
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"interactions": (("g", "x"),)}, "the points of one covariate depend on another"),
        ({"strata": ("g",), "terms": TERMS[1:], "axes": (AXIS,)}, "a model with strata"),
        ({"cluster": "x"}, "a model with cluster"),
        ({"ties": "exact"}, "exact ties"),
    ],
)
def test_a_model_without_points_says_why(change: dict[str, object], said: str, frame_of, levels) -> None:
    node = analyse_nomogram(cohort(frame_of, levels, 1), options(**change))[0]
    assert node.rows == () and not node.failed
    assert len(node.notes) == 1 and said in node.notes[0]


def test_none_past_the_follow_up(frame_of, levels) -> None:
    node = analyse_nomogram(cohort(frame_of, levels, 1), options(horizons=(6.0, 40.0)))[0]
    assert {row.time for row in node.rows} == {None, 6.0}


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    spline = (TERMS[0], TermSpec(column="x", spline=(25.0, 50.0, 70.0)))
    changes: list[dict[str, object]] = [
        {}, {"ties": "breslow"}, {"terms": spline}, {"terms": (TERMS[0], TermSpec(column="x", transform="log2"))},
        {"horizons": ()}, {"largest": 10.0, "step": 3.0}, {"interactions": (("g", "x"),)}, {"horizons": (1.0, 50.0)},
    ]  # fmt: skip
    jobs = [
        (Planned("development", "os", options(**change)), {("development", "os"): cohort(frame_of, levels, seed)})
        for seed, change in enumerate(changes)
    ]
    late = cohort(frame_of, levels, 20)
    jobs.append(
        (Planned("development", "os", options()), {("development", "os"): replace(late, entry=late.time - 0.5)})
    )
    agree(reference, jobs)


@pytest.mark.r
def test_the_points_are_those_of_rms(reference, frame_of, levels) -> None:
    if "TRUE" not in reference.snippet('cat(requireNamespace("rms", quietly = TRUE))'):
        pytest.skip("the R package rms is not installed")
    knots = (25.0, 50.0, 70.0)
    terms = (TERMS[0], TermSpec(column="x", spline=knots))
    frame = cohort(frame_of, levels, 4)
    file = reference.folder / "nomogram.csv"
    table = np.column_stack([frame.time, frame.event, frame.columns["g"].values, frame.columns["x"].values])
    np.savetxt(file, table, delimiter=",", fmt="%.17g")
    code = f"""
    suppressMessages(library(rms)); d <- read.csv("{file}", header = FALSE); names(d) <- c("t", "e", "g", "x")
    d$g <- factor(letters[d$g + 1]); dd <- datadist(d); options(datadist = "dd")
    f <- cph(Surv(t, e) ~ g + rcs(x, c(25, 50, 70)), data = d, eps = 1e-13, iter.max = 50)
    n <- nomogram(f, x = c(20, 40, 60, 80), maxscale = 100)
    cat("\\n", "found", sprintf("%.12g", c(n$g$points, n$x$points)))
    """
    theirs = np.array(reference.snippet(code).split("found")[-1].split(), dtype=float)
    node = analyse_nomogram(frame, options(terms=terms))[0]
    ours = [row.get("points").value for row in node.rows if row.group in ("g", "x")]
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_nearly_equal_numbers_have_levels_of_their_own() -> None:
    found = axis_values(1e6 + np.arange(40) / 1e6, TermSpec(column="x"))
    assert len({f"{value!r}" for value in found}) == len(found) > 1
