"""The pages of one patient, made by any process: what it is told, what it hands back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache

from reporter.errors import ReporterError
from reporter.output.patient import lay_out_patient, render_patient_html
from reporter.report.figures import FontMetrics
from reporter.report.language import Language, choose_languages
from reporter.report.patient_build import build_patient_document
from reporter.results.patient import PatientResult

SHEETS = 2
FAILURES = (ReporterError, ArithmeticError, LookupError, TypeError, ValueError)
_COLLECT_EVERY = 10


@dataclass(frozen=True)
class PageSettings:
    """What holds for all patients of a batch: formats (``pdf``, ``html``), tag of the language, date of the pages.

    `words` are pairs of a word of the study and what it is in this language.
    """

    formats: tuple[str, ...]
    language: str
    created: str
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Task:
    """One patient: its row in the table, its file name without ending, its result."""

    row: int
    stem: str
    result: PatientResult


@dataclass(frozen=True)
class Made:
    """What became of a task: files by name, the first of them the one to index; or why there are none."""

    row: int
    id: str
    files: dict[str, bytes]
    reason: str = ""


@lru_cache(maxsize=1)
def _fonts() -> FontMetrics:
    return FontMetrics()


@lru_cache(maxsize=2)
def _language(tag: str) -> Language:
    return choose_languages(tag, ())[0]


@contextmanager
def rare_garbage() -> Iterator[Callable[[], None]]:
    """Collect garbage only when the yielded function has been called ten times: a layout makes a great many objects."""
    done = 0

    def beat() -> None:
        nonlocal done
        done += 1
        if done % _COLLECT_EVERY == 0:
            gc.collect()

    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield beat
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


@lru_cache(maxsize=1)
def _worker_beat() -> Callable[[], None]:
    """Start the rhythm of a process that does nothing else; it holds until the process ends."""
    return _FOR_LIFE.enter_context(rare_garbage())


_FOR_LIFE = ExitStack()


def make_in_worker(settings: PageSettings, task: Task) -> Made:
    """Return what `make_pages` returns, in a process that makes nothing but pages."""
    made = make_pages(settings, task)
    _worker_beat()()
    return made


def _files(settings: PageSettings, task: Task) -> dict[str, bytes]:
    language, fonts, files, words = _language(settings.language), _fonts(), {}, dict(settings.words)
    document = build_patient_document(task.result, language, fonts, created=settings.created, words=words)
    if "pdf" in settings.formats:
        content, sheets = lay_out_patient(document, fonts)
        if sheets > SHEETS:
            document = build_patient_document(
                task.result, language, fonts, created=settings.created, dense=True, words=words
            )
            content, _ = lay_out_patient(document, fonts)
        files[f"{task.stem}.pdf"] = content
    if "html" in settings.formats:
        files[f"{task.stem}.html"] = render_patient_html(document, fonts).encode()
    return files


def make_pages(settings: PageSettings, task: Task) -> Made:
    """Return the files of one patient, or why they could not be made; nothing is written and nothing is raised."""
    try:
        files = _files(settings, task)
    except FAILURES as error:
        return Made(task.row, task.result.id, {}, f"the pages could not be made: {error}")
    except (MemoryError, RecursionError, OSError) as error:
        return Made(task.row, task.result.id, {}, f"the pages could not be made: {type(error).__name__}: {error}")
    return Made(task.row, task.result.id, files)
