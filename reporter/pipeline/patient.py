"""``reporter patient``: two pages for each patient of a table, from the models of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporter import __version__
from reporter.errors import ReporterError, UsageError, did_you_mean
from reporter.output.bundle import parse_formats
from reporter.output.folder import check_target, sha256, write_folder
from reporter.output.patient import lay_out_patient, render_patient_html
from reporter.output.patient_index import file_stems, index_csv, index_html, predictions_csv
from reporter.pipeline.model_files import Models, cox_file, load_models
from reporter.pipeline.patient_check import check_curves
from reporter.pipeline.patient_input import InputDictionary, PatientTable, read_patients
from reporter.pipeline.patient_phenotype import assign_patients
from reporter.pipeline.patient_predict import predict_patients, shown_horizons
from reporter.pipeline.patient_refused import refuse_own_input
from reporter.pipeline.patient_result import assemble_results
from reporter.pipeline.progress import Silent, watch
from reporter.pipeline.provenance import document_date
from reporter.pipeline.render import load_results
from reporter.report.figures import FontMetrics
from reporter.report.language import Language, choose_language
from reporter.report.patient_build import build_patient_document, build_patient_index
from reporter.results.patient import PatientOutcome, PatientResult
from reporter.results.tree import Results

_SHEETS = 2
_FAILURES = (ReporterError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class PatientRequest:
    """What ``reporter patient`` was asked for; `report` is a folder that ``reporter run`` wrote."""

    report: Path
    input: Path
    out: Path
    id: str | None = None
    to: str = "pdf"
    language: str | None = None
    columns: str = "development"
    verify: bool = True
    overwrite: bool = False
    quiet: bool = True


@dataclass(frozen=True)
class Renderer:
    """Makes the files of one patient; the fonts are measured once for all."""

    formats: tuple[str, ...]
    language: Language
    created: str
    fonts: FontMetrics

    def files(self, result: PatientResult, stem: str) -> dict[str, bytes]:
        """Return the patient's pages by file name, the PDF first."""
        files: dict[str, bytes] = {}
        document = build_patient_document(result, self.language, self.fonts, created=self.created)
        if "pdf" in self.formats:
            content, sheets = lay_out_patient(document, self.fonts)
            if sheets > _SHEETS:
                document = build_patient_document(result, self.language, self.fonts, created=self.created, dense=True)
                content, _ = lay_out_patient(document, self.fonts)
            files[f"{stem}.pdf"] = content
        if "html" in self.formats:
            files[f"{stem}.html"] = render_patient_html(document, self.fonts).encode()
        return files


@dataclass(frozen=True)
class Pages:
    """All files of a batch, what became of each patient, and the results that were written."""

    files: dict[str, bytes]
    rows: tuple[PatientOutcome, ...]
    results: tuple[PatientResult, ...]


def _chosen(table: PatientTable, wanted: str | None, source: Path) -> tuple[int, ...]:
    """Return the rows asked for."""
    if wanted is None:
        return tuple(range(len(table.ids)))
    rows = tuple(i for i, name in enumerate(table.ids) if name == wanted)
    if not rows:
        near = did_you_mean(wanted, table.ids)
        raise UsageError(f"--id '{wanted}': {source} has no such patient.{near} Give an identifier of the table.")
    return rows


def _write_one(
    renderer: Renderer, result: PatientResult | str, name: str, stem: str
) -> tuple[PatientOutcome, dict[str, bytes]]:
    if isinstance(result, str):
        return PatientOutcome(id=name, status="failed", reason=result), {}
    if result.check.state == "disagrees":
        why = f"R computes another curve; largest difference {result.check.largest_difference}"
        return PatientOutcome(id=name, status="failed", reason=why), {}
    try:
        files = renderer.files(result, stem)
    except _FAILURES as error:
        return PatientOutcome(id=name, status="failed", reason=f"the pages could not be made: {error}"), {}
    first = next(iter(files))
    return PatientOutcome(id=name, file=first, sha256=sha256(files[first]), status="written"), files


def _write_pages(
    table: PatientTable, chosen: Sequence[int], found: dict[int, PatientResult | str], renderer: Renderer,
    watcher: Silent,
) -> Pages:  # fmt: skip
    stems = file_stems(table.ids)
    files: dict[str, bytes] = {}
    rows: list[PatientOutcome] = []
    written: list[PatientResult] = []
    for i in chosen:
        watcher.step(f"Writing {len(rows) + 1} of {len(chosen)}")
        if table.refused[i]:
            rows.append(PatientOutcome(id=table.ids[i], status="refused", reason=table.refused[i]))
            continue
        result = found[i]
        row, pages = _write_one(renderer, result, table.ids[i], stems[i])
        files.update(pages)
        rows.append(row)
        if row.status == "written" and isinstance(result, PatientResult):
            written.append(result)
    return Pages(files, tuple(rows), tuple(written))


def _estimate(
    request: PatientRequest, models: Models, results: Results, table: PatientTable, rows: Sequence[int], watcher: Silent
) -> dict[int, PatientResult | str]:  # fmt: skip
    """Return by row the result of every usable patient, or why there is none."""
    if not rows:
        return {}
    watcher.step("Predicting")
    predictions = [predict_patients(model, table, rows) for model in models.cox.values()]
    first = predictions[0].model
    phenotypes = assign_patients(models.phenotypes, table, rows, shown_horizons(first))
    watcher.step("Checking against R")
    whole = not any(subset.cohort == "development" for subset in results.verification.subsets)
    checks = check_curves(request.report, predictions, table, rows, enabled=request.verify, whole=whole)
    digest = models.sha256[cox_file(first.endpoint)]
    return assemble_results(results, digest, predictions, phenotypes, checks, table, rows)


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


def _manifest(results: Results, table: PatientTable, pages: Pages) -> dict[str, Any]:
    states = Counter(result.check.state for result in pages.results)
    return {
        "study": results.study.id,
        "kind": "patients",
        "versions": {"reporter": __version__},
        "inputs": {"study": results.provenance.study_sha256, "patients": table.sha256},
        "patients": dict(sorted(Counter(row.status for row in pages.rows).items())),
        "verification": dict(sorted(states.items())),
    }


def _check_folders(request: PatientRequest) -> None:
    if request.out.resolve() == request.report.resolve():
        raise UsageError(f"--out {request.out}: is the folder of the report itself. Choose another folder.")
    check_target(request.out, overwrite=request.overwrite)


def _summary(pages: Pages, out: Path) -> list[str]:
    lines = [f"{row.id or '(no id)'}: {row.status}: {row.reason}" for row in pages.rows if row.status != "written"]
    unchecked = [result.check.why_not for result in pages.results if result.check.state == "not_run"]
    if unchecked:
        lines.append(f"not checked against R: {len(unchecked)} of {len(pages.results)} patients: {unchecked[0]}")
    return [*lines, f"{len(pages.results)} of {len(pages.rows)} patients written to {out}"]


def report_patients(request: PatientRequest, *, say: Callable[[str], None]) -> int:
    """Write the pages of each patient of a table; return 1 when any was refused or failed.

    Raises
    ------
    UsageError
        When the report's folder, the table or the identifier is not there, or the output folder cannot be taken.
    FindingsError
        When the table cannot be used at all; nothing is written.
    """
    formats = parse_formats(request.to)
    _check_folders(request)
    models = load_models(request.report)
    _require_finite(models)
    results = load_results(request.report / "results.json")
    language, warning = choose_language(request.language, results.study.languages)
    table = read_patients(request.input, _dictionary(models, request.columns))
    refuse_own_input(table.sha256, request.input, results)
    chosen = _chosen(table, request.id, request.input)
    with watch(len(chosen) + 3, quiet=request.quiet) as watcher:
        usable = [i for i in chosen if not table.refused[i]]
        found = _estimate(request, models, results, table, usable, watcher)
        renderer = Renderer(formats, language, document_date(results.study.date), FontMetrics())
        pages = _write_pages(table, chosen, found, renderer, watcher)
        files = {
            **pages.files,
            "index.csv": index_csv(pages.rows),
            "predictions.csv": predictions_csv(pages.results),
            "index.html": index_html(build_patient_index(pages.rows, results.study.title, language)),
        }
        write_folder(request.out, files, _manifest(results, table, pages), overwrite=request.overwrite)
    if not request.quiet:
        for line in ([warning] if warning else []) + _summary(pages, request.out):
            say(line)
    return 0 if all(row.status == "written" for row in pages.rows) else 1
