"""A figure drawn from some of its points says so, and how far that is off."""

from __future__ import annotations

import numpy as np

from reporter.analysis.kaplan_meier import analyse_kaplan_meier
from reporter.pipeline.thinning import thin_curves
from reporter.report.figures import FontMetrics
from reporter.report.language import Language
from reporter.report.sections.context import Context
from reporter.report.sections.survival_figure import survival_figure
from reporter.results.tree import EndpointInfo, Results
from reporter.spec.options import KaplanMeierOptions
from tests.conftest import make_frame
from tests.verification.small import make_results

EN = Language("en")
OPTIONS = KaplanMeierOptions(horizons=(), conf_level=0.95, conf_type="log-log")


def test_whole_curves_say_nothing_and_thinned_ones_their_error() -> None:
    rng = np.random.default_rng(3)
    n = 12_000
    time, limit = rng.exponential(900, n), rng.uniform(0, 5_000, n)
    nodes = analyse_kaplan_meier(make_frame(np.minimum(time, limit), time <= limit), OPTIONS)
    whole = make_results(list(nodes))
    (before,) = whole.nodes("kaplan_meier_curve")
    endpoint = EndpointInfo(name="os", label="Survival", unit="days", horizons=())

    def notes(results: Results) -> str:
        (node,) = results.nodes("kaplan_meier_curve")
        figure = survival_figure(Context(results, EN, FontMetrics(), {}), node, endpoint)
        return " ".join(run.text for runs in figure.notes for run in runs)

    assert len(before.curves[0].time) > 5_000 and notes(whole) == ""
    results, files = thin_curves(whole)
    (curve,) = results.nodes("kaplan_meier_curve")[0].curves
    assert files and curve.thinned is not None
    text = notes(results)
    said = text.partition("no estimate is off by more than ")[2].partition(" percentage points")[0]
    exact = 100 * curve.thinned.largest_error["estimate"]
    assert exact <= float(said) < exact + 0.001
    drawn = "".join(c for c in text.partition("points")[0] if c.isalnum() or c == " ")
    assert drawn.split() == f"Drawn from {len(curve.time)} of {curve.thinned.n_points}".split()
