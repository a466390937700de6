"""Tables whose patients no page may show: a registry's, and those of the study itself."""

from __future__ import annotations

from pathlib import Path

from reporter.errors import UsageError
from reporter.intake.read import SourceTable
from reporter.results.tree import Results

REGISTRY = "seer"
REGISTRY_CODE = 3


class RegistryPatientsError(UsageError):
    """The table holds patients of a registry, or those from whom the models were made."""

    exit_code = REGISTRY_CODE


def refuse_registry_format(source: SourceTable, path: Path) -> None:
    """Refuse a SEER*Stat export, by its .dic or its headers: SEER's agreement forbids to show single patients.

    Raises
    ------
    RegistryPatientsError
        When the table is one.
    """
    if source.origin == REGISTRY:
        raise RegistryPatientsError(
            f"--input {path}: is a SEER*Stat export (by its .dic or its headers). SEER's agreement does not allow to "
            "show single patients of the registry. Give a table of your own patients, with the columns of the study "
            "file."
        )


def refuse_own_input(sha256: str, path: Path, results: Results) -> None:
    """Refuse the very table from which a cohort of the report was read.

    Parameters
    ----------
    sha256
        Of the bytes of the table of patients.

    Raises
    ------
    RegistryPatientsError
        When it is that of a cohort.
    """
    for info in results.cohorts:
        if info.sha256 == sha256:
            raise RegistryPatientsError(
                f"--input {path}: is the {info.name} table of the study itself (same SHA-256); its patients are in the "
                "report and get no pages. Give a table of other patients."
            )
