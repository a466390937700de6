"""``reporter render``: results.json to report files, without R and without the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from reporter.errors import UsageError
from reporter.output.bundle import parse_formats, report_files
from reporter.output.folder import check_target, write_folder
from reporter.pipeline.languages import installed_languages
from reporter.results.tree import Results


def load_results(path: Path) -> Results:
    """Return the tree of a results.json; UsageError when it is not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}). Give the results.json of a report folder.") from error
    try:
        return Results.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: not a results.json of this version: {place}: {first['msg']}.") from error


def render_results(
    path: Path, out: Path, *, to: str, language: str | None, overwrite: bool, say: Callable[[str], None]
) -> int:
    """Render a report again from its result tree; return the exit code."""
    formats = parse_formats(to)
    check_target(out, overwrite=overwrite)
    results = load_results(path)
    languages = installed_languages(language, results.study.languages)
    files = report_files(results, formats, languages)
    write_folder(out, files, {"study": results.study.id}, overwrite=overwrite)
    say(f"written to {out}")
    return 0
