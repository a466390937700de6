"""``reporter explain``: which convention of another tool gives the number that the user has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from reporter.cohort.build import build_cohorts
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import UsageError, did_you_mean
from reporter.pipeline.alternatives import Alternative, Asked, alternatives
from reporter.pipeline.plan import PHENOTYPE
from reporter.pipeline.render import load_results
from reporter.pipeline.verify import require_same_input
from reporter.results.address import encode_term, time_text
from reporter.results.suppress import limits_of
from reporter.results.tree import AnalysisNode, Curve, Results
from reporter.spec.load import load_study

_MOST_SHOWN = 40
_NOT_FOUND = 1


@dataclass(frozen=True)
class Given:
    """The user's number: `low` to `high` is what rounds to it, `text` what was written."""

    text: str
    low: float
    high: float

    def is_given_by(self, value: float) -> bool:
        """Tell whether a value rounds to the user's number."""
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        return self.low - slack <= value <= self.high + slack


def read_value(text: str) -> Given:
    """Read a number with its digits: ``0.323`` is anything that rounds to it, ``32.3%`` the same.

    Raises
    ------
    UsageError
        The text is no number.
    """
    words = text.strip().replace("−", "-")
    percent = words.endswith("%")
    try:
        number = Decimal(words.removesuffix("%").strip())
        exponent = number.as_tuple().exponent
    except InvalidOperation:
        number, exponent = Decimal("NaN"), "n"
    if not isinstance(exponent, int):
        raise UsageError(f"--value {text}: not a number. Give the digits as they are printed, e.g. 0.323 or 32.3%.")
    half, scale = 0.5 * 10.0**exponent, 0.01 if percent else 1.0
    return Given(text, (float(number) - half) * scale, (float(number) + half) * scale)


def _curve_points(node: AnalysisNode) -> Mapping[str, tuple[Curve, str, int]]:
    """Return column and index of each point of a node's curves by address."""
    return {
        node.address(curve, column.stat, time): (curve, column.stat, i)
        for curve in node.curves
        for column in curve.columns
        for i, time in enumerate(curve.time)
    }


def find_number(results: Results, where: str) -> Asked:
    """Return the number of an address: a statistic, or a point of a curve.

    Raises
    ------
    UsageError
        There is no such address.
    """
    for node, row, found, address in results.statistics():
        if address == where:
            return Asked(node, found.stat, row.group, row.level, row.term, row.time, found.value)
    prefix = "/".join(where.split("/")[:3])
    for node in results.analyses:
        if node.curves and "/".join((node.cohort, node.endpoint, node.analysis)) == prefix:
            point = _curve_points(node).get(where)
            if point is not None:
                curve, stat, i = point
                return Asked(node, stat, curve.group, curve.level, curve.term, curve.time[i], curve.column(stat)[i])
    near = did_you_mean(where, [address for *_, address in results.statistics()])
    raise UsageError(f"{where}: no number of this report has that address.{near} The addresses are in stats.csv.")


def refuse_hidden(results: Results, asked: Asked, where: str) -> None:
    """Refuse what would give back a small cell: a hidden number, and other ways of counting patients.

    Raises
    ------
    UsageError
        In a cohort whose small cells are hidden.
    """
    if asked.node.cohort not in limits_of(results):
        return
    counts = asked.stat == "n" or asked.stat.startswith(("n_", "cumulative_n")) or bool(asked.node.curves)
    if asked.value is None or counts:
        raise UsageError(
            f"{where}: small cells of this cohort are hidden; hidden numbers, counts and points of curves are not "
            "explained, for other conventions would give them back. Ask for an estimate at a horizon."
        )


def _place(asked: Asked) -> str:
    parts = [encode_term(asked.term) if asked.term else "", f"t={time_text(asked.time)}" if asked.time else ""]
    return " ".join(part for part in parts if part)


def _number(value: float | None) -> str:
    return "no value" if value is None else f"{value:.7g}"


def report_lines(asked: Asked, given: Given, tried: list[Alternative]) -> tuple[list[str], bool]:
    """Return what is said, the answer first, and whether a convention was found."""
    here = f"here: {_number(asked.value)}"
    found = [one for one in tried if given.is_given_by(one.value)]
    if asked.value is not None and given.is_given_by(asked.value):
        return [f"{given.text} is the number of this report, rounded ({here})."], True
    lines = [f"{given.text} is what you get with: {one.words}  [{one.value:.7g}; {here}]" for one in found]
    if not found:
        none = f"{given.text}: none of the {len(tried)} other conventions gives this number ({here}). "
        lines = [none + "The data, the selection, the event or the model are likely to differ."]
        middle = (given.low + given.high) / 2
        nearest = sorted(tried, key=lambda one: abs(one.value - middle))[:3]
        lines += [f"near: {one.value:.7g}  {one.words}" for one in nearest]
    rest = [one for one in tried if one not in found][:_MOST_SHOWN]
    return [*lines, *(f"tried: {one.value:.7g}  {one.words}" for one in rest)], bool(found)


def explain(
    folder: Path, where: str, study_path: Path, text: str, *, at: str = "", say: Callable[[str], None]
) -> int:  # fmt: skip
    """Say which convention of another tool gives the user's number at an address.

    Parameters
    ----------
    folder
        Written by ``reporter run``.
    where, text
        Address of this report's number, and the user's number with its digits.
    at
        A patient's values, ``age=60,sex=Male``: for the cumulative baseline hazard of a Cox model, whose survival is
        then meant.

    Returns
    -------
    int
        0 when a convention gives the number (or it is this report's own), 1 when none does.

    Raises
    ------
    UsageError
        The address or the value is none, or study and data are not those of the report.
    """
    given = read_value(text)
    results = load_results(folder / "results.json")
    asked = find_number(results, where)
    if asked.group == PHENOTYPE or "phenotype" in asked.node.analysis:
        raise UsageError(f"{where}: numbers of phenotypes are not explained: no other tool makes the same clusters.")
    refuse_hidden(results, asked, where)
    study = load_study(study_path)
    built = build_cohorts(study)
    require_same_input(results, folder / "results.json", study, built)
    apart: dict[tuple[str, str], AnalysisFrame] = build_cohorts(study, merge_near=False).frames
    values = dict(re.findall(r"([^=,]+)=([^,]*)", at))
    asked, tried = alternatives(asked, results, built.frames, apart, values, given.is_given_by)
    lines, found = report_lines(asked, given, tried)
    for line in lines:
        say(line)
    return 0 if found else _NOT_FOUND
