"""Small result trees of many shapes, computed from random patients, and a ledger for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.phenotype.nodes import PhenotypeAnalysis, analyse_recognition
from reporter.pipeline.analyse import failed_node, run_planned
from reporter.pipeline.phenotypes import add_phenotypes
from reporter.pipeline.plan import Planned
from reporter.results.ledger import LedgerRow, Verdict, Verification
from reporter.results.tree import (
    AnalysisNode,
    AttritionStep,
    CohortInfo,
    ColumnInfo,
    EndpointInfo,
    Provenance,
    Results,
    StudyInfo,
    last_point,
)
from reporter.spec.options import (
    BaselineOptions,
    ConcordanceOptions,
    ConditionalOptions,
    CoxOptions,
    DifferenceOptions,
    FollowUpOptions,
    HorizonPerformanceOptions,
    KaplanMeierOptions,
    LogRankOptions,
    PairwiseOptions,
    PhenotypeOptions,
    PhTestOptions,
    RankTest,
    RankTestOptions,
    RmstOptions,
    TermSpec,
    ValidationOptions,
)

Frames = Mapping[tuple[str, str], AnalysisFrame]
LEVELS = ("No", "Yes")
HOSTILE = "<b>A & B</b> {n} %s"


@dataclass(frozen=True)
class Shape:
    """What a small study has."""

    n: int = 160
    groups: tuple[str, ...] = ("arm",)
    covariates: tuple[str, ...] = ("age", "arm")
    horizons: tuple[float, ...] = (1.0, 3.0)
    endpoints: tuple[str, ...] = ("os",)
    validation: bool = False
    many_levels: int = 0
    missing: float = 0.0
    hazard: float = 0.3
    unit: str = "years"
    fail: tuple[str, ...] = ()
    hostile: bool = False
    phenotypes: bool = False
    further: bool = False
    late_entry: bool = False


def _columns(shape: Shape, rng: np.random.Generator) -> dict[str, Column]:
    n = shape.n
    age = np.round(rng.normal(60, 10, n), 1)
    age[rng.random(n) < shape.missing] = np.nan
    label = HOSTILE if shape.hostile else "Age at surgery"
    columns = {
        "age": Column("age", label, "years", "numeric", (), age),
        "arm": Column("arm", "Treatment", "", "binary", LEVELS, (rng.random(n) < 0.5).astype(float)),
    }
    if shape.many_levels:
        names = tuple(f"Centre {i}" for i in range(shape.many_levels))
        columns["centre"] = Column(
            "centre", "Centre", "", "categorical", names, rng.integers(0, len(names), n).astype(float)
        )
    return columns


def _frame(shape: Shape, cohort: str, endpoint: str, seed: int) -> AnalysisFrame:
    rng = np.random.default_rng(seed)
    columns = _columns(shape, rng)
    rate = shape.hazard * np.exp(0.5 * columns["arm"].values)
    time, limit = rng.exponential(1 / rate), rng.uniform(2, 6, shape.n)
    ids = tuple(str(i) for i in range(shape.n))
    ended = np.minimum(time, limit)
    entry = ended * np.where(np.arange(shape.n) % 3, 0.5, 0.0) if shape.late_entry else None
    return AnalysisFrame(cohort, endpoint, ids, ended, time <= limit, shape.unit, columns, entry)


def _further(group: str, horizons: tuple[float, ...]) -> Iterator[object]:
    yield RmstOptions(group=group, tau=1.5, conf_level=0.95)
    yield ConditionalOptions(group=group, given=(0.5,), horizons=horizons, conf_level=0.95, conf_type="log")
    if group:
        strata = RankTest(name="log_rank", strata=("arm",))
        powers = RankTest(name="fleming_harrington", rho=0.5, gamma=0.5)
        others = (RankTest(name=name) for name in ("gehan", "tarone_ware", "peto_peto"))
        yield RankTestOptions(group=group, tests=(strata, powers, *others))
        yield PairwiseOptions(group=group, adjust="bh")
        yield DifferenceOptions(group=group, horizons=horizons, conf_level=0.95)


def _grouped(shape: Shape, group: str) -> Iterator[object]:
    names = tuple(dict.fromkeys((*shape.covariates, *shape.groups)))
    yield BaselineOptions(group=group, columns=names)
    quantiles = (0.25, 0.5) if shape.further else (0.5,)
    yield KaplanMeierOptions(
        group=group, horizons=shape.horizons, quantiles=quantiles, conf_level=0.95, conf_type="log-log"
    )
    if shape.further:
        yield from _further(group, shape.horizons)
    if group:
        yield LogRankOptions(group=group)


def _options(shape: Shape, cohort: str, terms: tuple[TermSpec, ...]) -> Iterator[object]:
    yield FollowUpOptions(conf_level=0.95, conf_type="log-log")
    for group in ("", *shape.groups):
        yield from _grouped(shape, group)
    if not terms:
        return
    common = {"ties": "efron", "conf_level": 0.95}
    if cohort == "validation":
        yield ValidationOptions(terms=terms, horizons=shape.horizons, **common)
        if shape.horizons:
            few = {"min_events": 10, "min_at_risk": 5}
            yield HorizonPerformanceOptions(terms=terms, horizons=shape.horizons, thresholds=(0.23,), **few, **common)
        return
    for term in terms:
        yield CoxOptions(analysis="cox_univariable", terms=(term,), **common)
    yield CoxOptions(analysis="cox_multivariable", terms=terms, **common)
    yield PhTestOptions(terms=terms, ties="efron", transform="km")
    yield ConcordanceOptions(terms=terms, horizon=max(shape.horizons, default=None), **common)


def _nodes(shape: Shape, frames: Frames) -> Iterator[AnalysisNode]:
    for (cohort, endpoint), frame in frames.items():
        levels = {name: column.levels for name, column in frame.columns.items()}
        terms = tuple(TermSpec(column=name, levels=levels[name]) for name in shape.covariates)
        for options in _options(shape, cohort, terms):
            planned = Planned(cohort, endpoint, options)  # type: ignore[arg-type]
            if options.kind in shape.fail:  # type: ignore[attr-defined]
                yield failed_node(planned, "ArithmeticError: no luck")
            else:
                yield from run_planned(planned, frames)


def _cluster(shape: Shape, frames: dict[tuple[str, str], AnalysisFrame]) -> PhenotypeAnalysis | None:
    """Cluster the first frame and add the phenotypes to all, in place."""
    endpoint = shape.endpoints[0]
    columns = frames["development", endpoint].columns
    terms = tuple(TermSpec(column=name, levels=columns[name].levels) for name in ("age", "arm"))
    options = PhenotypeOptions(terms=terms, k=(2, 3), horizon=2.0, conf_level=0.95, seed=1, trees=10, folds=2)
    return add_phenotypes(Planned("development", endpoint, options), frames)


def _by_phenotype(shape: Shape, frames: Frames) -> Iterator[AnalysisNode]:
    for cohort, endpoint in frames:
        for options in _grouped(shape, "phenotype"):
            yield from run_planned(Planned(cohort, endpoint, options), frames)  # type: ignore[arg-type]


def _cohort(shape: Shape, name: str) -> CohortInfo:
    steps = [AttritionStep(name="include_1", label="Aged 18 or older", n_removed=3, n_left=shape.n)]
    steps += [
        AttritionStep(name=f"missing_{e}", label=f"{e}: time or status missing", n_removed=0, n_left=shape.n)
        for e in shape.endpoints
    ]
    findings = ("warning: columns.age: 2 values above 100 [range]",) if name == "development" else ()
    return CohortInfo(
        name=name, label=name, source="cohort.csv", sha256="ab" * 32, n_read=shape.n + 3, steps=tuple(steps),
        findings=findings,
    )  # fmt: skip


def make_results(shape: Shape) -> Results:
    """Compute a tree of that shape; it is not verified."""
    cohorts = ("development", "validation") if shape.validation else ("development",)
    frames = {
        (cohort, endpoint): _frame(shape, cohort, endpoint, 7 * i + j)
        for i, cohort in enumerate(cohorts)
        for j, endpoint in enumerate(shape.endpoints)
    }
    clusters = _cluster(shape, frames) if shape.phenotypes else None
    first = frames["development", shape.endpoints[0]]
    more: tuple[AnalysisNode, ...] = ()
    if clusters is not None:
        more = (*clusters.nodes, *analyse_recognition(clusters), *_by_phenotype(shape, frames))
    return Results(
        study=StudyInfo(id="small", title="A small study", languages=("en",), seed=1),
        provenance=Provenance(
            reporter_version="0", python_version="3", packages={"numpy": "2"}, study_sha256="cd" * 32
        ),
        cohorts=tuple(_cohort(shape, name) for name in cohorts),
        endpoints=tuple(
            EndpointInfo(name=e, label=f"Overall survival {e}", unit=shape.unit, horizons=shape.horizons)
            for e in shape.endpoints
        ),
        columns=tuple(
            ColumnInfo(name=c.name, label=c.label, kind=c.kind, unit=c.unit, levels=c.levels)
            for c in first.columns.values()
        ),
        analyses=(*_nodes(shape, frames), *more),
        decision_tree=() if clusters is None else clusters.tree,
        verification=Verification(ran=False, why_not="R was not found"),
    )


def ledger_row(address: str, value: float | None, verdict: Verdict = Verdict.AGREES, **more: object) -> LedgerRow:
    """Return a row in which R gives the same number, unless told otherwise."""
    found: dict[str, object] = {"r": value, "abs_diff": 0.0, "rel_diff": 0.0, "tolerance": "exact"} | more
    return LedgerRow(address=address, python=value, verdict=verdict, **found)  # type: ignore[arg-type]


def _all_rows(results: Results) -> Iterator[LedgerRow]:
    for _node, _row, found, address in results.statistics():
        yield ledger_row(address, found.value)
    for node in results.analyses:
        for curve in node.curves:
            for column in curve.columns:
                last = last_point(column.values)
                if last is not None:
                    yield ledger_row(node.address(curve, column.stat, curve.time[last]), column.values[last])


def with_ledger(results: Results, changed: Sequence[LedgerRow] = (), without: Sequence[str] = ()) -> Results:
    """Return the tree with a ledger that agrees, but for the rows given and those left out."""
    rows = {row.address: row for row in _all_rows(results)} | {row.address: row for row in changed}
    check = Verification(
        ran=True, r_version="4.2.2", survival_version="3.5-3", lifelines_version="0.30.3",
        rows=tuple(row for row in rows.values() if row.address not in without),
    )  # fmt: skip
    return results.model_copy(update={"verification": check})


@pytest.fixture(scope="session")
def small() -> Callable[..., Results]:
    """Return a maker of small trees that keeps what it made."""
    made: dict[Shape, Results] = {}

    def make(**parts: object) -> Results:
        shape = Shape(**parts)  # type: ignore[arg-type]
        if shape not in made:
            made[shape] = make_results(shape)
        return made[shape]

    return make


@pytest.fixture(scope="session")
def verified() -> Callable[..., Results]:
    """Return the function that puts a ledger on a tree."""
    return with_ledger


@pytest.fixture(scope="session")
def row_of() -> Callable[..., LedgerRow]:
    """Return the maker of ledger rows."""
    return ledger_row
