"""Long curves stay readable: what is printed is exact, what is left out is within the stated error."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from reporter.analysis.kaplan_meier import analyse_kaplan_meier
from reporter.pipeline.thinning import MOST_POINTS, kept_points, thin, thin_curves
from reporter.results.ledger import Verdict
from reporter.results.tree import AnalysisNode, Curve, CurveColumn
from reporter.spec.options import KaplanMeierOptions
from reporter.verification.compare_curves import compare_column
from reporter.verification.task import Answer, CurveAnswer
from tests.verification.small import make_results

OPTIONS = KaplanMeierOptions(horizons=(), conf_level=0.95, conf_type="log-log")


@pytest.fixture(scope="module")
def node() -> AnalysisNode:
    from reporter.cohort.frame import AnalysisFrame

    random = np.random.default_rng(3)
    n = 20_000
    time, limit = random.exponential(900, n), random.uniform(0, 5_000, n)
    ids = tuple(str(i) for i in range(n))
    frame = AnalysisFrame("development", "os", ids, np.minimum(time, limit), time <= limit, "days", {})
    found = [node for node in analyse_kaplan_meier(frame, OPTIONS) if node.analysis == "kaplan_meier_curve"]
    return found[0]


def test_short_curves_stay(node: AnalysisNode) -> None:
    curve = Curve(time=(1.0, 2.0), columns=(CurveColumn(stat="estimate", values=(0.5, None)),))
    assert thin(curve, "x") is curve
    results = make_results([node.model_copy(update={"curves": (curve,)})])
    assert thin_curves(results) == (results, {})


def test_kept_points_and_stated_error(node: AnalysisNode) -> None:
    (whole,) = node.curves
    results, files = thin_curves(make_results([node]))
    (short,) = results.analyses[0].curves
    assert short.thinned is not None and len(whole.time) == short.thinned.n_points > 15_000
    assert 3_000 < len(short.time) <= MOST_POINTS and set(short.time) <= set(whole.time)
    for stat in ("estimate", "conf_low", "n_risk", "cumulative_hazard"):
        values = np.array([np.nan if v is None else v for v in whole.column(stat)])
        kept = np.array([np.nan if v is None else v for v in short.column(stat)])
        read = kept[np.searchsorted(short.time, whole.time, side="right") - 1]
        assert np.nanmax(np.abs(read - values)) == pytest.approx(short.thinned.largest_error[stat], abs=1e-15)
    assert short.thinned.largest_error["estimate"] < 1 / 4_000 + 1e-4
    (rows,) = [list(csv.reader(io.StringIO(data.decode()))) for data in files.values()]
    assert len(rows) == len(whole.time) + 1 and list(files) == [short.thinned.file]
    assert [float(row[0]) for row in rows[1:]] == list(whole.time)


@pytest.mark.parametrize("tick", [0.0, 365.0, 730.0, 1825.0, 4380.0])
def test_numbers_beside_a_tick_are_exact(node: AnalysisNode, tick: float) -> None:
    (whole,) = node.curves
    short = thin(whole, "x")
    for side in ("left", "right"):
        here, there = (int(np.searchsorted(curve.time, tick, side=side)) for curve in (whole, short))
        here, there = (here, there) if side == "left" else (max(here - 1, 0), max(there - 1, 0))
        assert whole.time[here] == short.time[there]


def test_the_last_point_of_each_column_stays(node: AnalysisNode) -> None:
    (whole,) = node.curves
    columns = tuple(
        CurveColumn(stat=c.stat, values=(*c.values[:-7], *[None] * 7)) if c.stat == "conf_low" else c
        for c in whole.columns
    )
    kept = kept_points(whole.model_copy(update={"columns": columns}))
    assert {0, len(whole.time) - 1, len(whole.time) - 8} <= set(kept.tolist())


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, Verdict.AGREES), (1e-6, Verdict.DISAGREES)])
def test_a_thinned_curve_is_compared_at_its_points(node: AnalysisNode, shift: float, verdict: Verdict) -> None:
    (whole,) = node.curves
    short = thin(whole, "x")
    column = next(c for c in short.columns if c.stat == "estimate")
    found = CurveAnswer(np.array(whole.time), np.array(whole.column("estimate"), dtype=float) + shift)
    row = compare_column(node, short, column, found, Answer())
    assert row is not None and row.verdict is verdict
