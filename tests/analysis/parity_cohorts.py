"""Small cohorts that try to break survival estimates, for the parity tests against live R.

Hypothesis draws a `Recipe`, which shrinks; its seed fills the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame, Column, OtherRule
from reporter.cohort.timefix import merge_near_times

Floats = NDArray[np.float64]

LEVELS = ("a", "b c", ">50")
ARMS = ("No", "Yes")
TIMES = ("months", "few", "continuous", "zeros", "near", "huge", "tiny", "one")
DEATHS = ("most", "some", "all", "none", "one", "one level", "low x", "early", "last time")
NUMBERS = ("coarse", "smooth", "binary", "constant", "big", "small", "offset", "time", "one row", "skewed")
SECOND = (*NUMBERS, "sum", "copy", "near copy")
GROUPS = ("even", "missing", "one", "single row", "two", "by time")
ENTRIES = ("none", "none", "months", "near exit", "late", "gap")


@dataclass(frozen=True)
class Recipe:
    """What kind of cohort: `n` rows, and the kinds of its times, deaths, covariates, groups and entry times."""

    n: int
    seed: int
    times: str
    deaths: str
    x: str
    y: str
    g: str
    entry: str


def recipes(
    *,
    least: int = 2,
    times: Sequence[str] = TIMES,
    deaths: Sequence[str] = DEATHS,
    entry: Sequence[str] = ENTRIES,
    without: Sequence[str] = (),
) -> st.SearchStrategy[Recipe]:
    """Draw recipes of at least so many rows; covariates of the kinds in `without` do not occur."""
    return st.builds(
        Recipe,
        n=st.one_of(st.integers(least, max(least, 12)), st.integers(least, 60), st.integers(max(least, 20), 60)),
        seed=st.integers(0, 2**32 - 1),
        times=st.sampled_from(times),
        deaths=st.sampled_from(deaths),
        x=st.sampled_from([kind for kind in NUMBERS if kind not in without]),
        y=st.sampled_from([kind for kind in SECOND if kind not in without]),
        g=st.sampled_from(GROUPS),
        entry=st.sampled_from(entry),
    )


def _times(kind: str, n: int, rng: np.random.Generator) -> Floats:
    months = rng.integers(0, 30, n).astype(float)
    match kind:
        case "months":
            return months
        case "few":
            return rng.integers(1, 4, n).astype(float)
        case "continuous":
            return rng.exponential(8, n)
        case "zeros":
            return np.where(rng.random(n) < 0.4, 0.0, months)
        case "near":
            return rng.integers(1, 6, n) + rng.choice([0.0, 1e-9, 2e-8, 1e-7], n)
        case "huge":
            return months * 1e7 + 1e6
        case "tiny":
            return months * 1e-5
        case _:
            return np.full(n, 3.0)


def _deaths(
    kind: str, time: Floats, x: Floats, group: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    n = time.size
    most = rng.random(n) < 0.7
    match kind:
        case "some":
            return rng.random(n) < 0.25
        case "all":
            return np.ones(n, dtype=bool)
        case "none":
            return np.zeros(n, dtype=bool)
        case "one":
            return np.arange(n) == int(rng.integers(n))
        case "one level":
            return most & (group == 1)
        case "low x":
            return most & (x < np.median(x))
        case "early":
            return most & (time <= np.median(time))
        case "last time":
            return most | (time == time.max())
        case _:
            return most


def _numbers(kind: str, time: Floats, rng: np.random.Generator) -> Floats:
    n = time.size
    coarse = rng.normal(size=n).round(1)
    match kind:
        case "smooth":
            return rng.normal(size=n)
        case "binary":
            return rng.integers(0, 2, n).astype(float)
        case "constant":
            return np.full(n, 0.1)
        case "big":
            return coarse * 1e7
        case "small":
            return coarse * 1e-7
        case "offset":
            return 100.0 + rng.integers(0, 20, n)
        case "time":
            return time + rng.choice([0.0, 0.5], n)
        case "one row":
            return (np.arange(n) == 0).astype(float)
        case "skewed":
            return rng.exponential(30, n).round()
        case _:
            return coarse


def _second(kind: str, x: Floats, time: Floats, rng: np.random.Generator) -> Floats:
    match kind:
        case "sum":
            return 2 * x + float(np.abs(x).max())
        case "copy":
            return x.copy()
        case "near copy":
            return x + rng.normal(size=x.size) * 0.05 * max(float(np.abs(x).max()), 1e-9)
        case _:
            return _numbers(kind, time, rng)


def _codes(kind: str, time: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    n = time.size
    even = rng.integers(0, 3, n)
    match kind:
        case "missing":
            return np.where(rng.random(n) < 0.2, -1, even)
        case "one":
            return np.zeros(n, dtype=np.int64)
        case "single row":
            return np.where(np.arange(n) == 0, 2, np.minimum(even, 1))
        case "two":
            return np.minimum(even, 1)
        case "by time":
            return np.searchsorted(np.quantile(time, [0.3, 0.6]), time).astype(np.int64)
        case _:
            return even


def _entry(kind: str, time: Floats, rng: np.random.Generator) -> Floats | None:
    n = time.size
    match kind:
        case "none":
            return None
        case "near exit":
            return time - rng.choice([1e-6, 0.5, 1.0], n) * np.maximum(time, 1.0)
        case "late":
            return time * rng.choice([0.0, 0.5, 0.9], n)
        case "gap":
            return np.where(time > np.median(time), np.median(time), 0.0)
        case _:
            return np.floor(time * rng.random(n))


def _column(name: str, values: Floats, levels: tuple[str, ...] = ()) -> Column:
    return Column(name, name, "", "categorical" if levels else "numeric", levels, np.asarray(values, dtype=float))


def _merged(time: Floats, entry: Floats | None) -> tuple[Floats, Floats | None]:
    """Merge near times as the cohort layer does, exits and entries together."""
    if entry is None:
        return merge_near_times(time), None
    both = merge_near_times(np.concatenate((time, np.maximum(entry, 0.0))))
    return both[: time.size], both[time.size :]


def make_cohort(recipe: Recipe, *, cohort: str = "development", n_causes: int = 0, gap: bool = False) -> AnalysisFrame:
    """Fill the rows of a recipe: columns x, y (numbers), g (three levels), s (two), c (clusters), w, f (weights), o.

    Patients who would enter at or after their exit are left out, as by the cohort layer.
    """
    rng = np.random.default_rng((recipe.seed, cohort == "development"))
    time = _times(recipe.times, recipe.n, rng)
    x = _numbers(recipe.x, time, rng)
    group = _codes(recipe.g, time, rng)
    event = _deaths(recipe.deaths, time, x, group, rng)
    y = _second(recipe.y, x, time, rng)
    x = np.where(rng.random(recipe.n) < 0.04, np.nan, x)
    time, entry = _merged(time, _entry(recipe.entry, time, rng))
    columns = {
        "x": _column("x", x),
        "y": _column("y", y),
        "g": _column("g", np.where(group < 0, np.nan, group), LEVELS),
        "s": _column("s", rng.integers(0, 2, recipe.n), ARMS),
        "c": _column("c", rng.integers(0, max(recipe.n // 2, 1), recipe.n)),
        "w": _column("w", rng.integers(0 if recipe.seed % 16 == 3 else 1, 4, recipe.n)),
        "f": _column("f", rng.choice([0.25, 0.5, 1.0, 3.75], recipe.n)),
        "o": _column("o", rng.normal(size=recipe.n).round(2)),
    }
    cause = np.where(event, rng.integers(1, n_causes + 1, recipe.n), 0) if n_causes else None
    keep = np.ones(recipe.n, dtype=bool) if entry is None else entry < time
    other = OtherRule(np.ceil(time[keep] / 2), event[keep] & (rng.random(int(keep.sum())) < 0.5)) if gap else None
    return AnalysisFrame(
        cohort, "os", tuple(str(i) for i in np.flatnonzero(keep)), time[keep],
        (event if cause is None else cause == 1)[keep], "months",
        {name: _column(name, c.values[keep], c.levels) for name, c in columns.items()},
        None if entry is None else entry[keep], None if cause is None else cause[keep],
        tuple(f"other{k}" for k in range(2, n_causes + 1)), other,
    )  # fmt: skip


def horizons_of(frame: AnalysisFrame, rng: np.random.Generator) -> tuple[float, ...]:
    """Return an observed time, one between, the last and one past it, or some of them."""
    last = float(frame.time.max(initial=0.0))
    if last <= 0:
        return (1.0,)
    found = [float(rng.choice(frame.time)), 0.4 * last, last, 1.3 * last, 1e-3 * last]
    return tuple(sorted({h for h in found if h > 0 and rng.random() < 0.8})) or (last,)
