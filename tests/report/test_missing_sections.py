"""Missing values, differences of the cohorts, imputed sets and the account of the patients in the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from reporter.analysis.imputation import impute
from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.report.build import build_report
from reporter.report.language import Language
from reporter.results.ledger import Verification
from reporter.results.suppress import suppress_small_cells
from reporter.results.tree import (
    AttritionStep,
    CodeEntry,
    CohortInfo,
    ColumnInfo,
    EndpointInfo,
    Provenance,
    Results,
    StudyInfo,
)
from reporter.spec.options import (
    BaselineOptions,
    CoxImputedOptions,
    CoxOptions,
    DriftOptions,
    FollowUpOptions,
    KaplanMeierOptions,
    MissingOptions,
    TermSpec,
)
from tests.report.test_report import bare_numerals, page, tag, text_of

EN = Language("en")
NAMES = ("x", "g", "z")
TERMS = (TermSpec(column="x", spline=(-1.0, 0.0, 1.0)), TermSpec(column="g", levels=("a", "b", "Unknown")))


def cohort(frame_of: Callable[..., AnalysisFrame], levels: Callable[..., object], name: str, lost: float, seed: int):
    rng = np.random.default_rng(seed)
    n = 300
    x = np.where(rng.random(n) < lost, np.nan, rng.normal(0.5 * seed, 1, n))
    codes = np.where(rng.random(n) < lost / 9, -1, rng.integers(0, 3, n))
    columns = {"x": x, "g": levels(("a", "b", "Unknown"), tuple(int(c) for c in codes)), "z": rng.normal(size=n)}
    time, limit = rng.exponential(4, n), rng.uniform(1, 9, n)
    return frame_of(np.minimum(time, limit), time <= limit, columns, cohort=name)


def results_of(frame_of, levels, *, lost: float = 0.3, below: int = 0, imputed: bool = True) -> Results:
    development = cohort(frame_of, levels, "development", lost, 0)
    validation = cohort(frame_of, levels, "validation", lost, 1)
    validation = validation.with_column(replace(validation.columns["g"], unseen=np.arange(300) < 4))
    model = {"terms": TERMS, "ties": "efron", "conf_level": 0.95}
    pooled = CoxImputedOptions(**model, imputations=2, iterations=4, seed=3)
    frames = {("development", "os"): impute(development, pooled), ("validation", "os"): validation}
    planned = [
        Planned("development", "os", CoxOptions(analysis="cox_univariable", **{**model, "terms": TERMS[1:]})),
        Planned("development", "os", CoxOptions(analysis="cox_multivariable", **model)),
        Planned("validation", "os", DriftOptions(columns=NAMES)),
        *([Planned("development", "os", pooled)] if imputed else []),
    ]
    for name in ("development", "validation"):
        asked = MissingOptions(columns=NAMES, unknown=(("g", "Unknown"),))
        kept = {"conf_level": 0.95, "conf_type": "log-log"}
        further = (
            asked, FollowUpOptions(**kept), BaselineOptions(columns=NAMES), KaplanMeierOptions(horizons=(1.0,), **kept)
        )  # fmt: skip
        planned += [Planned(name, "os", options) for options in further]
    step = AttritionStep(name="include_1", label="Adults", n_removed=20, n_left=300)
    last = AttritionStep(name="missing_os", label="os missing", n_removed=0, n_left=300)
    code = CodeEntry(
        part="variable", name="g", header="G 1", codes=(("1", "a"), ("2", "b"), ("3", "b")), missing=(("9", "lost"),)
    )  # fmt: skip
    return Results(
        study=StudyInfo(id="small", title="Small", languages=("en",), seed=1),
        provenance=Provenance(reporter_version="0", python_version="3", packages={}, study_sha256="0" * 64),
        cohorts=tuple(
            CohortInfo(
                name=name, label=name, source="a.csv", sha256="ab" * 32, n_read=320, steps=(step, last), codes=(code,),
                suppress_below=below,
            )
            for name in ("development", "validation")
        ),
        endpoints=(EndpointInfo(name="os", label="Survival", unit="years", horizons=(1.0,)),),
        columns=tuple(
            ColumnInfo(name=c.name, label=c.name, kind=c.kind, levels=c.levels, spline=spline)
            for c, spline in zip(development.columns.values(), (TERMS[0].spline, (), ()), strict=True)
        ),
        analyses=tuple(node for item in planned for node in run_planned(item, frames)),
        verification=Verification(ran=False, why_not="R was not asked"),
    )  # fmt: skip


def test_every_numeral_has_an_address_or_is_a_label(frame_of, levels) -> None:
    results = results_of(frame_of, levels)
    assert [node.analysis for node in results.analyses if node.failed] == []
    document = build_report(results, EN)
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
    text = text_of(document)
    for words in (
        "Missing values, No. (%)", "not monotone", "an unknown value counts as a level", "Std. difference",
        "at a level never seen", "b = ", "FMI", "Round 4", "without a value of a covariate",
        "2, 3 → b", "9 (lost)", "Multiple imputation",
    ):  # fmt: skip
        assert words in text, words


def test_nothing_missing_is_one_sentence(frame_of, levels) -> None:
    text = text_of(build_report(results_of(frame_of, levels, lost=0.0), EN))
    assert "No value of the analysed variables is missing." in text
    assert "nothing was imputed" in text and "Multiple imputation" not in text
    assert "Combinations of missing variables" not in text and "fraction of missing information" not in text


def test_no_imputation_is_not_spoken_of(frame_of, levels) -> None:
    text = text_of(build_report(results_of(frame_of, levels, imputed=False), EN))
    assert "imputed" not in text.lower()


@pytest.mark.parametrize("below", [11, 40])
def test_small_counts_are_hidden_and_nothing_false_is_said(frame_of, levels, below: int) -> None:
    whole = results_of(frame_of, levels, below=below)
    hidden = suppress_small_cells(whole)
    for node in hidden.analyses:
        if node.analysis not in ("missing", "missing_pattern", "drift", "imputation", "cox_imputed"):
            continue
        for row in node.rows:
            for found in row.stats:
                counts = found.stat.startswith("n") and found.stat != "n_imputations"
                assert found.value is None or not counts or not 0 < found.value < below
    profile = hidden.nodes("missing")[0]
    few = whole.nodes("missing")[0].find(term="g").get("n_missing").value
    assert (profile.find(term="g").get("n_missing").value is None) == (0 < few < below)
    assert profile.find(term="x").get("n_missing").value > below
    assert profile.find(term="GLOBAL").get("n_complete").value is None
    assert hidden.nodes("drift", cohort="validation")[0].find(term="z").get("smd").value is not None
    document = build_report(hidden, EN)
    text = text_of(document)
    assert "No value of the analysed variables is missing" not in text
    body = next(e for e in page(document) if tag(e) == "body")
    assert list(bare_numerals(body)) == []
