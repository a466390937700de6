"""Treatments that begin after time zero: the notes beside their numbers, and the landmark analysis."""

from __future__ import annotations

from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.report.build import build_report
from reporter.report.language import Language
from reporter.results.tree import Results
from reporter.spec.options import LandmarkOptions
from tests.report.test_diagnostics_sections import TERMS, cohort, results_of
from tests.report.test_report import bare_numerals, page, tag, text_of

EN = Language("en")


def results(frame_of, levels, *, late: bool, landmark: float | None) -> Results:
    frame = cohort(frame_of, levels, crossing=False)
    found = results_of(frame, asked=False)
    columns = tuple(c.model_copy(update={"after_start": late and c.name == "g"}) for c in found.columns)
    nodes = found.analyses
    if landmark is not None:
        options = LandmarkOptions(terms=TERMS, ties="efron", landmark=landmark, conf_level=0.95)
        nodes += run_planned(Planned("development", "os", options), {("development", "os"): frame})
    return found.model_copy(update={"columns": columns, "analyses": nodes})


def test_nothing_is_said_without_need(frame_of, levels) -> None:
    text = text_of(build_report(results(frame_of, levels, late=False, landmark=None), EN))
    assert "immortal" not in text and "landmark" not in text


def test_a_late_treatment_is_named_beside_its_estimate(frame_of, levels) -> None:
    text = text_of(build_report(results(frame_of, levels, late=True, landmark=None), EN))
    assert "g began after time zero: treated patients had to live until then (immortal time)" in text
    assert "No landmark analysis was asked for." in text


def test_the_landmark_analysis_is_shown_with_its_counts(frame_of, levels) -> None:
    found = results(frame_of, levels, late=True, landmark=1.0)
    document = build_report(found, EN)
    text = text_of(document)
    (node,) = found.nodes("cox_landmark")
    whole = node.find(term="GLOBAL")
    counts = {name: whole.get(name).value for name in ("n", "n_event", "n_excluded", "n_event_excluded")}
    assert counts["n"] + counts["n_excluded"] == 400 and min(counts.values()) > 0
    said = "From 1 year on: {n:.0f} patients, {n_event:.0f} events. Not followed beyond it, and left out: "
    said += "{n_excluded:.0f} patients, {n_event_excluded:.0f} of them with the event."
    assert said.format(**counts) in text
    assert "Read it with the landmark analysis below." in text and "Landmark analysis" in text
    assert "Suissa" in text and "Anderson JR" in text
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
