"""The study file as frozen models; defaults are those that the methods text prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from reporter.spec.checks import DataCheck
from reporter.spec.columns import ColumnOverride, ColumnSpec, Headers, Section
from reporter.spec.endpoints import CohortFile, CohortSpec, EndpointOverride, EndpointSpec
from reporter.spec.options import Adjust, ConfType, Ties, Transform
from reporter.spec.places import Places
from reporter.spec.source import SourceKeys

Language = Literal["en", "zh"]
Algorithm = Literal["ward", "kmeans", "gmm"]
TestName = Literal["log_rank", "gehan", "tarone_ware", "peto_peto", "trend"]


class StudySection(Section):
    """``[study]``."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str | dict[Language, str]
    subtitle: str | dict[Language, str] = ""
    date: str = ""
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    seed: int = Field(default=1, ge=0)


class DataSpec(SourceKeys):
    """``[data]``: `source` is a path relative to the study file, or ``r:package/dataset``.

    `id` is a header of the file or a key of the dictionary, for which `id_headers` are the spellings of its header.
    None for `deidentify` and `suppress_below`: as the source demands (true and 11 for SEER, else false and 0). The key
    of the pseudonyms of both cohorts is in `key_file`.
    """

    source: str
    id: str | None = None
    deidentify: bool | None = None
    suppress_below: int | None = Field(default=None, ge=0)
    key_file: str = ""
    dictionary: Headers = ()
    id_headers: tuple[tuple[str, ...], ...] = ()


PositiveTime = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Power = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class FlemingHarrington(Section):
    """A test of the Fleming–Harrington family, written ``{fleming_harrington = [rho, gamma]}``."""

    fleming_harrington: tuple[Power, Power]


class AnalysisSpec(Section):
    """``[analysis]``.

    Parameters
    ----------
    quantiles
        Times by which these shares have failed; the median is always given.
    rmst
        Restricted mean survival to this time (report unit), by group, with differences from the first level.
    conditional
        Survival to the horizons given survival to each of these times (report unit).
    tests
        Tests by group beside the log-rank test, which is always given.
    pairwise
        Log-rank tests of every two levels of a group, with P values adjusted by this method.
    horizon_differences
        Differences of survival at the horizons from the first level of each group, with tests.
    ph_transform
        Transform of time in the test of proportional hazards: km, rank, identity or log.
    ph_sensitivity
        Further transforms with which the test is repeated.
    landmark
        The multivariable model of the patients followed beyond this time (report unit) stands beside the other.
    term_tests
        Tests of whole covariates in the multivariable model; with splines or interactions they are always there.
    strata, interactions, cluster, weights, offset
        Parts of all Cox models, univariable ones included (interactions of the multivariable alone); nothing but the
        models knows them. Case weights that are not whole numbers need a cluster.
    imputations
        Number of imputed sets for the multivariable model, beside that of the complete cases; None: no imputation.
    year
        Column of the year of diagnosis, by which missing values are counted too.
    thresholds
        Risks from which on one would treat, at which the net benefit in the validation cohort is given beside the
        5 %, 10 % … 95 % of every decision curve.
    bootstrap
        Resamples in which the multivariable model is fitted again to measure its optimism; None: no bootstrap.
    diagnostics
        Influential patients and the functional form of numeric covariates in the multivariable model.
    """

    endpoints: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    missing: Literal["complete_case"] = "complete_case"
    ties: Ties = "efron"
    conf_type: ConfType = "log-log"
    conf_level: float = Field(default=0.95, gt=0, lt=1)
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.5,)
    rmst: PositiveTime | None = None
    conditional: tuple[PositiveTime, ...] = ()
    tests: tuple[TestName | FlemingHarrington, ...] = ()
    pairwise: Adjust | None = None
    horizon_differences: bool = False
    ph_transform: Transform = "km"
    ph_sensitivity: tuple[Transform, ...] = ()
    diagnostics: bool = False
    landmark: PositiveTime | None = None
    term_tests: bool = False
    strata: tuple[str, ...] = ()
    interactions: tuple[tuple[str, str], ...] = ()
    cluster: str = ""
    weights: str = ""
    offset: str = ""
    year: str = ""
    imputations: Annotated[int, Field(ge=2, le=1000)] | None = None
    thresholds: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    bootstrap: Annotated[int, Field(ge=20, le=10_000)] | None = None


class PhenotypesSpec(Section):
    """``[phenotypes]``; `horizon` is in the report unit of the first endpoint.

    The phenotypes are Ward's; all `algorithms` take part in the search for structure (`structure`), which clusters
    `null_replicates` sets without clusters of each kind. Columns of the outcome are features only when `supervised`;
    with it or `features_chosen_with_outcome` no P value compares the phenotypes of the development cohort.
    """

    features: tuple[str, ...] = Field(min_length=1)
    algorithms: tuple[Algorithm, ...] = Field(default=("ward", "kmeans", "gmm"), min_length=1)
    k: tuple[Annotated[int, Field(ge=2)], ...] = Field(default=(2, 3, 4, 5, 6), min_length=1)
    horizon: float = Field(gt=0, allow_inf_nan=False)
    structure: bool = True
    supervised: bool = False
    features_chosen_with_outcome: bool = False
    null_replicates: int = Field(default=199, ge=199, le=9999)


class ValidationFile(SourceKeys):
    """``[validation]`` as written."""

    source: str
    id: str | None = None
    deidentify: bool | None = None
    suppress_below: int | None = Field(default=None, ge=0)
    dictionary: Headers = ()
    id_headers: tuple[tuple[str, ...], ...] = ()
    columns: dict[str, ColumnOverride] = Field(default_factory=dict)
    cohort: CohortFile = CohortFile()
    endpoints: dict[str, EndpointOverride] = Field(default_factory=dict)

    def merged(self, columns: Mapping[str, ColumnSpec]) -> dict[str, ColumnSpec]:
        """Return the dictionary of the validation table: the development columns as read there, and its own."""
        found = dict(columns)
        for name, override in self.columns.items():
            if name in columns:
                found[name] = override.applied_to(columns[name])
            elif override.kind is not None:
                found[name] = override.as_own_column()
        return found


class StudyFile(Section):
    """The whole file as written."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    study: StudySection
    data: DataSpec
    columns: dict[str, ColumnSpec] = Field(default_factory=dict)
    cohort: CohortFile = CohortFile()
    endpoints: dict[str, EndpointSpec] = Field(min_length=1)
    analysis: AnalysisSpec = AnalysisSpec()
    phenotypes: PhenotypesSpec | None = None
    validation: ValidationFile | None = None
    checks: tuple[DataCheck, ...] = ()
    words: dict[Language, dict[str, str]] = Field(default_factory=dict)


class ValidationSpec(Section):
    """The validation cohort with its dictionary and endpoints already merged with those of the development cohort."""

    data: DataSpec
    columns: dict[str, ColumnSpec]
    cohort: CohortSpec
    endpoints: dict[str, EndpointSpec]


class Study(Section):
    """A study file that was read and found without errors.

    Parameters
    ----------
    path, folder, sha256
        The file, the folder against which sources resolve, and the hash of the file's bytes.
    warnings
        What the file asks for and this version does in part, in words.
    places
        Where each key of the file stands.
    words
        The study's own words (labels, levels, units, steps) in other languages.
    """

    path: Path
    folder: Path
    sha256: str
    id: str
    title: str | dict[Language, str]
    subtitle: str | dict[Language, str]
    date: str
    languages: tuple[Language, ...]
    seed: int
    data: DataSpec
    columns: dict[str, ColumnSpec]
    cohort: CohortSpec
    endpoints: dict[str, EndpointSpec]
    analysis: AnalysisSpec
    phenotypes: PhenotypesSpec | None
    validation: ValidationSpec | None
    checks: tuple[DataCheck, ...] = ()
    words: dict[Language, dict[str, str]] = Field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()
    places: Places = Places("", {})

    def title_in(self, language: str) -> str:
        """Return the title in a language, else in the first language that has one."""
        return _in_language(self.title, language)

    def subtitle_in(self, language: str) -> str:
        """Return the subtitle in a language; empty when there is none."""
        return _in_language(self.subtitle, language)


def _in_language(text: str | dict[Language, str], language: str) -> str:
    if isinstance(text, str):
        return text
    found = {str(key): value for key, value in text.items()}
    return found.get(language) or next(iter(found.values()), "")
