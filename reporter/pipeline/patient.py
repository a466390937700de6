"""``reporter patient``: two pages for each patient of a table, from the models of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporter.errors import ReporterError, UsageError, did_you_mean
from reporter.output.bundle import parse_formats
from reporter.output.folder import check_target
from reporter.output.patient_folder import PatientFolder
from reporter.pipeline.languages import installed_languages
from reporter.pipeline.model_files import Models, load_models
from reporter.pipeline.patient_batch import Batch, PatientRun
from reporter.pipeline.patient_engine import check_engine, open_engine
from reporter.pipeline.patient_input import InputDictionary, PatientTable, read_patients, type_patients
from reporter.pipeline.patient_json import set_patient
from reporter.pipeline.patient_pages import PageSettings
from reporter.pipeline.patient_progress import count_patients
from reporter.pipeline.patient_refused import refuse_own_input
from reporter.pipeline.patient_resume import Former, batch_key, read_former
from reporter.pipeline.provenance import document_date
from reporter.pipeline.render import load_results
from reporter.results.tree import Results

SET_ID = "patient"
_MOST_LINES = 20


@dataclass(frozen=True)
class PatientRequest:
    """What ``reporter patient`` was asked for; `report` is a folder that ``reporter run`` wrote.

    Parameters
    ----------
    input, values
        A table of patients, or one patient as ``column=value`` words.
    ids
        Only these patients; for `values` the one name of the patient.
    jobs, engine
        Processes of this machine, or ``dask:tcp://host:port``.
    resume
        Go on with a batch that was stopped: finished patients are kept.
    archive
        Write patients.zip as well.
    """

    report: Path
    out: Path
    input: Path | None = None
    values: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    to: str = "pdf"
    language: str | None = None
    columns: str = "development"
    jobs: int = 1
    engine: str = "local"
    verify: bool = True
    overwrite: bool = False
    resume: bool = False
    archive: bool = False
    quiet: bool = True


def _chosen(table: PatientTable, wanted: Sequence[str], source: str) -> tuple[int, ...]:
    """Return the rows asked for, in the order of the table."""
    if not wanted:
        return tuple(range(len(table.ids)))
    for name in wanted:
        if name not in table.ids:
            near = did_you_mean(name, table.ids)
            raise UsageError(f"--id '{name}': {source} has no such patient.{near} Give an identifier of the table.")
    return tuple(i for i, name in enumerate(table.ids) if name in set(wanted))


def _read(
    request: PatientRequest, dictionary: InputDictionary, results: Results
) -> tuple[PatientTable, tuple[int, ...]]:
    """Return the patients and the rows asked for."""
    if (request.input is None) == (not request.values):
        raise UsageError("reporter patient: give either --input with a table, or --set for one patient.")
    if request.input is None:
        if len(request.ids) > 1:
            raise UsageError("--id: --set describes one patient; give one name.")
        name = request.ids[0] if request.ids else SET_ID
        source = set_patient(request.values, dictionary.id, name, dictionary.columns)
        table = type_patients(source, dictionary, source.source)
        return table, _chosen(table, (), source.source)
    table = read_patients(request.input, dictionary)
    refuse_own_input(table.sha256, request.input, results)
    return table, _chosen(table, request.ids, str(request.input))


def _require_finite(models: Models) -> None:
    """Raise ReporterError when a coefficient has no finite estimate: a survival with it would be a limit."""
    for name, model in models.cox.items():
        if model.infinite:
            raise ReporterError(
                f"{models.folder}: the model of '{name}' has no finite hazard ratio for {', '.join(model.infinite)}, "
                "so it gives no estimate for a patient. Merge the level with another in the study file, then run it."
            )


def _dictionary(models: Models, cohort: str) -> InputDictionary:
    """Return how the table is read; levels are those that the models know."""
    entry = models.dictionary
    if cohort not in entry.columns:
        raise UsageError(
            f"--columns {cohort}: the study '{entry.study_id}' has no such cohort; allowed: {', '.join(entry.columns)}."
        )
    needed = dict.fromkeys(term.column for model in models.cox.values() for term in model.terms)
    return InputDictionary(entry.ids[cohort] or "id", entry.columns[cohort], entry.levels, tuple(needed))


def _check_folders(request: PatientRequest) -> None:
    if request.out.resolve() == request.report.resolve():
        raise UsageError(f"--out {request.out}: is the folder of the report itself. Choose another folder.")
    if request.resume and request.overwrite:
        raise UsageError("--resume goes on with a folder, --overwrite replaces it. Give one of them.")
    if not request.resume:
        check_target(request.out, overwrite=request.overwrite)


def _is_taken(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _summary(run: PatientRun, out: Path) -> list[str]:
    rows, written = run.rows, run.written
    lost = [f"{row.id or '(no id)'}: {row.status}: {row.reason}" for row in rows if row.status != "written"]
    lines = lost[:_MOST_LINES]
    if len(lost) > _MOST_LINES:
        lines.append(f"and {len(lost) - _MOST_LINES} more; see {out / 'index.csv'}")
    unchecked = [found.why_not for found in written if found.state == "not_run"]
    if unchecked:
        lines.append(f"not checked against R: {len(unchecked)} of {len(written)} patients: {unchecked[0]}")
    return [*lines, f"{len(written)} of {len(rows)} patients written to {out}"]


def _run(request: PatientRequest, batch: Batch) -> PatientRun:
    """Make the pages and put the folder in its place."""
    ids = [batch.table.ids[row] for row in batch.chosen]
    former = read_former(request.out, batch.key, ids) if request.resume else Former()
    aside = request.overwrite and _is_taken(request.out)
    with open_engine(request.engine, request.jobs) as engine:
        folder = PatientFolder(request.out, aside=aside, n_patients=len(ids))
        try:
            with count_patients(len(ids), quiet=request.quiet) as count:
                run = PatientRun(batch, folder, former, count)
                run.make(engine)
            if request.archive:
                folder.archive([*folder.hashes])
                folder.commit({}, run.manifest())
        finally:
            folder.finish()
    return run


def report_patients(request: PatientRequest, *, say: Callable[[str], None]) -> int:
    """Write the pages of each patient of a table; return 1 when any was refused or failed.

    Raises
    ------
    UsageError
        When the report's folder, the table or the identifier is not there, or the output folder cannot be taken.
    FindingsError
        When the table cannot be used at all; nothing is written.
    ReporterError
        When the disk does not even take the index.
    """
    formats = parse_formats(request.to)
    check_engine(request.engine, request.jobs)
    _check_folders(request)
    models = load_models(request.report)
    _require_finite(models)
    results = load_results(request.report / "results.json")
    language = installed_languages(request.language, results.study.languages[:1])[0]
    table, chosen = _read(request, _dictionary(models, request.columns), results)
    words = tuple(results.study.words.get(language.tag, {}).items())
    settings = PageSettings(formats, language.tag, document_date(results.study.date), words)
    key = batch_key(request.report, models, (settings, request.columns, request.verify))
    batch = Batch(request.report, models, results, table, chosen, settings, language, request.verify, key)
    run = _run(request, batch)
    if not request.quiet:
        for line in _summary(run, request.out):
            say(line)
    return 0 if all(row.status == "written" for row in run.rows) else 1
