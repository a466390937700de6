"""Who the women of a synthetic cohort are: age, tumour and treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from reporter.intake.synthetic.draws import Draws, Floats, Ints, Texts, cut, ranked
from reporter.intake.synthetic.facts import KINDS

Mask = NDArray[np.bool_]

UNKNOWN_GRADE = 0
_ERAS = (2004, 2010, 2016, 2018)


@dataclass(frozen=True)
class Women:
    """One woman a row, every array of shape = (n,).

    Parameters
    ----------
    kind, histology
        Key of the table of figures; label ``code/behaviour: name``.
    date, age
        Date of diagnosis in years (2012.5 is mid-2012); age in whole years.
    stage, grade, true_grade
        FIGO 2009 stage 1 to 4; grade 1 to 4 as recorded, 0 unknown, and as it is.
    t, n, m
        Categories of TNM 7 as recorded, e.g. ``T1b``, ``T1NOS`` where the size is unknown, ``TX``, ``NX``.
    size, size_known
        Largest diameter in mm, and whether it was recorded.
    race, marital
        Labels of the registry.
    examined, positive
        Regional nodes; -1 in `positive` where none was examined.
    """

    kind: Texts
    histology: Texts
    date: Floats
    age: Ints
    stage: Ints
    grade: Ints
    true_grade: Ints
    t: Texts
    n: Texts
    m: Texts
    size: Ints
    size_known: Mask
    race: Texts
    marital: Texts
    surgery: Mask
    radiation: Mask
    chemotherapy: Mask
    examined: Ints
    positive: Ints

    @property
    def year(self) -> Ints:
        """Calendar year of diagnosis."""
        return np.floor(self.date).astype(np.int64)

    @property
    def restaged(self) -> Mask:
        """Whose recorded categories give a stage: diagnosed since 2010, under a scheme of TNM, nothing unknown."""
        known = (self.m == "M1") | ((self.n != "NX") & (self.t != "TX")) | (self.t == "T4")
        return np.asarray(known & (self.year >= 2010) & self.has_scheme, dtype=bool)

    @property
    def has_scheme(self) -> Mask:
        """For whom TNM has a scheme: 8801 to 8889 had the summary stage only until 2017."""
        code = np.array([int(text[:4]) for text in self.histology])
        return np.asarray((self.year >= 2018) | ~((code > 8800) & (code < 8890)), dtype=bool)

    @property
    def high_grade(self) -> Mask:
        """Grade III or IV, whether recorded or not."""
        return self.true_grade >= 3


def joined(*columns: NDArray[Any]) -> Texts:
    """Return one label per row from several columns."""
    return np.array(["|".join(str(cell) for cell in row) for row in zip(*columns, strict=True)], dtype=object)


def by_kind(kind: Texts, facts: Mapping[str, Any], key: str) -> Floats:
    """Return a figure of each row's histology; shape = (n,) or (n, length of the figure)."""
    return np.array([facts[name][key] for name in kind], dtype=np.float64)


def _ages(kind: Texts, group: Texts, facts: Mapping[str, Any], draws: Draws) -> Ints:
    """Draw ages from normal distributions cut at 18 and 95."""
    mean, sd = by_kind(kind, facts, "age").T
    low, high = ndtr((18 - mean) / sd), ndtr((96 - mean) / sd)
    age = mean + sd * ndtri(low + (high - low) * draws.even(group))
    return np.asarray(np.clip(np.floor(age), 18, 95), dtype=np.int64)


def _pick_rows(shares: Floats, uniform: Floats) -> Ints:
    """Return an index per row from a table of shares, shape = (n, k)."""
    edges = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    return np.asarray((uniform[:, None] > edges[:, :-1]).sum(axis=1), dtype=np.int64)


def _grades(kind: Texts, group: Texts, score: Floats, facts: Mapping[str, Any], draws: Draws) -> tuple[Ints, Ints]:
    """Return recorded and true grades; the score orders the women from the least aggressive tumour.

    Stromal sarcomas without a grade are mostly of low grade (what Chan's survival by stage and by grade implies), so
    their unknown grades lie between I and II; elsewhere a grade is unknown at random.
    """
    low_1, low_2, high, unknown = by_kind(kind, facts, "grade").T
    stromal = kind == "stromal"
    hidden = ~stromal & draws.flag(unknown, group)
    place = ranked(score, joined(group, hidden))
    between = np.where(stromal, unknown, 0.0)
    category = _pick_rows(np.column_stack((low_1, between, low_2, high)), place)
    true = np.choose(category, [1, 2, 2, 3])
    true = np.where((true == 3) & draws.flag(0.35, group), 4, true)
    recorded = np.where(hidden | (category == 1), UNKNOWN_GRADE, true)
    return recorded.astype(np.int64), true.astype(np.int64)


def _histologies(kind: Texts, group: Texts, high: Mask, facts: Mapping[str, Any], draws: Draws) -> Texts:
    out = np.empty(kind.size, dtype=object)
    for name in dict.fromkeys(kind):
        for is_high in (False, True):
            rows = np.flatnonzero((kind == name) & (high == is_high))
            codes = facts[name]["codes"] if is_high else facts[name].get("codes_low", facts[name]["codes"])
            out[rows] = draws.pick(codes, group[rows])
    return out


def _sizes(kind: Texts, group: Texts, stage: Ints, facts: Mapping[str, Any], draws: Draws) -> Ints:
    """Draw log-normal diameters; two thirds are recorded in whole centimetres, rounded up so that no class changes."""
    median, log_sd = by_kind(kind, facts, "size").T
    shift = np.array([0.0, 0.0, 0.12, 0.18, 0.22])[stage]
    size = median * np.exp(shift + log_sd * ndtri(draws.even(joined(group, stage))))
    step = np.array([1, 5, 10])[cut(draws.uniform(kind.size), [0.15, 0.2, 0.65])]
    return np.asarray(np.clip(np.ceil(size / step) * step, 2, 480), dtype=np.int64)


def _recorded(kind: Texts, tnm: Sequence[Texts], size_known: Mask, draws: Draws) -> list[Texts]:
    """Make a few categories unknown, and leave the letter of T1 away where the size is unknown."""
    t, n, m = tnm
    sized = np.isin(kind, ["leiomyosarcoma", "stromal"]) & np.isin(t, ["T1a", "T1b"])
    t = np.where(sized & ~size_known & draws.flag(0.5, kind), "T1NOS", t)
    t = np.where(draws.flag(0.025, kind), "TX", t)
    n = np.where((n == "N0") & draws.flag(0.02, kind), "NX", n)
    return [t.astype(object), n.astype(object), m]


def _tnm(kind: Texts, group: Texts, stage: Ints, size: Ints, facts: Mapping[str, Any], draws: Draws) -> list[Texts]:
    """Return T, N and M that give the stage."""
    within = joined(group, stage)
    share = by_kind(kind, facts, "nodes")
    positive = draws.flag(np.select([stage == 3, stage == 4], [share[:, 0], share[:, 1]], 0.0), within)
    inside = np.where(size <= 50, "T1a", "T1b")
    by_depth = draws.pick({"T1a": 0.45, "T1b": 0.35, "T1c": 0.20}, within)
    inside = np.where(kind == "adenosarcoma", by_depth, inside)
    by_depth = np.where(by_depth == "T1a", "T1a", "T1b")
    inside = np.where(np.isin(kind, ["carcinosarcoma", "carcinoma"]), by_depth, inside)
    second = draws.pick({"T2a": 0.55, "T2b": 0.45}, within)
    third = draws.pick({"T3a": 0.6, "T3b": 0.4}, within)
    spread = draws.uniform(kind.size)
    reach = np.where(spread < 0.45, inside, np.where(spread < 0.65, second, third))
    bladder = draws.flag(0.22, within)
    t = np.select(
        [stage == 1, stage == 2, (stage == 3) & ~positive, stage == 3, bladder],
        [inside, second, third, reach, np.full(kind.size, "T4")], reach,
    )  # fmt: skip
    m = np.where((stage == 4) & (~bladder | (spread < 0.25)), "M1", "M0")
    n = np.where(positive, "N1", np.where((m == "M1") & draws.flag(0.12, within), "NX", "N0"))
    carcinoma = np.isin(kind, ["carcinosarcoma", "carcinoma"]) & np.isin(t, ["T2a", "T2b"])
    return [np.where(carcinoma, "T2", t).astype(object), n.astype(object), m.astype(object)]


def _nodes(n: Texts, stage: Ints, surgery: Mask, shares: Sequence[float], draws: Draws) -> tuple[Ints, Ints]:
    """Return nodes examined and positive; most N1 women had a dissection."""
    share = np.array([0.0, *shares])[stage]
    some = (draws.uniform(n.size) < np.where(n == "N1", 0.9, share)) & surgery
    examined = np.where(some, 1 + np.floor(-9 * np.log(draws.uniform(n.size))), 0).clip(0, 70).astype(np.int64)
    found = 1 + np.floor(examined * 0.4 * draws.uniform(n.size)).astype(np.int64)
    positive = np.where(n == "N1", np.minimum(found, examined), 0)
    return examined, np.where(some, positive, -1)


def draw_women(kind: Texts, date: Floats, facts: Mapping[str, Any], draws: Draws) -> Women:
    """Draw the women of an export.

    Parameters
    ----------
    kind, date
        Histology key and date of diagnosis, shape = (n,).
    facts
        From `reporter.intake.synthetic.facts.load_facts`.
    draws
        The stream of random numbers.
    """
    marginals, n_rows = facts["marginals"], kind.size
    group = joined(kind, np.searchsorted(_ERAS, np.floor(date), side="right"))
    score = draws.normal(n_rows)
    grade, true_grade = _grades(kind, group, score, facts, draws)
    place = ranked(0.45 * score + 0.89 * draws.normal(n_rows), group)
    stage = 1 + _pick_rows(by_kind(kind, facts, "stage"), place)
    size = _sizes(kind, group, stage, facts, draws)
    within = joined(group, stage)
    tier = joined(within, np.searchsorted([50, 100], size, side="left"))
    size_known = ~draws.flag(marginals["size_unknown"], tier)
    t, n, m = _recorded(kind, _tnm(kind, group, stage, size, facts, draws), size_known, draws)
    surgery = draws.flag(np.array([0.0, *marginals["surgery"]])[stage], within)
    examined, positive = _nodes(n, stage, surgery, marginals["nodes_examined"], draws)
    at_stage = np.arange(n_rows), stage - 1
    return Women(
        kind=kind, histology=_histologies(kind, group, true_grade >= 3, facts, draws), date=date,
        age=_ages(kind, group, facts, draws), stage=stage, grade=grade, true_grade=true_grade, t=t, n=n, m=m,
        size=size, size_known=size_known,
        race=draws.pick(marginals["race"], group), marital=draws.pick(marginals["marital"], group),
        surgery=surgery, radiation=draws.flag(by_kind(kind, facts, "radiation")[at_stage], within),
        chemotherapy=draws.flag(by_kind(kind, facts, "chemotherapy")[at_stage], within),
        examined=examined, positive=positive,
    )  # fmt: skip


def kinds_of(shares: Mapping[str, float], n: int, draws: Draws) -> Texts:
    """Return the histology key of each of n rows, in the shares of the table."""
    order = {name: shares[name] for name in KINDS if name in shares}
    return draws.pick(order, np.zeros(n))
