"""Versions, hashes and the date of a run."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from reporter import __version__
from reporter.results.tree import Provenance

_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "lifelines", "jinja2", "weasyprint", "pydantic")


def provenance(study_sha256: str) -> Provenance:
    """Return the versions that made the numbers."""
    return Provenance(
        reporter_version=__version__,
        python_version=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        study_sha256=study_sha256,
    )


def document_date(study_date: str) -> str:
    """Return the date of the documents: SOURCE_DATE_EPOCH, else the study's date, else nothing."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), tz=UTC).date().isoformat()
    return study_date
