"""From a study to the frames that both engines see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reporter.cohort.check import check_frame
from reporter.cohort.codes import code_entries
from reporter.cohort.frame import AnalysisFrame, Column, OtherRule
from reporter.cohort.outcome import in_report_unit
from reporter.cohort.read import CohortRequest, ReadCohort, read_cohort, used_levels
from reporter.errors import Finding, FindingsError
from reporter.intake.finding import listed
from reporter.results.tree import AttritionStep, CohortInfo, ColumnInfo, EndpointInfo
from reporter.spec.dictionaries import dictionary_columns
from reporter.spec.study import Study

Levels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class BuiltCohorts:
    """Everything the analyses need.

    Parameters
    ----------
    frames
        By cohort and endpoint; all of the development cohort first.
    infos, endpoints, columns
        What the report says of cohorts, endpoints and variables.
    findings
        Warnings only.
    notes
        How the sources were read where there was a choice: encoding, sheet.
    """

    frames: dict[tuple[str, str], AnalysisFrame]
    infos: tuple[CohortInfo, ...]
    endpoints: tuple[EndpointInfo, ...]
    columns: tuple[ColumnInfo, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


def _development(study: Study) -> CohortRequest:
    return CohortRequest(
        name="development", label="Development cohort", prefix="", folder=study.folder, data=study.data,
        columns=study.columns, cohort=study.cohort,
        endpoints={name: study.endpoints[name] for name in study.analysis.endpoints}, used=_used(study),
        checks=study.checks, dictionaries=_dictionaries(study),
    )  # fmt: skip


def _used(study: Study) -> tuple[str, ...]:
    """Return the covariates, groups and features."""
    features = study.phenotypes.features if study.phenotypes else ()
    return tuple(dict.fromkeys((*study.analysis.covariates, *study.analysis.groups, *features)))


def _dictionaries(study: Study) -> tuple[str, ...]:
    """Return the shipped dictionaries of both tables: a key means the same in both."""
    return (*study.data.dictionary, *(study.validation.data.dictionary if study.validation else ()))


def _validation(study: Study, levels: Levels | None) -> CohortRequest | None:
    section = study.validation
    if section is None:
        return None
    needed = _used(study)
    return CohortRequest(
        name="validation", label="Validation cohort", prefix="validation.", folder=study.folder, data=section.data,
        columns=section.columns, cohort=section.cohort,
        endpoints={name: section.endpoints[name] for name in study.analysis.endpoints},
        optional=[name for name in section.columns if name not in needed], levels=levels,
        own=[name for name in section.columns if name not in study.columns], used=needed, checks=study.checks,
        dictionaries=_dictionaries(study),
    )  # fmt: skip


def _with_levels(column: Column, levels: Sequence[str]) -> Column:
    """Return the column with exactly these levels; values at others become missing."""
    if column.is_numeric or column.levels == tuple(levels):
        return column
    position = {level: float(i) for i, level in enumerate(levels)}
    codes = np.array([*(position.get(level, np.nan) for level in column.levels), np.nan])
    values = codes[column.codes]
    unseen = np.isnan(values) & column.observed
    return replace(column, levels=tuple(levels), values=values, unseen=unseen if unseen.any() else None)


def _frame(cohort: ReadCohort, endpoint: str, levels: Levels, *, merge: bool = True) -> AnalysisFrame:
    """Return the selected patients with a known outcome."""
    spec = cohort.request.endpoints[endpoint]
    outcome, other = cohort.outcomes[endpoint], None
    if outcome.gap.any():
        other = outcome.censored_at_gap()
    if spec.gap == "censor" and other is not None:
        outcome, other = other, outcome
    keep = cohort.selection.keep & outcome.known
    timing = in_report_unit(outcome, keep, spec, merge=merge)
    keep[np.flatnonzero(keep)[~timing.observed]] = False
    timing = timing.rows(timing.observed)
    other_rule = None
    # With entry times the other rule would need its own risk sets: who enters after its shorter times.
    if other is not None and outcome.entry is None and outcome.gap[keep].any():
        second = in_report_unit(other, keep, spec)
        other_rule = OtherRule(second.time, second.event)
    columns = {name: _with_levels(column.take(keep), levels.get(name, ())) for name, column in cohort.columns.items()}
    ids = tuple(cohort.ids[i] for i in np.flatnonzero(keep))
    return AnalysisFrame(
        cohort.request.name, endpoint, ids, timing.time, timing.event, spec.shown_unit, columns,
        entry=timing.entry, cause=timing.cause, causes=tuple(spec.competing),
        other_rule=other_rule,
    )  # fmt: skip


def _level_warnings(cohort: ReadCohort, levels: Levels) -> list[Finding]:
    """Warn of declared levels that no patient has, and of values that the development cohort never has."""
    found = []
    shipped = dictionary_columns(cohort.request.data.dictionary)
    for name, column in cohort.columns.items():
        lost = [i for i, level in enumerate(column.levels) if level not in levels.get(name, ())]
        names = listed(column.levels[i] for i in lost)
        n_rows = int((np.isin(column.codes, lost) & cohort.selection.keep).sum())
        place = f"{cohort.request.prefix}columns.{name}"
        if n_rows:
            message = f"{n_rows} patients are at {names}, which the development cohort never has; counted as missing."
            found.append(Finding("level_not_in_development", place, message, severity="warning", n_rows=n_rows))
        elif lost and cohort.request.name == "development" and name not in shipped:
            message = f"no patient is at {names}; the level is left out."
            found.append(Finding("unused_level", place, message, severity="warning"))
    return found


def _info(cohort: ReadCohort, frames: Mapping[str, AnalysisFrame], findings: Sequence[Finding]) -> CohortInfo:
    steps = list(cohort.selection.steps)
    keep = cohort.selection.keep
    for name, outcome in cohort.outcomes.items():
        label = f"{cohort.request.endpoints[name].label}: time or status missing"
        left = int((keep & outcome.known).sum())
        removed = int(keep.sum()) - left
        steps.append(AttritionStep(name=f"missing_{name}", label=label, n_removed=removed, n_left=left))
        if outcome.entry is not None:
            label = f"{cohort.request.endpoints[name].label}: came under observation at or after the end of follow-up"
            n = frames[name].n
            steps.append(AttritionStep(name=f"entry_{name}", label=label, n_removed=left - n, n_left=n))
    return CohortInfo(
        name=cohort.request.name, label=cohort.request.label, source=cohort.source.source, sha256=cohort.source.sha256,
        n_read=cohort.n_read,
        suppress_below=cohort.protection.suppress_below, deidentified=cohort.protection.deidentify,
        from_registry=cohort.protection.from_registry, synthetic=cohort.source.synthetic, steps=tuple(steps),
        findings=tuple(str(replace(finding, allowed="", todo="")) for finding in findings),
        codes=code_entries(
            cohort.request.cohort, cohort.request.endpoints, cohort.request.columns, cohort.source.table
        ),
    )  # fmt: skip


def _endpoint_info(cohort: ReadCohort, name: str) -> EndpointInfo:
    spec = cohort.request.endpoints[name]
    n_gap = int((cohort.outcomes[name].gap & cohort.selection.keep).sum())
    return EndpointInfo(
        name=name, label=spec.label, unit=spec.shown_unit, horizons=spec.horizons,
        gap_rule=(spec.gap or "") if n_gap else "", n_gap=n_gap,
        causes=tuple(spec.competing),
    )  # fmt: skip


def _derived_from(study: Study, name: str) -> tuple[str, ...]:
    """Return the labels of the columns that a column's rule reads."""
    spec, columns = study.columns[name], study.columns
    return tuple(columns[used].label if used in columns else used for used in spec.uses if spec.derive)


def _column_infos(study: Study, frame: AnalysisFrame) -> tuple[ColumnInfo, ...]:
    return tuple(
        ColumnInfo(
            name=name, label=column.label, kind=column.kind, unit=column.unit, levels=column.levels,
            per=study.columns[name].per, transform=study.columns[name].transform,
            spline=study.columns[name].spline, rule=study.columns[name].derive.get("rule", ""),
            derived_from=_derived_from(study, name),
            after_start=study.columns[name].after_start,
        )
        for name, column in frame.columns.items()
    )  # fmt: skip


def _read_all(study: Study) -> tuple[list[ReadCohort], list[Finding]]:
    """Return the cohorts that could be read, and what was found in the others."""
    errors: list[Finding] = []
    read: list[ReadCohort] = []
    request: CohortRequest | None = _development(study)
    levels: Levels | None = None
    while request is not None:
        try:
            read.append(read_cohort(request))
            levels = {name: column.levels for name, column in read[0].columns.items() if not column.is_numeric}
        except FindingsError as error:
            errors += [replace(finding, cohort=request.name) for finding in error.findings]
        request = _validation(study, levels) if request.name == "development" else None
    return read, list(dict.fromkeys(errors))


def build_cohorts(study: Study, *, merge_near: bool = True) -> BuiltCohorts:
    """Read, select and type the cohorts of a study and build a frame per cohort and endpoint.

    Parameters
    ----------
    study
        From `reporter.spec.load.load_study`.
    merge_near
        False leaves near-equal times apart: not R's rule, but what other tools do.

    Raises
    ------
    FindingsError
        With the errors of both cohorts at once, and the warnings after them, each with its line of the study file.
    """
    try:
        built = _build(study, merge=merge_near)
    except FindingsError as error:
        raise FindingsError([study.places.located(finding) for finding in error.findings]) from None
    return replace(built, findings=tuple(study.places.located(finding) for finding in built.findings))


def _errors_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.severity != "error")


def _of_frame(findings: Sequence[Finding], cohort: ReadCohort) -> list[Finding]:
    """Return findings of a frame with their cohort, without identifiers where they may not be shown."""
    name, hides = cohort.request.name, cohort.hides_ids or cohort.request.data.id is None
    return [replace(finding, cohort=name, ids=() if hides else finding.ids) for finding in findings]


def _build(study: Study, *, merge: bool) -> BuiltCohorts:
    general = [Finding("partly_available", key, text, severity="warning") for key, text in study.warnings]
    cohorts, findings = _read_all(study)
    findings = [*general, *findings]
    if not cohorts or cohorts[0].request.name != "development":
        raise FindingsError(_errors_first([*findings, *(one for cohort in cohorts for one in cohort.warnings)]))
    levels = used_levels(cohorts[0])
    frames: dict[tuple[str, str], AnalysisFrame] = {}
    infos: list[CohortInfo] = []
    for cohort in cohorts:
        own = [*cohort.warnings, *_level_warnings(cohort, levels)]
        for name in study.analysis.endpoints:
            frame = _frame(cohort, name, levels, merge=merge)
            own += _of_frame(check_frame(study, frame), cohort)
            frames[cohort.request.name, name] = frame
        own_frames = {name: frames[cohort.request.name, name] for name in study.analysis.endpoints}
        infos.append(_info(cohort, own_frames, [finding for finding in own if finding.severity == "warning"]))
        findings += own
    if any(finding.severity == "error" for finding in findings):
        raise FindingsError(_errors_first(findings))
    return BuiltCohorts(
        frames=frames,
        infos=tuple(infos),
        endpoints=tuple(_endpoint_info(cohorts[0], name) for name in study.analysis.endpoints),
        columns=_column_infos(study, frames["development", study.analysis.endpoints[0]]),
        findings=tuple(findings),
        notes=tuple(note for cohort in cohorts for note in cohort.source.notes),
    )
