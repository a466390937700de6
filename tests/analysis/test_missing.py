"""Missing values by hand, and against R's own counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reporter.analysis.missing import analyse_missing, is_monotone, year_groups
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.spec.options import MissingOptions

NA = np.nan


def value(node, stat: str, **where: object) -> float | None:
    return node.find(**where).get(stat).value


def test_counts_by_hand(frame_of, levels) -> None:
    columns = {"x": [1, NA, 3, NA], "g": levels(("a", "Unknown"), (0, 0, -1, 1)), "year": [2001, 2001.5, 2002, NA]}
    frame = frame_of([1, 2, 3, 4], [1, 0, 0, 1], columns)
    options = MissingOptions(columns=("x", "g"), year="year", unknown=(("g", "Unknown"),))
    profile, patterns = analyse_missing(frame, options)
    assert [value(profile, s, term="GLOBAL") for s in ("n", "n_complete", "percent_complete")] == [4, 1, 25]
    assert [value(profile, s, term="x") for s in ("n", "n_missing", "percent_missing")] == [2, 2, 50]
    assert [value(profile, s, term="g=Unknown") for s in ("n_unknown", "percent_unknown")] == [1, 25]
    assert value(profile, "n_missing", group="outcome", level="event", term="x") == 1
    assert value(profile, "n_missing", group="year", level="2001", term="x") == 1
    assert value(profile, "n", group="year", level="2002", term="GLOBAL") == 1
    assert [value(patterns, s, term="GLOBAL") for s in ("n_patterns", "monotone")] == [3, 0]
    assert value(patterns, "n", term="missing=x") == 2
    assert value(patterns, "n", term="complete") == 1
    assert [row.term for row in patterns.rows] == ["GLOBAL", "missing=x", "complete", "missing=g"]


def test_nothing_missing_has_no_groups(frame_of) -> None:
    profile, patterns = analyse_missing(frame_of([1, 2], [1, 0], {"x": [1, 2]}), MissingOptions(columns=("x",)))
    assert {row.group for row in profile.rows} == {""}
    assert [row.term for row in patterns.rows] == ["GLOBAL", "complete"]


def test_a_measurement_is_no_year(frame_of) -> None:
    frame = frame_of(np.arange(1.0, 200), np.ones(199), {"x": np.arange(199.0)})
    with pytest.raises(ReporterError, match="no column of years"):
        list(year_groups(frame.columns["x"]))


@pytest.mark.parametrize(
    ("missing", "monotone"),
    [([[0, 0], [0, 1], [1, 1]], True), ([[0, 1], [1, 0]], False), ([[0, 0]], True), ([[1, 0], [1, 0]], True)],
)
def test_monotone(missing: list[list[int]], monotone: bool) -> None:
    assert is_monotone(np.array(missing, dtype=bool)) is monotone


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 4))))
def test_counts_add_up(frame_of, lost: np.ndarray) -> None:
    """Values and missing ones are all patients, patterns are all patients, and groups add up to the whole."""
    names = tuple(f"x{j}" for j in range(lost.shape[1]))
    columns = {name: np.where(lost[:, j], NA, 1.0) for j, name in enumerate(names)}
    frame = frame_of(np.arange(1.0, len(lost) + 1), np.arange(len(lost)) % 2, columns)
    profile, patterns = analyse_missing(frame, MissingOptions(columns=names, max_patterns=100))
    n = len(lost)
    for name in names:
        assert value(profile, "n", term=name) + value(profile, "n_missing", term=name) == n
        parts = [row.get("n_missing").value for row in profile.rows if row.group == "outcome" and row.term == name]
        assert not parts or sum(parts) == lost[:, names.index(name)].sum()
    assert sum(row.get("n").value for row in patterns.rows if row.term != "GLOBAL") == n
    assert value(profile, "n_complete", term="GLOBAL") == (~lost.any(axis=1)).sum()


@pytest.mark.r
def test_agrees_with_r(reference, agree, frame_of, levels) -> None:
    jobs = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n = 12 + 9 * seed
        draw = {name: np.where(rng.random(n) < 0.25 * (seed > 0), NA, rng.normal(size=n)) for name in ("x", "y", "z")}
        group = levels(("a", "not known"), tuple(int(v) for v in rng.integers(-1 if seed else 0, 2, n)))
        year = np.where(rng.random(n) < 0.1, NA, rng.integers(1998, 2003, n) + 0.5)
        columns = {**draw, "g": group, "year": year if seed % 2 else levels(("early", "late"), tuple([0, 1] * n)[:n])}
        frame = frame_of(rng.exponential(size=n), rng.random(n) < 0.5, columns)
        if seed % 3 == 2:
            cause = np.where(frame.event, 1, rng.integers(0, 2, n) * 2)
            frame = replace(frame, cause=cause.astype(np.int64), causes=("other",))
        options = MissingOptions(
            columns=("x", "y", "g", "z"), year="year", unknown=(("g", "not known"),), max_patterns=4
        )
        jobs.append((Planned("development", "os", options), {("development", "os"): frame}))
    agree(reference, jobs)
