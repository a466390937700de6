"""Every analysis against the shipped reference files in R: same frame, same options, number by number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame
from reporter.cohort.timefix import merge_near_times
from reporter.pipeline.plan import Planned
from reporter.results.address import address, time_text
from reporter.spec.options import (
    AnalysisOptions,
    BaselineOptions,
    ConcordanceOptions,
    CoxOptions,
    FollowUpOptions,
    KaplanMeierOptions,
    LogRankOptions,
    ModelOptions,
    PhTestOptions,
    TermSpec,
    ValidationOptions,
)

pytestmark = pytest.mark.r

CONF_TYPES = ("log-log", "log", "plain", "logit")
TRANSFORMS = ("km", "rank", "identity", "log")
Frames = dict[tuple[str, str], AnalysisFrame]
Jobs = list[tuple[Planned, Frames]]


def labelled(levels, values: np.ndarray) -> object:
    """Make a column with levels of numbers or words; missing values stay missing."""
    text = [f"{v:g}" if isinstance(v, float) else v for v in values.tolist()]
    names = tuple(sorted({t for t in text if t not in ("", "nan")}))
    return levels(names, tuple(names.index(t) if t in names else -1 for t in text))


def sets(r_table, frame_of, levels) -> dict[str, AnalysisFrame]:
    """Ten cohorts of the package survival, with ties, missing values, factors and long tails."""

    def make(source: str, time: str, event: Callable[[dict[str, np.ndarray]], np.ndarray], numbers, words, rows=None):
        data = r_table(f"survival/{source}")
        keep = np.ones(data[time].size, dtype=bool) if rows is None else rows(data)
        columns = {n: data[n][keep] for n in numbers} | {n: labelled(levels, data[n][keep]) for n in words}
        return frame_of(data[time][keep], event(data)[keep], columns, unit="days")

    return {
        "lung": make("lung", "time", lambda d: d["status"] == 2, ("age", "wt.loss"), ("sex", "ph.ecog")),
        "veteran": make("veteran", "time", lambda d: d["status"] == 1, ("karno", "diagtime"), ("celltype", "trt")),
        "colon": make(
            "colon", "time", lambda d: d["status"] == 1, ("age", "nodes"), ("rx", "differ"), lambda d: d["etype"] == 2
        ),
        "pbc": make("pbc", "time", lambda d: d["status"] == 2, ("bili", "protime"), ("edema", "stage")),
        "ovarian": make("ovarian", "futime", lambda d: d["fustat"] == 1, ("age",), ("rx", "resid.ds")),
        "gbsg": make("gbsg", "rfstime", lambda d: d["status"] == 1, ("nodes", "pgr"), ("grade", "hormon")),
        "rotterdam": make("rotterdam", "rtime", lambda d: d["recur"] == 1, ("nodes", "er"), ("size", "grade")),
        "kidney": make("kidney", "time", lambda d: d["status"] == 1, ("age",), ("sex", "disease")),
        "aml": make("aml", "time", lambda d: d["status"] == 1, (), ("x",)),
        "nwtco": make(
            "nwtco", "edrel", lambda d: d["rel"] == 1, ("age",), ("stage", "histol"), lambda d: d["seqno"] <= 1500
        ),
    }


def terms_of(frame: AnalysisFrame) -> tuple[TermSpec, ...]:
    return tuple(
        TermSpec(column=name, per=1.0 if column.levels else 10.0, levels=column.levels)
        for name, column in frame.columns.items()
    )


def survival_options(frame: AnalysisFrame) -> Iterator[AnalysisOptions]:
    group = next(name for name, column in frame.columns.items() if column.levels)
    inside = (float(h) for h in np.round(np.quantile(frame.time, [0.01, 0.3, 0.7]), 1))
    horizons = (*inside, float(frame.time.max()) + 1)
    yield BaselineOptions(group=group, columns=tuple(frame.columns))
    for conf_type in CONF_TYPES if frame.n < 500 else ("log-log",):
        yield KaplanMeierOptions(group="", horizons=horizons, conf_level=0.95, conf_type=conf_type)
        yield KaplanMeierOptions(group=group, horizons=horizons, conf_level=0.9, conf_type=conf_type)
        yield FollowUpOptions(conf_level=0.95, conf_type=conf_type)
    for name, column in frame.columns.items():
        if column.levels:
            yield LogRankOptions(group=name)


def model_options(frame: AnalysisFrame) -> Iterator[AnalysisOptions]:
    terms = terms_of(frame)
    for ties in ("efron", "breslow"):
        yield CoxOptions(analysis="cox_multivariable", terms=terms, ties=ties, conf_level=0.95)
        yield ConcordanceOptions(terms=terms, ties=ties, conf_level=0.95, horizon=float(np.median(frame.time)))
        for transform in TRANSFORMS:
            yield PhTestOptions(terms=terms, ties=ties, transform=transform)
    for term in terms:
        yield CoxOptions(analysis="cox_univariable", terms=(term,), ties="efron", conf_level=0.9)


def as_jobs(frame: AnalysisFrame, options: Iterator[AnalysisOptions]) -> Jobs:
    frames = {("development", "os"): frame}
    return [(Planned("development", "os", item), frames) for item in options]


def test_survival_on_real_cohorts(reference, agree, r_table, frame_of, levels) -> None:
    agree(reference, [job for f in sets(r_table, frame_of, levels).values() for job in as_jobs(f, survival_options(f))])


def test_models_on_real_cohorts(reference, agree, r_table, frame_of, levels) -> None:
    agree(reference, [job for f in sets(r_table, frame_of, levels).values() for job in as_jobs(f, model_options(f))])


def random_frame(frame_of, levels, rng: np.random.Generator, cohort: str = "development") -> AnalysisFrame:
    """A small cohort with heavy ties, time 0, missing groups, and covariates on a coarse grid."""
    n = int(rng.integers(25, 90))
    time = rng.integers(0, int(rng.integers(4, 30)), n).astype(float)
    if rng.random() < 0.3:
        time = rng.exponential(5, n)
    group = np.where(rng.random(n) < 0.1, -1, rng.integers(0, 3, n))
    columns = {
        "x": np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n).round(1)),
        "g": levels(("a", "b c", ">50"), tuple(int(v) for v in group)),
        "y": rng.exponential(30, n).round(),
    }
    return frame_of(time, rng.random(n) < rng.choice([0.4, 0.7, 1.0]), columns, cohort=cohort)


TERMS = (
    TermSpec(column="x"),
    TermSpec(column="g", levels=("a", "b c", ">50")),
    TermSpec(column="y", per=10, transform="log1p"),
)
HORIZONS = (0.5, 2.0, 6.0, 15.0)


def random_jobs(frame_of, levels, seed: int) -> Jobs:
    rng = np.random.default_rng(seed)
    frames = {
        ("development", "os"): random_frame(frame_of, levels, rng),
        ("validation", "os"): random_frame(frame_of, levels, rng, "validation"),
    }
    ties, conf_type = str(rng.choice(["efron", "breslow"])), str(rng.choice(CONF_TYPES))
    terms = TERMS[: int(rng.integers(1, 4))]
    transform = str(rng.choice(TRANSFORMS[:3]))
    options: list[AnalysisOptions] = [
        KaplanMeierOptions(group="g", horizons=HORIZONS, conf_level=0.95, conf_type=conf_type),
        FollowUpOptions(conf_level=0.95, conf_type=conf_type),
        LogRankOptions(group="g"),
        CoxOptions(analysis="cox_multivariable", terms=terms, ties=ties, conf_level=0.95),
        PhTestOptions(terms=terms, ties=ties, transform=transform),
        ConcordanceOptions(terms=terms, ties=ties, conf_level=0.95, horizon=2.0),
    ]
    check = ValidationOptions(terms=terms, ties=ties, conf_level=0.95, horizons=HORIZONS, min_group_size=10)
    jobs = [(Planned("development", "os", item), frames) for item in options]
    return [*jobs, (Planned("validation", "os", check), frames)]


def test_small_cohorts_with_ties(reference, agree, frame_of, levels) -> None:
    agree(reference, [job for seed in range(40) for job in random_jobs(frame_of, levels, seed)])


def edge_frames(frame_of, levels) -> dict[str, AnalysisFrame]:
    rng = np.random.default_rng(99)
    n = 40
    codes = tuple(int(c) for c in rng.integers(0, 3, n))
    x, time, event = rng.normal(size=n).round(1), rng.integers(0, 9, n).astype(float), rng.random(n) < 0.7
    third = np.array(codes) == 2
    near = merge_near_times(time + np.where(rng.random(n) < 0.5, 0, 1e-9))

    def make(time=time, event=event, x=x, y=x**2, codes=codes):
        return frame_of(time, event, {"x": x, "y": y, "g": levels(("a", "b c", ">50"), codes)})

    return {
        "level without events": make(event=event & ~third),
        "level without patients": make(codes=tuple(min(c, 1) for c in codes)),
        "dependent column": make(y=2 * x + 1),
        "constant column": make(y=np.full(n, 0.1)),
        "near-equal times": make(time=near),
        "one event time": make(time=np.where(event, 3.0, 5.0)),
        "two events": make(event=np.isin(np.arange(n), (3, 17))),
        "half of the deaths at the last time": make(time=np.where(np.arange(n) % 2, 9.0, time), event=np.ones(n) > 0),
        "everybody dies": make(event=np.ones(n, dtype=bool)),
        "one group observed": make(codes=tuple(0 if c == 0 else -1 for c in codes)),
        "a group gone before the first event": make(
            time=np.where(third, 0.0, time + 1), event=event & ~third & (time > 1)
        ),
        "all censored": make(event=np.zeros(n, dtype=bool)),
    }


def edge_options() -> list[AnalysisOptions]:
    terms = (TermSpec(column="x"), TermSpec(column="y"), TermSpec(column="g", levels=("a", "b c", ">50")))
    return [
        *(KaplanMeierOptions(group="g", horizons=HORIZONS, conf_level=0.95, conf_type=t) for t in CONF_TYPES),
        FollowUpOptions(conf_level=0.95, conf_type="log-log"),
        LogRankOptions(group="g"),
        BaselineOptions(columns=("x", "y", "g")),
        CoxOptions(analysis="cox_multivariable", terms=terms, ties="efron", conf_level=0.95),
        *(CoxOptions(analysis="cox_univariable", terms=(term,), ties="breslow", conf_level=0.95) for term in terms),
        *(PhTestOptions(terms=terms, ties="efron", transform=transform) for transform in TRANSFORMS),
        ConcordanceOptions(terms=terms, ties="efron", conf_level=0.95, horizon=3.0),
    ]


def test_edges(reference, agree, frame_of, levels) -> None:
    frames = edge_frames(frame_of, levels)
    agree(reference, [job for frame in frames.values() for job in as_jobs(frame, iter(edge_options()))])


def test_predicted_survival_with_limits(reference, r_table, frame_of, levels) -> None:
    """R: survfit(coxph, newdata, stype = 2, ctype = 2 or 1), all four kinds of limits."""
    from reporter.analysis.cox import fit_model
    from reporter.analysis.design import make_design
    from reporter.analysis.kernels.cox_prediction import baseline_hazard, predict

    frame = sets(r_table, frame_of, levels)["veteran"]
    terms, times = terms_of(frame), np.array([1.0, 30, 100, 400, 900])
    read = reference.frame(frame, "predict")
    for ties, ctype in (("efron", 2), ("breslow", 1)):
        model = fit_model(frame, ModelOptions(terms=terms, ties=ties))
        z = (make_design(terms, frame.columns, model.rows).matrix[:6] - model.fit.centre)[:, model.fit.used]
        code = [f"frame <- {read}", "frame$karno <- frame$karno / 10; frame$diagtime <- frame$diagtime / 10"]
        code += ["model <- Surv(.time, .event) ~ karno + diagtime + celltype + trt"]
        code += [f"fit <- coxph(model, frame, ties = '{ties}', control = tight_control)"]
        for kind in CONF_TYPES:
            options = f"stype = 2, ctype = {ctype}, conf.type = '{kind}'"
            code += [f"curves <- survfit(fit, newdata = frame[1:6, ], {options})"]
            code += [f"s <- summary(curves, times = c({', '.join(map(str, times))}), extend = TRUE)"]
            code += ["cat(number(c(s$surv, s$lower, s$upper)), sep = '\\n'); cat('\\n')"]
        theirs = np.array([float(v.replace("NA", "nan")) for v in reference.snippet("\n".join(code)).split()])
        for kind, block in zip(CONF_TYPES, np.split(theirs, 4), strict=True):
            assert model.fit.used.all()
            baseline, coef, covariance = baseline_hazard(model.fit), model.fit.coef, model.fit.covariance
            found = predict(baseline, coef, covariance, z, times, conf_type=kind, conf_level=0.95)
            ours = np.concatenate([found.survival.ravel(), found.conf_low.ravel(), found.conf_high.ravel()])
            np.testing.assert_allclose(ours, block, rtol=1e-9, atol=1e-13, err_msg=f"{ties} {kind}")


def test_near_equal_times_are_merged_as_by_r(reference) -> None:
    """R: survival::aeqSurv."""
    rng = np.random.default_rng(21)
    cases = [
        np.sort(rng.integers(1, 6, 12) + rng.choice([0, 1e-9, 2e-8, 1e-7], 12)) * scale for scale in (1e-7, 1, 1e6)
    ]
    cases += [np.array([0.0, 1e-9, 1]), np.array([5.0]), np.arange(1, 9) * 1e-8, rng.exponential(size=30)]
    lines = []
    for values in cases:
        text = ", ".join(f"{v:.17g}" for v in values)
        lines.append(f"cat(number(aeqSurv(Surv(c({text}), rep(1, {values.size})))[, 1])); cat('\\n')")
    told = reference.snippet("\n".join(lines)).splitlines()
    for values, line in zip(cases, told, strict=True):
        assert merge_near_times(values).tolist() == [float(v) for v in line.split()]


def test_r_writes_the_same_addresses(reference) -> None:
    times = (5.0, 0.1, 1 / 3, 1e-7, 123456.789, 2.5, 1e5, 0.1 + 0.2, 7043 / 365.25)
    levels = (">50", "<=20", "a b/c%", "x=y", "é三")
    code = [f"cat(time_text({time!r}), '\\n')" for time in times]
    code += [f'cat(place("d", "e", "a", "g", "{level}"), "\\n")' for level in levels]
    told = [line.strip() for line in reference.snippet("\n".join(code)).splitlines()]
    assert told[: len(times)] == [time_text(time) for time in times]
    ours = [address("d", "e", "a", "", group="g", level=level).removesuffix("/") for level in levels]
    assert told[len(times) :] == ours
