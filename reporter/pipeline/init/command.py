"""``reporter init``: read a table, write a commented study file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reporter.errors import UsageError
from reporter.intake.read import read_table
from reporter.pipeline.init.study import Trial, Tried, make_draft, try_draft

Say = Callable[[str], None]


def _target(out: Path, *, overwrite: bool) -> None:
    if out.is_dir():
        raise UsageError(f"init: {out} is a folder; name a file, e.g. --out {out / 'study.toml'}.")
    if out.suffix.lower() != ".toml":
        raise UsageError(f"init: got --out {out}; a study file ends in .toml, e.g. --out {out.stem or 'study'}.toml.")
    if out.exists() and not overwrite:
        raise UsageError(f"init: {out} is already there; name another file, or add --overwrite.")
    if not out.parent.is_dir():
        raise UsageError(f"init: there is no folder {out.parent}; make it first.")


def _source(data: str, folder: Path) -> str:
    """Return the source as the study file names it: a path relative to its folder, or a data set of a package."""
    if data.startswith(("r:", "lifelines:")):
        return data
    try:
        return Path(os.path.relpath(Path(data).resolve(), folder.resolve())).as_posix()
    except ValueError:
        return Path(data).resolve().as_posix()


def _report(tried: Tried, out: Path, trial: Path, say: Say) -> None:
    draft = tried.draft
    n_checks = tried.text.count("# CHECK: ")
    for problem in draft.problems:
        say(f"warning: {problem}")
    for finding in tried.findings:
        say(f"still to be done: {finding}".replace(str(trial), str(out)))
    used = f"{len(draft.entries)} columns in the dictionary, {len(draft.left_out)} left out"
    ends = ", ".join(endpoint.name for endpoint in draft.endpoints) or "none"
    say(f"{out}: {draft.n_rows} rows; endpoints: {ends}; {used}; {n_checks} lines marked CHECK")
    say(f"next: read it, then reporter check {out}")


def init_study(data: str, out: Path, *, say: Say, overwrite: bool = False) -> int:
    """Write a first study file for a table; return the exit code.

    The file is tried on the data before it is written: what cannot be used is taken out, with the reason in a comment.
    Where no time or event is found, or a finding remains, the file is written all the same and says what is open.

    Parameters
    ----------
    data
        A path, ``r:package/dataset`` or ``lifelines:name``.
    out
        The study file; its folder must exist.
    say
        Prints one line.
    overwrite
        Replace a file that is there.

    Raises
    ------
    UsageError
        `out` cannot be written.
    FindingsError
        The table cannot be read.
    """
    _target(out, overwrite=overwrite)
    source = _source(data, out.parent)
    found = read_table(source, out.parent, place="init", by_distinct=True)
    trial = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        tried = try_draft(make_draft(found, source), Trial(trial))
        trial.write_text(tried.text, encoding="utf-8")
        trial.replace(out)
    except OSError as error:
        trial.unlink(missing_ok=True)
        raise UsageError(f"init: {out} cannot be written ({error.strerror}).") from error
    for finding in found.findings:
        say(str(finding))
    _report(tried, out, trial, say)
    return 0
