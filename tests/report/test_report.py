"""The report: every numeral has an address or is a label, flags stand where R does not agree, odd studies render."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from reporter.output.html import render_html
from reporter.output.tables import number_address_pairs
from reporter.report.build import build_report
from reporter.report.document import Badge, Callout, Columns, Figure, ReportDocument, Section, Table
from reporter.report.language import Language
from reporter.results.ledger import Verdict, Verification
from reporter.results.tree import Results

XHTML = re.compile(r"\{.*\}")
EN = Language("en")
ALL = {"validation": True, "missing": 0.1, "endpoints": ("os", "rfs"), "groups": ("arm", "centre"), "many_levels": 3}
FURTHER = {"further": True, "groups": ("arm", "centre"), "many_levels": 3, "late_entry": True, "covariates": ()}
CLUSTERED = {"validation": True, "phenotypes": True}
Maker = Callable[..., Results]


def blocks(document: ReportDocument) -> Iterator[object]:
    def walk(found: object) -> Iterator[object]:
        yield found
        if isinstance(found, Section | Columns):
            for inner in found.blocks:
                yield from walk(inner)

    for section in document.sections:
        yield from walk(section)


def page(document: ReportDocument) -> ElementTree.Element:
    text = render_html(document)
    return ElementTree.fromstring(text[text.index("<html") :])


def tag(element: ElementTree.Element) -> str:
    return XHTML.sub("", element.tag)


def bare_numerals(element: ElementTree.Element, *, marked: bool = False) -> Iterator[str]:
    """Yield text with a numeral that stands in no element with an address or a label mark."""
    if tag(element) in {"style", "head", "title", "desc", "h1", "h2", "h3", "h4", "sup"}:
        return
    inside = marked or "data-stat" in element.attrib or "data-label" in element.attrib
    if not inside and element.text and re.search(r"\d", element.text):
        yield element.text
    for child in element:
        yield from bare_numerals(child, marked=inside)
        if not inside and child.tail and re.search(r"\d", child.tail):
            yield child.tail


def text_of(document: ReportDocument) -> str:
    return " ".join("".join(page(document).itertext()).split())


@pytest.mark.parametrize("parts", [{}, ALL, FURTHER, CLUSTERED, {"groups": (), "covariates": ()}])
def test_every_numeral_has_an_address_or_is_a_label(small: Maker, parts: dict[str, object]) -> None:
    body = next(e for e in page(build_report(small(**parts), EN)) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
    assert sum("data-stat" in e.attrib for e in body.iter()) > 20


def printed_number(text: str) -> Decimal | None:
    match = re.search(r"−?\d*\.?\d+", text.replace("\u2009", ""))
    return Decimal(match[0].replace("−", "-")) if match else None


def curve_values(results: Results) -> dict[str, float | None]:
    return {
        node.address(curve, column.stat, time): value
        for node in results.analyses
        for curve in node.curves
        for column in curve.columns
        for time, value in zip(curve.time, column.values, strict=True)
    }


def stated(results: Results, document: ReportDocument) -> Iterator[tuple[str, str, float | None]]:
    """Yield each printed number of page and drawings with its address and the value there."""
    known = {address: found.value for _n, _r, found, address in results.statistics()} | curve_values(results)
    pairs = number_address_pairs(document)
    for element in page(document).iter():
        if "data-stat" in element.attrib:
            pairs.append(("".join(element.itertext()).replace("†", ""), element.attrib["data-stat"]))
    for text, address in pairs:
        yield text, address, known[address]


@pytest.mark.parametrize("parts", [ALL, FURTHER, CLUSTERED])
def test_every_printed_number_is_the_number_of_its_address(small: Maker, parts: dict[str, object]) -> None:
    results = small(**parts)
    checked = 0
    for text, address, value in stated(results, build_report(results, EN)):
        number = printed_number(text)
        if value is None:
            assert number is None, (text, address)
            continue
        assert number is not None, (text, address)
        exact = Decimal(repr(value))
        digits = -number.as_tuple().exponent
        half = Decimal(1).scaleb(-digits) / 2
        if "<" in text or ">" in text:
            bounds = [exact, exact * 100]
            assert any((b < number) if "<" in text else (b > number) for b in bounds), (text, address)
        else:
            assert any(abs(number - b) <= half for b in (exact, exact * 100)), (text, address, value)
        checked += 1
    assert checked > 300


def test_a_wrong_text_would_be_found(small: Maker) -> None:
    results = small()
    address = "development/os/kaplan_meier/t=3/estimate"
    found = [t for t, a, _v in stated(results, build_report(results, EN)) if a == address]
    assert found
    assert all(abs(printed_number(t) - Decimal(repr(results.at(address).value * 100))) <= Decimal("0.5") for t in found)  # type: ignore[operator]


def test_a_report_without_a_check_says_so_first(small: Maker) -> None:
    document = build_report(small(), EN)
    badge = document.title_page.badge
    assert badge.state == "not_verified"
    assert badge.heading == "Not verified"
    assert "R was not found" in "".join(run.text for run in badge.runs)
    assert "†" not in text_of(document)


def test_a_check_that_agrees_gives_the_counts(small: Maker, verified: Maker) -> None:
    results = verified(small())
    badge = build_report(results, EN).title_page.badge
    words = "".join(run.text for run in badge.runs)
    assert badge.state == "verified"
    assert f"{len(results.verification.rows)} numbers" in words
    assert "R 4.2.2, survival 3.5-3" in words


def test_a_check_without_rows_is_not_a_tick(small: Maker) -> None:
    results = small().model_copy(update={"verification": Verification(ran=True, r_version="4.2.2")})
    assert build_report(results, EN).title_page.badge.state == "not_verified"


def test_what_r_does_not_confirm_is_marked_where_it_stands(small: Maker, verified: Maker, row_of: Maker) -> None:
    results = small()
    wrong = "development/os/cox_multivariable/age/hazard_ratio"
    alone = next(a for _n, _r, _s, a in results.statistics() if a.endswith("arm=Yes/p_value") and "multi" in a)
    value = results.at(wrong).value
    changed = [
        row_of(wrong, value, Verdict.DISAGREES, r=1.5, rel_diff=0.3),
        row_of(alone, results.at(alone).value, Verdict.MISSING_IN_R, r=None, rel_diff=None, abs_diff=None),
    ]
    document = build_report(verified(results, changed), EN)
    assert document.title_page.badge.state == "disagrees"
    flagged = {e.attrib["title"] for e in page(document).iter() if tag(e) == "sup" and e.attrib.get("class") == "flag"}
    assert flagged == {"R gives 1.5", "no partner in R"}
    table = next(b for b in blocks(document) if isinstance(b, Table) and b.name == "cox_os")
    marked = {run.address for row in table.rows for cell in row.cells for run in cell.runs if run.flag}
    assert marked == {wrong, alone}
    assert any("Not confirmed by R: R gives 1.5" in run.text for note in table.notes for run in note)
    appendix = next(b for b in blocks(document) if isinstance(b, Table) and b.name == "not_confirmed")
    assert [row.cells[0].runs[0].text for row in appendix.rows] == [wrong, alone]


def test_a_number_outside_the_ledger_is_marked(small: Maker, verified: Maker) -> None:
    address = "development/os/follow_up/n_event"
    document = build_report(verified(small(), without=[address]), EN)
    runs = [run for b in blocks(document) for run in getattr(b, "runs", ()) if run.address == address]
    assert runs
    assert {run.flag for run in runs} == {"not in the check against R"}


def test_a_wrong_curve_is_marked_in_the_figure(small: Maker, verified: Maker, row_of: Maker) -> None:
    results = small()
    node = results.nodes("kaplan_meier_curve")[0]
    curve = node.curves[0]
    address = node.address(curve, "n_risk", curve.time[-1])
    changed = [row_of(address, curve.column("n_risk")[-1], Verdict.DISAGREES, r=9.0)]
    document = build_report(verified(results, changed), EN)
    figure = next(b for b in blocks(document) if isinstance(b, Figure) and b.name == "kaplan_meier_development_os")
    other = next(b for b in blocks(document) if isinstance(b, Figure) and b.name == "kaplan_meier_development_os_arm")
    assert "†" in figure.svg
    assert "†" not in other.svg


def test_a_part_that_did_not_run_is_no_agreement(small: Maker, verified: Maker, row_of: Maker) -> None:
    results = small()
    address = "development/os/follow_up/median"
    changed = [row_of(address, results.at(address).value, Verdict.NOT_RUN, r=None, rel_diff=None, note="R died")]
    document = build_report(verified(results, changed), EN)
    assert document.title_page.badge.state == "not_verified"
    assert "R died" in text_of(document)


@pytest.mark.parametrize(
    "parts",
    [
        {"groups": ()},
        {"covariates": ()},
        {"groups": (), "covariates": (), "horizons": ()},
        {"horizons": (), "validation": True},
        {"covariates": ("age",), "validation": True},
        {"horizons": (0.5, 1.0, 2.0, 3.0, 100.0), "unit": "months"},
        {"groups": ("arm", "centre"), "many_levels": 9, "unit": "days"},
        {"hazard": 0.02},
        {"n": 12, "missing": 0.3},
        {"endpoints": ("os", "rfs", "css"), "validation": True},
        {"hostile": True},
    ],
)
def test_odd_studies_render(small: Maker, parts: dict[str, object]) -> None:
    results = small(**parts)
    document = build_report(results, EN)
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
    files = [(type(b), b.name) for b in blocks(document) if isinstance(b, Table | Figure)]
    assert len(files) == len(set(files))
    anchors = [b.anchor for b in blocks(document) if isinstance(b, Section)]
    assert len(anchors) == len(set(anchors))


def test_a_median_that_is_not_reached_is_said(small: Maker) -> None:
    document = build_report(small(hazard=0.02), EN)
    text = text_of(document)
    assert "The median was not reached." in text
    assert "NR: not reached." in text


def test_more_groups_than_a_figure_shows_stand_in_the_table(small: Maker) -> None:
    document = build_report(small(groups=("arm", "centre"), many_levels=9), EN)
    names = [b.name for b in blocks(document) if isinstance(b, Figure)]
    assert "kaplan_meier_development_os_centre" not in names
    assert "Centre has 9 groups" in text_of(document)
    table = next(b for b in blocks(document) if isinstance(b, Table) and b.name == "survival_os")
    assert {"Centre 8"} <= {row.cells[0].runs[0].text for row in table.rows}


@pytest.mark.parametrize("kind", ["kaplan_meier", "cox", "ph_test", "validation", "baseline", "follow_up", "log_rank"])
def test_a_failed_analysis_is_a_warning_and_not_a_lost_report(small: Maker, kind: str) -> None:
    document = build_report(small(fail=(kind,), validation=True), EN)
    warnings = ["".join(r.text for r in b.runs) for b in blocks(document) if isinstance(b, Callout)]
    assert any("no luck" in text for text in warnings)
    assert page(document) is not None


def test_one_family_of_endpoints_keeps_its_own_sections(small: Maker) -> None:
    document = build_report(small(endpoints=("os", "rfs", "css"), validation=True), EN)
    headings = [section.heading for section in document.sections]
    assert {"Survival: Overall survival os", "Survival: Overall survival rfs"} <= set(headings)


def test_the_same_tree_gives_the_same_bytes(small: Maker) -> None:
    results = small(**ALL)
    again = Results.model_validate_json(results.model_dump_json())
    assert render_html(build_report(results, EN)) == render_html(build_report(again, EN))


def test_one_heading_of_references_with_the_works_cited(small: Maker) -> None:
    document = build_report(small(), EN)
    headings = [b.heading for b in blocks(document) if isinstance(b, Section)]
    assert headings.count("References") == 1
    text = text_of(document)
    cited = {int(n) for found in re.findall(r"\[([\d, ]+)\]", text) for n in found.split(",")}
    items = next(b for b in blocks(document) if type(b).__name__ == "References").items  # type: ignore[attr-defined]
    assert cited == set(range(1, len(items) + 1))


def test_phenotypes_are_exploratory_and_their_features_are_not_tested(small: Maker) -> None:
    document = build_report(small(**CLUSTERED), EN)
    section = next(s for s in document.sections if s.anchor == "phenotypes")
    first = section.blocks[0]
    assert isinstance(first, Callout)
    assert "Exploratory: not tested against noise" in "".join(run.text for run in first.runs)
    profile = next(b for b in blocks(document) if isinstance(b, Table) and b.name == "phenotype_profile_development")
    printed = [run.text for row in profile.rows for cell in row.cells for run in cell.runs]
    assert len(printed) > 20
    assert "P" not in [run.text for cell in profile.head for run in cell.runs]
    assert not any(run.address.endswith("p_value") for row in profile.rows for cell in row.cells for run in cell.runs)
    names = {b.name for b in blocks(document) if isinstance(b, Table | Figure)}
    assert {"silhouette", "decision_tree", "phenotype_classifier", "kaplan_meier_validation_os_phenotype"} <= names


def test_badge_is_a_block_of_the_title_page(small: Maker) -> None:
    assert isinstance(build_report(small(), EN).title_page.badge, Badge)


def test_a_ratio_inside_an_interaction_is_not_shown_alone(small: Maker) -> None:
    """Its hazard ratio is that at 0 of the other covariate; neither the title page nor a figure may print it."""
    results = small(covariates=("age", "arm"), groups=("arm",))
    inside = results.model_copy(
        update={
            "analyses": tuple(
                node.model_copy(update={"options": node.options.model_copy(update={"interactions": (("age", "arm"),)})})
                if node.analysis == "cox_multivariable"
                else node
                for node in results.analyses
            )
        }
    )
    before, after = (text_of(build_report(one, Language("en"))) for one in (results, inside))
    for words in ("adjusted hazard ratio, ", "Adjusted HR, "):
        assert words in before and words not in after
