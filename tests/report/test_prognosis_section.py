"""The prognostic model in the report: sample size, optimism, nomogram and its arithmetic; what is said without one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.report.build import build_report
from reporter.report.language import Language
from reporter.results.suppress import suppress_small_cells
from reporter.results.tree import Results
from reporter.spec.options import CoxOptions, NomogramOptions, OptimismOptions, SampleSizeOptions
from tests.report.test_diagnostics_sections import TERMS, cohort, results_of
from tests.report.test_report import bare_numerals, page, tag, text_of

EN = Language("en")


def axes() -> tuple[tuple[float, ...], ...]:
    return tuple(() if term.levels else (-2.0, -1.0, 0.0, 1.0, 2.0) for term in TERMS)


def results(frame_of, levels, **change: object) -> Results:
    frame = cohort(frame_of, levels, crossing=False)
    found = results_of(frame, asked=False)
    model = {"terms": TERMS, "ties": "efron", **change}
    asked = (
        CoxOptions(analysis="cox_multivariable", conf_level=0.95, **model),
        SampleSizeOptions(horizon=1.0, **model),
        OptimismOptions(horizon=1.0, resamples=20, seed=1, **model),
        NomogramOptions(axes=axes(), horizons=(1.0, 2.0), **model),
    )
    frames = {("development", "os"): frame}
    nodes = tuple(n for o in asked for n in run_planned(Planned("development", "os", o), frames))
    kept = tuple(n for n in found.analyses if n.analysis not in {node.analysis for node in nodes})
    return found.model_copy(update={"analyses": (*kept, *nodes)})


def test_all_is_shown_with_its_addresses(frame_of, levels) -> None:
    found = results(frame_of, levels)
    document = build_report(found, EN)
    text = text_of(document)
    row = found.nodes("sample_size")[0].rows[0]
    needed, events = (row.get(stat).value for stat in ("needed", "needed_events"))
    assert f"asks for {needed:.0f} patients with {events:.0f} events" in text
    assert "performance corrected for optimism" in text and "20 bootstrap resamples, 0 of them" in text
    assert "points of the nomogram" in text and "survival (%) by total points" in text
    assert "Linear predictor: the sum of each coefficient" in text and "Iasonos" in text and "Riley" in text
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []


def test_the_printed_arithmetic_gives_the_survival_of_the_model(frame_of, levels) -> None:
    """Points of one patient, added and read off, against the model's own survival."""
    found = results(frame_of, levels)
    node = found.nodes("nomogram")[0]
    whole = node.find(term="GLOBAL")
    baseline = node.find(term="GLOBAL", time=1.0).get("baseline_survival").value
    total = sum(
        max(row.get("points").value for row in node.rows if row.group == term.column and row.stats[0].stat == "points")
        for term in TERMS
    )
    assert total == pytest.approx(whole.get("most_points").value)
    by_points = baseline ** np.exp(total / whole.get("points_per_unit").value + whole.get("predictor_at_zero").value)
    table = [row for row in node.rows if row.group == "total_points" and row.time == 1.0]
    below, above = table[-2], table[-1]
    assert float(below.level) <= total <= float(above.level)
    assert below.get("survival").value >= by_points >= above.get("survival").value


def test_an_interaction_is_refused_in_words(frame_of, levels) -> None:
    pair = (TERMS[0].column, TERMS[1].column)
    text = text_of(build_report(results(frame_of, levels, interactions=(pair,)), EN))
    assert "No nomogram: with an interaction the points of one covariate depend on another." in text
    assert "points of the nomogram" not in text and "performance corrected for optimism" in text


def test_nothing_is_shown_where_small_cells_are_hidden(frame_of, levels) -> None:
    found = results(frame_of, levels)
    cohorts = tuple(info.model_copy(update={"suppress_below": 11}) for info in found.cohorts)
    text = text_of(build_report(suppress_small_cells(found.model_copy(update={"cohorts": cohorts})), EN))
    assert "points of the nomogram" not in text and "performance corrected" not in text
    assert not re.search(r"A model of .* coefficients asks", text)
