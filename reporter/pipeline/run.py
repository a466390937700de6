"""``reporter run``: study file and cohort in, verified report out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import VerificationError
from reporter.output.bundle import parse_formats, report_files, result_files
from reporter.output.folder import check_target, write_folder
from reporter.phenotype.nodes import PhenotypeAnalysis, analyse_recognition
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.imputation import with_imputations
from reporter.pipeline.languages import installed_languages
from reporter.pipeline.manifest import run_manifest
from reporter.pipeline.model_files import model_files
from reporter.pipeline.phenotypes import add_phenotypes, search_structure
from reporter.pipeline.plan import PHENOTYPE, plan_analyses, plan_by_phenotype, plan_phenotypes, plan_structure
from reporter.pipeline.progress import Silent, watch
from reporter.pipeline.provenance import document_date, provenance
from reporter.pipeline.sampling import Sampling
from reporter.pipeline.thinning import thin_curves
from reporter.pipeline.verify import Checker, summary_lines, verification_files
from reporter.pipeline.withheld import DATA_FILE, withheld_files
from reporter.report.in_language import unused_words
from reporter.report.language import Language
from reporter.results.ledger import Verdict, Verification
from reporter.results.suppress import suppress_small_cells
from reporter.results.tree import AnalysisNode, ColumnInfo, Results, StudyInfo
from reporter.spec.load import load_study
from reporter.spec.study import Study

Say = Callable[[str], None]
Frames = dict[tuple[str, str], AnalysisFrame]


@dataclass(frozen=True)
class RunRequest:
    """What ``reporter run`` was asked for."""

    study: Path
    out: Path
    to: str = "html,pdf"
    language: str | None = None
    verify: bool = True
    strict: bool = False
    overwrite: bool = False
    quiet: bool = True


@dataclass(frozen=True)
class Outcome:
    """Everything a run made, before any file is written; `withheld` says why a file is not among them."""

    results: Results
    files: dict[str, bytes]
    warnings: tuple[str, ...]
    withheld: dict[str, str] = field(default_factory=dict)


def _study_info(study: Study) -> StudyInfo:
    return StudyInfo(
        id=study.id,
        title=study.title_in("en"),
        languages=tuple(study.languages),
        seed=study.seed,
        date=document_date(study.date),
        words={str(tag): dict(said) for tag, said in study.words.items()},
    )


def _columns(built: BuiltCohorts, found: PhenotypeAnalysis | None) -> tuple[ColumnInfo, ...]:
    if found is None or found.column is None:
        return built.columns
    column = found.column
    return (
        *built.columns,
        ColumnInfo(name=PHENOTYPE, label=column.label, kind=column.kind, levels=column.levels),
    )


@dataclass(frozen=True)
class Computed:
    """What the analyses of a study gave, with true numbers, and what they were made from."""

    results: Results
    frames: Frames
    found: PhenotypeAnalysis | None
    built: BuiltCohorts


def estimate_and_check(study: Study, checker: Checker, watcher: Silent) -> Computed:
    """Build the cohorts, run every analysis and check it; small cells are not hidden yet."""
    watcher.step("Building the cohorts")
    built = build_cohorts(study)
    frames: Frames = with_imputations(study, built.frames)
    planned = list(plan_analyses(study, frames))
    clustering = plan_phenotypes(study, frames)
    structure = plan_structure(study, clustering)
    checker.submit(frames, [*planned, *(item for item in (clustering, structure) if item)])
    watcher.step("Estimating")
    nodes: list[AnalysisNode] = [node for item in planned for node in run_planned(item, frames)]
    watcher.step("Clustering")
    found = search_structure(structure, add_phenotypes(clustering, frames), frames, watcher.step)
    by_phenotype = plan_by_phenotype(study, frames)
    checker.submit(frames, by_phenotype)
    nodes.extend(() if found is None else (*found.nodes, *analyse_recognition(found)))
    nodes.extend(node for item in by_phenotype for node in run_planned(item, frames))
    results = Results(
        study=_study_info(study),
        provenance=provenance(study.sha256),
        cohorts=built.infos,
        endpoints=built.endpoints,
        columns=_columns(built, found),
        analyses=tuple(nodes),
        decision_tree=() if found is None else found.tree,
        verification=Verification(ran=False, why_not=checker.why_not or "the check has not run yet"),
    )
    watcher.step("Checking against R")
    results = results.model_copy(update={"verification": checker.verify(results, frames)})
    return Computed(results, frames, found, built)


def compute(request: RunRequest, watcher: Silent) -> Outcome:
    """Run the study in memory: no file is written.

    Raises
    ------
    FindingsError
        When the study file or its data have errors.
    VerificationError
        With ``strict``, when R did not check every number or one disagrees.
    """
    formats = parse_formats(request.to)
    watcher.step("Reading the study")
    study = load_study(request.study)
    languages = installed_languages(request.language, study.languages)
    with Checker(enabled=request.verify, sampling=Sampling(study.seed)) as checker:
        done = estimate_and_check(study, checker, watcher)
    results, frames, found, built = done.results, done.frames, done.found, done.built
    if request.strict:
        require_agreement(results.verification)
    results, curves = thin_curves(suppress_small_cells(results))
    watcher.step("Writing the report")
    withheld = withheld_files(results, phenotypes=found is not None)
    files = {
        **result_files(results),
        **curves,
        **report_files(results, formats, languages),
        **verification_files(checker, frames, results, with_data=DATA_FILE not in withheld),
        **model_files(study, frames, found, results),
    }
    warnings = (*(str(finding) for finding in built.findings), *unused_words(results))
    notes = tuple(f"note: {note}" for note in built.notes)
    return Outcome(results, files, (*notes, *warnings), withheld)


def require_agreement(verification: Verification) -> None:
    """Raise VerificationError unless the check ran and nothing disagrees."""
    if verification.all_agree:
        return
    if not verification.ran:
        why = verification.why_not
        raise VerificationError(f"--strict: the check against R did not run: {why}. Nothing was written.")
    bad = [r for r in verification.rows if r.verdict not in (Verdict.AGREES, Verdict.NOT_CHECKABLE)]
    first = ", ".join(f"{row.address} ({row.verdict})" for row in bad[:5])
    raise VerificationError(f"--strict: {len(bad)} numbers were not confirmed by R: {first}. Nothing was written.")


def run_study(request: RunRequest, *, say: Say) -> int:
    """Run a study and write its folder; return the exit code."""
    check_target(request.out, overwrite=request.overwrite)
    with watch(10, quiet=request.quiet) as watcher:
        outcome = compute(request, watcher)
        manifest = run_manifest(outcome.results, watcher)
        if outcome.withheld:
            manifest["withheld"] = outcome.withheld
        write_folder(request.out, outcome.files, manifest, overwrite=request.overwrite)
    if not request.quiet:
        for line in (*outcome.warnings, *summary_lines(outcome.results), f"written to {request.out}"):
            say(line)
    return 0


__all__ = ["Language", "Outcome", "RunRequest", "compute", "require_agreement", "run_study"]
