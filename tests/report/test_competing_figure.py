"""Figures that rise from 0: where the curves begin and what the axis covers."""

from __future__ import annotations

import re

from reporter.report.figures import draw_kaplan_meier
from reporter.report.figures.models import KaplanMeierFigure, SurvivalGroup, Tick
from reporter.report.sections.competing_figure import _y_ticks, cause_label
from reporter.results.tree import Curve, CurveColumn, EndpointInfo


def figure(start: float, estimate: tuple[float, ...]) -> str:
    group = SurvivalGroup("all", (1.0, 2.0, 3.0), estimate, (None, *estimate[1:]), (None, *estimate[1:]))
    ticks = tuple(Tick(float(i), str(i)) for i in range(4))
    y_ticks = (Tick(0.0, "0"), Tick(0.1, "10"), Tick(0.2, "20"))
    return draw_kaplan_meier(KaplanMeierFigure("t", "d", (group,), "x", "y", ticks, y_ticks, start=start))


def first_points(svg: str) -> list[float]:
    """Return the heights at which the lines of the drawing begin, from the top."""
    return [float(y) for y in re.findall(r'd="M[\d.]+ ([\d.]+)H', svg)]


def test_a_curve_of_incidence_begins_at_the_foot_of_the_plot() -> None:
    rising, falling = figure(0.0, (0.05, 0.1, 0.15)), figure(0.2, (0.15, 0.1, 0.05))
    assert max(first_points(rising)) > max(first_points(falling))


def curve(high: float) -> Curve:
    columns = (
        CurveColumn(stat="estimate", values=(0.01, high / 2)),
        CurveColumn(stat="conf_high", values=(None, high)),
    )
    return Curve(term="os", time=(1.0, 2.0), columns=columns)


def test_the_axis_covers_every_limit_in_round_steps_and_never_passes_100_percent() -> None:
    for high in (0.004, 0.06, 0.11, 0.42, 0.97, 1.0):
        ticks = _y_ticks([curve(high)], 2.0)
        assert high <= ticks[-1].position <= 1.0 and 2 <= len(ticks) <= 6


def test_causes_have_words() -> None:
    endpoint = EndpointInfo(name="css", label="Cancer death", unit="years", horizons=(), causes=("other_death",))
    assert cause_label(endpoint, "css") == "Cancer death"
    assert cause_label(endpoint, "other_death") == "Other death"
