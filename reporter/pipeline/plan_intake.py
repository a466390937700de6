"""What is said of the data themselves: missing values, and how the cohorts differ."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import AnalysisOptions, DriftOptions, MissingOptions
from reporter.spec.study import Study

# Names of a level that stands for no value, beside the study's own `unknown_level`; compared without case.
_UNKNOWN = frozenset({"unknown", "not known", "missing", "not stated", "不详", "未知", "缺失"})


def described_columns(study: Study) -> tuple[str, ...]:
    """Return the columns that the analyses use, in the order of the study file's lists."""
    asked = study.analysis
    features = study.phenotypes.features if study.phenotypes else ()
    parts = (name for name in (asked.cluster, asked.weights, asked.offset) if name)
    return tuple(dict.fromkeys((*asked.covariates, *asked.groups, *asked.strata, *parts, *features)))


def _unknown(study: Study, frame: AnalysisFrame, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the levels that stand for an unknown value: those the study names, and those that are called so."""
    for name in names:
        named = getattr(study.columns[name], "unknown_level", None)
        for level in frame.columns[name].levels:
            if level == named or level.casefold() in _UNKNOWN:
                yield name, level


def intake_options(study: Study, frame: AnalysisFrame) -> Iterator[AnalysisOptions]:
    """Yield the profile of missing values and, for the validation cohort, the differences from development."""
    names = tuple(name for name in described_columns(study) if name in frame.columns)
    if not names:
        return
    year = study.analysis.year if study.analysis.year in frame.columns else ""
    yield MissingOptions(columns=names, year=year, unknown=tuple(_unknown(study, frame, names)))
    if frame.cohort == "validation":
        grouping = {study.analysis.cluster}
        yield DriftOptions(columns=tuple(name for name in names if name not in grouping))
