"""Strata, clusters, case weights, offsets, entry times and exact ties: every analysis of the model against R."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from reporter.analysis.cox import DEPENDENT_OBSERVATIONS, analyse_cox, fit_model
from reporter.analysis.performance.validation import analyse_validation
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.pipeline.plan import Planned
from reporter.spec.options import (
    AnalysisOptions,
    ConcordanceOptions,
    CoxOptions,
    ModelOptions,
    PhTestOptions,
    TermSpec,
    TermTestOptions,
    ValidationOptions,
)

TERMS = (TermSpec(column="x"), TermSpec(column="arm", levels=("A", "B")))


def cohort(frame_of, levels, seed: int, n: int = 90, *, entry: bool = False) -> AnalysisFrame:
    rng = np.random.default_rng(seed)
    x, arm, site = rng.normal(size=n).round(1), rng.integers(0, 2, n), rng.integers(-1, 4, n)
    sex = np.where(rng.random(n) < 0.05, -1, rng.integers(0, 2, n))
    start = rng.integers(0, 4, n).astype(float)
    time = start + 1 + rng.integers(0, 14, n)
    columns = {
        "x": x,
        "arm": levels(("A", "B"), tuple(int(v) for v in arm)),
        "site": levels(("a", "b c", "c/d", "e"), tuple(int(v) for v in site)),
        "sex": levels(("F", "M"), tuple(int(v) for v in sex)),
        "doctor": rng.integers(1, 30, n).astype(float),
        "w": rng.integers(1, 5, n).astype(float),
        "p": rng.choice([0.25, 0.5, 1.75], n),
        "o": rng.normal(size=n).round(2) / 3,
    }
    frame = frame_of(time, rng.random(n) < 0.6, columns)
    return replace(frame, entry=start) if entry else frame


PARTS: dict[str, dict[str, object]] = {
    "strata": {"strata": ("site",)},
    "two strata": {"strata": ("site", "sex")},
    "cluster": {"cluster": "doctor"},
    "cluster of levels": {"cluster": "site"},
    "offset": {"offset": "o"},
    "case weights": {"weights": "w"},
    "weights and cluster": {"weights": "p", "cluster": "doctor"},
    "strata and offset": {"strata": ("site",), "offset": "o"},
    "strata, weights and cluster": {"strata": ("sex",), "weights": "p", "cluster": "doctor"},
    "strata and interaction": {"strata": ("sex",), "interactions": (("x", "arm"),)},
    "nothing": {},
}


def options_of(part: dict[str, object], ties: str) -> Iterator[AnalysisOptions]:
    model = {"terms": TERMS, "ties": ties, **part}
    yield CoxOptions(**model, analysis="cox_multivariable", conf_level=0.95)
    yield CoxOptions(**{**model, "terms": TERMS[:1], "interactions": ()}, analysis="cox_univariable", conf_level=0.9)
    yield TermTestOptions(**model, conf_level=0.95)
    yield ConcordanceOptions(**model, conf_level=0.95, horizon=9.0)
    if ties != "exact":
        for transform in ("km", "rank", "identity"):
            yield PhTestOptions(**model, transform=transform)


@pytest.mark.r
@pytest.mark.parametrize("entry", [False, True], ids=["from the start", "late entry"])
def test_every_analysis_agrees_with_r(reference, agree, frame_of, levels, entry: bool) -> None:
    jobs = []
    for seed, part in enumerate(PARTS.values()):
        frames = {("development", "os"): cohort(frame_of, levels, seed + 20, entry=entry)}
        for ties in ("efron", "breslow"):
            jobs += [(Planned("development", "os", item), frames) for item in options_of(part, ties)]
    agree(reference, jobs)


@pytest.mark.r
def test_exact_ties_agree_with_r(reference, agree, frame_of, levels) -> None:
    """R: coxph(ties = "exact"), which knows no weights and no clusters."""
    jobs = []
    for seed, name in enumerate(("nothing", "strata", "offset", "strata and interaction")):
        frames = {("development", "os"): cohort(frame_of, levels, seed, 60, entry=bool(seed % 2))}
        jobs += [(Planned("development", "os", item), frames) for item in options_of(PARTS[name], "exact")]
    agree(reference, jobs)


def test_weights_that_are_not_counts_need_a_cluster(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 1)
    with pytest.raises(ReporterError, match=r"not whole numbers.*cluster"):
        fit_model(frame, ModelOptions(terms=TERMS, ties="efron", weights="p"))


def test_a_weight_is_a_patient_seen_that_often_without_ties(frame_of) -> None:
    """With Breslow's ties a whole weight is that many rows."""
    rng = np.random.default_rng(3)
    x, time, w = rng.normal(size=40), rng.permutation(40) + 1.0, rng.integers(1, 4, 40)
    event = rng.random(40) < 0.7
    weighted = frame_of(time, event, {"x": x, "w": w.astype(float)})
    repeated = frame_of(np.repeat(time, w), np.repeat(event, w), {"x": np.repeat(x, w)})
    one = fit_model(weighted, ModelOptions(terms=TERMS[:1], ties="breslow", weights="w")).fit
    two = fit_model(repeated, ModelOptions(terms=TERMS[:1], ties="breslow")).fit
    assert one.coef == pytest.approx(two.coef, rel=1e-11)
    assert one.std_error == pytest.approx(two.std_error, rel=1e-10)


def test_a_stratum_that_is_missing_leaves_the_patient_out(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 2)
    model = fit_model(frame, ModelOptions(terms=TERMS, ties="efron", strata=("site", "sex")))
    keep = (frame.columns["site"].codes >= 0) & (frame.columns["sex"].codes >= 0)
    assert model.rows.tolist() == keep.tolist()
    assert set(model.parts.stratum_names) == {f"{a}:{b}" for a in ("a", "b c", "c/d", "e") for b in ("F", "M")}


def test_clusters_have_no_likelihood_ratio_and_both_standard_errors(frame_of, levels) -> None:
    frame = cohort(frame_of, levels, 4)
    options = CoxOptions(terms=TERMS, ties="efron", cluster="doctor", analysis="cox_multivariable", conf_level=0.95)
    coefficients, model, _ = analyse_cox(frame, options)
    for name in ("lr_statistic", "aic", "bic"):
        found = model.rows[0].get(name)
        assert found.value is None and found.note == DEPENDENT_OBSERVATIONS
    row = coefficients.rows[0]
    assert row.get("std_error").value != row.get("model_std_error").value


@pytest.mark.parametrize("name", ["strata", "cluster", "offset", "case weights"])
def test_validation_of_such_a_model_is_refused(frame_of, levels, name: str) -> None:
    frame = cohort(frame_of, levels, 5)
    options = ValidationOptions(terms=TERMS, ties="efron", conf_level=0.95, horizons=(5.0,), **PARTS[name])
    with pytest.raises(ReporterError, match="is not offered"):
        analyse_validation(frame, replace(frame, cohort="validation"), options)


def test_nothing_is_estimated_within_strata_of_one_kind(frame_of) -> None:
    """A covariate that is constant within each stratum has no information."""
    group = Column("g", "g", "", "categorical", ("a", "b"), np.repeat([0.0, 1.0], 6))
    frame = frame_of(np.arange(1.0, 13), np.ones(12, dtype=bool), {"x": np.repeat([1.0, 2.0], 6)}).with_column(group)
    with pytest.raises(ReporterError, match="every covariate is constant"):
        fit_model(frame, ModelOptions(terms=TERMS[:1], ties="efron", strata=("g",)))
