"""A cohort like a registry's: ten variables in 20 columns, whole months from 0 to 240, four in ten censored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LEVELS = (4, 4, 4, 3, 4, 3, 2)
MONTHS = 240


def variables() -> list[list[int]]:
    """Return the columns of each of the ten variables: three numeric ones, then dummies."""
    found, first = [[0], [1], [2]], 3
    for levels in LEVELS:
        found.append(list(range(first, first + levels - 1)))
        first += levels - 1
    return found


def make_cohort(n: int, seed: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return design (n, 20), months, event and a group of four levels."""
    rng = np.random.default_rng(seed)
    columns = [np.clip(np.rint(rng.normal(62, 12, n)), 18, 100), rng.integers(1, 120, n).astype(float)]
    columns.append(np.minimum(rng.geometric(0.35, n) - 1, 40).astype(float))
    group = np.zeros(n, dtype=np.int64)
    for place, levels in enumerate(LEVELS):
        code = rng.choice(levels, size=n, p=rng.dirichlet(np.full(levels, 6.0)))
        group = code if place == 0 else group
        columns += [(code == k).astype(float) for k in range(1, levels)]
    x = np.column_stack(columns)
    effect = np.concatenate(([0.03, 0.006, 0.05], rng.normal(0, 0.25, 17)))
    predictor = (x - x.mean(axis=0)) @ effect
    death = np.floor(rng.weibull(0.9, n) * 150 * np.exp(-predictor))
    end = np.minimum(np.floor(rng.uniform(0, 330, n)), MONTHS)
    return x, np.minimum(death, end), death <= end, group


def write_cohort(folder: Path, n: int) -> dict[str, float]:
    """Write the cohort for all engines; return what the table says about it."""
    x, time, event, group = make_cohort(n)
    np.save(folder / "x.npy", x)
    for name, values in (("time", time), ("event", event.astype(float)), ("group", group.astype(float))):
        np.save(folder / f"{name}.npy", values)
        values.tofile(folder / f"{name}.bin")
    np.asfortranarray(x).T.tofile(folder / "x.bin")
    return {"n": n, "censored": float(1 - event.mean()), "design_mb": x.nbytes / 2**20}
