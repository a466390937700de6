"""File names, index.csv, predictions.csv and index.html."""

from __future__ import annotations

import csv
import io
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.output.patient_index import file_stems, index_csv, index_html, predictions_csv
from reporter.report.language import Language
from reporter.report.patient_build import build_patient_index
from reporter.results.patient import EndpointEstimates, PatientOutcome
from tests.patient.demo_result import demo_result, horizon

HOSTILE = [
    "../../etc/passwd", "..", ".", "", "/", "\\\\server\\x", "a/b", "a b", 'a"b', "a'b", "x" * 300, "CON", "nul.txt",
    "index", "manifest", "predictions", "p1", "P1", "p1-0123456789", "患者", "é", "=1+1", "\x00", "-rf", "a\nb", "~",
    "$HOME", ".hidden",
]  # fmt: skip


@pytest.mark.parametrize("name", ["P001", "12", "A-1_b.c", "x" * 60])
def test_a_plain_identifier_is_its_own_file_name(name: str) -> None:
    assert file_stems([name]) == (name,)


def test_hostile_identifiers_give_safe_names_and_no_two_alike() -> None:
    stems = file_stems(HOSTILE)
    assert len({stem.casefold() for stem in stems}) == len(HOSTILE)
    assert all(len(stem) <= 80 and stem.isascii() and stem[0] not in ".-" for stem in stems)
    assert all(PurePosixPath(stem).name == stem and ".." not in stem for stem in stems)
    assert not {"index", "manifest", "predictions", "con", "nul.txt"} & {stem.casefold() for stem in stems}


@given(st.lists(st.text(max_size=80), unique=True, max_size=12))
def test_any_identifiers_give_safe_names(ids: list[str]) -> None:
    stems = file_stems(ids)
    assert len({stem.casefold() for stem in stems}) == len(ids)
    assert all(set(stem) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") for stem in stems)
    assert file_stems(ids) == stems


def outcomes() -> list[PatientOutcome]:
    return [
        PatientOutcome(id="P1", file="P1.pdf", sha256="ab", status="written"),
        PatientOutcome(id='<b>"x",\n</b>', status="refused", reason="age: no value"),
        PatientOutcome(id="P3", status="failed", reason="R computes another curve"),
    ]


def test_index_csv_has_a_row_per_patient() -> None:
    rows = list(csv.reader(io.StringIO(index_csv(outcomes()).decode(), newline="")))
    assert rows[0] == ["id", "file", "sha256", "status", "reason"]
    assert rows[1:] == [
        ["P1", "P1.pdf", "ab", "written", ""],
        ['<b>"x",\n</b>', "", "", "refused", "age: no value"],
        ["P3", "", "", "failed", "R computes another curve"],
    ]


def test_index_html_links_what_was_written_and_escapes_the_rest() -> None:
    index = build_patient_index(outcomes(), "A <study>", Language("en"))
    page = index_html(index).decode()
    root = ElementTree.fromstring(page)
    assert [a.get("href") for a in root.iter("a")] == ["P1.pdf"]
    assert "A <study> · pages of 1 of 3 patients" in "".join(root.itertext())
    assert "<b>" not in page and len(page) < 20_000 and "http:" not in page and "https:" not in page


def test_predictions_have_all_digits_all_endpoints_and_gaps() -> None:
    late = horizon(9.5, 0.1).model_copy(update={"survival": None, "conf_low": None, "conf_high": None})
    other = EndpointEstimates(endpoint="os", endpoint_label="OS", time_unit="years", horizons=(horizon(5.0, 0.2), late))
    with_phenotype, without = demo_result(), demo_result(id="P2", phenotype=None, others=(other,))
    rows = list(csv.DictReader(io.StringIO(predictions_csv([with_phenotype, without]).decode())))
    assert [(r["id"], r["endpoint"], r["time"]) for r in rows] == [
        *(("P00005", "rfs", t) for t in "135"), *(("P2", "rfs", t) for t in "135"), ("P2", "os", "5"),
        ("P2", "os", "9.5"),
    ]  # fmt: skip
    assert float(rows[2]["survival"]) == with_phenotype.horizons[2].survival
    assert (rows[0]["phenotype"], rows[0]["phenotype_probability"]) == ("2", "0.874")
    assert (rows[3]["phenotype"], rows[-1]["survival"], rows[-1]["conf_low"]) == ("", "", "")
