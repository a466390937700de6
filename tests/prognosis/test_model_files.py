"""model/ of an output folder: written from the shipped study, read back, refused when it is not what was written."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.errors import UsageError
from reporter.output.folder import write_folder
from reporter.phenotype.nodes import PhenotypeAnalysis
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.model_files import load_models, model_files
from reporter.pipeline.phenotypes import add_phenotypes
from reporter.pipeline.plan import plan_analyses, plan_phenotypes
from reporter.pipeline.provenance import provenance
from reporter.results.ledger import Verification
from reporter.results.tree import Results, StudyInfo
from reporter.spec.load import load_study
from reporter.spec.study import Study


@pytest.fixture(scope="module")
def study(rotterdam: Path) -> Study:
    return load_study(rotterdam)


@pytest.fixture(scope="module")
def built(study: Study) -> BuiltCohorts:
    return build_cohorts(study)


@pytest.fixture(scope="module")
def results(study: Study, built: BuiltCohorts) -> Results:
    planned = [
        item for item in plan_analyses(study, built.frames) if item.options.kind in ("concordance", "validation")
    ]
    planned += [item for item in plan_analyses(study, built.frames) if item.options.kind == "cox"]
    nodes = tuple(node for item in planned for node in run_planned(item, built.frames))
    return Results(
        study=StudyInfo(id=study.id, title="t", languages=("en",), seed=study.seed),
        provenance=provenance(study.sha256),
        cohorts=built.infos, endpoints=built.endpoints, columns=built.columns, analyses=nodes,
        verification=Verification(ran=False, why_not="not asked for"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def phenotypes(study: Study, built: BuiltCohorts) -> tuple[PhenotypeAnalysis, dict]:
    frames = dict(built.frames)
    planned = plan_phenotypes(study, frames)
    few = planned.options.model_copy(update={"trees": 20, "k": (2, 3)})
    return add_phenotypes(type(planned)(planned.cohort, planned.endpoint, few), frames), frames


@pytest.fixture(scope="module")
def files(study: Study, results: Results, phenotypes) -> dict[str, bytes]:
    found, frames = phenotypes
    return model_files(study, frames, found, results)


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    write_folder(tmp_path / "out", files, {"study": "rotterdam"}, overwrite=False)
    return tmp_path / "out"


def test_the_files_of_the_contract_and_the_same_bytes_again(study, results, phenotypes, files) -> None:
    assert set(files) == {"model/dictionary.json", "model/cox_rfs.json", "model/phenotypes.json", "phenotypes.csv"}
    assert model_files(study, phenotypes[1], phenotypes[0], results) == files


def test_one_row_a_patient_in_phenotypes_csv(files, phenotypes) -> None:
    rows = list(csv.DictReader(io.StringIO(files["phenotypes.csv"].decode())))
    assert list(rows[0]) == ["id", "phenotype", "probability"]
    frame = phenotypes[1]["development", "rfs"]
    assert [row["id"] for row in rows] == list(frame.ids)
    column = phenotypes[0].column
    assert [row["phenotype"] for row in rows] == [column.levels[code] for code in column.codes]
    assert [float(row["probability"]) for row in rows] == phenotypes[0].probability.tolist()
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)


def test_who_has_no_phenotype_has_empty_cells(study, results, phenotypes) -> None:
    found, frames = phenotypes
    column = type(found.column)(**{**vars(found.column), "values": found.column.values.copy()})
    probability = found.probability.copy()
    column.values[1] = probability[1] = np.nan
    changed = PhenotypeAnalysis(found.nodes, column, found.model, found.tree, probability)
    lines = model_files(study, frames, changed, results)["phenotypes.csv"].decode().splitlines()
    assert lines[2] == f"{frames['development', 'rfs'].ids[1]},,"


def test_everything_reads_back(folder: Path, study: Study, phenotypes) -> None:
    models = load_models(folder)
    assert list(models.cox) == ["rfs"]
    assert models.dictionary.study_sha256 == study.sha256
    assert models.dictionary.columns["validation"]["size"].bins == (20.0, 50.0)
    assert models.dictionary.levels["size"] == ("<=20", "20-50", ">50")
    assert models.dictionary.ids == {"development": "pid", "validation": "pid"}
    assert models.phenotypes is not None
    frame = phenotypes[1]["validation", "rfs"]
    assert np.array_equal(models.phenotypes.predict(frame.columns)[0], frame.columns["phenotype"].codes)
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    assert models.sha256 == {name: digest for name, digest in listed.items() if name.startswith("model/")}


def test_performance_stands_beside_the_model(folder: Path, results: Results) -> None:
    development, validation = load_models(folder).cox["rfs"].performance
    assert (development.cohort, development.n, development.n_event) == ("development", 2982, 1713)
    assert development.harrell_c == results.at("development/rfs/concordance/cox/estimate").value
    assert validation.harrell_c == results.at("validation/rfs/performance/cox/harrell_c").value
    assert [row.time for row in validation.calibration] == [1.0, 3.0, 5.0]
    ratio = results.at("validation/rfs/calibration/cox/t=3/oe_ratio").value
    assert validation.calibration[1].oe_ratio == ratio


def test_the_curves_of_the_phenotypes_are_those_of_their_patients(folder: Path, phenotypes) -> None:
    frame = phenotypes[1]["development", "rfs"]
    models = load_models(folder)
    codes = frame.columns["phenotype"].codes
    for code, label in enumerate(models.phenotypes.labels):
        curve = models.phenotypes.curve(label)
        assert curve.n == (codes == code).sum()
        assert curve.n_event == frame.event[codes == code].sum()
        assert curve.time[-1] == frame.time[codes == code].max()
        assert curve.survival[0] <= 1 and list(curve.survival) == sorted(curve.survival, reverse=True)
    assert models.phenotypes.conf_type == "log-log"


def test_a_study_without_covariates_has_no_model_and_says_so(study, results, phenotypes, tmp_path: Path) -> None:
    bare = study.model_copy(update={"analysis": study.analysis.model_copy(update={"covariates": ()})})
    files = model_files(bare, phenotypes[1], None, results)
    assert set(files) == {"model/dictionary.json"}
    write_folder(tmp_path / "out", files, {}, overwrite=False)
    with pytest.raises(UsageError, match="names no covariates"):
        load_models(tmp_path / "out")


def test_a_model_that_cannot_be_fitted_is_named(study, results, built, tmp_path: Path) -> None:
    frames = dict(built.frames)
    frame = frames["development", "rfs"]
    frames["development", "rfs"] = type(frame)(**{**vars(frame), "event": np.zeros(frame.n, dtype=bool)})
    write_folder(tmp_path / "out", model_files(study, frames, None, results), {}, overwrite=False)
    with pytest.raises(UsageError, match="rfs: the model could not be fitted: no events"):
        load_models(tmp_path / "out")


@pytest.mark.parametrize("name", ["model/dictionary.json", "model/cox_rfs.json", "model/phenotypes.json"])
def test_a_changed_byte_is_noticed(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(UsageError, match="was changed after it was written"):
        load_models(folder)


def test_a_file_that_is_gone_is_named(folder: Path) -> None:
    (folder / "model" / "cox_rfs.json").unlink()
    with pytest.raises(UsageError, match=r"cox_rfs\.json: cannot be read"):
        load_models(folder)


def test_a_folder_that_is_not_ours_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        load_models(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"has no manifest\.json of ours"):
        load_models(tmp_path / "empty")
    shutil.copytree(folder / "model", tmp_path / "patients" / "model")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {}
    (tmp_path / "patients" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match=r"has no model/dictionary\.json"):
        load_models(tmp_path / "patients")


def test_a_newer_schema_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    newer = files["model/cox_rfs.json"].replace(b'"schema": 1', b'"schema": 2')
    write_folder(tmp_path / "out", {**files, "model/cox_rfs.json": newer}, {}, overwrite=False)
    with pytest.raises(UsageError, match="has schema 2, this version reads 1"):
        load_models(tmp_path / "out")
