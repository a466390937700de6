"""A table like SEER*Stat's csv of 1,000,000 rows and 40 columns, and the time that reading it takes.

    python tests/scale/seer_csv.py FOLDER [ROWS]

writes cohort.csv into FOLDER and prints seconds and peak memory of pyarrow's own reader and of `read_table`.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from reporter.intake.read import read_table

SEED = 20240229
FIELDS = {
    "Age recode with single ages and 90+": [f"{age:02d} years" for age in range(90)] + ["90+ years"],
    "Year of diagnosis": [str(year) for year in range(2000, 2022)],
    "Survival months": [f"{month:04d}" for month in range(264)] + ["Unknown"],
    "Vital status recode (study cutoff used)": ["Alive", "Dead"],
    "Primary Site - labeled": ["C54.1-Endometrium", "C54.2-Myometrium", "C55.9-Uterus, NOS"],
    "CS tumor size (2004-2015)": [f"{size:03d}" for size in range(1000)] + ["Blank(s)"],
}


def make_table(rows: int, seed: int = SEED) -> pa.Table:
    """Return 40 columns of text: an identifier, the fields above, and fields of 3 to 35 labels with commas."""
    rng = np.random.default_rng(seed)
    fields = dict(FIELDS)
    for i in range(39 - len(fields)):
        fields[f"Field {i} recode"] = [f"Label {j}, of field {i}" for j in range(3 + i)]
    columns = {"Patient ID": pa.array([f"{i:08d}" for i in range(rows)])}
    for name, labels in fields.items():
        columns[name] = pa.array(np.array(labels, dtype=object)[rng.integers(0, len(labels), rows)])
    return pa.table(columns)


def main(folder: Path, rows: int) -> None:
    """Write the table and time both readers."""
    folder.mkdir(parents=True, exist_ok=True)
    csv.write_csv(make_table(rows), folder / "cohort.csv")
    start = time.perf_counter()
    csv.read_csv(folder / "cohort.csv")
    plain = time.perf_counter() - start
    start = time.perf_counter()
    found = read_table("cohort.csv", folder, by_distinct=True)
    ours = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    sys.stdout.write(f"{found.table.shape}: pyarrow {plain:.1f} s, read_table {ours:.1f} s, child {peak:.1f} GiB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
