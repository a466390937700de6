"""Nodes of competing risks: cumulative incidence, Gray's test, cause-specific Cox models, the Fine–Gray model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reporter.analysis.cox import DEPENDENT, INFINITE, NO_ROBUST_ERROR, NOT_CONVERGED, VANISHED, analyse_cox
from reporter.analysis.design import Design, interaction_name, make_design, ordered_pairs
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP, iterate_levels, optional
from reporter.analysis.kernels.aalen_johansen import IncidenceCurve, estimate_incidence, incidence_at
from reporter.analysis.kernels.chi_square import chi_square
from reporter.analysis.kernels.fine_gray import FineGrayFit, fit_fine_gray
from reporter.analysis.kernels.gray import gray_test
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Curve, CurveColumn, Row
from reporter.results.value import Statistic, statistic, withheld
from reporter.spec.options import (
    CauseSpecificOptions,
    CoxOptions,
    CumulativeIncidenceOptions,
    FineGrayOptions,
    GrayTestOptions,
    ModelOptions,
)

CAUSE = "cause"
NO_SUCH_EVENT = "no events of this cause"
NO_TEST = "fewer than two groups in which events are expected"
ENTRY_GRAY = "Gray’s test is not defined here for patients who come under observation late"
_CURVE_COLUMNS = (
    "n_risk", "n_event", "estimate", "std_error", "conf_low", "conf_high", "cumulative_n_event",
)  # fmt: skip
_AT = ("n_event", "estimate", "std_error", "conf_low", "conf_high")


def causes_of(frame: AnalysisFrame) -> NDArray[np.int64]:
    """Return the causes of the frame, shape (n,); an endpoint without competing events is an error."""
    if frame.cause is None:
        raise ReporterError(f"{frame.endpoint}: no competing events are declared")
    return frame.cause


@dataclass(frozen=True)
class _Part:
    """Times of the patients of one level, shape (n,); `entry` is None when all are observed from the start."""

    time: NDArray[np.float64]
    entry: NDArray[np.float64] | None

    def at_risk(self, time: float) -> int:
        """Return how many patients have entry < time <= T."""
        here = self.time >= time
        return int((here if self.entry is None else here & (self.entry < time)).sum())


def _incidence_rows(
    curve: IncidenceCurve, options: CumulativeIncidenceOptions, level: str, cause: str, part: _Part
) -> Iterator[Row]:
    at = incidence_at(curve, np.array(options.horizons, dtype=np.float64))
    for i, horizon in enumerate(options.horizons):
        why = ""
        if np.isnan(at["estimate"][i]):
            why = NO_FOLLOW_UP
        elif at["estimate"][i] == 0:
            why = NO_SUCH_EVENT
        known = (
            statistic(name, at[name][i], note="" if np.isfinite(at[name][i]) else why) for name in _AT
        )  # fmt: skip
        n_risk = part.at_risk(horizon)
        stats = (statistic("n_risk", n_risk), *known)
        yield Row(group=options.group, level=level, term=cause, time=horizon, stats=stats)


def _incidence_curve(curve: IncidenceCurve, group: str, level: str, cause: str) -> Curve:
    columns = tuple(CurveColumn(stat=name, values=optional(getattr(curve, name))) for name in _CURVE_COLUMNS)
    return Curve(group=group, level=level, term=cause, time=tuple(float(t) for t in curve.time), columns=columns)


def _counts(codes: NDArray[np.int64], k: int, group: str, level: str, cause: str) -> Row:
    stats = (statistic("n", codes.size), statistic("n_event", (codes == k).sum()))
    return Row(group=group, level=level, term=cause, stats=stats)


def analyse_cumulative_incidence(frame: AnalysisFrame, options: CumulativeIncidenceOptions) -> tuple[AnalysisNode, ...]:
    """Estimate the cumulative incidence of every cause by the levels of ``options.group`` (or overall).

    Returns the nodes ``cumulative_incidence`` and ``cumulative_incidence_curve``; `term` is the cause.
    """
    causes = causes_of(frame)
    rows: list[Row] = []
    curves: list[Curve] = []
    notes: list[str] = []
    for level, keep in iterate_levels(frame, options.group):
        if not keep.any():
            notes.append(f"{options.group} = {level}: no patients")
            continue
        part = _Part(frame.time[keep], None if frame.entry is None else frame.entry[keep])
        found = estimate_incidence(
            part.time, causes[keep], len(options.causes),
            entry=part.entry, conf_type=options.conf_type, conf_level=options.conf_level,
        )  # fmt: skip
        for k, (cause, curve) in enumerate(zip(options.causes, found, strict=True), start=1):
            rows.append(_counts(causes[keep], k, options.group, level, cause))
            rows.extend(_incidence_rows(curve, options, level, cause, part))
            curves.append(_incidence_curve(curve, options.group, level, cause))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cumulative_incidence", variable=options.group,
        options=options, rows=tuple(rows), notes=tuple(notes),
    )  # fmt: skip
    curve_node = {"analysis": "cumulative_incidence_curve", "rows": (), "curves": tuple(curves), "notes": ()}
    return node, node.model_copy(update=curve_node)


def analyse_gray_test(frame: AnalysisFrame, options: GrayTestOptions) -> tuple[AnalysisNode, ...]:
    """Test equality of the cumulative incidence of each cause across the levels of ``options.group``.

    Raises
    ------
    ReporterError
        With entry times.
    """
    causes = causes_of(frame)
    if frame.entry is not None:
        raise ReporterError(ENTRY_GRAY)
    column = frame.columns[options.group]
    keep = column.observed
    rows: list[Row] = []
    for k, cause in enumerate(options.causes, start=1):
        found = gray_test(frame.time[keep], causes[keep], column.codes[keep], len(column.levels), k)
        note = "" if np.isfinite(found.statistic) else NO_TEST
        test = (
            statistic("statistic", found.statistic, note=note),
            statistic("df", found.df),
            statistic("p_value", found.p_value, note=note),
            statistic("log_p_value", found.log_p_value, note=note),
        )
        rows.append(Row(group=options.group, term=cause, stats=withheld(test) if options.withheld else test))
        for code, level in enumerate(column.levels):
            if found.n[code]:
                values = (("n", found.n), ("observed", found.observed), ("expected", found.expected))
                stats = tuple(statistic(name, array[code]) for name, array in values)
                rows.append(Row(group=options.group, level=level, term=cause, stats=stats))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="gray_test", variable=options.group,
        options=options, rows=tuple(rows),
    )  # fmt: skip
    return (node,)


def analyse_cause_specific(frame: AnalysisFrame, options: CauseSpecificOptions) -> tuple[AnalysisNode, ...]:
    """Fit the multivariable Cox model of one competing cause, the others censored.

    Returns ``cox_cause_specific`` and ``cox_cause_specific_model``, whose rows have the group ``cause``.
    """
    own = replace(frame, event=causes_of(frame) == options.cause, cause=None, causes=())
    shared = {name: getattr(options, name) for name in ModelOptions.model_fields}
    cox = CoxOptions(analysis="cox_multivariable", conf_level=options.conf_level, **shared)
    names = {"cox_multivariable": "cox_cause_specific", "cox_model": "cox_cause_specific_model"}
    out = []
    for node in analyse_cox(own, cox):
        if node.analysis in names:
            rows = tuple(row.model_copy(update={"group": CAUSE, "level": options.cause_name}) for row in node.rows)
            changed = {"analysis": names[node.analysis], "variable": options.cause_name, "options": options}
            out.append(node.model_copy(update={**changed, "rows": rows}))
    return tuple(out)


def _refuse(options: FineGrayOptions) -> None:
    for key in ("strata", "cluster", "weights", "offset"):
        if getattr(options, key):
            raise ReporterError(f"a Fine–Gray model with {key} is not offered by this version")


def _coefficient(fit: FineGrayFit, j: int, conf_level: float) -> tuple[Statistic, ...]:
    """Wald statistics of one coefficient from its robust standard error."""
    estimate, error = float(fit.coef[j]), float(fit.std_error[j])
    note = "" if fit.used[j] else DEPENDENT
    if fit.infinite[j] or not fit.converged:
        estimate, error = float("nan"), float("nan")
        note = INFINITE if fit.converged else NOT_CONVERGED
    if not error > VANISHED * float(fit.model_std_error[j]):
        estimate, error, note = float("nan"), float("nan"), note or NO_ROBUST_ERROR
    half = float(norm.ppf(1 - (1 - conf_level) / 2)) * error
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        z = np.float64(estimate) / error
        log_p = float(np.log(2) + norm.logsf(abs(z)))
        ratios = np.exp([estimate, estimate - half, estimate + half])
    values = {
        "estimate": estimate, "std_error": error, "statistic": float(z), "p_value": float(np.exp(log_p)),
        "log_p_value": log_p, "hazard_ratio": ratios[0], "conf_low": ratios[1], "conf_high": ratios[2],
    }  # fmt: skip
    return tuple(statistic(name, value, note=note) for name, value in values.items())


def _fine_gray_rows(
    frame: AnalysisFrame, options: FineGrayOptions, fit: FineGrayFit, design: Design, rows: NDArray[np.bool_]
) -> Iterator[Row]:
    event = (causes_of(frame) == options.cause)[rows]

    def counts(keep: NDArray[np.bool_]) -> tuple[Statistic, Statistic]:
        return statistic("n", keep.sum()), statistic("n_event", event[keep].sum())

    def columns(covariate: str) -> Iterator[Row]:
        for j in design.columns_of(covariate):
            stats = (*counts(np.ones(event.size, dtype=bool)), *_coefficient(fit, int(j), options.conf_level))
            yield Row(term=design.names[j], stats=stats)

    for term in options.terms:
        if not term.levels:
            yield from columns(term.column)
            continue
        codes, places = frame.columns[term.column].codes[rows], design.columns_of(term.column)
        for code, level in enumerate(term.levels):
            found = _coefficient(fit, int(places[code - 1]), options.conf_level) if code else ()
            yield Row(term=level_term(term.column, level), stats=(*counts(codes == code), *found))
    for pair in ordered_pairs(options.terms, options.interactions):
        yield from columns(interaction_name(pair))


def _fine_gray_model(frame: AnalysisFrame, options: FineGrayOptions, fit: FineGrayFit, rows: NDArray[np.bool_]) -> Row:
    causes = causes_of(frame)[rows]
    failed = "" if fit.converged else NOT_CONVERGED
    unusable = failed or (INFINITE if fit.infinite.any() else "")
    wald = chi_square(float("nan") if unusable else fit.wald, fit.df)
    stats = (
        statistic("n", rows.sum()),
        statistic("n_event", (causes == options.cause).sum()),
        statistic("n_competing", ((causes > 0) & (causes != options.cause)).sum()),
        statistic("n_missing", frame.n - rows.sum()),
        statistic("log_likelihood", float("nan") if unusable else fit.log_likelihood, note=unusable),
        statistic("log_likelihood_null", fit.log_likelihood_null),
        statistic("wald_statistic", wald.statistic, note=unusable),
        statistic("wald_df", fit.df),
        statistic("wald_p_value", wald.p_value, note=unusable),
        statistic("wald_log_p_value", wald.log_p_value, note=unusable),
    )
    return Row(term="GLOBAL", stats=stats)


def analyse_fine_gray(frame: AnalysisFrame, options: FineGrayOptions) -> tuple[AnalysisNode, ...]:
    """Fit the multivariable model of the subdistribution hazard of the event of interest.

    Returns ``fine_gray`` and ``fine_gray_model``.

    Raises
    ------
    ReporterError
        Without events or an estimable column, where entry times leave a weight undefined, and for what is not offered.
    """
    _refuse(options)
    causes = causes_of(frame)
    rows = frame.complete([term.column for term in options.terms])
    design = make_design(options.terms, frame.columns, rows, options.interactions)
    entry = None if frame.entry is None else frame.entry[rows]
    fit = fit_fine_gray(
        design.matrix, frame.time[rows], causes[rows], event=options.cause, ties=options.ties, entry=entry
    )
    names = np.array(design.names)
    notes = (
        *(f"{name}: {DEPENDENT}" for name in names[~fit.used]),
        *(f"{name}: {INFINITE}" for name in names[fit.infinite] if fit.converged),
        *(() if fit.converged else (NOT_CONVERGED,)),
    )
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="fine_gray", options=options, notes=notes,
        rows=tuple(_fine_gray_rows(frame, options, fit, design, rows)),
    )  # fmt: skip
    model = {"analysis": "fine_gray_model", "rows": (_fine_gray_model(frame, options, fit, rows),), "notes": ()}
    return node, node.model_copy(update=model)
