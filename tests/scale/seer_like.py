"""A cohort like SEER's: ten categorical columns with 20 dummies, integer months 0–240, 40 % censored.

    python tests/scale/seer_like.py FOLDER [ROWS]

writes cohort.parquet and study.toml into FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

SEED = 20240229
# name -> number of levels; the dummies add up to 20
COLUMNS = {
    "sex": 2, "age_group": 4, "race": 3, "stage": 4, "grade": 4, "surgery": 2, "radiation": 2, "site": 4, "marital": 3,
    "chemo": 2,
}  # fmt: skip

HEAD = """\
schema = 1
[study]
id = "seer-like"
title = "A registry of {rows} simulated patients"
seed = 1
[data]
source = "cohort.parquet"
id = "id"
"""
TAIL = """
[[cohort.exclude]]
label = "Followed for 236 months or more"
column = "months"
min = 236
[endpoints.os]
label = "Overall survival"
unit = "months"
time = "months"
event = "status"
event_values = ["Dead"]
censored_values = ["Alive"]
report_unit = "months"
horizons = [12, 36, 60]
[analysis]
endpoints = ["os"]
groups = ["sex", "stage"]
covariates = {covariates}
"""


def make_table(rows: int, seed: int = SEED) -> pa.Table:
    """Return the cohort; about 40 % are censored."""
    rng = np.random.default_rng(seed)
    codes = {name: rng.choice(n, rows, p=_shares(n)) for name, n in COLUMNS.items()}
    slopes = {name: rng.normal(0.0, 0.3, n) for name, n in COLUMNS.items()}
    risk = np.exp(sum(slopes[name][codes[name]] for name in COLUMNS))
    death = rng.exponential(100.0 / risk * np.median(risk))
    censored = rng.uniform(0.0, 240.0, rows)
    months = np.floor(np.minimum(np.minimum(death, censored), 240.0)).astype(np.int16)
    status = np.where(death <= np.minimum(censored, 240.0), "Dead", "Alive")
    cells = {name: pa.array(values.astype(np.int8)) for name, values in codes.items()}
    return pa.table({
        "id": pa.array(np.arange(1, rows + 1)), "months": pa.array(months),
        "status": pa.array(status).dictionary_encode(), **cells,
    })  # fmt: skip


def _shares(n: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, n + 1)
    return weights / weights.sum()


def write_study(folder: Path, rows: int) -> Path:
    """Write cohort and study file; return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(make_table(rows), folder / "cohort.parquet")
    kinds = "".join(
        f'[columns.{name}]\nkind = "{"binary" if n == 2 else "categorical"}"\n' for name, n in COLUMNS.items()
    )
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    study = folder / "study.toml"
    study.write_text(HEAD.format(rows=rows) + kinds + TAIL.format(covariates=f"[{names}]"))
    return study


if __name__ == "__main__":
    write_study(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
