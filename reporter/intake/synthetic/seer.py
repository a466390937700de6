"""A synthetic export of SEER*Stat: the women's fields, their follow-up, the rows that a study removes, two files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reporter.intake.synthetic.course import ALIVE, CANCER, OTHER, Course, Hazards, calibrate, draw_course
from reporter.intake.synthetic.draws import Draws, Floats
from reporter.intake.synthetic.seer_tumour import (
    Fields,
    padded,
    person_fields,
    treatment_fields,
    tumour_fields,
    within,
    years_of,
)
from reporter.intake.synthetic.women import Mask, Women, draw_women, kinds_of

CANCER_DEATHS = {
    "Corpus Uteri": 0.55, "Uterus, NOS": 0.30, "Soft Tissue including Heart": 0.08,
    "Miscellaneous Malignant Cancer": 0.07,
}  # fmt: skip
OTHER_DEATHS = {
    "Diseases of Heart": 0.35, "Cerebrovascular Diseases": 0.09, "Lung and Bronchus": 0.09,
    "Other Cause of Death": 0.47,
}  # fmt: skip
NO_CAUSE = "State DC not available or state DC available but no COD"
NOT_FIRST = "N/A not first tumor"
_CONFIRMED = {"Positive histology": 0.93, "Pos hist AND immunophenotyping AND/OR pos genetic studies": 0.07}
_UNCONFIRMED = {
    "Positive exfoliative cytology, no positive histology": 0.3, "Radiography without microscopic confirm": 0.3,
    "Clinical diagnosis only": 0.2, "Unknown": 0.2,
}  # fmt: skip
_FLAGS = (
    "Complete dates are available and there are more than 0 days of survival",
    "Complete dates are available and there are 0 days of survival",
    "Incomplete dates are available and there cannot be zero days of follow-up",
    "Not calculated because a Death Certificate Only or Autopsy Only case",
)
_SECONDS = (
    ("C50.4-Upper-outer quadrant of breast", "Breast", "8500/3: Infiltrating duct carcinoma, NOS", 0.42),
    ("C18.7-Sigmoid colon", "Sigmoid Colon", "8140/3: Adenocarcinoma, NOS", 0.22),
    ("C34.1-Upper lobe, lung", "Lung and Bronchus", "8140/3: Adenocarcinoma, NOS", 0.20),
    ("C55.9-Uterus, NOS", "Uterus, NOS", "8930/3: Endometrial stromal sarcoma, NOS", 0.16),
)
# What a tumour without a stage of the uterus has in the fields of its years.
_NOT_STAGED = {
    "Derived AJCC": "NA", "Derived SEER C": "88", "Derived EOD": "88", "Combined Summary": "Unknown/unstaged",
    "SEER historic": "Unstaged", "CS tumor size": "999", "Tumor Size": "999", "SEER Combined Mets": "Unknown",
    "Grade Recode": "Unknown", "Grade Clinical": "9", "Grade Pathological": "9", "Regional nodes": "99",
    "Insurance": "Insurance status unknown", "RX Summ--Systemic": "No systemic therapy and/or surgical procedures",
}  # fmt: skip


class Removed:
    """Which women a study's selection removes, and why; masks of shape = (n,)."""

    def __init__(self, women: Women, shares: Mapping[str, float], draws: Draws) -> None:
        kind = women.kind

        def flag(name: str) -> Mask:
            return draws.flag(shares[name], kind)

        self.under_18, self.other_site = flag("under_18"), flag("other_site")
        self.unconfirmed, self.not_first = flag("unconfirmed"), flag("not_first")
        self.not_reported, self.unknown_months = flag("not_reported"), flag("unknown_months")

    @property
    def any(self) -> Mask:
        """Women whom one step or another removes."""
        parts = (self.under_18, self.other_site, self.unconfirmed, self.not_first, self.not_reported)
        return np.asarray(np.any((*parts, self.unknown_months), axis=0), dtype=bool)


def follow_up_fields(women: Women, course: Course, removed: Removed, facts: Mapping[str, Any], draws: Draws) -> Fields:
    """Return survival months (completed), vital status and causes of death."""
    kind, months = women.kind, np.floor(course.months).astype(np.int64)
    status = np.where(removed.not_reported, CANCER, course.status)
    dead = status != ALIVE
    no_cause = dead & draws.flag(facts["marginals"]["unknown_cause"], status)
    unknown = removed.not_reported | removed.unknown_months
    flag = np.where(months > 0, _FLAGS[0], np.where(draws.flag(0.4, kind), _FLAGS[1], _FLAGS[0]))
    flag = np.where((months > 0) & draws.flag(0.015, kind), _FLAGS[2], flag)
    cause = np.where(status == CANCER, draws.pick(CANCER_DEATHS, kind), draws.pick(OTHER_DEATHS, kind))
    cancer = np.where(status == CANCER, "Dead (attributable to this cancer dx)", "Alive or dead of other cause")
    of_other = "Dead (attributable to causes other than this cancer dx)"
    other = np.where(status == OTHER, of_other, "Alive or dead due to cancer")
    first = ~removed.not_first

    def shown(label: Any) -> Any:
        return np.where(first, np.where(no_cause, "Dead (missing/unknown COD)", label), NOT_FIRST).astype(object)

    return {
        "Survival months": np.where(unknown, "Unknown", padded(months, 4)).astype(object),
        "Survival months flag": np.where(removed.not_reported, _FLAGS[3], flag).astype(object),
        "Vital status recode (study cutoff used)": np.where(dead, "Dead", "Alive").astype(object),
        "SEER cause-specific death classification": shown(cancer),
        "SEER other cause of death classification": shown(other),
        "COD to site recode": np.where(dead, np.where(no_cause, NO_CAUSE, cause), "Alive").astype(object),
    }


def registry_fields(women: Women, removed: Removed, second: Mask, draws: Draws) -> Fields:
    """Return how the tumour counts among the woman's tumours, and how it was found."""
    kind = women.kind
    confirmed = np.where(removed.unconfirmed, draws.pick(_UNCONFIRMED, kind), draws.pick(_CONFIRMED, kind))
    certificate = removed.not_reported & draws.flag(0.6, kind)
    source = np.where(removed.not_reported, "Autopsy only", "Hospital inpatient/outpatient or clinic")
    sequence = np.where(second, "1st of 2 or more primaries", "One primary only")
    return {
        "Sequence number": np.where(removed.not_first, "2nd of 2 or more primaries", sequence).astype(object),
        "First malignant primary indicator": np.where(removed.not_first, "No", "Yes").astype(object),
        "Total number of in situ/malignant tumors for patient": np.where(
            removed.not_first | second, "2", "1").astype(object),
        "Record number recode": np.where(removed.not_first, "2", "1").astype(object),
        "Diagnostic Confirmation": confirmed.astype(object),
        "Type of Reporting Source": np.where(certificate, "Death certificate only", source).astype(object),
    }  # fmt: skip


def _dates(n: int, facts: Mapping[str, Any], draws: Draws) -> Floats:
    """Return dates of diagnosis, somewhat more of them in later years."""
    first, last = facts["first_year"], facts["last_year"] + 1
    return np.asarray(first + (last - first) * draws.even(np.zeros(n)) ** 0.8, dtype=np.float64)


def _second_rows(fields: Fields, women: Women, course: Course, second: Mask, draws: Draws, last_year: int) -> Fields:
    """Return a further row of the women with a second tumour, found between the first and the end of follow-up."""
    rows = np.flatnonzero(second)
    which = draws.pick({str(i): tumour[3] for i, tumour in enumerate(_SECONDS)}, np.zeros(rows.size)).astype(np.int64)
    site, recode, histology = (np.array([str(tumour[i]) for tumour in _SECONDS], dtype=object) for i in range(3))
    gap = course.months[rows] * (0.1 + 0.8 * draws.uniform(rows.size))
    date = np.minimum(women.date[rows] + gap / 12, last_year + 0.99)
    out = {header: values[rows].copy() for header, values in fields.items()}
    uterine = which == len(_SECONDS) - 1
    year = np.floor(date).astype(np.int64)
    for header in out:
        word = next((word for start, word in _NOT_STAGED.items() if header.startswith(start)), None)
        if word is not None:
            out[header] = within(np.full(rows.size, word, dtype=object), year, *years_of(header))
    age = np.minimum(women.age[rows] + np.round(gap / 12).astype(np.int64), 89)
    left = np.floor(course.months[rows] - gap).astype(np.int64)
    out |= {
        "Primary Site - labeled": site[which],
        "Site recode ICD-O-3/WHO 2008": recode[which],
        "ICD-O-3 Hist/behav": histology[which],
        "Histologic Type ICD-O-3": np.array([text[:4] for text in histology], dtype=object)[which],
        "RX Summ--Surg Prim Site (1998+)": np.where(uterine, "00", "20").astype(object),
        "Year of diagnosis": np.array([str(y) for y in year], dtype=object),
        "Age recode with single ages and 90+": np.array([f"{a:02d} years" for a in age], dtype=object),
        "Survival months": padded(left, 4),
        "SEER cause-specific death classification": np.full(rows.size, NOT_FIRST, dtype=object),
        "SEER other cause of death classification": np.full(rows.size, NOT_FIRST, dtype=object),
        "Sequence number": np.full(rows.size, "2nd of 2 or more primaries", dtype=object),
        "First malignant primary indicator": np.full(rows.size, "No", dtype=object),
        "Record number recode": np.full(rows.size, "2", dtype=object),
    }
    return out


def _merged(first: Fields, further: Fields, n: int, draws: Draws, second: Mask) -> Fields:
    """Return all rows sorted by patient number and record."""
    number = 1000 + np.cumsum(1 + np.floor(240 * draws.uniform(n))).astype(np.int64)
    place = np.argsort(draws.uniform(n), kind="stable")
    ids = padded(number[np.argsort(place, kind="stable")], 8)
    every = {"Patient ID": np.concatenate((ids, ids[second]))}
    every |= {header: np.concatenate((values, further[header])) for header, values in first.items()}
    order = np.lexsort((every["Record number recode"].astype(str), every["Patient ID"].astype(str)))
    return {header: values[order] for header, values in every.items()}


def draw_export(facts: Mapping[str, Any], *, seed: int, rows: int) -> tuple[Fields, Hazards]:
    """Draw the fields of an export and the calibrated hazards.

    Parameters
    ----------
    facts
        From `reporter.intake.synthetic.facts.load_facts`.
    seed, rows
        The same pair gives the same cells; `rows` counts tumours.
    """
    draws = Draws(seed)
    n_second = int(facts["removed"]["second_tumour"] * rows)
    n = rows - n_second
    women = draw_women(kinds_of(facts["shares"], n, draws), _dates(n, facts, draws), facts, draws)
    hazards = calibrate(women, facts)
    removed = Removed(women, facts["removed"], draws)
    course = draw_course(
        women, hazards, facts, draws, end=facts["end_of_follow_up"], other_cause=facts["hazard"]["other_cause"],
        analysed=~removed.any,
    )  # fmt: skip
    unable = removed.not_first | removed.not_reported | removed.unknown_months | removed.under_18
    able = ~unable & (course.months > 12)
    chosen = np.argsort(np.where(able, draws.uniform(n), 2.0), kind="stable")[:n_second]
    second = np.isin(np.arange(n), chosen)
    if not able[chosen].all():
        raise ValueError("fewer women live long enough than further tumours are wanted")
    fields = {
        **person_fields(women, removed.under_18, facts, draws),
        **tumour_fields(women, removed.other_site, draws),
        **treatment_fields(women, draws),
        **follow_up_fields(women, course, removed, facts, draws),
        **registry_fields(women, removed, second, draws),
    }
    further = _second_rows(fields, women, course, second, draws, facts["last_year"])
    return _merged(fields, further, n, draws, second), hazards
