"""reproduce.R and data_for_r.csv: the check again, with nothing but R and the package survival."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.resources import r_scripts_folder
from reporter.results.ledger import Verification
from reporter.verification.patient import FIXED
from reporter.verification.r.code import SHARED, options_code, r_string, r_value
from reporter.verification.task import Frames, Task
from reporter.verification.tolerances import tolerance_of

_DRIVER = Path(__file__).with_name("r") / "reproduce.R"
_HEAD = """\
# Computes the reference column of verification.csv again, with R and the package survival alone:
#     Rscript reproduce.R
# prints address,value and ends with status 1 when a number is not that of verification.csv beside it.
"""
_HEAD_WITHOUT_DATA = (
    _HEAD
    + """\
# data_for_r.csv is not written for this study, whose small cells are hidden, and verification.csv keeps the verdicts
# alone. With the study file and the data, `reporter verify results.json STUDY.toml` runs the check again; to run this
# script, put your own data_for_r.csv beside it (columns cohort, endpoint, .time, .event and those named below): it then
# prints R's values and compares nothing.
"""
)
# The check of patients' curves is not part of a cohort's report.
_NOT_SHIPPED = frozenset({*SHARED, "patient.R"})


def _cells(column: Column) -> list[str]:
    if column.is_numeric:
        return ["" if value != value else f"{value:.17g}" for value in column.values.tolist()]
    return ["" if code < 0 else column.levels[code] for code in column.codes.tolist()]


def _rows(frame: AnalysisFrame, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    blank = [""] * frame.n
    columns = frame.exported
    cells = [_cells(columns[name]) if name in columns else blank for name in names]
    time = (f"{value:.17g}" for value in frame.time.tolist())
    event = ("1" if value else "0" for value in frame.event.tolist())
    for row in zip(time, event, *cells, strict=True):
        yield (frame.cohort, frame.endpoint, *row)


def data_for_r(frames: Frames) -> bytes:
    """Return all frames in long form: cohort, endpoint, .time, .event and columns; 17 digits, no ids."""
    names = list(dict.fromkeys(name for frame in frames.values() for name in frame.exported))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow((*FIXED, *names))
    for frame in frames.values():
        writer.writerows(_rows(frame, names))
    return buffer.getvalue().encode()


def _columns_code(frames: Frames) -> str:
    """Return the levels of each column by frame as an R list; NULL for a numeric column."""
    parts = []
    for frame in frames.values():
        columns = [f"    {r_string(n)} = {r_value(column.levels)}" for n, column in frame.exported.items()]
        key = r_string(f"{frame.cohort}/{frame.endpoint}")
        parts.append(f"  {key} = list(\n" + ",\n".join(columns) + ")")
    return "columns <- list(\n" + ",\n".join(parts) + "\n)\n"


def _tasks_code(tasks: Sequence[Task]) -> str:
    parts = [
        f"  list(cohort = {r_string(task.cohort)}, endpoint = {r_string(task.endpoint)},\n"
        f"    options = {options_code(task.options)})"
        for task in tasks
    ]
    return "tasks <- list(\n" + ",\n".join(parts) + "\n)\n"


def _tolerances_code(verification: Verification, frames: Frames) -> str:
    """Return the tolerance of each kind of number in the ledger as an R data frame."""
    n_rows = max((frame.n for frame in frames.values()), default=0)
    kinds = dict.fromkeys((row.address.split("/")[2], row.address.rpartition("/")[2]) for row in verification.rows)
    lines = []
    for analysis, stat in kinds:
        found = tolerance_of(analysis, stat).for_rows(n_rows)
        numbers = f"{found.rtol:g}, {found.per_scale:g}, {r_string(found.scale or 'none')}"
        lines.append(
            f"  list({r_string(analysis)}, {r_string(stat)}, {numbers}, {'TRUE' if found.log_scale else 'FALSE'})"
        )
    names = 'c("analysis", "stat", "rtol", "per_scale", "scale", "log_scale")'
    rows = "list(\n" + ",\n".join(lines) + "\n)"
    return f"tolerances <- do.call(rbind, lapply({rows}, function(row) setNames(data.frame(row), {names})))\n"


def reproduce_r(
    tasks: Sequence[Task], frames: Frames, verification: Verification, data: bytes | None, *,
    scripts: Path | None = None,
) -> bytes:  # fmt: skip
    """Return reproduce.R: the options, then the reference files as they are, then what runs and compares them.

    Parameters
    ----------
    data
        The bytes of data_for_r.csv, whose MD5 sum the script checks; None where small cells keep it from being written:
        the script then asks for the user's own.
    """
    folder = scripts or r_scripts_folder()
    files = [*(folder / name for name in SHARED), *sorted(p for p in folder.glob("*.R") if p.name not in _NOT_SHIPPED)]
    md5 = "" if data is None else hashlib.md5(data, usedforsecurity=False).hexdigest()
    sources = [path.read_text(encoding="utf-8") for path in (*files, _DRIVER) if path.is_file()]
    head = (
        _HEAD if data is not None else _HEAD_WITHOUT_DATA,
        f"data_md5 <- {r_string(md5)}\n",
        _columns_code(frames),
        _tasks_code(tasks),
        _tolerances_code(verification, frames),
    )
    return "\n".join((*head, *sources)).encode()


__all__ = ["data_for_r", "reproduce_r"]
