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

from tests.bench import peers
from tests.bench.data import write_cohort
from tests.bench.engines import ENGINES
from tests.bench.engines import LIMIT as RUN_LIMIT
from tests.bench.rules import SHARE, Measured, missed

TASKS = list(SHARE)
NAMES = {
    "cox": "Cox, 20 columns, Efron", "kaplan_meier": "Kaplan–Meier", "log_rank": "log-rank, 4 groups",
    "ph_test": "proportional hazards", "concordance": "concordance with SE",
    "univariable": "ten univariable Cox models",
}  # fmt: skip
OWN = {"reporter": "survival-reporter", "lifelines": "lifelines"}  # in the project's own environment
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
LIMIT = 900.0  # seconds for all tasks of a library of Python at one size
LONG = 3600.0  # the same for R and this project


def installed(name: str) -> str:
    """Return the version of a distribution, empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def run(command: list[str], limit: float = LIMIT) -> tuple[list[str], str]:
    """Return the lines that an engine printed, and why it ended before its time, or nothing."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=limit, env={**os.environ, **ONE_THREAD}
        )
    except subprocess.TimeoutExpired as late:
        out = late.stdout
        return (out.decode() if isinstance(out, bytes) else out or "").splitlines(), f"no result within {limit:g} s"
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:] + "\n")
    return done.stdout.splitlines(), f"the process ended with {done.returncode}" if done.returncode else ""


def measure_python(
    python: Path, engine: str, folder: Path, n: int, repeats: int, budget: float, tasks: list[str]
) -> list[Measured]:
    """Measure one engine; Cox in a process of its own, as memory peaks are those of a process."""
    found = []
    for part in ([t for t in tasks if t == "cox"], [t for t in tasks if t != "cox"]):
        if not part:
            continue
        command = [str(python), "-m", "tests.bench.engines", engine, str(folder), str(repeats), str(budget), *part]
        lines, ended = run(command, LONG if engine == "reporter" else LIMIT)
        waiting = part if engine == "reporter" else []
        for said in map(json.loads, lines):
            if "can" in said:
                waiting = part if engine == "reporter" else said["can"]
                continue
            waiting = [task for task in waiting if task != said["task"]]
            seconds = said.get("seconds", [])
            middle = statistics.median(seconds) if seconds else None
            peak = said["peak_mb"] if said["task"] == "cox" else None
            found.append(Measured(engine, said["task"], n, middle, len(seconds), peak, said.get("failed", "")))
        found += [Measured(engine, task, n, None, 0, None, ended or "no result") for task in waiting]
    return found


def measure_r(folder: Path, n: int, repeats: int, budget: float, tasks: list[str]) -> list[Measured]:
    """Measure R's survival."""
    script = str(Path(__file__).with_name("bench.R"))
    command = ["Rscript", "--vanilla", script, str(folder), str(repeats), str(budget), *tasks]
    lines, ended = run(command, LONG)
    found = []
    for task, seconds, *_ in (line.split("\t") for line in lines):
        values = [float(each) for each in seconds.split()]
        found.append(Measured("R survival", task, n, statistics.median(values), len(values), None))
    there = {m.task for m in found}
    return found + [
        Measured("R survival", task, n, None, 0, None, ended or "no result") for task in tasks if task not in there
    ]


def engines() -> tuple[dict[str, str], dict[str, Path], list[str]]:
    """Return the engines that are here with their versions, the interpreter of each, and those that are not and why."""
    here: dict[str, str] = {}
    absent: list[str] = []
    if shutil.which("Rscript"):
        says = 'cat(R.version$major, ".", R.version$minor, ", survival ", format(packageVersion("survival")), sep = "")'
        lines, ended = run(["Rscript", "--vanilla", "-e", says])
        if lines and not ended:
            here["R survival"] = lines[0]
    if "R survival" not in here:
        absent.append("R survival (not installed)")
    for name, distribution in OWN.items():
        if installed(distribution):
            here[name] = installed(distribution)
        else:
            absent.append(f"{name} (not installed)")
    pythons = dict.fromkeys(OWN, Path(sys.executable))
    python, versions, why = peers.prepare()
    for name, number in versions.items():
        if name in ENGINES:
            here[name], pythons[name] = number, python
        else:
            absent.append(f"{name} {number} (not driven here)")
    absent += [f"{name} ({reason})" for name, reason in why.items()]
    return here, pythons, absent


def markdown(
    found: list[Measured], sizes: list[int], here: dict[str, str], absent: list[str], said: list[str],
    options: argparse.Namespace,
) -> str:  # fmt: skip
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
    runs = (
        f"Up to {options.repeats} runs, none begun after {options.budget:g} s (Python's libraries: "
        f"{options.peer_budget:g} s); those have {RUN_LIMIT} s for a run. –: no such estimate."
    )
    notes = [
        "Processor seconds (user and system; one thread): medians of runs on the same files, compiled code warm.",
        runs,
        *(f"Failed: {m.engine}, {m.task}, {m.n:,} rows: {m.note}." for m in found if m.seconds is None),
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
    parser.add_argument("--peer-budget", type=float, default=20.0, help="the same for the other libraries of Python")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    sizes, tasks = [int(size) for size in options.sizes.split(",")], options.tasks.split(",")
    here, pythons, absent = engines()
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
                    budget = options.budget if engine == "reporter" else options.peer_budget
                    found += measure_python(pythons[engine], engine, folder, n, options.repeats, budget, tasks)
        peak = next((m.peak_mb for m in found if (m.engine, m.task, m.n) == ("reporter", "cox", n)), None)
        if peak is not None:
            said.append(f"{n:,} rows: {peak / design[n]:.1f} design matrices of memory at the peak of the Cox fit.")
    wrong = missed(found, design)
    text = markdown(found, sizes, here, absent, [*said, *(f"Missed: {each}." for each in wrong)], options)
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
