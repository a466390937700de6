"""A report folder with models and data, without the report itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reporter.cohort.build import build_cohorts
from reporter.output.bundle import result_files
from reporter.output.folder import write_folder
from reporter.phenotype.nodes import analyse_phenotypes
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.model_files import model_files
from reporter.pipeline.patient import PatientRequest
from reporter.pipeline.plan import plan_analyses, plan_phenotypes
from reporter.pipeline.provenance import provenance
from reporter.results.ledger import Verification
from reporter.results.tree import Results, StudyInfo
from reporter.spec.load import load_study
from reporter.verification.reproduce import data_for_r
from tests.patient.asking import HEAD, Ask


def make_report(study_file: Path, folder: Path) -> Path:
    """Write the files that ``reporter patient`` reads; only the analyses that the models quote are run."""
    study = load_study(study_file)
    built = build_cohorts(study)
    frames = dict(built.frames)
    wanted = [p for p in plan_analyses(study, frames) if p.options.kind in ("validation", "concordance", "cox")]
    nodes = tuple(node for planned in wanted for node in run_planned(planned, frames))
    clustering, found = plan_phenotypes(study, frames), None
    if clustering is not None:
        home = (clustering.cohort, clustering.endpoint)
        found = analyse_phenotypes(frames[home], clustering.options)
        assert found.column is not None
        frames[home] = frames[home].with_column(found.column)
    results = Results(
        study=StudyInfo(id=study.id, title=study.title_in("en"), languages=study.languages, seed=study.seed),
        provenance=provenance(study.sha256), cohorts=built.infos, endpoints=built.endpoints, columns=built.columns,
        analyses=nodes, verification=Verification(ran=False, why_not="not asked"),
    )  # fmt: skip
    files = {
        **result_files(results),
        **model_files(study, frames, found, results),
        "data_for_r.csv": data_for_r(frames),
    }
    write_folder(folder, files, {"study": study.id}, overwrite=False)
    return folder


@pytest.fixture(scope="session")
def report(rotterdam: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of the shipped study, with phenotypes and a validation cohort."""
    return make_report(rotterdam, tmp_path_factory.mktemp("models") / "report")


@pytest.fixture
def ask(report: Path, tmp_path: Path) -> Ask:
    """Make a request for rows of a table; without R unless `verify`."""

    def make(*rows: str, head: str = HEAD, **changes: object) -> PatientRequest:
        table = tmp_path / "patients.csv"
        table.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
        request = PatientRequest(report=report, input=table, out=tmp_path / "out", verify=False)
        return replace(request, **changes)

    return make
