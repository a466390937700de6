"""The files beside the patients' pages: file names, index.csv, predictions.csv, index.html."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from reporter.output.html import BlockWriter, inline_drawing
from reporter.report.patient_document import PatientIndex
from reporter.resources import templates_folder
from reporter.results.address import time_text
from reporter.results.patient import PatientHorizon, PatientOutcome, PatientResult

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60
PREDICTION_COLUMNS = (
    "id", "endpoint", "time", "survival", "conf_low", "conf_high", "phenotype", "phenotype_probability"
)  # fmt: skip
_HASHED = re.compile(r"-[0-9a-f]{10}$")
# Our own files, and names that Windows keeps for devices.
_RESERVED = re.compile(r"(?:index|manifest|predictions|con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def file_stems(ids: Sequence[str]) -> tuple[str, ...]:
    """Return a file name without ending for each identifier: the same for the same id, safe, no two alike.

    An id of plain characters is its own name; any other is made plain, cut, and followed by a piece of its hash. Names
    are compared without regard to case, for file systems that do not tell it.
    """
    spellings = Counter(name.casefold() for name in set(ids))
    stems = []
    for name in ids:
        plain = _UNSAFE.sub("_", name)[:_LONGEST].strip("._-") or "patient"
        taken = _RESERVED.fullmatch(plain) or _HASHED.search(plain) or spellings[name.casefold()] > 1
        stems.append(f"{plain}-{_hash(name)}" if taken or plain != name else plain)
    return tuple(stems)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def index_csv(rows: Iterable[PatientOutcome]) -> bytes:
    """Return index.csv: ``id,file,sha256,status,reason``."""
    return _csv(
        ("id", "file", "sha256", "status", "reason"), ([r.id, r.file, r.sha256, r.status, r.reason] for r in rows)
    )


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _horizon_rows(result: PatientResult, endpoint: str, horizons: Iterable[PatientHorizon]) -> Iterable[list[str]]:
    found = result.phenotype
    phenotype = ["", ""] if found is None else [found.phenotype, _number(found.probability)]
    for h in horizons:
        numbers = [_number(value) for value in (h.survival, h.conf_low, h.conf_high)]
        yield [result.id, endpoint, time_text(h.time), *numbers, *phenotype]


def prediction_rows(result: PatientResult) -> list[list[str]]:
    """Return the rows of one patient in predictions.csv; numbers in full, empty where there is none."""
    rows = list(_horizon_rows(result, result.endpoint, result.horizons))
    for other in result.others:
        rows += _horizon_rows(result, other.endpoint, other.horizons)
    return rows


def predictions_table(rows: Iterable[Sequence[str]]) -> bytes:
    """Return predictions.csv from its rows."""
    return _csv(PREDICTION_COLUMNS, rows)


def predictions_csv(results: Iterable[PatientResult]) -> bytes:
    """Return predictions.csv: a row per patient, endpoint and horizon."""
    return predictions_table(row for result in results for row in prediction_rows(result))


def index_html(index: PatientIndex) -> bytes:
    """Return index.html: the patients with links to their pages; one file, no network, no fonts inside."""
    writer = BlockWriter(inline_drawing, {})
    folder = templates_folder() / "css"
    style = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("base.css", "patient_index.css"))
    page = writer.environment.get_template("patient_index.html.j2").render(
        style=Markup(style),  # noqa: S704 - our own style sheet
        document=index,
    )
    return page.encode()
