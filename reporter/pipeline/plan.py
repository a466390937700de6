"""What a study asks for, as one list of option objects: the same for Python and for R."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan_competing import competing_models, competing_validation, incidence_options
from reporter.pipeline.plan_diagnostics import diagnostics_options
from reporter.pipeline.plan_intake import intake_options
from reporter.pipeline.plan_models import model_tests
from reporter.pipeline.plan_performance import horizon_performance
from reporter.pipeline.plan_prognosis import prognosis_options
from reporter.pipeline.plan_survival import survival_options
from reporter.spec.options import (
    AnalysisOptions,
    BaselineOptions,
    ConcordanceOptions,
    CoxOptions,
    FollowUpOptions,
    GapSensitivityOptions,
    GrayTestOptions,
    KaplanMeierOptions,
    LogRankOptions,
    ModelOptions,
    PhenotypeOptions,
    StructureOptions,
    TermSpec,
    Ties,
    ValidationOptions,
)
from reporter.spec.study import Study

PHENOTYPE = "phenotype"


@dataclass(frozen=True)
class Planned:
    """One analysis to run: `options` on the frame of `cohort` and `endpoint`."""

    cohort: str
    endpoint: str
    options: AnalysisOptions


def term_specs(study: Study, names: tuple[str, ...], frame: AnalysisFrame) -> tuple[TermSpec, ...]:
    """Return how each named column enters a model, with the levels of the frame."""
    specs = []
    for name in names:
        column = study.columns[name]
        specs.append(
            TermSpec(
                column=name,
                per=column.per,
                transform=column.transform,
                winsorize=column.winsorize,
                spline=column.spline,
                levels=frame.columns[name].levels,
            )
        )
    return tuple(specs)


def _grouped(study: Study, cohort: str, endpoint: str, group: str) -> Iterator[Planned]:
    """Yield what is asked for by one group, or overall when `group` is empty."""
    asked = study.analysis
    names = tuple(dict.fromkeys((*asked.covariates, *asked.groups)))
    yield Planned(cohort, endpoint, BaselineOptions(group=group, columns=names))
    yield Planned(
        cohort,
        endpoint,
        KaplanMeierOptions(
            group=group,
            horizons=tuple(study.endpoints[endpoint].horizons),
            quantiles=tuple(dict.fromkeys(asked.quantiles)),
            conf_level=asked.conf_level,
            conf_type=asked.conf_type,
        ),
    )
    if group:
        yield Planned(cohort, endpoint, LogRankOptions(group=group))


def _other_rule(study: Study, cohort: str, endpoint: str) -> GapSensitivityOptions:
    """Return the Kaplan–Meier estimate under the rule for gaps that the study did not choose."""
    asked, spec = study.analysis, study.endpoints[endpoint]
    if cohort == "validation" and study.validation is not None:
        spec = study.validation.endpoints[endpoint]
    return GapSensitivityOptions(
        rule="censor" if spec.gap == "event" else "event", horizons=spec.horizons,
        conf_level=asked.conf_level, conf_type=asked.conf_type,
    )  # fmt: skip


class _Model(TypedDict):
    """What all models of a study share."""

    ties: Ties
    strata: tuple[str, ...]
    cluster: str
    weights: str
    offset: str
    conf_level: float


def _shared(study: Study) -> _Model:
    asked = study.analysis
    return _Model(
        ties=asked.ties, strata=asked.strata, cluster=asked.cluster, weights=asked.weights, offset=asked.offset,
        conf_level=asked.conf_level,
    )  # fmt: skip


def model_options(study: Study, frame: AnalysisFrame) -> ModelOptions:
    """Return the multivariable model of a study on a development frame."""
    asked = study.analysis
    return ModelOptions(
        terms=term_specs(study, tuple(asked.covariates), frame), ties=asked.ties, strata=asked.strata,
        interactions=asked.interactions, cluster=asked.cluster, weights=asked.weights, offset=asked.offset,
    )  # fmt: skip


def _models(study: Study, endpoint: str, terms: tuple[TermSpec, ...], horizon: float | None) -> Iterator[Planned]:
    cohort, shared, pairs = "development", _shared(study), study.analysis.interactions
    for term in terms:
        options = CoxOptions(analysis="cox_univariable", terms=(term,), **shared)
        yield Planned(cohort, endpoint, options)
    whole = CoxOptions(analysis="cox_multivariable", terms=terms, interactions=pairs, **shared)
    yield Planned(cohort, endpoint, whole)
    without_level = {key: value for key, value in whole.model_dump().items() if key in ModelOptions.model_fields}
    model = ModelOptions(**without_level)
    yield from (Planned(cohort, endpoint, options) for options in model_tests(study, model))
    yield from (Planned(cohort, endpoint, options) for options in diagnostics_options(study, model))
    yield Planned(cohort, endpoint, ConcordanceOptions(terms=terms, interactions=pairs, horizon=horizon, **shared))


def _competing(study: Study, frame: AnalysisFrame) -> Iterator[Planned]:
    """Yield what competing events call for: cumulative incidence, and in the development cohort the models."""
    asked = study.analysis
    for group in ("", *asked.groups):
        for found in incidence_options(study, frame, group):
            yield Planned(frame.cohort, frame.endpoint, found)
    if asked.covariates and frame.cohort == "development":
        terms = term_specs(study, tuple(asked.covariates), frame)
        whole = CoxOptions(
            analysis="cox_multivariable", terms=terms, interactions=asked.interactions, **_shared(study)
        )  # fmt: skip
        for model in competing_models(frame, whole):
            yield Planned(frame.cohort, frame.endpoint, model)


def plan_analyses(study: Study, frames: Mapping[tuple[str, str], AnalysisFrame]) -> tuple[Planned, ...]:
    """Return all analyses that do not need the phenotypes, in the order of the report."""
    asked = study.analysis
    planned: list[Planned] = []
    for (cohort, endpoint), frame in frames.items():
        horizons = tuple(study.endpoints[endpoint].horizons)
        planned.append(
            Planned(cohort, endpoint, FollowUpOptions(conf_level=asked.conf_level, conf_type=asked.conf_type))
        )
        planned.extend(Planned(cohort, endpoint, found) for found in intake_options(study, frame))
        for group in ("", *asked.groups):
            planned.extend(_grouped(study, cohort, endpoint, group))
            if cohort == "development":
                planned.extend(Planned(cohort, endpoint, o) for o in survival_options(study, endpoint, group, frame))
        if frame.other_rule is not None:
            planned.append(Planned(cohort, endpoint, _other_rule(study, cohort, endpoint)))
        planned.extend(_competing(study, frame))
        if not asked.covariates:
            continue
        if cohort == "development":
            terms = term_specs(study, tuple(asked.covariates), frame)
            planned.extend(_models(study, endpoint, terms, max(horizons, default=None)))
            model = model_options(study, frame)
            planned.extend(Planned(cohort, endpoint, o) for o in prognosis_options(study, frame, model))
        else:
            terms = term_specs(study, tuple(asked.covariates), frames["development", endpoint])
            pairs = asked.interactions
            options = ValidationOptions(terms=terms, interactions=pairs, horizons=horizons, **_shared(study))
            planned.append(Planned(cohort, endpoint, competing_validation(frame, options)))
            planned.extend(Planned(cohort, endpoint, found) for found in horizon_performance(study, frame, options))
    return tuple(planned)


def plan_phenotypes(study: Study, frames: Mapping[tuple[str, str], AnalysisFrame]) -> Planned | None:
    """Return the clustering of the first endpoint's development frame, or None when none is asked for."""
    if study.phenotypes is None:
        return None
    endpoint = study.analysis.endpoints[0]
    frame = frames["development", endpoint]
    features = term_specs(study, tuple(study.phenotypes.features), frame)
    options = PhenotypeOptions(
        terms=tuple(term.model_copy(update={"spline": ()}) for term in features),
        k=tuple(study.phenotypes.k),
        horizon=study.phenotypes.horizon,
        conf_level=study.analysis.conf_level,
        seed=study.seed,
        outcome_used=_outcome_used(study),
    )
    return Planned("development", endpoint, options)


def plan_structure(study: Study, clustering: Planned | None) -> Planned | None:
    """Return the search for structure behind the planned clustering, or None when none is asked for."""
    if clustering is None or study.phenotypes is None or not study.phenotypes.structure:
        return None
    if not isinstance(clustering.options, PhenotypeOptions):
        return None
    options = StructureOptions(
        terms=clustering.options.terms,
        algorithms=tuple(dict.fromkeys(study.phenotypes.algorithms)),
        k=tuple(dict.fromkeys(study.phenotypes.k)),
        seed=study.seed,
        replicates=study.phenotypes.null_replicates,
    )
    return Planned(clustering.cohort, clustering.endpoint, options)


def plan_by_phenotype(study: Study, frames: Mapping[tuple[str, str], AnalysisFrame]) -> tuple[Planned, ...]:
    """Return Table 1, Kaplan–Meier and log-rank by phenotype for every frame that has the column."""
    planned: list[Planned] = []
    for (cohort, endpoint), frame in frames.items():
        if PHENOTYPE in frame.columns:
            planned.extend(_grouped(study, cohort, endpoint, PHENOTYPE))
            planned.extend(Planned(cohort, endpoint, found) for found in incidence_options(study, frame, PHENOTYPE))
    return tuple(_without_test(item) if _outcome_used(study) else item for item in planned)


def _outcome_used(study: Study) -> bool:
    asked = study.phenotypes
    return asked is not None and (asked.supervised or asked.features_chosen_with_outcome)


def _without_test(item: Planned) -> Planned:
    """Return a test between phenotypes without its P value where the outcome of these patients formed them."""
    if item.cohort != "development" or not isinstance(item.options, (LogRankOptions, GrayTestOptions)):
        return item
    options = item.options.model_copy(update={"withheld": "outcome_used_in_grouping"})
    return Planned(item.cohort, item.endpoint, options)
