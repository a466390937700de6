"""model/ of the output folder: frozen models and the dictionary, no patient's row; and reading them back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from reporter import __version__
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError, UsageError
from reporter.intake.deidentify import pseudonym, pseudonym_key
from reporter.output.folder import MANIFEST, read_manifest, sha256
from reporter.phenotype.model import PhenotypeCurve, PhenotypeModel
from reporter.phenotype.nodes import PhenotypeAnalysis
from reporter.pipeline.performance import model_performance
from reporter.pipeline.plan import PHENOTYPE, model_options
from reporter.pipeline.withheld import coarse_model, why_no_model
from reporter.prognosis.freeze import cohort_curve, freeze_cox
from reporter.prognosis.frozen_cox import FrozenCox
from reporter.results.sealed import seal, unseal
from reporter.results.suppress import limits_of
from reporter.results.tree import EndpointInfo, Results
from reporter.results.value import Frozen
from reporter.spec.columns import ColumnSpec
from reporter.spec.study import DataSpec, Study

Frames = Mapping[tuple[str, str], AnalysisFrame]

DICTIONARY, PHENOTYPES = "model/dictionary.json", "model/phenotypes.json"
COMPETING = "competing events are declared: 1 minus a survival estimate is not a patient's risk"
DEVELOPMENT, VALIDATION = "development", "validation"


class ModelDictionary(Frozen):
    """How raw columns become the columns of the models.

    Parameters
    ----------
    endpoints
        Endpoints with a model, in the order of the study.
    absent
        Endpoints without one, and why.
    columns
        By cohort (``development``, ``validation``) the dictionary of the columns that a model uses.
    ids
        By cohort the column of identifiers; None where the study names none.
    levels
        Levels of the development cohort, the reference first, for `reporter.cohort.table.map_table`.
    """

    study_id: str
    study_title: str
    study_sha256: str
    reporter_version: str
    endpoints: tuple[str, ...]
    absent: dict[str, str]
    columns: dict[str, dict[str, ColumnSpec]]
    ids: dict[str, str | None]
    levels: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Models:
    """What an output folder offers for new patients.

    Parameters
    ----------
    cox
        By endpoint, in the order of the study; at least one.
    phenotypes
        None when the study has none.
    sha256
        SHA-256 of each model file by its name in the folder.
    """

    folder: Path
    dictionary: ModelDictionary
    cox: dict[str, FrozenCox]
    phenotypes: PhenotypeModel | None
    sha256: dict[str, str]


def cox_file(endpoint: str) -> str:
    """Return the name of an endpoint's model file."""
    return f"model/cox_{endpoint}.json"


def _cox_models(study: Study, frames: Frames, results: Results) -> tuple[dict[str, FrozenCox], dict[str, str]]:
    """Return the models by endpoint, and why the others are absent."""
    models: dict[str, FrozenCox] = {}
    absent: dict[str, str] = {}
    asked = study.analysis
    endpoints: dict[str, EndpointInfo] = {info.name: info for info in results.endpoints}
    for name in asked.endpoints:
        frame = frames[DEVELOPMENT, name]
        if not asked.covariates:
            absent[name] = "the study names no covariates under [analysis]"
            continue
        if frame.cause is not None:
            absent[name] = COMPETING
            continue
        why_not = why_no_model(results, name)
        if why_not:
            absent[name] = why_not
            continue
        try:
            model = freeze_cox(
                frame, model_options(study, frame), endpoints[name],
                conf_type=asked.conf_type, conf_level=asked.conf_level,
                performance=model_performance(results, name),
            )  # fmt: skip
            _keep(model, frame, results, models, absent)
        except (ReporterError, ArithmeticError, np.linalg.LinAlgError) as error:
            absent[name] = f"the model could not be fitted: {error}"
    return models, absent


def _keep(
    model: FrozenCox, frame: AnalysisFrame, results: Results, models: dict[str, FrozenCox], absent: dict[str, str]
) -> None:
    """Add a model, coarsened where the cohort has a limit for small cells."""
    below = limits_of(results).get(DEVELOPMENT)
    kept = model if below is None else coarse_model(model, frame, results, below)
    if kept is None:
        absent[model.endpoint] = "too few events for a baseline hazard without small steps"
    else:
        models[model.endpoint] = kept


def _with_used(names: Iterable[str], columns: Mapping[str, ColumnSpec]) -> dict[str, ColumnSpec]:
    """Return the columns and those from which they are derived."""
    found: dict[str, ColumnSpec] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in columns and name not in found:
            found[name] = columns[name]
            waiting += columns[name].uses
    return found


def _id_header(data: DataSpec, columns: Mapping[str, ColumnSpec]) -> str | None:
    """Return the header of identifiers in a table like the cohort's."""
    spec = columns.get(data.id or "")
    if spec is not None and spec.source:
        return spec.source[0]
    return data.id_headers[0][0] if data.id_headers else data.id


def _dictionary(
    study: Study, frames: Frames, models: Mapping[str, FrozenCox], absent: dict[str, str]
) -> ModelDictionary:
    frame = frames[DEVELOPMENT, study.analysis.endpoints[0]]
    features = study.phenotypes.features if study.phenotypes else ()
    names = tuple(dict.fromkeys((*study.analysis.covariates, *features)))
    columns = {DEVELOPMENT: _with_used(names, study.columns)}
    ids = {DEVELOPMENT: _id_header(study.data, study.columns)}
    if study.validation is not None:
        columns[VALIDATION] = _with_used(names, study.validation.columns)
        ids[VALIDATION] = _id_header(study.validation.data, study.validation.columns)
    return ModelDictionary(
        study_id=study.id, study_title=study.title_in("en"), study_sha256=study.sha256, reporter_version=__version__,
        endpoints=tuple(models), absent=absent, columns=columns, ids=ids,
        levels={name: frame.columns[name].levels for name in names if frame.columns[name].levels},
    )  # fmt: skip


def _with_curves(model: PhenotypeModel, study: Study, frame: AnalysisFrame) -> PhenotypeModel:
    """Add the Kaplan–Meier curve of each phenotype's development patients, as the report shows it."""
    codes, curves = frame.columns[PHENOTYPE].codes, []
    asked = study.analysis
    for code, label in enumerate(model.labels):
        keep = codes == code
        found = cohort_curve(
            frame.time[keep], frame.event[keep], conf_type=asked.conf_type, conf_level=asked.conf_level,
            entry=None if frame.entry is None else frame.entry[keep],
        )  # fmt: skip
        curves.append(
            PhenotypeCurve(
                phenotype=label, n=int(keep.sum()), n_event=int(frame.event[keep].sum()), time=found.time,
                survival=found.survival, conf_low=found.conf_low, conf_high=found.conf_high,
            )
        )  # fmt: skip
    return model.model_copy(update={"curves": tuple(curves), "conf_type": asked.conf_type})


def phenotypes_csv(frame: AnalysisFrame, found: PhenotypeAnalysis, key: bytes | None = None) -> str:
    """Return id, phenotype and the probability of that phenotype by the trees that did not see the patient.

    With `key`, identifiers are the pseudonyms of `reporter.intake.deidentify.pseudonym`.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("id", "phenotype", "probability"))
    if found.column is None or found.probability is None:
        raise ReporterError("there are no phenotypes to write.")
    levels = (*found.column.levels, "")
    for patient, code, probability in zip(frame.ids, found.column.codes, found.probability, strict=True):
        name = patient if key is None else pseudonym(key, patient)
        writer.writerow((name, levels[code], repr(float(probability)) if np.isfinite(probability) else ""))
    return buffer.getvalue()


def model_files(study: Study, frames: Frames, found: PhenotypeAnalysis | None, results: Results) -> dict[str, bytes]:
    """Return the files of model/ and phenotypes.csv; the same run gives the same bytes.

    Parameters
    ----------
    frames
        By cohort and endpoint, with the phenotypes where there are any.
    found
        What clustering gave, None when the study asks for none.
    results
        For the concordance and calibration that stand beside each model; after small-cell suppression.
    """
    models, absent = _cox_models(study, frames, results)
    if found is not None and found.model is not None and frames[DEVELOPMENT, found.model.endpoint].cause is not None:
        absent["phenotypes"] = COMPETING
    dictionary = _dictionary(study, frames, models, absent)
    files = {DICTIONARY: seal("dictionary", dictionary.model_dump(mode="json")).encode()}
    for name, model in models.items():
        files[cox_file(name)] = model.to_json().encode()
    if found is not None and found.model is not None:
        home = frames[DEVELOPMENT, found.model.endpoint]
        if DEVELOPMENT in limits_of(results):
            return files
        if home.cause is None:
            files[PHENOTYPES] = _with_curves(found.model, study, home).to_json().encode()
        protected = any(info.deidentified for info in results.cohorts if info.name == DEVELOPMENT)
        key = pseudonym_key(study.folder, study.data.key_file) if protected and found.column is not None else None
        files["phenotypes.csv"] = phenotypes_csv(home, found, key).encode()
    return files


def _read(folder: Path, manifest: Mapping[str, Any], name: str) -> str:
    """Return a model file's text; UsageError when it is not as the manifest lists it."""
    listed = manifest["files"]
    if name not in listed:
        raise UsageError(f"{folder}: has no {name}. Give a folder that `reporter run` wrote with this version.")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise UsageError(f"{folder / name}: cannot be read: {error.strerror}. Run the study again.") from error
    if sha256(content) != listed[name]:
        raise UsageError(
            f"{folder / name}: was changed after it was written (its SHA-256 is not the one in {MANIFEST}). "
            "Run the study again."
        )
    return content.decode("utf-8")


def _read_dictionary(folder: Path, manifest: Mapping[str, Any]) -> ModelDictionary:
    where = str(folder / DICTIONARY)
    content = unseal("dictionary", _read(folder, manifest, DICTIONARY), name=where)
    try:
        return ModelDictionary.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"{where}: is not a model dictionary: {error.errors()[0]['msg']}.") from error


def load_models(folder: Path) -> Models:
    """Read the models of an output folder back.

    Raises
    ------
    UsageError
        When the folder was not written by ``reporter run``, a file is missing, was changed, or is of a newer version,
        or when the study has no model.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that `reporter run` wrote.")
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder}: has no {MANIFEST} of ours. Give the folder that `reporter run` wrote.")
    dictionary = _read_dictionary(folder, manifest)
    if not dictionary.endpoints:
        why = "; ".join(f"{name}: {reason}" for name, reason in dictionary.absent.items())
        raise UsageError(f"{folder}: has no Cox model ({why}). Give a folder of a study with covariates.")
    cox = {
        name: FrozenCox.from_json(_read(folder, manifest, cox_file(name)), name=str(folder / cox_file(name)))
        for name in dictionary.endpoints
    }
    phenotypes = None
    if PHENOTYPES in manifest["files"]:
        phenotypes = PhenotypeModel.from_json(_read(folder, manifest, PHENOTYPES), name=str(folder / PHENOTYPES))
    hashes = {name: str(digest) for name, digest in manifest["files"].items() if name.startswith("model/")}
    return Models(folder, dictionary, cox, phenotypes, hashes)
