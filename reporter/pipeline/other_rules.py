"""Rules of other tools that are no option here, by the kind of number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reporter.analysis import conventions
from reporter.errors import UsageError
from reporter.pipeline import competing_rules
from reporter.pipeline.alternatives import Again, Asked, Found
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.results.address import level_term
from reporter.spec.options import CoxOptions, KaplanMeierOptions, LogRankOptions, ModelOptions, PhTestOptions, TermSpec
from reporter.verification import other_tools

Floats = NDArray[np.float64]

EFRON_BASELINE = "Efron's baseline hazard (R's survfit, ctype = 2)"
BRESLOW_BASELINE = "Breslow's baseline hazard under Efron's coefficients (lifelines, scikit-survival; R's ctype = 1)"


def _kaplan_meier(again: Again) -> Found:
    asked, rows = again.asked, again.rows
    time, event = again.frame.time[rows], again.frame.event[rows]
    if asked.time is None or again.frame.entry is not None:
        return
    at = asked.time
    if asked.stat == "n_risk":
        yield "patients with T > t (the numbers that lifelines draws)", conventions.at_risk_after(time, at)
    if asked.stat in ("estimate", "conf_low", "conf_high") and asked.value is not None:
        yield "1 - S(t), the share with an event", 1 - asked.value
    if asked.stat == "estimate":
        words = "the last value carried past the end of follow-up (lifelines)"
        yield words, conventions.survival_carried_forward(time, event, at)
    if asked.stat == "std_error" and asked.value is not None:
        survival = replace(asked, stat="estimate").number_in([asked.node])
        words = "the standard error of log S(t) (std.err in R's survfit object)"
        yield words, asked.value / survival if survival > 0 else math.nan


def _quantile(again: Again) -> Found:
    if again.asked.stat != "median" or again.frame.entry is not None:
        return
    time, event = again.frame.time[again.rows], again.frame.event[again.rows]
    rules = {
        "the first time with S <= 0.5 (lifelines)": conventions.first_time_at_or_below,
        "the first time with S < 0.5 (end of the plateau)": conventions.first_time_below,
        "straight lines between the steps": conventions.interpolated_time,
    }
    for words, rule in rules.items():
        yield words, rule(time, event, 0.5)


def _follow_up(again: Again) -> Found:
    asked, frame, options = again.asked, again.frame, again.asked.node.options
    if asked.stat not in ("median", "conf_low", "conf_high") or frame.entry is not None:
        return
    other = KaplanMeierOptions(
        horizons=(), conf_level=getattr(options, "conf_level", 0.95), conf_type=getattr(options, "conf_type", "log-log")
    )

    def median(event: NDArray[np.bool_]) -> float:
        nodes = run_planned(Planned(*again.key, other), {again.key: replace(frame, event=event)})
        quantiles = [node for node in nodes if node.analysis == "survival_quantile"]
        return replace(asked, node=quantiles[0]).number_in(quantiles) if quantiles else math.nan

    words = "reverse Kaplan–Meier with deaths kept at risk of censoring at ties (survfit on 1 - event)"
    yield words, median(~frame.event)
    if asked.stat == "median":
        yield "the median of all times", float(np.median(frame.time))
        yield "the median time of the patients without an event", float(np.median(frame.time[~frame.event]))


def _log_rank(again: Again) -> Found:
    options = again.asked.node.options
    if not isinstance(options, LogRankOptions) or again.asked.level or again.frame.entry is not None:
        return
    yield from other_tools.weighted_log_rank(again.frame, options, again.asked.stat)
    if again.asked.stat == "statistic":
        rows = [{s.stat: s.value or 0.0 for s in row.stats} for row in again.asked.node.rows if row.level]
        observed, expected = (np.array([row.get(name, 0.0) for row in rows]) for name in ("observed", "expected"))
        yield "the sum of (O - E)²/E (older textbooks)", conventions.observed_expected(observed, expected)


def is_plain(again: Again, options: ModelOptions) -> bool:
    """Tell whether the other tools have the model: Efron's ties, rows from time 0, and nothing but its columns."""
    more = (options.strata, options.interactions, options.cluster, options.weights, options.offset)
    splines = any(term.spline for term in options.terms)
    return options.ties == "efron" and again.frame.entry is None and not any(more) and not splines


def _cox(again: Again) -> Found:
    options = again.asked.node.options
    if isinstance(options, CoxOptions) and is_plain(again, options):
        value = other_tools.default_cox(again.frame, options, again.asked.term, again.asked.stat)
        yield "lifelines' default steps, which stop early", value


def _ph_test(again: Again) -> Found:
    options = again.asked.node.options
    if not isinstance(options, PhTestOptions) or not is_plain(again, options):
        return
    for transform, value in other_tools.former_ph_tests(again.frame, options, again.asked.term, again.asked.stat):
        yield f"the approximation of survival before 3.0 (lifelines), transform {transform}", value


def _concordance(again: Again) -> Found:
    yield from competing_rules.without_causes(again)
    value = again.asked.value
    if again.asked.stat != "estimate" or value is None:
        return
    yield "1 - C (the sign of the risk exchanged)", 1 - value
    yield "Somers' D, 2C - 1", 2 * value - 1
    row = again.asked.node.find(term=again.asked.term, time=again.asked.time)
    counts = {s.stat: s.value for s in row.stats} if row is not None else {}
    good, bad = counts.get("n_concordant"), counts.get("n_discordant")
    if good is not None and bad is not None and good + bad:
        yield "pairs with tied risks left out", good / (good + bad)


def _baseline(again: Again) -> Found:
    column = again.frame.columns.get(again.asked.term)
    if column is None or not column.is_numeric:
        return
    values = column.values[again.rows & column.observed]
    if again.asked.stat == "std_dev":
        yield "a standard deviation with n, not n - 1 (NumPy's default)", float(values.std())
        yield "the standard error of the mean", float(values.std(ddof=1) / np.sqrt(values.size))
    p = {"q1": 0.25, "median": 0.5, "q3": 0.75}.get(again.asked.stat)
    if p is not None and values.size:
        for kind, value in conventions.other_quantiles(values, p).items():
            yield f"quantiles of type {kind}", value


def _coefficients(again: Again) -> tuple[CoxOptions, dict[str, float]]:
    """Return the options and coefficients of the multivariable model; UsageError when one is missing."""
    node = next(iter(again.results.nodes("cox_multivariable", cohort=again.key[0], endpoint=again.key[1])), None)
    if node is None or not isinstance(node.options, CoxOptions):
        raise UsageError(f"{'/'.join(again.key)}: the report has no multivariable Cox model.")
    found = {row.term: s.value for row in node.rows for s in row.stats if s.stat == "estimate" and s.value is not None}
    return node.options, found


def _hazards(again: Again) -> tuple[Mapping[str, Floats], Callable[[bool], float]]:
    """Return the model's columns, and the cumulative hazard at x = 0 by whether ties are Efron's."""
    options, coef = _coefficients(again)
    table, eta = other_tools.relative_risks(again.frame, options, coef)
    time, event, at = table[".time"], table[".event"] == 1, again.asked.time or 0.0
    return table, lambda efron: conventions.cumulative_hazard(time, event, np.exp(eta), at, efron=efron)


def _centres(table: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """Return by words the values at which tools put the baseline."""
    names = [name for name in table if not name.startswith(".")]
    means = {name: float(table[name].mean()) for name in names}
    plain = {name: 0.0 if np.isin(table[name], (-1, 0, 1)).all() else means[name] for name in names}
    return {
        "at R's centre (means, 0/1 columns at 0)": plain, "at x = 0 (basehaz(centered = FALSE))": {},
        "at the means of all columns (lifelines)": means,
    }  # fmt: skip


def _baseline_hazard(again: Again) -> Found:
    options, coef = _coefficients(again)
    if again.asked.stat != "cumulative_hazard" or not is_plain(again, options):
        return
    table, hazard = _hazards(again)
    for rule, efron in ((EFRON_BASELINE, True), (BRESLOW_BASELINE, False)):
        at_zero = hazard(efron)
        for words, centre in _centres(table).items():
            value = at_zero * math.exp(sum(coef[name] * x for name, x in centre.items() if name in coef))
            yield f"{rule}, {words}", value
            yield f"{rule}, {words}, as survival exp(-H)", math.exp(-value)


def _x_of(values: Mapping[str, str], terms: tuple[TermSpec, ...]) -> Iterator[tuple[str, float]]:
    """Yield the columns of the model for one patient."""
    for term in terms:
        if term.column not in values:
            raise UsageError(f"--at: no value of '{term.column}'. Give every covariate: column=value, with commas.")
        word = values[term.column].strip()
        if term.levels:
            if word not in term.levels:
                raise UsageError(f"--at: '{word}' is not a level of '{term.column}': {', '.join(term.levels)}.")
            yield from ((level_term(term.column, level), float(level == word)) for level in term.levels[1:])
            continue
        try:
            number = float(word)
        except ValueError:
            raise UsageError(f"--at: '{word}' is not a number, which '{term.column}' needs.") from None
        number = number if term.winsorize is None else min(number, term.winsorize)
        number = {"log1p": np.log1p, "log2": np.log2}.get(term.transform, float)(number)
        yield term.column, float(number) / term.per


def survival_of(again: Again, values: Mapping[str, str]) -> tuple[Asked, list[tuple[str, float]]]:
    """Return a patient's survival from the Cox model at the address's time, and what other tools give for it.

    Raises
    ------
    UsageError
        The address is not of the baseline hazard, or the values are not those of a patient.
    """
    if again.asked.stat != "cumulative_hazard" or again.asked.node.analysis != "cox_baseline_curve":
        raise UsageError("--at: give the address of a cumulative baseline hazard: …/cox_baseline_curve/t=…/…")
    options, coef = _coefficients(again)
    if not is_plain(again, options):
        raise UsageError("--at: only for Efron's ties, without entry times, strata, interactions, weights or splines.")
    risk = math.exp(sum(coef.get(name, 0.0) * x for name, x in _x_of(values, options.terms)))
    table, hazard = _hazards(again)
    here = replace(again.asked, stat="survival", value=math.exp(-hazard(True) * risk))
    found = [(BRESLOW_BASELINE, math.exp(-hazard(False) * risk)), ("the risk, 1 - S(t)", 1 - (here.value or 0.0))]
    for words, centre in _centres(table).items():
        shift = math.exp(sum(coef.get(name, 0.0) * x for name, x in centre.items()))
        if shift != 1.0:
            found.append((f"a baseline {words} used as if it were at x = 0", math.exp(-hazard(True) * shift * risk)))
    return here, found


_RULES: Mapping[str, Callable[[Again], Found]] = {
    "kaplan_meier": _kaplan_meier, "survival_quantile": _quantile, "follow_up": _follow_up, "log_rank": _log_rank,
    "cox_univariable": _cox, "cox_multivariable": _cox, "ph_test": _ph_test, "concordance": _concordance,
    "baseline": _baseline, "cox_baseline_curve": _baseline_hazard,
    "cumulative_incidence": competing_rules.incidence,
}  # fmt: skip


def by_rule(again: Again) -> Found:
    """Yield the number by the rules of other tools that are no option of the analysis."""
    rule = _RULES.get(again.asked.node.analysis)
    if rule is not None:
        yield from rule(again)
