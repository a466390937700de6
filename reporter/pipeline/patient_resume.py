"""Going on with a batch: which patients a former run finished, from the same models and the same values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporter import __version__
from reporter.errors import UsageError
from reporter.output.folder import check_target, read_manifest, sha256
from reporter.output.patient_folder import file_sha256
from reporter.pipeline.model_files import Models
from reporter.pipeline.patient_check import DATA_FILE
from reporter.pipeline.patient_input import PatientTable
from reporter.results.patient import PatientOutcome

BATCH = "batch"
PREDICTIONS, INDEX = "predictions.csv", "index.csv"


@dataclass(frozen=True)
class Finished:
    """A patient whose pages are there.

    Parameters
    ----------
    key
        Hash of the patient's identifier and values.
    state, why_not
        Of the check against R.
    predictions
        The patient's rows of predictions.csv.
    """

    key: str
    state: str
    why_not: str
    outcome: PatientOutcome
    predictions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Former:
    """What a former run left: hashes of its files, finished patients by id, file names it may have been writing."""

    hashes: Mapping[str, str] = field(default_factory=dict)
    finished: Mapping[str, Finished] = field(default_factory=dict)
    making: frozenset[str] = frozenset()


def batch_key(report: Path, models: Models, settings: Sequence[object]) -> str:
    """Return the hash of all that the pages of every patient depend on.

    Parameters
    ----------
    settings
        What the user chose: formats, language, date, columns, check.
    """
    import weasyprint  # type: ignore[import-untyped]

    files = {name: file_sha256(report / name) for name in ("results.json", DATA_FILE)}
    whole = {
        "models": models.sha256, "files": files, "settings": [str(setting) for setting in settings],
        "versions": [__version__, weasyprint.__version__],
    }  # fmt: skip
    return sha256(json.dumps(whole, sort_keys=True).encode())


def patient_key(table: PatientTable, row: int) -> str:
    """Return the hash of one patient's identifier and typed values."""
    values = {name: repr(float(column.values[row])) for name, column in table.columns.items()}
    text = json.dumps([table.ids[row], values], sort_keys=True)
    return sha256(text.encode())


def _grouped(folder: Path, name: str, digest: str) -> dict[str, list[list[str]]]:
    """Return the rows of a CSV file of ours by their first cell; none when it is not as the manifest lists it."""
    found: dict[str, list[list[str]]] = {}
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return found
    if sha256(content) != digest:
        return found
    for row in list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))[1:]:
        found.setdefault(row[0], []).append(row)
    return found


def _finished(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Finished]:
    hashes: dict[str, str] = manifest["files"]
    index = _grouped(folder, INDEX, hashes.get(INDEX, ""))
    predictions = _grouped(folder, PREDICTIONS, hashes.get(PREDICTIONS, ""))
    found: dict[str, Finished] = {}
    for name, (stem, key, state, why) in manifest[BATCH]["finished"].items():
        files = [file for file in hashes if file.rsplit(".", 1)[0] == stem]
        rows, own = index.get(name, []), predictions.get(name, [])
        whole = bool(files) and all(file_sha256(folder / file) == hashes[file] for file in files)
        if whole and own and len(rows) == 1 and rows[0][3] == "written":
            outcome = PatientOutcome(id=name, file=rows[0][1], sha256=rows[0][2], status="written")
            found[name] = Finished(key, state, why, outcome, tuple(map(tuple, own)))
    return found


def read_former(folder: Path, key: str, ids: Collection[str]) -> Former:
    """Return what a folder holds of a batch.

    Parameters
    ----------
    key
        `batch_key` of the run that goes on.
    ids
        The patients asked for.

    Raises
    ------
    UsageError
        When the folder is not one of patients' pages, was made from other models or with other settings, or holds
        patients who are not asked for.
    """
    check_target(folder, overwrite=True)
    manifest = read_manifest(folder)
    if manifest is None:
        return Former()
    batch = manifest.get(BATCH)
    if manifest.get("kind") != "patients" or not isinstance(batch, dict):
        raise UsageError(f"--out {folder}: holds no patients' pages to go on with. Choose another folder.")
    if batch.get("key") != key:
        raise UsageError(
            f"--resume: the pages in {folder} were made from other models, by another version, or with another --to, "
            "--lang, --columns or --no-verify. Use the same, or replace the folder with --overwrite."
        )
    strange = [name for name in batch["finished"] if name not in set(ids)]
    if strange:
        raise UsageError(
            f"--resume: {folder} has pages of {len(strange)} patients who are not asked for, e.g. '{strange[0]}'. Give "
            "the same table, or replace the folder with --overwrite."
        )
    return Former(manifest["files"], _finished(folder, manifest), frozenset(batch.get("making", ())))
