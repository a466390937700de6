"""Performance at the horizons in the report: tables, curves, and what is said where there is nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.report.build import build_report
from reporter.report.figures import draw_calibration, draw_decision
from reporter.report.figures.decision import DecisionFigure
from reporter.report.figures.models import CalibrationFigure, CalibrationPoint, Tick
from reporter.report.language import Language
from reporter.results.tree import CohortInfo, Results
from reporter.spec.options import HorizonPerformanceOptions, TermSpec
from tests.report.test_diagnostics_sections import cohort, results_of
from tests.report.test_report import bare_numerals, page, tag, text_of

EN = Language("en")
X = (TermSpec(column="x"),)


def results(frame_of, *, flat: bool = False, **more: object) -> Results:
    """The development cohort of the other sections, and a validation cohort in which x counts."""
    rng = np.random.default_rng(4)
    n, x = 600, rng.normal(size=600)
    died, left = rng.exponential(5 * np.exp(-0.8 * x)), rng.uniform(2, 9, n)

    def frame(name: str):
        values = np.full(n, 0.5) if flat and name == "validation" else x
        return frame_of(np.minimum(died, left), died <= left, {"x": values}, cohort=name)

    frames = {(name, "os"): frame(name) for name in ("development", "validation")}
    given = {"terms": X, "ties": "efron", "conf_level": 0.95, "horizons": (0.5, 4.0), "thresholds": (0.23,), **more}
    nodes = run_planned(Planned("validation", "os", HorizonPerformanceOptions(**given)), frames)  # type: ignore[arg-type]
    found = results_of(cohort(frame_of, lambda names, codes: np.array(codes, dtype=float), crossing=False), asked=False)
    other = CohortInfo(name="validation", label="Other", source="o.csv", sha256="", n_read=n, steps=())
    return found.model_copy(update={"analyses": (*found.analyses, *nodes), "cohorts": (*found.cohorts, other)})


@pytest.fixture(scope="module")
def whole(frame_of) -> Results:
    return results(frame_of)


def test_every_number_stands_with_its_address(whole: Results) -> None:
    document = build_report(whole, EN)
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
    shown = {e.attrib["data-stat"] for e in body.iter() if "data-stat" in e.attrib}
    for address in (
        "validation/os/performance/cox/t=4/auc", "validation/os/performance/cox/t=4/brier_scaled_conf_low",
        "validation/os/performance/cox/t=0.5/effective_n", "validation/os/performance/cox/royston_d",
        "validation/os/performance/threshold=0.23/cox/t=4/net_benefit",
        "validation/os/performance/threshold=0.5/treat_all/t=4/net_benefit",
        "validation/os/calibration/cox/t=4/ici", "validation/os/calibration/cox/t=4/oe_ratio_events_conf_high",
    ):  # fmt: skip
        assert address in shown, address


def test_methods_cite_and_reasons_are_said(whole: Results) -> None:
    text = text_of(build_report(whole, EN))
    for said in ("Austin PC", "Vickers AJ", "Graf E", "Blanche P", "Royston P, Sauerbrei W", "McLernon DJ"):
        assert said in text, said
    assert "Performance at the horizons" in text and "with knots at the 10, 50, 90 percentiles" in text
    # At half a year fewer than 100 events: slope alone, and why.
    assert "not estimable (fewer than 100 events by the horizon)" in text
    assert "Treating none has a net benefit of nil." in text


def test_equal_predictions_and_horizons_past_follow_up_are_said(frame_of) -> None:
    text = text_of(build_report(results(frame_of, flat=True), EN))
    assert "Royston’s D is not given: all predicted risks are equal." in text
    assert "not estimable (all predicted risks are equal)" in text
    late = text_of(build_report(results(frame_of, horizons=(30.0,)), EN))
    assert "not estimable (past the last follow-up)" in late and "Decision curve" not in late


def test_a_failure_is_a_warning(frame_of) -> None:
    text = text_of(build_report(results(frame_of, strata=("x",)), EN))
    assert "Performance at the horizons in the validation cohort could not be computed" in text
    assert "with strata is not offered" in text


# -- drawings ----------------------------------------------------------------------------------------------------------
def decision(**more: object) -> DecisionFigure:
    ticks = {
        "x_ticks": tuple(Tick(p / 100, str(p)) for p in (0, 25, 50, 75, 100)),
        "y_ticks": tuple(Tick(p / 10, str(p)) for p in (-1, 0, 1, 2, 3, 4)),
    }
    words = {"title": "t", "description": "d", "model_label": "Model", "all_label": "All", "none_label": "None"}
    given = {
        "threshold": (0.1, 0.3, 0.5, 0.7), "model": (0.4, 0.3, 0.2, 0.1), "treat_all": (0.4, 0.2, -0.2, -1.0),
        "x_label": "x", "y_label": "y", **words, **ticks, **more,
    }  # fmt: skip
    return DecisionFigure(**given)  # type: ignore[arg-type]


def places(path: str) -> list[tuple[float, float]]:
    found = [pair.split() for pair in re.split("[ML]", path) if pair]
    return [(float(x), float(y)) for x, y in found]


def curves(drawn: str) -> list[list[tuple[float, float]]]:
    return [places(d) for d in re.findall(r'<path d="(M[^"HVhvZ]*)" fill="none"', drawn)]


def test_the_curve_of_treating_all_ends_where_it_leaves_the_frame() -> None:
    drawn = draw_decision(decision())
    _none, everybody, model, *_key = curves(drawn)
    assert len(model) == 4 and len(everybody) == 3
    bottom, top = max(y for _x, y in everybody), model[0][1]
    # Between 0.3 and 0.5 it falls from 0.2 to -0.2, and reaches the lower edge, -0.1, at 0.45.
    per_threshold = (model[3][0] - model[0][0]) / 0.6
    assert everybody[-1][0] == pytest.approx(model[0][0] + 0.35 * per_threshold, abs=0.02)
    assert bottom - top == pytest.approx((model[3][1] - top) / 0.3 * 0.5, abs=0.05)
    assert "data-label" in drawn and drawn.count("<title>") == 1


def test_the_smooth_calibration_curve_is_drawn_with_its_band() -> None:
    points = tuple(CalibrationPoint(p / 10, p / 10 + 0.02, p / 10 - 0.1, p / 10 + 0.1) for p in range(2, 8))
    ticks = tuple(Tick(p / 100, str(p)) for p in range(0, 101, 20))
    figure = CalibrationFigure("t", "d", points[:2], "x", "y", ticks, smooth=points)
    drawn, without = (
        draw_calibration(figure),
        draw_calibration(CalibrationFigure("t", "d", points[:2], "x", "y", ticks)),
    )
    assert drawn.count("fill-opacity") == 1 and "fill-opacity" not in without
    line = next(curve for curve in curves(drawn) if len(curve) == len(points))
    assert [x for x, _y in line] == sorted(x for x, _y in line)
