"""R's answers: the shipped reference files, run by Rscript on the same frame and options."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame
from reporter.intake.from_r import read_r_dataset
from reporter.intake.read import parse_text
from reporter.pipeline.plan import Planned
from reporter.results.address import address
from reporter.verification.declared import why_not_checkable
from reporter.verification.r.code import SHARED

SCRIPTS = Path(__file__).resolve().parents[2] / "reporter" / "verification" / "r" / "scripts"
DRIVER = """
number <- function(x) ifelse(is.na(x), "NA", sprintf("%.17g", x))
emit <- function(job, found) {
  rows <- found$rows
  if (nrow(rows)) cat(paste(job, "row", rows$address, "", number(rows$value), sep = "\\t"), sep = "\\n")
  cat("\\n")
  for (curve in found$curves) {
    cat(paste(job, "curve", curve$where, curve$stat, number(curve$time), number(curve$value), sep = "\\t"), sep = "\\n")
    cat("\\n")
  }
}
column <- function(file, levels) {
  value <- readBin(file, "double", file.size(file) / 8)
  value[is.nan(value)] <- NA
  if (length(levels)) factor(levels[value + 1], levels = levels) else value
}
failed <- function(job, said) cat(job, "error", gsub("[\\t\\n]", " ", conditionMessage(said)), "", "NA\\n", sep = "\\t")
run <- function(job, call) tryCatch(emit(job, call()), error = function(said) failed(job, said))
"""


def r_literal(value: object) -> str:
    """Write a value of an option object as R."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return f"as.numeric({value!r})"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "list(" + ", ".join(f"`{key}` = {r_literal(item)}" for key, item in value.items()) + ")"
    if isinstance(value, Sequence):
        inner = ", ".join(r_literal(item) for item in value)
        plain = all(isinstance(item, (str, int, float)) for item in value)
        return f"c({inner})" if plain and value else "character()" if plain else f"list({inner})"
    raise TypeError(type(value))


@dataclass
class Answer:
    """What R gave for one planned analysis: numbers by address, curves by address prefix, or its error."""

    rows: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Reference:
    """Runs the reference files in one child process per call."""

    folder: Path

    def snippet(self, code: str) -> str:
        """Run R code after the shared reference files and return what it prints."""
        script = self.folder / "snippet.R"
        shared = "\n".join(f'source("{SCRIPTS / name}")' for name in SHARED)
        script.write_text(f"{shared}\n{DRIVER}\n{code}\n")
        done = subprocess.run(
            [str(shutil.which("Rscript")), "--vanilla", str(script)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def frame(self, frame: AnalysisFrame, key: str) -> str:
        """Write a frame and return the R expression that reads it."""
        parts = [("`.time`", frame.time, ()), ("`.event`", frame.event.astype(float), ())]
        parts += [(f"`{name}`", column.values, column.levels) for name, column in frame.exported.items()]
        expressions = []
        for i, (name, values, names) in enumerate(parts):
            file = self.folder / f"{key}_{i}.bin"
            values.astype("<f8").tofile(file)
            read = f'column("{file}", {r_literal(names)})'
            expressions.append(f"{name} = {read} == 1" if name == "`.event`" else f"{name} = {read}")
        return f"data.frame({', '.join(expressions)}, check.names = FALSE)"

    def answers(self, jobs: Sequence[tuple[Planned, Mapping[tuple[str, str], AnalysisFrame]]]) -> list[Answer]:
        """Return R's answer to each planned analysis on its frames."""
        lines = [f'for (f in list.files("{SCRIPTS}", full.names = TRUE)) source(f)']
        known: dict[int, str] = {}
        for number, (planned, frames) in enumerate(jobs):
            if id(frames) not in known:
                known[id(frames)] = f"frames_{number}"
                read = (f"`{c}/{e}` = {self.frame(f, f'f{number}_{c}_{e}')}" for (c, e), f in frames.items())
                lines.append(f"frames_{number} <- list({', '.join(read)})")
            options = r_literal(planned.options.model_dump())
            where = f'{known[id(frames)]}, "{planned.cohort}", "{planned.endpoint}"'
            call = f"check_{planned.options.kind}({where}, {options})"
            lines.append(f"run({number}, function() {call})")
        found = [Answer() for _ in jobs]
        for line in self.snippet("\n".join(lines)).splitlines():
            if line:
                job, kind, where, stat, *rest = line.split("\t")
                self._take(found[int(job)], kind, where, stat, rest)
        return found

    @staticmethod
    def _take(answer: Answer, kind: str, where: str, stat: str, rest: list[str]) -> None:
        if kind == "error":
            answer.error = where
        elif kind == "row":
            answer.rows[where] = float(rest[0].replace("NA", "nan"))
        else:
            point = (float(rest[0]), float(rest[1].replace("NA", "nan")))
            answer.curves.setdefault(f"{where}/{stat}", []).append(point)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(tmp_path_factory.mktemp("r"))


@pytest.fixture(scope="session")
def r_table() -> Callable[[str], dict[str, np.ndarray]]:
    """Read a data set of an R package: numbers where every cell is one, else text; NaN or "" where missing."""
    known: dict[str, dict[str, np.ndarray]] = {}

    def read(source: str) -> dict[str, np.ndarray]:
        if source not in known:
            table = parse_text(read_r_dataset(f"r:{source}", place="test"), "csv", source)
            known[source] = {name: _typed(table[name].to_numpy(dtype=object)) for name in table.columns}
        return known[source]

    return read


def _typed(cells: np.ndarray) -> np.ndarray:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return cells


def compare(planned: Planned, frames: Mapping[tuple[str, str], AnalysisFrame], answer: Answer) -> list[str]:
    """Return every difference between R's answer and ours, in words; empty when all agree."""
    from reporter.pipeline.analyse import run_planned

    nodes = run_planned(planned, frames)
    failed = [node.failed for node in nodes if node.failed]
    if failed or answer.error:
        return [] if failed and answer.error else [f"failed here: {failed}; in R: {answer.error or 'no error'}"]
    ours = {node.address(row, s.stat): s.value for node in nodes for row in node.rows for s in row.stats}
    wrong = [f"{where}: only {'here' if where in ours else 'in R'}" for where in ours.keys() ^ answer.rows.keys()]
    for where in ours.keys() & answer.rows.keys():
        error = ours.get(where.rpartition("/")[0] + "/std_error")
        wrong += _difference(where, ours[where], answer.rows[where], error)
    curves = {}
    for node in nodes:
        for curve in node.curves:
            for column in curve.columns:
                if why_not_checkable(node.analysis, column.stat):
                    continue
                where = address(node.cohort, node.endpoint, node.analysis, column.stat, group=curve.group,
                                level=curve.level, term=curve.term)  # fmt: skip
                curves[where] = list(zip(curve.time, column.values, strict=True))
    wrong += [
        f"{where}: curve only {'here' if where in curves else 'in R'}" for where in curves.keys() ^ answer.curves.keys()
    ]
    for where in curves.keys() & answer.curves.keys():
        wrong += _curve_difference(where, curves[where], answer.curves[where])
    return wrong


# Kaplan-Meier, tests, concordance: sums in another order. Cox: both sides iterate to the optimum.
TIGHT = ("kaplan_meier", "survival_quantile", "follow_up", "log_rank", "baseline", "concordance")
# A number that can be 0 by cancellation is held to the size of what cancels, not to its own.
SCALE = {
    "std_error": 1.0, "harrell_c_std_error": 1.0, "mean": 1.0, "q1": 1.0, "q3": 1.0, "log_likelihood": 1.0,
    # Of one covariate: a difference of two log-likelihoods; the slope of its log P has no bound near 0.
    "lr_statistic": 1.0, "lr_log_p_value": 1e3,
    "net_benefit": 1.0, "brier_scaled": 1.0, "ici": 1.0, "e50": 1.0,
}  # fmt: skip


def _difference(where: str, ours: float | None, theirs: float, error: float | None) -> list[str]:
    if ours is None or np.isnan(theirs):
        return [] if ours is None and np.isnan(theirs) else [f"{where}: {ours} here, {theirs} in R"]
    analysis, stat = where.split("/")[2], where.rpartition("/")[2]
    relative = 1e-12 if analysis.startswith(TIGHT) else 1e-9
    if stat.endswith("p_value") and "log_p" not in stat and theirs > 0:
        # A P value is the exponential of a number that is compared on its own.
        return (
            []
            if abs(np.log(ours / theirs)) <= relative * max(1.0, -np.log(theirs))
            else [f"{where}: {ours!r} here, {theirs!r} in R"]
        )
    size = max(abs(theirs), 1e-3 * SCALE.get(stat, 0.0))
    if abs(ours - theirs) <= relative * size or (error and abs(ours - theirs) <= 1e-9 * error):
        return []
    return [f"{where}: {ours!r} here, {theirs!r} in R"]


def _curve_difference(
    where: str, ours: list[tuple[float, float | None]], theirs: list[tuple[float, float]]
) -> list[str]:
    if len(ours) != len(theirs):
        return [f"{where}: {len(ours)} points here, {len(theirs)} in R"]
    wrong = []
    for (time, value), (r_time, r_value) in zip(ours, theirs, strict=True):
        if abs(time - r_time) > 1e-12 * max(1.0, abs(r_time)):
            wrong.append(f"{where}: time {time!r} here, {r_time!r} in R")
        wrong += _difference(f"{where}/t={time:g}", value, r_value, None)
    return wrong


@pytest.fixture(scope="session")
def agree() -> Callable[..., None]:
    """Assert that R and Python agree on every number of every job."""

    def check(reference: Reference, jobs: list[tuple[Planned, Mapping[tuple[str, str], AnalysisFrame]]]) -> None:
        answers = reference.answers(jobs)
        wrong = []
        for number, ((planned, frames), answer) in enumerate(zip(jobs, answers, strict=True)):
            wrong += [f"job {number}: {text}" for text in compare(planned, frames, answer)]
        assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:40])

    return check
