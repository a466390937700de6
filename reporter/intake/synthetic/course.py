"""How long the women live: two competing hazards, calibrated to published survival."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from reporter.intake.synthetic.balance import Score, balanced_exponential
from reporter.intake.synthetic.draws import Draws, Floats, Ints
from reporter.intake.synthetic.women import Mask, Women, joined

ALIVE, CANCER, OTHER = 0, 1, 2
_ROUNDS = 40


@dataclass(frozen=True)
class Course:
    """Months from diagnosis to death or end of follow-up; 0 alive, 1 dead of the cancer, 2 dead of another cause."""

    months: Floats
    status: Ints


@dataclass(frozen=True)
class Hazards:
    """Log hazard ratios by histology, stage and grade that reproduce the published survival.

    Parameters
    ----------
    by_stage
        By histology and stage.
    by_grade
        By histology and recorded grade (0 unknown, 1, 2, 3 for III and IV); histologies whose survival by grade is
        published.
    """

    by_stage: Mapping[tuple[str, int], float]
    by_grade: Mapping[tuple[str, int], float]

    def of(self, women: Women) -> Floats:
        """Return the intercept of each woman."""
        grade = np.minimum(women.grade, 3)
        return np.array([
            self.by_stage[kind, stage] + self.by_grade.get((kind, degree), 0.0)
            for kind, stage, degree in zip(women.kind, women.stage, grade, strict=True)
        ], dtype=np.float64)  # fmt: skip


def effects(women: Women, facts: Mapping[str, Any]) -> Floats:
    """Return the log hazard ratio of each woman's age, race, marriage, size, grade, nodes and treatment."""
    ratio = facts["effects"]
    high = np.log([facts[kind]["high_grade"] for kind in women.kind])
    return np.asarray(
        np.log(ratio["age_10"]) * (women.age - 54) / 10
        + np.log(ratio["black"]) * (women.race == "Black")
        + np.log(ratio["married"]) * np.char.startswith(women.marital.astype(str), "Married")
        + np.log(ratio["size"])[np.searchsorted([50, 100], women.size, side="left")]
        + high * women.high_grade
        + np.log(ratio["node_positive"]) * (women.n == "N1")
        + np.log(ratio["no_surgery"]) * ~women.surgery
        + np.log(ratio["radiation"]) * women.radiation
        + np.log(ratio["chemotherapy_stage_4"]) * (women.chemotherapy & (women.stage == 4)),
        dtype=np.float64,
    )


def _scale_shape(women: Women, facts: Mapping[str, Any]) -> tuple[Floats, Floats]:
    last = (women.stage == 4).astype(np.int64)
    hazard = facts["hazard"]
    return np.array(hazard["scale"])[last], np.array(hazard["shape"])[last]


def _other_survival(women: Women, months: float, facts: Mapping[str, Any], rate: float) -> Floats:
    growth = facts["hazard"]["growth"]
    start = rate * np.exp(growth * (women.age - 60))
    return np.asarray(np.exp(-start * np.expm1(growth * months / 12) / growth), dtype=np.float64)


def _margins(women: Women, facts: Mapping[str, Any]) -> Iterator[tuple[Mask, float, list[tuple[str, str, int]]]]:
    """Give the rows of each published survival, its value, and the intercepts that move it."""
    for kind in dict.fromkeys(women.kind):
        own, figures = women.kind == kind, facts[kind]
        for stage, target in enumerate(figures.get("survival_by_stage", ()), start=1):
            yield own & (women.stage == stage), target, [("stage", kind, stage)]
        for half, target in enumerate(figures.get("survival_by_half", ())):
            stages = (1, 2) if half == 0 else (3, 4)
            yield own & np.isin(women.stage, stages), target, [("stage", kind, stage) for stage in stages]
        for grade, target in enumerate(figures.get("survival_by_grade", ()), start=1):
            yield own & (np.minimum(women.grade, 3) == grade), target, [("grade", kind, grade)]


def calibrate(women: Women, facts: Mapping[str, Any]) -> Hazards:
    """Find the intercepts at which the women's mean survival at five years is the published one, margin by margin.

    Cancer-specific survival is the mean over the margin of exp(-H(t)); figures of all causes are met with the survival
    from other causes multiplied in. Margins that overlap are met in turn until they settle.
    """
    horizon = facts["horizon"]
    scale, shape = _scale_shape(women, facts)
    base = np.log1p((horizon / scale) ** shape) * np.exp(effects(women, facts))
    other = _other_survival(women, horizon, facts, facts["hazard"]["other_cause"])
    found: dict[str, dict[tuple[str, int], float]] = {
        "stage": {(kind, stage): 0.0 for kind in dict.fromkeys(women.kind) for stage in (1, 2, 3, 4)}, "grade": {},
    }  # fmt: skip
    margins = [margin for margin in _margins(women, facts) if margin[0].any()]
    for _ in range(_ROUNDS):
        for rows, target, parts in margins:
            total = base[rows] * np.exp(Hazards(found["stage"], found["grade"]).of(women)[rows])
            share = other[rows] if facts[parts[0][1]].get("all_cause", False) else np.ones(int(rows.sum()))

            def miss(shift: float, total: Floats = total, share: Floats = share, target: float = target) -> float:
                return float((np.exp(-total * np.exp(shift)) * share).mean() - target)

            shift = float(brentq(miss, -12, 12, xtol=1e-10))
            for which, kind, level in parts:
                found[which][kind, level] = found[which].get((kind, level), 0.0) + shift
    return Hazards(found["stage"], found["grade"])


def _design(women: Women, observed: Mask) -> Floats:
    """Return what the survival depends on, of the women with all of it recorded, as columns, shape = (n, p)."""
    size = np.searchsorted([50, 100], women.size, side="left")
    inside = women.stage == 1
    columns = [
        np.ones(women.age.size), (women.age - 54) / 10, women.age >= 50, women.race == "Black",
        women.marital == "Married (including common law)", size == 1, size == 2, (size == 1) & inside,
        (size == 2) & inside, women.grade >= 3, women.grade == 0, women.n == "N1", ~women.surgery, women.radiation,
        women.chemotherapy & (women.stage == 4), women.stage == 2, women.stage == 3, women.stage == 4,
        women.histology == "8931/3: Endometrial stromal sarcoma, low grade",
    ]  # fmt: skip
    return np.column_stack([np.asarray(column & observed if column.dtype == bool else column * observed,
                                       dtype=np.float64) for column in columns])  # fmt: skip


def _margin_design(women: Women, analysed: Mask) -> Floats:
    grade = np.minimum(women.grade, 3)
    staged = analysed & women.restaged
    by_stage = [staged & (women.stage == stage) for stage in (1, 2, 3, 4)]
    by_grade = [analysed & (grade == degree) for degree in (1, 2, 3)]
    return np.column_stack(by_stage + by_grade).astype(np.float64)


def draw_course(
    women: Women, hazards: Hazards, facts: Mapping[str, Any], draws: Draws, *, end: float, other_cause: float,
    analysed: Mask,
) -> Course:  # fmt: skip
    """Draw death from the cancer and from other causes, and stop at the end of follow-up.

    Parameters
    ----------
    women, hazards, facts, draws
        The women, the calibrated intercepts, the figures and the random numbers.
    end
        End of follow-up in years.
    other_cause
        Deaths from other causes a year at age 60.
    analysed
        Women whom a study keeps; the draws are balanced over these.
    """
    scale, shape = _scale_shape(women, facts)
    growth = facts["hazard"]["growth"]
    start = other_cause * np.exp(growth * (women.age - 60))
    other = 12 * np.log1p(-np.log(draws.uniform(women.age.size)) * growth / start) / growth
    until = 12 * (end - women.date)
    lost = draws.flag(facts["lost"], np.zeros(women.age.size))
    until = np.where(lost, until * draws.uniform(women.age.size), until)
    ratio = np.exp(effects(women, facts) + hazards.of(women))
    free = np.minimum(other, until)

    def lived(months: float) -> Floats:
        return np.asarray(ratio * np.log1p((np.minimum(free, months) / scale) ** shape), dtype=np.float64)

    sarcoma = ~np.isin(women.kind, ["carcinosarcoma", "carcinoma"])
    whole = _design(women, analysed & women.restaged & women.size_known & sarcoma)
    margin = _margin_design(women, analysed)
    last = analysed & women.restaged & (women.stage == 4)
    half = np.column_stack((last & women.chemotherapy, last & ~women.chemotherapy)).astype(np.float64)
    parts = [
        Score(whole, lived(np.inf)), Score(margin, lived(facts["horizon"])), Score(half, lived(14.0)),
        Score(analysed[:, None].astype(np.float64), lived(4.0)),
    ]  # fmt: skip
    era = np.where(women.year >= 2010, "late", "early")
    total = balanced_exponential(parts, joined(women.kind, era), draws) / ratio
    cancer = np.where(total < 700, scale * np.expm1(np.minimum(total, 700)) ** (1 / shape), np.inf)
    months = np.minimum(cancer, free)
    status = np.select([cancer <= free, other <= until], [CANCER, OTHER], ALIVE)
    return Course(months, status.astype(np.int64))
