"""Read a data set of an R package through a child process."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from reporter.errors import Finding, FindingsError

_SCRIPT = Path(__file__).with_name("export_dataset.R")
_LIMIT_S = 60.0
_REASONS = {
    3: ("the R package '{package}' is not installed", 'install it (install.packages("{package}"))'),
    4: ("the R package '{package}' has no data set '{dataset}'", 'see data(package = "{package}") for those it has'),
    5: ("'{dataset}' of the R package '{package}' is not a data frame", "use a data set with one row a patient"),
}


def _refuse(place: str, source: str, problem: str, todo: str) -> FindingsError:
    message = f"got '{source}': {problem}; {todo}, or give a .csv file as source."
    return FindingsError([Finding("r_source", place, message)])


def read_r_dataset(source: str, *, place: str, limit_s: float = _LIMIT_S) -> str:
    """Return a data set of an R package as csv text; numbers with 17 digits, factors as their labels.

    Parameters
    ----------
    source
        ``r:package/dataset``.
    place
        Key of the study file for findings.
    limit_s
        Time limit of the child in seconds.

    Raises
    ------
    FindingsError
        R, the package or the data set is missing, or the child did not end in time.
    """
    package, _, dataset = source.removeprefix("r:").partition("/")
    rscript = shutil.which("Rscript")
    if rscript is None:
        problem = "R is not installed (no Rscript on the path)"
        raise _refuse(place, source, problem, "install R (reporter doctor says how)")
    command = [rscript, "--vanilla", str(_SCRIPT), package, dataset]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=limit_s, check=False, env={**os.environ, "LANGUAGE": "en"}
        )
    except subprocess.TimeoutExpired:
        raise _refuse(place, source, f"R did not answer within {limit_s:g} s", "try again") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        problem, todo = _REASONS.get(done.returncode, (f"R failed: {said[-1]}", "see what Rscript says"))
        names = {"package": package, "dataset": dataset}
        raise _refuse(place, source, problem.format(**names) if done.returncode in _REASONS else problem,
                      todo.format(**names))  # fmt: skip
    return done.stdout.decode("utf-8")
