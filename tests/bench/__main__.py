"""``python -m tests.bench [--sizes 1000,10000] [--repeats 5] [--out out/bench]``: exit 1 when a stated ratio is missed.

All engines run one after the other in processes of their own, on one thread, on the same files.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.bench.data import write_cohort
from tests.bench.engines import ENGINES
from tests.bench.rules import SHARE, Measured, missed

TASKS = list(SHARE)
NAMES = {
    "cox": "Cox, 20 columns, Efron", "kaplan_meier": "Kaplan–Meier", "log_rank": "log-rank, 4 groups",
    "ph_test": "proportional hazards", "concordance": "concordance with SE",
    "univariable": "ten univariable Cox models",
}  # fmt: skip
NO_ADAPTER = ("rust-survival", "coxstream")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
LIMIT = 3600.0


def installed(name: str) -> str:
    """Return the version of a distribution, empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def run(command: list[str]) -> list[str]:
    """Return the lines that an engine printed before it ended or its time was up."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LIMIT, env={**os.environ, **ONE_THREAD}
        )
    except subprocess.TimeoutExpired as late:
        out = late.stdout
        return (out.decode() if isinstance(out, bytes) else out or "").splitlines()
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:] + "\n")
    return done.stdout.splitlines()


def measure_python(engine: str, folder: Path, n: int, repeats: int, budget: float, tasks: list[str]) -> list[Measured]:
    """Measure one engine; Cox in a process of its own, as memory peaks are those of a process."""
    found = []
    for part in ([t for t in tasks if t == "cox"], [t for t in tasks if t != "cox"]):
        command = [sys.executable, "-m", "tests.bench.engines", engine, str(folder), str(repeats), str(budget), *part]
        for line in run(command) if part else []:
            said = json.loads(line)
            part = [task for task in part if task != said["task"]]
            seconds = said.get("seconds", [])
            middle = statistics.median(seconds) if seconds else None
            peak = said["peak_mb"] if said["task"] == "cox" else None
            found.append(Measured(engine, said["task"], n, middle, len(seconds), peak, said.get("failed", "")))
        if engine == "reporter":
            found += [Measured(engine, task, n, None, 0, None, "the process ended") for task in part]
    return found


def measure_r(folder: Path, n: int, repeats: int, budget: float, tasks: list[str]) -> list[Measured]:
    """Measure R's survival."""
    script = str(Path(__file__).with_name("bench.R"))
    rows = (
        line.split("\t")
        for line in run(["Rscript", "--vanilla", script, str(folder), str(repeats), str(budget), *tasks])
    )
    found = []
    for task, seconds, *_ in rows:
        values = [float(each) for each in seconds.split()]
        found.append(Measured("R survival", task, n, statistics.median(values), len(values), None))
    return found


def engines() -> tuple[dict[str, str], list[str]]:
    """Return the engines that are here with their versions, and those that are not or cannot be driven."""
    here, absent = {}, []
    if shutil.which("Rscript"):
        says = 'cat(R.version$major, ".", R.version$minor, ", survival ", format(packageVersion("survival")), sep = "")'
        here["R survival"] = run(["Rscript", "--vanilla", "-e", says])[0]
    else:
        absent.append("R survival")
    for name, (distribution, _) in ENGINES.items():
        if installed(distribution):
            here[name] = installed(distribution)
        else:
            absent.append(name)
    absent += [name if not installed(name) else f"{name} (installed, not driven here)" for name in NO_ADAPTER]
    return here, absent


def markdown(found: list[Measured], sizes: list[int], here: dict[str, str], absent: list[str], said: list[str]) -> str:
    """Return the table: seconds, and beside ours the share of R's time."""
    order = ["reporter", *(name for name in here if name != "reporter")]
    at = {(m.engine, m.task, m.n): m for m in found}
    lines = ["| | rows | " + " | ".join(order) + " | share of R |", "|---|---:|" + "---:|" * (len(order) + 1)]
    for task in TASKS:
        for n in sizes:
            cells = []
            for engine in order:
                cell = at.get((engine, task, n))
                cells.append("–" if cell is None else "failed" if cell.seconds is None else f"{cell.seconds:.4g}")
            ours, theirs = at.get(("reporter", task, n)), at.get(("R survival", task, n))
            share = (
                f"{ours.seconds / theirs.seconds:.3f}" if ours and theirs and ours.seconds and theirs.seconds else "–"
            )
            lines.append(f"| {NAMES[task]} | {n:,} | " + " | ".join(cells) + f" | {share} |")
    notes = [
        "Processor seconds (user and system; one thread): medians of runs on the same files, compiled code warm.",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in here.items()) + ".",
        "Not measured: " + (", ".join(absent) if absent else "none") + ".",
        *said,
    ]
    return "\n".join([*lines, "", *notes, ""])


def main() -> int:
    """Measure, write the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a task after which no repeat begins")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    sizes, tasks = [int(size) for size in options.sizes.split(",")], options.tasks.split(",")
    here, absent = engines()
    found: list[Measured] = []
    design: dict[int, float] = {}
    said = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            about = write_cohort(folder, n)
            design[n] = about["design_mb"]
            for engine in here:
                sys.stderr.write(f"bench: {n:,} rows, {engine}\n")
                if engine == "R survival":
                    found += measure_r(folder, n, options.repeats, options.budget, tasks)
                else:
                    found += measure_python(engine, folder, n, options.repeats, options.budget, tasks)
        peak = next((m.peak_mb for m in found if (m.engine, m.task, m.n) == ("reporter", "cox", n)), None)
        if peak is not None:
            said.append(f"{n:,} rows: {peak / design[n]:.1f} design matrices of memory at the peak of the Cox fit.")
    wrong = missed(found, design)
    text = markdown(found, sizes, here, absent, [*said, *(f"Missed: {each}." for each in wrong)])
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.md").write_text(text, encoding="utf-8")
    with (options.out / "bench.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["engine", "version", "task", "n", "seconds", "repeats", "peak_mb", "note"])
        for m in found:
            table.writerow([m.engine, here[m.engine], m.task, m.n, m.seconds, m.repeats, m.peak_mb, m.note])
    sys.stdout.write(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
