"""Patients by the thousand: chunk by chunk predicted, checked against R, laid out and written.

Memory holds the results of one chunk. After each chunk the index is written anew, so that a run that is killed loses
one chunk at most; `reporter.pipeline.patient_resume` finds what it finished.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporter import __version__
from reporter.errors import ReporterError
from reporter.output.patient_folder import ARCHIVE, PatientFolder, is_full
from reporter.output.patient_index import file_stems, index_csv, index_html, prediction_rows, predictions_table
from reporter.pipeline.model_files import Models, cox_file
from reporter.pipeline.patient_check import check_curves
from reporter.pipeline.patient_engine import Engine
from reporter.pipeline.patient_input import PatientTable
from reporter.pipeline.patient_pages import FAILURES, Made, PageSettings, Task
from reporter.pipeline.patient_phenotype import assign_patients
from reporter.pipeline.patient_predict import predict_patients, shown_horizons
from reporter.pipeline.patient_progress import Count
from reporter.pipeline.patient_result import assemble_results
from reporter.pipeline.patient_resume import BATCH, INDEX, PREDICTIONS, Finished, Former, patient_key
from reporter.report.language import Language
from reporter.report.patient_build import build_patient_index
from reporter.results.patient import PatientOutcome, PatientResult
from reporter.results.tree import Results

CHUNK = 200
STOPPED = "not made: the run was stopped; go on with --resume"
FULL = "not made: the disk is full; make room and go on with --resume"
SWAPPED = "the result is not that of this patient's values; nothing was written"


@dataclass(frozen=True)
class Batch:
    """What is asked for.

    Parameters
    ----------
    report
        Folder of the report.
    chosen
        Rows of the table, in order.
    key
        Hash of all that the pages depend on besides the patient.
    """

    report: Path
    models: Models
    results: Results
    table: PatientTable
    chosen: tuple[int, ...]
    settings: PageSettings
    language: Language
    verify: bool
    key: str
    stems: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stems", file_stems(self.table.ids))


def estimate(batch: Batch, rows: Sequence[int]) -> dict[int, PatientResult | str]:
    """Return by row the result of each patient, checked against R in one call a model; or why there is none."""
    if not rows:
        return {}
    table, models, results = batch.table, batch.models, batch.results
    predictions = [predict_patients(model, table, rows) for model in models.cox.values()]
    first = predictions[0].model
    phenotypes = assign_patients(models.phenotypes, table, rows, shown_horizons(first))
    whole = not any(subset.cohort == "development" for subset in results.verification.subsets)
    checks = check_curves(batch.report, predictions, table, rows, enabled=batch.verify, whole=whole)
    digest = models.sha256[cox_file(first.endpoint)]
    return assemble_results(results, digest, predictions, phenotypes, checks, table, rows)


def is_own(result: PatientResult, table: PatientTable, row: int) -> bool:
    """Tell whether a result has the identifier and the values of a row of the table."""
    own = table.row(row, [value.name for value in result.values])
    same = all(own[v.name] == (v.text if v.value is None else v.value) for v in result.values)
    return same and result.id == table.ids[row]


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the batch as Ctrl-C does: with whole files and a true index."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


class PatientRun:
    """Makes the pages of a batch and keeps the account of every patient."""

    def __init__(self, batch: Batch, folder: PatientFolder, former: Former, count: Count) -> None:
        self.batch, self.folder, self.former, self.count = batch, folder, former, count
        self.outcomes: dict[int, PatientOutcome] = {}
        self.finished: dict[int, Finished] = {}
        self.stopped = ""
        self._making: list[str] = []
        folder.hashes.update(former.hashes)
        folder.remove([ARCHIVE])

    @property
    def rows(self) -> tuple[PatientOutcome, ...]:
        """What became of each patient so far, in the order of the table."""
        return tuple(self.outcomes[row] for row in self.batch.chosen if row in self.outcomes)

    @property
    def written(self) -> tuple[Finished, ...]:
        """The patients whose pages are there, in the order of the table."""
        return tuple(self.finished[row] for row in self.batch.chosen if row in self.finished)

    def make(self, engine: Engine) -> None:
        """Make all pages that are not there; then write the index, also when the run is stopped or the disk full."""
        try:
            with _terminated_like_interrupted():
                self._make_chunks(engine)
        except KeyboardInterrupt:
            self.stopped = STOPPED
        finally:
            for row in self.batch.chosen:
                if row not in self.outcomes:
                    self._fail(row, self.stopped or STOPPED)
            self._making = []
            self.folder.release()
            self._commit()

    def _make_chunks(self, engine: Engine) -> None:
        waiting = [row for row in self.batch.chosen if not self._is_settled(row)]
        for start in range(0, len(waiting), CHUNK):
            chunk = waiting[start : start + CHUNK]
            self._making = [self.batch.stems[row] for row in chunk]
            try:
                self._commit()
            except ReporterError:
                self.stopped = FULL
            else:
                self._make_chunk(engine, chunk)
            if self.stopped:
                return

    def _is_settled(self, row: int) -> bool:
        """Account for a patient who is refused or was finished by a former run."""
        table = self.batch.table
        former = self.former.finished.get(table.ids[row])
        if former is not None and former.key == patient_key(table, row) and self._is_checked(former):
            self.outcomes[row], self.finished[row] = former.outcome, former
            self.count.done(skipped=True)
            return True
        stem = self.batch.stems[row]
        self.folder.remove([name for name in self.former.hashes if name.rsplit(".", 1)[0] == stem])
        if table.refused[row]:
            self.outcomes[row] = PatientOutcome(id=table.ids[row], status="refused", reason=table.refused[row])
            self.count.done(skipped=True)
            return True
        return False

    def _is_checked(self, former: Finished) -> bool:
        return former.state != "not_run" or not self.batch.verify

    def _make_chunk(self, engine: Engine, chunk: Sequence[int]) -> None:
        self.count.says("Checking against R" if self.batch.verify else "Predicting")
        found = self._estimates(chunk)
        tasks = [task for row in chunk if (task := self._task(row, found[row])) is not None]
        by_row = {task.row: task for task in tasks}
        self.count.says("Writing")
        for made in engine.make(self.batch.settings, tasks):
            self._keep(by_row[made.row], made)
            if self.stopped:
                return

    def _estimates(self, chunk: Sequence[int]) -> dict[int, PatientResult | str]:
        """Return the results of a chunk; where one patient spoils it, each is tried alone."""
        try:
            return estimate(self.batch, chunk)
        except FAILURES as error:
            if len(chunk) == 1:
                return {chunk[0]: f"the estimate could not be made: {error}"}
        return {row: found for one in chunk for row, found in self._estimates([one]).items()}

    def _task(self, row: int, result: PatientResult | str) -> Task | None:
        """Return what an engine is to make, or account for a patient who gets no pages."""
        if isinstance(result, PatientResult):
            reason = self._why_not(row, result)
            if not reason:
                return Task(row, self.batch.stems[row], result)
        else:
            reason = result
        self._fail(row, reason)
        return None

    def _why_not(self, row: int, result: PatientResult) -> str:
        if result.check.state == "disagrees":
            return f"R computes another curve; largest difference {result.check.largest_difference}"
        return "" if is_own(result, self.batch.table, row) else SWAPPED

    def _fail(self, row: int, reason: str) -> None:
        self.outcomes[row] = PatientOutcome(id=self.batch.table.ids[row], status="failed", reason=reason)
        self.count.done()

    def _keep(self, task: Task, made: Made) -> None:
        """Write the files of a patient, all of them or none, and account for the patient."""
        row, result = task.row, task.result
        reason = made.reason or self._why_not_these(task, made)
        hashes: dict[str, str] = {}
        if not reason:
            try:
                hashes = {name: self.folder.write(name, content) for name, content in made.files.items()}
            except OSError as error:
                self.folder.remove(made.files)
                self.stopped = FULL if is_full(error) else ""
                reason = f"the pages could not be written: {error.strerror or error}"
        if reason:
            self._fail(row, reason)
            return
        first = next(iter(hashes))
        outcome = PatientOutcome(id=result.id, file=first, sha256=hashes[first], status="written")
        key, check = patient_key(self.batch.table, row), result.check
        predictions = tuple(map(tuple, prediction_rows(result)))
        self.outcomes[row] = outcome
        self.finished[row] = Finished(key, check.state, check.why_not, outcome, predictions)
        self.count.done()

    def _why_not_these(self, task: Task, made: Made) -> str:
        """Return why files must not be written: another patient's, or over a file that is not ours."""
        if made.id != task.result.id or any(name.rsplit(".", 1)[0] != task.stem for name in made.files):
            return SWAPPED
        if task.stem in self.former.making:
            return ""
        taken = next((name for name in made.files if self.folder.is_foreign(name)), "")
        return f"the folder has a file {taken} that is not ours; move it away, then --resume" if taken else ""

    def manifest(self) -> dict[str, Any]:
        """Return the manifest: inputs, counts, and what a run that goes on needs to know."""
        batch = self.batch
        finished = {
            batch.table.ids[row]: [batch.stems[row], found.key, found.state, found.why_not]
            for row, found in sorted(self.finished.items())
        }
        making = {"making": self._making} if self._making else {}
        return {
            "study": batch.results.study.id,
            "kind": "patients",
            "versions": {"reporter": __version__},
            "inputs": {"study": batch.results.provenance.study_sha256, "patients": batch.table.sha256},
            "patients": dict(sorted(Counter(row.status for row in self.rows).items())),
            "verification": dict(sorted(Counter(found.state for found in self.written).items())),
            BATCH: {"key": batch.key, "finished": finished, **making},
        }

    def _commit(self) -> None:
        batch, rows = self.batch, self.rows
        study = batch.results.study
        title = study.words.get(batch.language.tag, {}).get(study.title, study.title)
        index = build_patient_index(rows, title, batch.language)
        files = {
            INDEX: index_csv(rows),
            PREDICTIONS: predictions_table(row for found in self.written for row in found.predictions),
            "index.html": index_html(index),
        }
        self.folder.commit(files, self.manifest())
