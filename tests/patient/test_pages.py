"""The two pages of one patient: what they say, and that they hold it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reporter.output.patient import lay_out_patient, render_patient_html
from reporter.output.pdf import layout_messages
from reporter.report.document import Callout, Run
from reporter.report.figures.metrics import plain_text
from reporter.report.language import Language
from reporter.report.patient.numbers import brief, icons_of_hundred, rest_of_hundred
from reporter.report.patient_build import build_patient_document
from reporter.report.patient_document import PatientDocument
from reporter.results.patient import EndpointEstimates, PatientCheck, PatientResult
from tests.patient.demo_result import curve, demo_result, demo_values, horizon, numeric

ENGLISH = Language("en")


def pages_of(result: PatientResult, *, dense: bool = False) -> list[str]:
    """Return the text of each sheet in reading order and, after it, line by line; blanks made one."""
    with layout_messages() as messages:
        content, sheets = lay_out_patient(build_patient_document(result, ENGLISH, dense=dense))
    assert messages == []
    orders = [
        subprocess.run(["pdftotext", *order, "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
        for order in ((), ("-layout",))
    ]
    both = zip(*(text.split("\f")[:-1] for text in orders), strict=True)
    pages = [re.sub(r"\s+", " ", " | ".join(page)) for page in both]
    assert len(pages) == sheets
    return pages


def callouts(document: PatientDocument) -> list[str]:
    blocks = (b for page in document.pages for row in page for panel in row.panels for b in panel.blocks)
    return [plain_text(b.runs) for b in blocks if isinstance(b, Callout)]


def test_the_pages_have_the_numbers_of_the_result() -> None:
    first, second = pages_of(demo_result())
    for text in ("51%", "44–58%", "87%", "67%", "about 51", "about 49", "about 62", "about 38", "×1.23", "×0.92"):
        assert text in first, text
    assert re.search(r"5 years 51 44–58 55", first)
    assert "longer than 5.1 years (95% confidence interval 4.3–6.4 years)" in first
    for text in (
        "45 (22.5–63)",
        "0–3275",
        "Postmenopausal 56%",
        "87%",
        "about 61",
        "about 39",
        "64–70",
        "1.04",
        "0.90–1.20",
    ):
        assert text in second, text
    assert "Among all 3001 patients of the development cohort, about 55 of 100" in first
    assert "2982 patients with 1713 events" in second
    assert "not the range for one person" in second and "choosing the model is not included" in second


def test_the_patient_stands_on_both_of_exactly_two_pages() -> None:
    pages = pages_of(demo_result(id="P-0815"))
    assert len(pages) == 2 and all("Patient P-0815" in page for page in pages)


def test_the_same_result_gives_the_same_bytes() -> None:
    one, two = (lay_out_patient(build_patient_document(demo_result(), ENGLISH))[0] for _ in range(2))
    other = lay_out_patient(build_patient_document(demo_result(id="P00006"), ENGLISH))[0]
    assert one == two != other


def test_a_value_outside_the_range_is_said_on_both_pages() -> None:
    values = (numeric("age", "Age at surgery", "years", 95, 0.4), *demo_values()[1:])
    result = demo_result(values=values)
    document = build_patient_document(result, ENGLISH)
    guard = callouts(document)[0]
    assert guard.startswith("Outside the range of the data. Age at surgery 95 years (development patients: 0–90)")
    assert "extrapolation" in guard
    first, second = pages_of(result)
    assert "Outside the range" in first and "no: extrapolation" in second
    assert not any("Outside" in text for text in callouts(build_patient_document(demo_result(), ENGLISH)))


@pytest.mark.parametrize(
    ("check", "state", "words"),
    [
        (
            PatientCheck(
                state="agrees", largest_difference=2e-15, n_points=99, r_version="4.2.2", survival_version="3.5-3"
            ),
            "verified",
            "99 points agree, largest difference 2.0 × 10⁻¹⁵",
        ),
        (PatientCheck(state="not_run", why_not="R is absent"), "not_verified", "not checked against R: R is absent"),
        (
            PatientCheck(
                state="disagrees", largest_difference=0.02, n_points=99, r_version="4.2.2", survival_version="3.5-3"
            ),
            "disagrees",
            "Do not use this page",
        ),
    ],
)  # fmt: skip
def test_the_badge_says_what_the_check_gave(check: PatientCheck, state: str, words: str) -> None:
    badge = build_patient_document(demo_result(check=check), ENGLISH).badge
    assert badge.state == state and words in plain_text(badge.runs)
    assert badge.heading == {"verified": "Verified", "not_verified": "Not verified", "disagrees": "R disagrees"}[state]


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.004, 0.005, 0.0149999, 0.495, 0.505, 0.994, 0.995, 0.9999999, 1.0])
def test_both_numbers_of_one_hundred_add_up(share: float) -> None:
    texts = PatientTextsOf(share)
    assert texts.total == 100
    assert (icons_of_hundred(share) in (0, 100)) == (share in (0.0, 1.0))


class PatientTextsOf:
    """The printed share and its rest as numbers; ``> 99`` counts with ``< 1`` as one hundred."""

    def __init__(self, share: float) -> None:
        from reporter.report.format import whole_percent

        printed, rest = whole_percent(share), rest_of_hundred(share)
        self.total = 100 if (printed, rest) in {("> 99", "< 1"), ("< 1", "> 99")} else float(printed) + float(rest)


def test_brief_numbers_keep_three_digits_and_whole_ones() -> None:
    numbers = (0.0, 3275.0, 818.75, 22.5, 8.456, 0.012345, -4.5678)
    assert [brief(x) for x in numbers] == ["0", "3275", "819", "22.5", "8.46", "0.0123", "−4.57"]


def test_what_is_not_reached_or_not_estimable_is_said() -> None:
    late = horizon(5.0, 0.1).model_copy(update={"survival": None, "conf_low": None, "conf_high": None, "cohort": None})
    result = demo_result(
        median=None, median_low=None, median_high=None, horizons=(horizon(1.0, 0.01), late), phenotype=None,
        phenotype_missing="no value of Tumour grade", performance=(),
    )  # fmt: skip
    first, second = pages_of(result)
    assert "not reached" in first and "at the end of follow-up, 15.0 years" in first
    assert "Recurrence-free survival at 1 year" in first and re.search(r"5 years — — —", first)
    assert "No phenotype: no value of Tumour grade" in second
    assert "has not been tried on other patients" in second


def test_an_interval_that_cannot_be_given_is_said() -> None:
    certain = horizon(1.0, 0.1).model_copy(update={"survival": 1.0, "conf_low": None, "conf_high": None})
    first = pages_of(demo_result(horizons=(certain,)))[0]
    assert "100%" in first and "no confidence interval can be estimated" in first
    assert "about 100 are expected" in first and "about 0 an event" in first


def test_without_any_estimate_there_is_no_big_number() -> None:
    late = horizon(50.0, 0.1).model_copy(update={"survival": None, "conf_low": None, "conf_high": None, "cohort": None})
    document = build_patient_document(demo_result(horizons=(late,)), ENGLISH)
    assert "no estimate is given" in callouts(document)[0]
    assert all(panel.key_figure is None for row in document.pages[0] for panel in row.panels)


@pytest.mark.parametrize("unit", ["years", "months", "days"])
def test_units_of_time(unit: str) -> None:
    first = pages_of(demo_result(time_unit=unit))[0]
    assert f"1 {unit[:-1]} " in first and f"5 {unit}" in first and f"{unit.title()} after the start" in first


def test_long_names_and_many_factors_stay_on_two_pages() -> None:
    name = "A long name of a laboratory value that was measured before the treatment began"
    values = tuple(numeric(f"x{i}", f"{name} {i}", "mmol/l per hour", 91.0 + i, 0.01 * i - 0.1) for i in range(12))
    result = demo_result(id="L" * 300, values=values, endpoint_label=name)
    pages = pages_of(result, dense=True)
    assert len(pages) == 2 and all("LLLLL" in page for page in pages)
    assert all(f"{i} mmol/l" in pages[1] for i in range(91, 103))


def numbers_without_mark(element: ElementTree.Element, marked: bool) -> Iterator[str]:
    marked = marked or "data-stat" in element.attrib or "data-label" in element.attrib
    tag = element.tag.split("}")[-1]
    if tag in {"head", "footer", "title", "desc"}:
        return
    if element.text and re.search(r"\d", element.text) and not marked:
        yield element.text
    for child in element:
        yield from numbers_without_mark(child, marked)
        if child.tail and re.search(r"\d", child.tail) and not marked:
            yield child.tail


def test_every_numeral_has_an_address_or_is_a_label() -> None:
    root = ElementTree.fromstring(render_patient_html(build_patient_document(demo_result(), ENGLISH)))
    assert [text for text in numbers_without_mark(root, marked=False) if "P00005" not in text] == []


def test_addresses_name_one_number_each() -> None:
    root = ElementTree.fromstring(render_patient_html(build_patient_document(demo_result(), ENGLISH)))
    texts: dict[str, set[str]] = {}
    for element in root.iter():
        where = element.get("data-stat")
        if where:
            texts.setdefault(where, set()).add("".join(element.itertext()).strip("×%"))
    assert len(texts) > 80 and all(where.startswith("patient/rfs/") for where in texts)
    assert {where: found for where, found in texts.items() if len(found) > 1} == {}


def test_further_endpoints_have_their_own_unit_and_addresses() -> None:
    months = EndpointEstimates(
        endpoint="os", endpoint_label="Overall survival", time_unit="months", horizons=(horizon(12.0, 0.02),)
    )
    result = demo_result(others=(months,))
    assert re.search(r"Overall survival 12 months 79 75–83 24", pages_of(result)[1])
    page = render_patient_html(build_patient_document(result, ENGLISH))
    assert 'data-stat="patient/os/t=12/survival">79<' in page


def test_markup_in_a_name_stays_text() -> None:
    result = demo_result(id="<script>alert(1)</script>&'\"\x00")
    page = render_patient_html(build_patient_document(result, ENGLISH))
    ElementTree.fromstring(page)
    assert "<script" not in page


def test_the_curve_of_another_patient_gives_another_drawing() -> None:
    one = build_patient_document(demo_result(), ENGLISH)
    other = build_patient_document(demo_result(curve=curve(0.3, 0.2)), ENGLISH)
    assert one.pages[0] != other.pages[0] and replace(one, pages=()) == replace(other, pages=())


def test_runs_of_a_sentence_keep_their_marks() -> None:
    document = build_patient_document(demo_result(), ENGLISH)
    key = document.pages[0][0].panels[0].key_figure
    assert key is not None and key.value == (Run("51%", "patient/rfs/t=5/survival"),)


def test_pages_are_looked_at_as_boxes(tmp_path: Path) -> None:
    """No word is set outside the margins of the sheet."""
    content, _ = lay_out_patient(build_patient_document(demo_result(), ENGLISH))
    (tmp_path / "p.pdf").write_bytes(content)
    command = ["pdftotext", "-bbox", str(tmp_path / "p.pdf"), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = re.findall(r'<word xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="([0-9.]+)"', boxes)
    assert len(words) > 500
    assert all(float(x0) >= 45 and float(x1) <= 595.3 - 45 and float(y1) <= 842 - 20 for x0, _, x1, y1 in words)
