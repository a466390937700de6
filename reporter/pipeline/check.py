"""``reporter check``: the study file and its data, nothing computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.errors import Finding, FindingsError
from reporter.output.findings import CSV, HTML, check_findings_target, findings_csv, findings_html, write_findings
from reporter.report.findings_page import findings_page
from reporter.report.language import Language, load_language
from reporter.spec.load import load_study


def screen_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the findings as lines, errors first, each with its first rows below it."""
    lines = []
    for finding in sorted(findings, key=lambda one: one.severity != "error"):
        lines.append(str(finding))
        if finding.ids:
            more = "" if finding.n_rows is None or finding.n_rows <= len(finding.ids) else ", ..."
            lines.append(f"    rows: {', '.join(finding.ids)}{more}")
    return lines


def _write(out: Path | None, path: Path, findings: Sequence[Finding], tag: str) -> list[str]:
    """Write both files and return the line that says so; nothing without a folder."""
    if out is None:
        return []
    language = load_language(tag) or Language("en")
    page = findings_page(path.name, findings, language)
    write_findings(out, {HTML: findings_html(page), CSV: findings_csv(findings)})
    return [f"written: {out / HTML}, {out / CSV}"]


def _checked(path: Path, out: Path | None) -> tuple[BuiltCohorts, str]:
    """Return the cohorts and the language of the study.

    Raises
    ------
    FindingsError
        With all errors and warnings, after the files were written.
    """
    tag = "en"
    try:
        study = load_study(path)
        tag = study.languages[0]
        return build_cohorts(study), tag
    except FindingsError as error:
        lines = [*screen_lines(error.findings), *_write(out, path, error.findings, tag)]
        raise FindingsError(error.findings, "\n".join(lines)) from None


def check_study(path: Path, *, say: Callable[[str], None], out: Path | None = None) -> int:
    """Print the warnings and the size of each cohort; errors are raised as FindingsError.

    Parameters
    ----------
    path
        The study file.
    out
        Folder for findings.html and findings.csv, which are written when there are errors too; None: none.

    Raises
    ------
    UsageError
        When a file in `out` that is not ours has one of these names.
    """
    if out is not None:
        check_findings_target(out)
    built, tag = _checked(path, out)
    for note in built.notes:
        say(f"note: {note}")
    for line in screen_lines(built.findings):
        say(line)
    for (cohort, endpoint), frame in built.frames.items():
        say(f"{cohort}, {endpoint}: {frame.n} patients, {int(frame.event.sum())} events")
    found = f"no errors, {len(built.findings)} warnings" if built.findings else "no findings"
    say(f"{path}: {found}")
    for line in _write(out, path, built.findings, tag):
        say(line)
    return 0
