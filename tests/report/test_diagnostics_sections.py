"""Advice where hazards are not proportional, other transforms, influence, functional form and Uno's C in the report."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.report.build import build_report
from reporter.report.language import Language
from reporter.results.ledger import Verification
from reporter.results.tree import AttritionStep, CohortInfo, ColumnInfo, EndpointInfo, Provenance, Results, StudyInfo
from reporter.spec.options import (
    ConcordanceOptions,
    CoxOptions,
    FunctionalFormOptions,
    InfluenceOptions,
    KaplanMeierOptions,
    PhTestOptions,
    StratifiedOptions,
    TermSpec,
    TimeSplitOptions,
)
from tests.report.test_report import bare_numerals, page, tag, text_of

EN = Language("en")
TERMS = (TermSpec(column="x"), TermSpec(column="g", levels=("a", "b")))
WHOLE = "What to do: read these covariates by period"


def cohort(frame_of: Callable[..., AnalysisFrame], levels: Callable[..., object], *, crossing: bool) -> AnalysisFrame:
    rng = np.random.default_rng(13)
    n = 400
    x, codes = rng.normal(size=n), rng.integers(0, 2, n)
    shape = np.where(codes == 1, 3.0, 0.8) if crossing else np.ones(n)
    time, limit = rng.weibull(shape) * 4, rng.uniform(3, 9, n)
    columns = {"x": x, "g": levels(("a", "b"), tuple(int(c) for c in codes))}
    return frame_of(np.minimum(time, limit), time <= limit, columns)


def results_of(frame: AnalysisFrame, *, asked: bool, **more: object) -> Results:
    model = {"terms": TERMS, "ties": "efron", **more}
    options: list[object] = [
        KaplanMeierOptions(horizons=(1.0, 3.0), conf_level=0.95, conf_type="log-log"),
        CoxOptions(analysis="cox_multivariable", conf_level=0.95, **model),
        PhTestOptions(transform="km", **model),
        TimeSplitOptions(conf_level=0.95, **model),
        StratifiedOptions(conf_level=0.95, transform="km", **model),
        ConcordanceOptions(conf_level=0.95, horizon=3.0, **model),
    ]
    if asked:
        options += [PhTestOptions(transform=t, analysis=f"ph_test_{t}", **model) for t in ("rank", "log")]
        options += [InfluenceOptions(conf_level=0.95, **model), FunctionalFormOptions(conf_level=0.95, **model)]
    frames = {("development", "os"): frame}
    nodes = [node for o in options for node in run_planned(Planned("development", "os", o), frames)]  # type: ignore[arg-type]
    step = AttritionStep(name="missing_os", label="os missing", n_removed=0, n_left=400)
    return Results(
        study=StudyInfo(id="small", title="Small", languages=("en",), seed=1),
        provenance=Provenance(reporter_version="0", python_version="3", packages={}, study_sha256="0" * 64),
        cohorts=(
            CohortInfo(name="development", label="d", source="a.csv", sha256="ab" * 32, n_read=400, steps=(step,)),
        ),
        endpoints=(EndpointInfo(name="os", label="Survival", unit="years", horizons=(1.0, 3.0)),),
        columns=tuple(
            ColumnInfo(name=c.name, label=c.name, kind=c.kind, levels=c.levels) for c in frame.columns.values()
        ),
        analyses=tuple(nodes),
        verification=Verification(ran=False, why_not="R was not asked"),
    )


def test_advice_stands_where_a_test_fails(frame_of, levels) -> None:
    document = build_report(results_of(cohort(frame_of, levels, crossing=True), asked=False), EN)
    text = text_of(document)
    assert WHOLE in text and "hazard ratios before and after the median event time" in text
    assert "hazard ratios when g has a baseline hazard for each level" in text
    assert "Where hazards are not proportional" in text and "do not replace it" in text
    assert "Diagnostics of the model" not in text and "other transforms" not in text


def test_no_advice_without_need(frame_of, levels) -> None:
    results = results_of(cohort(frame_of, levels, crossing=False), asked=False)
    tests = results.nodes("ph_test")[0]
    assert all((row.get("p_value").value or 0) > 0.05 for row in tests.rows)
    assert WHOLE not in text_of(build_report(results, EN))


@pytest.mark.parametrize("crossing", [True, False])
def test_what_is_asked_for_is_shown(frame_of, levels, crossing) -> None:
    results = results_of(cohort(frame_of, levels, crossing=crossing), asked=True)
    document = build_report(results, EN)
    text = text_of(document)
    assert "P values of the test under other transforms of time" in text and "Largest |dfbetas|" in text
    assert "Functional form: x" in text and "Uno’s C up to 3 years" in text
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []


def test_what_cannot_be_given_says_why(frame_of, levels) -> None:
    results = results_of(cohort(frame_of, levels, crossing=True), asked=True, cluster="g")
    text = text_of(build_report(results, EN))
    assert "the influence of patients is not offered with cluster" in text
    assert "the functional form is not offered with cluster" in text
    assert "Uno’s C is not given: not offered with strata, clusters or case weights" in text
