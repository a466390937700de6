"""The other rule for gaps: by hand, on the shipped study, and against R."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reporter.analysis.gap import analyse_gap
from reporter.cohort.build import build_cohorts
from reporter.cohort.frame import OtherRule
from reporter.errors import ReporterError
from reporter.pipeline.plan import plan_analyses
from reporter.spec.load import load_study
from reporter.spec.options import GapSensitivityOptions

OPTIONS = GapSensitivityOptions(rule="censor", horizons=(2.0, 9.0), conf_level=0.95, conf_type="log-log")


def test_by_hand(frame_of) -> None:
    frame = frame_of([1, 2, 3, 4], [1, 1, 0, 1])
    other = OtherRule(np.array([1.0, 2.0, 3.0, 3.5]), np.array([True, True, False, False]))
    (node,) = analyse_gap(replace(frame, other_rule=other), OPTIONS)
    assert node.rows[0].get("n_event").value == 2
    assert node.rows[1].get("estimate").value == pytest.approx(0.5) and node.rows[1].get("n_risk").value == 3
    assert node.rows[2].get("estimate").value is None and node.rows[2].get("n_risk").value == 0


def test_without_a_gap_there_is_nothing(frame_of) -> None:
    with pytest.raises(ReporterError, match="no patient"):
        analyse_gap(frame_of([1, 2], [1, 0]), OPTIONS)


@pytest.mark.parametrize(("gap", "rule", "events"), [("event", "censor", 1670), ("censor", "event", 1713)])
def test_rotterdam(rotterdam, tmp_path, gap: str, rule: str, events: int) -> None:
    text = rotterdam.read_text(encoding="utf-8").replace('gap = "event"', f'gap = "{gap}"')
    for name in ("rotterdam.csv", "gbsg.csv"):
        text = text.replace(f'source = "{name}"', f'source = "{rotterdam.parent / name}"')
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    study = load_study(path)
    frames = build_cohorts(study).frames
    planned = [p for p in plan_analyses(study, frames) if isinstance(p.options, GapSensitivityOptions)]
    assert [(p.cohort, p.options.rule) for p in planned] == [("development", rule)]
    (node,) = analyse_gap(frames["development", "rfs"], planned[0].options)
    assert node.rows[0].get("n_event").value == events
