"""The analysis behind an address again, with other tools' conventions; never printed as a result of a study."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.pipeline.sampling import take_rows
from reporter.results.tree import AnalysisNode, Results
from reporter.spec.options import AnalysisOptions, ModelOptions, TermSpec

Frames = Mapping[tuple[str, str], AnalysisFrame]
_SAME = 1e-12


@dataclass(frozen=True)
class Alternative:
    """The number by another convention, and that convention in words."""

    words: str
    value: float


@dataclass(frozen=True)
class Asked:
    """One number of a report: its node, its place in it, and its value."""

    node: AnalysisNode
    stat: str
    group: str
    level: str
    term: str
    time: float | None
    value: float | None

    def number_in(self, nodes: Sequence[AnalysisNode]) -> float:
        """Return the number at the same place of other nodes; NaN when there is none."""
        for node in nodes:
            if node.analysis != self.node.analysis or node.variable != self.node.variable:
                continue
            row = node.find(group=self.group, level=self.level, term=self.term, time=self.time)
            found = [s.value for s in row.stats if s.stat == self.stat] if row is not None else []
            value = found[0] if found else self._point_in(node)
            if value is not None:
                return value
        return math.nan

    def _point_in(self, node: AnalysisNode) -> float | None:
        for curve in node.curves:
            place = (curve.group, curve.level, curve.term, self.time in curve.time)
            if self.time is not None and place == (self.group, self.level, self.term, True):
                stats = [column.values for column in curve.columns if column.stat == self.stat]
                return stats[0][curve.time.index(self.time)] if stats else None
        return None


@dataclass(frozen=True)
class Again:
    """Runs the analysis of a number again.

    Parameters
    ----------
    frames, apart
        All frames of the study, and those whose near-equal times were left apart.
    """

    asked: Asked
    results: Results
    frames: Frames
    apart: Frames

    @property
    def key(self) -> tuple[str, str]:
        """Cohort and endpoint of the number."""
        return self.asked.node.cohort, self.asked.node.endpoint

    @property
    def frame(self) -> AnalysisFrame:
        """The frame of the number."""
        return self.frames[self.key]

    @property
    def rows(self) -> NDArray[np.bool_]:
        """Patients of the number's level, shape (n,)."""
        if not self.asked.level or self.asked.group not in self.frame.columns:
            return np.ones(self.frame.n, dtype=bool)
        column = self.frame.columns[self.asked.group]
        return np.asarray(column.codes == column.levels.index(self.asked.level))

    def run(
        self, options: AnalysisOptions | None = None, frame: AnalysisFrame | None = None, *, asked: Asked | None = None
    ) -> float:
        """Return the number with other options or on another frame; NaN when there is none."""
        used = options or self.asked.node.options
        frames = dict(self.frames) if frame is None else {**self.frames, self.key: frame}
        return (asked or self.asked).number_in(run_planned(Planned(*self.key, used), frames))


Found = Iterator[tuple[str, float]]

_CHOICES: Mapping[str, Mapping[object, str]] = {
    "ties": {
        "efron": "Efron's ties (R, lifelines)",
        "breslow": "Breslow's ties (default of SAS, scikit-survival, statsmodels)",
        "exact": "exact ties (R's discrete likelihood, SAS TIES=DISCRETE)",
    },
    "conf_type": {
        "log": "an interval of type log (R's default)",
        "log-log": "an interval of type log-log (default of SAS and lifelines)",
        "plain": "an interval of type plain (linear)",
        "logit": "an interval of type logit",
    },
    "conf_level": {0.9: "a confidence level of 90 %", 0.95: "a confidence level of 95 %", 0.99: "one of 99 %"},
    "transform": {
        "km": "the transform km (default of cox.zph)",
        "rank": "the transform rank",
        "identity": "the transform identity",
        "log": "the transform log",
    },
}  # fmt: skip


def _changes(options: AnalysisOptions) -> list[tuple[dict[str, object], str]]:
    """Return each other value of each option, with its words."""
    return [
        ({name: choice}, words)
        for name, choices in _CHOICES.items()
        if name in type(options).model_fields
        for choice, words in choices.items()
        if choice != getattr(options, name)
    ]


def by_option(again: Again) -> Found:
    """Yield the number for each other value of each option."""
    options = again.asked.node.options
    for change, words in _changes(options):
        yield words, again.run(options.model_copy(update=change))


def by_two_options(again: Again) -> Found:
    """Yield the number for other values of two options at once."""
    options = again.asked.node.options
    single = _changes(options)
    for i, (one, words) in enumerate(single):
        for other, more in single[i + 1 :]:
            if one.keys() != other.keys():
                yield f"{words} and {more}", again.run(options.model_copy(update={**one, **other}))


def by_times(again: Again) -> Found:
    """Yield the number with near-equal times left apart, and with years or months of other lengths."""
    yield "near-equal times not merged (lifelines, scikit-survival, SAS)", again.run(frame=again.apart[again.key])
    lengths = {"years": ((365.0, "a year of 365 days"),), "months": ((30.0, "a month of 30 days"),)}
    exact = {"years": 365.25, "months": 365.25 / 12}
    for days, words in lengths.get(again.frame.time_unit, ()):
        factor = exact[again.frame.time_unit] / days
        entry = None if again.frame.entry is None else again.frame.entry * factor
        yield words, again.run(frame=replace(again.frame, time=again.frame.time * factor, entry=entry))


def relevelled(frame: AnalysisFrame, name: str, level: str) -> AnalysisFrame:
    """Return the frame with another reference level of one column."""
    column = frame.columns[name]
    levels = (level, *(other for other in column.levels if other != level))
    place = np.array([*(float(levels.index(other)) for other in column.levels), np.nan])
    return frame.with_column(replace(column, levels=levels, values=place[column.codes]))


def _with_term(options: ModelOptions, term: TermSpec) -> AnalysisOptions:
    terms = tuple(term if other.column == term.column else other for other in options.terms)
    return options.model_copy(update={"terms": terms})  # type: ignore[return-value]


def _by_reference(again: Again, options: ModelOptions, term: TermSpec) -> Found:
    own = again.asked.term.partition("=")[2]
    for level in term.levels[1:]:
        frame = relevelled(again.frame, term.column, level)
        changed = _with_term(options, term.model_copy(update={"levels": frame.columns[term.column].levels}))
        if level == own:
            other = replace(again.asked, term=f"{term.column}={term.levels[0]}")
            yield f"the other direction: {term.levels[0]} against {level}", again.run(changed, frame, asked=other)
        else:
            yield f"{level} as the reference level of {term.column}", again.run(changed, frame)


def by_term(again: Again) -> Found:
    """Yield the number with another unit, transform or reference level of its covariate, or on other complete cases."""
    options = again.asked.node.options
    if not isinstance(options, ModelOptions):
        return
    for term in options.terms:
        if term.column != again.asked.term.partition("=")[0]:
            continue
        if term.levels:
            yield from _by_reference(again, options, term)
            continue
        column = again.frame.columns[term.column]
        units = {1.0: "1 unit", 5.0: "5 units", 10.0: "10 units", 100.0: "100 units"}
        units[float(np.nanstd(column.values, ddof=1))] = "1 standard deviation"
        for per, words in units.items():
            if per != term.per and per > 0:
                yield f"{term.column} per {words}", again.run(_with_term(options, term.model_copy(update={"per": per})))
        if term.transform != "identity" or term.winsorize is not None:
            plain = term.model_copy(update={"transform": "identity", "winsorize": None})
            yield f"{term.column} not transformed", again.run(_with_term(options, plain))
    whole = next((n for n in again.results.nodes("cox_multivariable", endpoint=again.key[1])), None)
    if again.asked.node.analysis.startswith("cox_univariable") and whole is not None:
        names = [term.column for term in getattr(whole.options, "terms", ())]
        kept = np.flatnonzero(again.frame.complete(names)).astype(np.int64)
        yield "only patients with a value of every covariate", again.run(frame=take_rows(again.frame, kept))


def derived(again: Again) -> Found:
    """Yield what other tools print for the very same estimate."""
    stat, value = again.asked.stat, again.asked.value
    if value is None:
        return
    if stat.endswith("p_value") and not stat.endswith("log_p_value"):
        yield "a one-sided P value", value / 2
        yield "the other one-sided P value", 1 - value / 2
    if stat.endswith("statistic"):
        yield "the square of the statistic (chi-square of one degree of freedom)", value * value
        if value >= 0:
            yield "the square root of the statistic (z)", math.sqrt(value)
    ratios = ("hazard_ratio",) + (("conf_low", "conf_high") if again.asked.node.analysis.startswith("cox") else ())
    if stat in ratios and value > 0:
        yield "its logarithm (the coefficient's scale)", math.log(value)
        yield "the inverse ratio (groups exchanged)", 1 / value


def _as_far_as_it_goes(found: Found) -> list[tuple[str, float]]:
    """Return what is found before another tool gives up on the data."""
    kept = []
    try:
        for pair in found:
            kept.append(pair)  # noqa: PERF402 what came before an error stays
    except (ArithmeticError, ValueError, KeyError, IndexError, np.linalg.LinAlgError, ReporterError):
        return kept
    return kept


def alternatives(
    asked: Asked,
    results: Results,
    frames: Frames,
    apart: Frames,
    values: Mapping[str, str],
    is_given_by: Callable[[float], bool],
) -> tuple[Asked, list[Alternative]]:
    """Return the number that is meant and what other conventions give for it; of equal numbers the first stands.

    Parameters
    ----------
    values
        A patient's values by column; with them, an address of the cumulative baseline hazard means that patient's
        survival.
    is_given_by
        Tells whether a number is the user's: two options at once are tried only when no single convention gives it.
    """
    from reporter.pipeline.other_rules import by_rule, survival_of

    again = Again(asked, results, frames, apart)
    sources: Sequence[Callable[[Again], Found]] = (by_rule, derived, by_option, by_times, by_term)
    if values:
        asked, found = survival_of(again, values)
    else:
        found = [pair for source in sources for pair in _as_far_as_it_goes(source(again))]
        if not any(is_given_by(value) for _, value in found):
            found += _as_far_as_it_goes(by_two_options(again))
    known = [] if asked.value is None else [asked.value]
    kept = []
    for words, value in found:
        if math.isfinite(value) and not any(abs(value - other) <= _SAME * abs(other) for other in known):
            known.append(value)
            kept.append(Alternative(words, value))
    return asked, kept
