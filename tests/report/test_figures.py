"""Drawings: places of steps, words and boxes."""

from __future__ import annotations

import re
from dataclasses import replace
from math import exp
from xml.etree import ElementTree

import pytest

from reporter.errors import ReporterError
from reporter.report.document import Run
from reporter.report.figures import (
    FontMetrics,
    choose_forest_axis,
    draw_contributions,
    draw_flow,
    draw_forest_axis,
    draw_forest_row,
    draw_icons,
    draw_kaplan_meier,
    draw_patient_curve,
    draw_rank,
    draw_tree,
    linear_ticks,
)
from reporter.report.figures.axes import Scale
from reporter.report.figures.canvas import NAVY, PALETTES
from reporter.report.figures.labels import Box, Traces, place_labels, spread
from reporter.report.figures.models import (
    Contribution,
    ContributionsFigure,
    CurveMark,
    FlowColumn,
    FlowFigure,
    FlowStep,
    ForestRow,
    IconsFigure,
    KaplanMeierFigure,
    PatientCurveFigure,
    RankFigure,
    SurvivalGroup,
    Tick,
    TreeBranch,
    TreeFigure,
    TreeNode,
)
from reporter.report.figures.steps import TOLERANCE, Point, band_paths, clip_steps, line_path, thin_steps

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> & \x00 {{ x }}"
LONG = "A level name that is longer than sixty characters, to be sure 1"
ADDRESS = "development/rfs/log_rank/size=%3E50/p_value"


@pytest.fixture(scope="module")
def fonts() -> FontMetrics:
    return FontMetrics()


def texts(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}text"))


def boxes(svg: str, fonts: FontMetrics) -> list[tuple[str, Box]]:
    """Return the upright texts with the rectangles they fill."""
    out = []
    for element in texts(svg):
        if element.get("transform"):
            continue
        size = float(element.get("font-size", "0"))
        weight = int(element.get("font-weight", "400"))
        text = "".join(element.itertext())
        x, y = float(element.get("x", "0")), float(element.get("y", "0"))
        out.append((text, Box(x, y - 0.7 * size, x + fonts.width(text, size, weight=weight), y + 0.1 * size)))
    return out


def curve(label: str, hazard: float) -> SurvivalGroup:
    time = tuple(i / 10 for i in range(1, 71))
    estimate = tuple(exp(-hazard * t) for t in time)
    return SurvivalGroup(label, time, estimate, risk=tuple((Run("100 (10)", f"a/{label}/{t}"),) for t in range(8)))


def figure(labels: tuple[str, ...], hazards: tuple[float, ...]) -> KaplanMeierFigure:
    return KaplanMeierFigure(
        title="Curves " + HOSTILE,
        description="Words.",
        groups=tuple(curve(label, h) for label, h in zip(labels, hazards, strict=True)),
        x_label="Time, years",
        y_label="Survival, %",
        x_ticks=tuple(Tick(float(t), str(t)) for t in range(8)),
        y_ticks=tuple(Tick(p / 100, str(p)) for p in (0, 50, 100)),
        risk_heading="No. at risk",
        statistics=((Run("Log-rank "), Run("P", italic=True), Run(" = "), Run(".003", ADDRESS)),),
    )


@pytest.mark.parametrize(
    ("labels", "hazards"),
    [
        (("No", "Yes"), (0.2, 0.1)),
        (("One",), (0.2,)),
        (("A", "B", "C"), (0.2, 0.21, 0.22)),
        ((LONG, HOSTILE, "术后化疗加内分泌治疗组", "D", "E", LONG), (0.05, 0.1, 0.11, 0.2, 0.5, 3.0)),
    ],
)
def test_no_words_of_a_survival_figure_meet_or_leave_it(
    labels: tuple[str, ...], hazards: tuple[float, ...], fonts: FontMetrics
) -> None:
    svg = draw_kaplan_meier(figure(labels, hazards), fonts)
    height = float(ElementTree.fromstring(svg).get("viewBox", "").split()[3])
    placed = boxes(svg, fonts)
    for i, (text, box) in enumerate(placed):
        assert box.left >= -0.1 and box.right <= 493.1, text
        assert box.top >= -0.1 and box.bottom <= height, text
        for other_text, other in placed[i + 1 :]:
            assert not box.meets(other, 0.0), (text, other_text)


def test_numbers_in_a_drawing_keep_their_address(fonts: FontMetrics) -> None:
    svg = draw_kaplan_meier(figure(("No", "Yes"), (0.2, 0.1)), fonts)
    marked = {e.get("data-stat"): e.text for e in ElementTree.fromstring(svg).iter() if e.get("data-stat")}
    assert marked[ADDRESS] == ".003"
    assert marked["a/Yes/7"] == "100 (10)"
    bare = [
        e.text
        for e in ElementTree.fromstring(svg).iter()
        if e.tag in {f"{SVG}text", f"{SVG}tspan"} and re.search(r"\d", e.text or "")
        if not e.get("data-stat") and not e.get("data-label")
    ]
    assert bare == []


def test_words_are_escaped(fonts: FontMetrics) -> None:
    svg = draw_kaplan_meier(figure((HOSTILE, "Yes"), (0.2, 0.1)), fonts)
    assert "<script" not in svg and "\x00" not in svg
    assert any("{{ x }}" in "".join(e.itertext()) for e in texts(svg))


def test_seven_groups_are_refused(fonts: FontMetrics) -> None:
    with pytest.raises(ReporterError, match="1 to 6"):
        draw_kaplan_meier(figure(tuple("ABCDEFG"), (0.1,) * 7), fonts)


def test_every_palette_has_a_colour_per_group() -> None:
    assert [len(set(p)) for p in PALETTES] == [1, 2, 3, 4, 5, 6]


def test_thinning_stays_within_its_tolerance() -> None:
    x, y = Scale(0, 10, 0, 400), Scale(0, 1, 160, 0)
    points: list[Point] = [(i / 1000, exp(-i / 4000), None, None) for i in range(10_001)]
    kept = thin_steps(points, y)
    assert len(kept) < 2000 and kept[0] == points[0] and kept[-1] == points[-1]
    at = 0
    for time, level, _, _ in points:
        while at + 1 < len(kept) and kept[at + 1][0] <= time:
            at += 1
        assert abs(y(kept[at][1]) - y(level)) <= TOLERANCE + 1e-9
    assert line_path(kept[:2], x, y).startswith("M0 0H")


def test_steps_are_clipped_and_carried_on() -> None:
    points: list[Point] = [(0.0, 1.0, 1.0, 1.0), (1.0, 0.5, 0.4, 0.6), (3.0, 0.1, 0.0, 0.2)]
    assert clip_steps(points, 2.0) == [*points[:2], (2.0, 0.5, 0.4, 0.6)]
    assert clip_steps(points, 3.0) == points


def test_a_band_stops_where_a_limit_is_missing() -> None:
    x, y = Scale(0, 4, 0, 4), Scale(0, 1, 10, 0)
    points: list[Point] = [(0.0, 1.0, 1.0, 1.0), (1.0, 0.5, 0.4, 0.6), (2.0, 0.0, None, None), (4.0, 0.0, None, None)]
    assert band_paths(points, x, y) == "M0 0V0H1V4H2V6H1V0H0Z"


def test_labels_find_no_place_in_a_crowd() -> None:
    x, y = Scale(0, 1, 0, 100), Scale(0, 1, 50, 0)
    crowd = [[(0.0, s / 10, None, None), (1.0, s / 10, None, None)] for s in range(1, 10)]
    traces = Traces(crowd, x, y)  # type: ignore[arg-type]
    assert place_labels([(30.0, 8.0)] * 9, traces, Box(0, 0, 100, 50), []) is None


def test_spread_keeps_order_and_bounds() -> None:
    tops = spread([10.0, 11.0, 90.0], [10.0, 10.0, 20.0], 0.0, 100.0)
    assert tops[0] + 10 <= tops[1] and tops[1] + 10 <= tops[2] and tops[2] + 20 <= 100


def test_forest_axis_is_chosen_from_the_rows(fonts: FontMetrics) -> None:
    rows = (ForestRow("a", 0.7, 0.55, 0.91), ForestRow("b", 1.8, 0.001, 3000.0), ForestRow("ref"))
    axis = choose_forest_axis(rows, lambda v: f"{v:g}", fonts)
    assert axis.lower < 0.55 and 1.8 < axis.upper < 10
    assert 3 <= len(axis.ticks) <= 7 and any(t.position == 1 for t in axis.ticks)
    cut, whole = draw_forest_row(rows[1], axis, fonts), draw_forest_row(rows[0], axis, fonts)
    assert cut.count("L") > whole.count("L")
    assert "circle" in draw_forest_row(rows[2], axis, fonts)
    share = re.search(r'data-reference="([\d.]+)"', whole)
    assert share and 0 < float(share[1]) < 100


@pytest.mark.parametrize("bounds", [(0.97, 1.02), (0.5, 2.0), (1e-4, 50.0)])
def test_forest_ticks_never_meet(bounds: tuple[float, float], fonts: FontMetrics) -> None:
    rows = (ForestRow("a", bounds[0], bounds[0], bounds[1]), ForestRow("b", bounds[1], bounds[0], bounds[1]))
    axis = choose_forest_axis(rows, lambda v: f"{v:g}", fonts)
    placed = boxes(draw_forest_axis(axis, "Axis", "lower", "higher", fonts), fonts)
    assert all(not a.meets(b, 0.0) for i, (_, a) in enumerate(placed) for _, b in placed[i + 1 :])
    assert all(b.left >= -0.1 and b.right <= axis.width + 0.1 for _, b in placed)


@pytest.mark.parametrize("count", [1, 2])
def test_flow_texts_stay_in_their_boxes(count: int, fonts: FontMetrics) -> None:
    long = (Run("12 " + LONG + HOSTILE),)
    steps = (FlowStep((long, long), (long, long)), FlowStep((long,), (long,)))
    svg = draw_flow(FlowFigure("Flow", "Words", (FlowColumn("Cohort", steps),) * count), fonts)
    rects = [
        Box(*(float(r.get(k, "0")) for k in ("x", "y")), float(r.get("x", "0")) + float(r.get("width", "0")), 0)
        for r in ElementTree.fromstring(svg).iter(f"{SVG}rect")
    ]
    for text, box in boxes(svg, fonts):
        if text != "Cohort":
            assert any(r.left <= box.left and box.right <= r.right for r in rects), text
    assert all(r.left >= 0 and r.right <= 493 for r in rects)


def test_tree_texts_do_not_meet(fonts: FontMetrics) -> None:
    def node(depth: int) -> TreeNode:
        lines = ((Run("孕激素受体浓度与雌激素受体浓度之比"),), (Run("n = 12"),))
        words = ("≤ 20", "> 20") if depth else ()
        return TreeNode(lines, tuple(TreeBranch(word, node(depth - 1)) for word in words))

    placed = boxes(draw_tree(TreeFigure("Tree", "Words", node(3)), fonts), fonts)
    assert len(placed) >= 30
    assert all(not a.meets(b, 0.0) for i, (_, a) in enumerate(placed) for _, b in placed[i + 1 :])


def test_wrapping_keeps_words_and_addresses(fonts: FontMetrics) -> None:
    runs = (Run("Hazard ratio of the therapy "), Run("0.70", "a/b"), Run(" and more words"))
    lines = fonts.wrap(runs, 60, 8)
    assert len(lines) > 2 and all(fonts.inline_width(line, 8) <= 60 for line in lines)
    assert (
        " ".join("".join(r.text for r in line) for line in lines) == "Hazard ratio of the therapy 0.70 and more words"
    )
    assert [r.address for line in lines for r in line if r.address] == ["a/b"]
    assert all(fonts.inline_width(line, 8) <= 30 for line in fonts.wrap("x" * 60, 30, 8))


def test_ticks_are_round_and_cover() -> None:
    ticks = linear_ticks(-0.07, 0.93, lambda v: f"{v:g}")
    assert ticks[0].position <= -0.07 and ticks[-1].position >= 0.93
    assert [t.label for t in ticks] == ["-0.2", "0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_icons_fill_as_many_as_told(fonts: FontMetrics) -> None:
    root = ElementTree.fromstring(draw_icons(IconsFigure("51 of 100", "", 51), fonts))
    fills = [c.get("fill") for c in root.iter(f"{SVG}circle")]
    assert len(fills) == 100 and fills[:51] == [NAVY] * 51 and NAVY not in fills[51:]


def test_contributions_point_to_their_side(fonts: FontMetrics) -> None:
    rows = (
        Contribution(LONG, "73 years", -0.3, (Run("×0.74", "a"),)),
        Contribution("Size", "35 mm", 0.1, (Run("×1.10", "b"),)),
    )
    svg = draw_contributions(ContributionsFigure("Factors", "", rows, "lower risk", "higher risk"), fonts)
    first, second = list(ElementTree.fromstring(svg).iter(f"{SVG}rect"))[:2]
    (x1, width1), (x2, width2) = ((float(r.get("x", "0")), float(r.get("width", "0"))) for r in (first, second))
    assert x1 + width1 == pytest.approx(x2, abs=0.02)
    assert width1 == pytest.approx(3 * width2, abs=0.05)
    assert all(b.left >= -0.1 and b.right <= 240.1 for _, b in boxes(svg, fonts))


def test_rank_pointer_moves_with_the_percent(fonts: FontMetrics) -> None:
    strip = RankFigure("Rank", "", 0.0, "Lowest", "median", "Highest")
    first = draw_rank(strip, fonts)
    assert first != draw_rank(replace(strip, percent=60.0), fonts)
    assert "M-2 9L6 9L2 15.5Z" in first


def test_patient_curve_names_both_lines(fonts: FontMetrics) -> None:
    time = tuple(float(t) for t in range(1, 8))
    own = tuple(exp(-0.1 * t) for t in time)
    svg = draw_patient_curve(
        PatientCurveFigure(
            title="Course",
            description="",
            time=time,
            estimate=own,
            conf_low=tuple(s - 0.05 for s in own),
            conf_high=tuple(min(1.0, s + 0.05) for s in own),
            reference_time=time,
            reference_estimate=own,
            label="This patient",
            reference_label="Cohort average",
            x_label="Years",
            y_label="Recurrence-free, %",
            x_ticks=tuple(Tick(float(t), str(t)) for t in range(8)),
            y_ticks=tuple(Tick(p / 100, str(p)) for p in (0, 50, 100)),
            marks=(CurveMark(5.0, own[4], (Run("61%", "p/5"),)),),
        ),
        fonts,
    )
    placed = boxes(svg, fonts)
    assert {"This patient", "Cohort average", "61%"} <= {text for text, _ in placed}
    assert all(not a.meets(b, 0.0) for i, (_, a) in enumerate(placed) for _, b in placed[i + 1 :])
