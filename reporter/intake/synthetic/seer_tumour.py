"""Tumour and treatment of the synthetic women as fields of a SEER*Stat export, each blank outside its years."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from reporter.intake.synthetic.draws import Draws, Ints, Texts
from reporter.intake.synthetic.women import Mask, Women, joined

BLANK = "Blank(s)"
Fields = dict[str, Texts]

_SITES = {
    "C54.0-Isthmus uteri": 0.01, "C54.1-Endometrium": 0.22, "C54.2-Myometrium": 0.20, "C54.3-Fundus uteri": 0.04,
    "C54.8-Overlapping lesion of corpus uteri": 0.03, "C54.9-Corpus uteri": 0.20, "C55.9-Uterus, NOS": 0.30,
}  # fmt: skip
_GRADES = (
    "Unknown", "Well differentiated; Grade I", "Moderately differentiated; Grade II",
    "Poorly differentiated; Grade III", "Undifferentiated; anaplastic; Grade IV",
)  # fmt: skip
_SURGERY = {
    "50": 0.66, "40": 0.19, "63": 0.04, "61": 0.03, "30": 0.03, "65": 0.02, "26": 0.015, "75": 0.005, "90": 0.01,
}  # fmt: skip
_ELSEWHERE = {"C53.9-Cervix uteri": 0.5, "C56.9-Ovary": 0.3, "C57.9-Female genital tract, NOS": 0.2}
_UNKNOWN_SIZES = {"999": 0.93, "990": 0.02, "989": 0.01, "000": 0.01}
_RADIATION_ORDER = {
    "Radiation after surgery": 0.94, "Radiation prior to surgery": 0.03, "Sequence unknown, but both were given": 0.03,
}  # fmt: skip
_SYSTEMIC_ORDER = {
    "Systemic therapy after surgery": 0.90, "Systemic therapy before surgery": 0.06,
    "Systemic therapy both before and after surgery": 0.03, "Sequence unknown": 0.01,
}  # fmt: skip
_NO_SYSTEMIC = "No systemic therapy and/or surgical procedures"
_NO_RADIATION_ORDER = "No radiation and/or cancer-directed surgery"
_RADIATION = {
    "Beam radiation": 0.62, "Radioactive implants (includes brachytherapy) (1988+)": 0.17,
    "Combination of beam with implants or isotopes": 0.14, "Radiation, NOS  method or source not specified": 0.06,
    "Radioisotopes (1988+)": 0.01,
}  # fmt: skip
_NO_RADIATION = {"None/Unknown": 0.95, "Refused (1988+)": 0.02, "Recommended, unknown if administered": 0.03}
_REASONS = {
    "Not recommended": 0.55, "Recommended but not performed, patient refused": 0.10,
    "Recommended but not performed, unknown reason": 0.15,
    "Not performed, patient died prior to recommended surgery": 0.05,
    "Not recommended, contraindicated due to other cond; autopsy only (1973-2002)": 0.10,
    "Recommended, unknown if performed": 0.05,
}  # fmt: skip


def within(values: Texts, year: Ints, first: int, last: int = 9999) -> Texts:
    """Return the values in the years of a field, and its word for blank elsewhere."""
    return np.where((year >= first) & (year <= last), values, BLANK).astype(object)


_ERA = re.compile(r"\((?:(\d{4})-(\d{4})|(\d{4})\+|thru (\d{4}))\)$")


def years_of(header: str) -> tuple[int, int]:
    """Return the first and last year of a field, which its header names."""
    found = _ERA.search(header)
    first, last, only_first, only_last = found.groups() if found else (None, None, None, None)
    return int(first or only_first or 0), int(last or only_last or 9999)


def padded(numbers: Ints, width: int) -> Texts:
    """Return whole numbers with leading zeros."""
    return np.array([f"{number:0{width}d}" for number in numbers], dtype=object)


def recorded_tnm(women: Women) -> tuple[Texts, Texts, Texts]:
    """Return T, N and M as recorded; NA where TNM has no scheme."""
    t, n, m = (np.where(women.has_scheme, part, "NA").astype(object) for part in (women.t, women.n, women.m))
    return t, n, m


def figo_of(t: Texts, n: Texts, m: Texts) -> Texts:
    """Return the stage group of recorded categories, e.g. ``IIIC``; ``UNK Stage`` where they do not give one."""
    out = np.full(t.size, "UNK Stage", dtype=object)
    inside = {"T1NOS": "I", "T1a": "IA", "T1b": "IB", "T1c": "IC", "T2": "II", "T2a": "IIA", "T2b": "IIB",
              "T3a": "IIIA", "T3b": "IIIB"}  # fmt: skip
    for category, stage in inside.items():
        out[(t == category) & (n == "N0")] = stage
        out[(t == category) & (n == "N1")] = "IIIC"
    out[t == "T4"] = "IVA"
    out[m == "M1"] = "IVB"
    out[m == "NA"] = "NA"
    return out


def _combined(part: Texts, pathological: Mask) -> Texts:
    """Return the combined form of 2016-2017: prefix c or p, capital letters, no M or N."""
    marks = np.where(pathological, "p", "c")
    return np.array([
        "88" if text == "NA" else f"{mark}{text[1:].replace('NOS', '').upper()}"
        for text, mark in zip(part, marks, strict=True)
    ], dtype=object)  # fmt: skip


_ROMAN = {"IV": "4", "III": "3", "II": "2", "I": "1"}


def _arabic(stage: Texts) -> Texts:
    """Return ``3C`` for ``IIIC``, 99 for an unknown stage and 88 where there is none."""
    out = []
    for text in stage:
        head = next((roman for roman in _ROMAN if text.startswith(roman)), "")
        known = {"UNK Stage": "99", "NA": "88"}.get(text)
        out.append(known or _ROMAN[head] + text.removeprefix(head))
    return np.array(out, dtype=object)


def _sixth_edition(women: Women, draws: Draws) -> Texts:
    """Return the stage group of the 6th edition, in which sarcomas were staged as carcinomas of the endometrium."""
    letter = draws.pick({"A": 0.3, "B": 0.4, "C": 0.25, "NOS": 0.05}, women.stage)
    third = np.where(women.n == "N1", "C", np.where(letter == "B", "B", "A"))
    fourth = np.where(women.m == "M1", "B", "A")
    second = np.where(letter == "NOS", "NOS", np.where(letter == "A", "A", "B"))
    roman = np.array(["", "I", "II", "III", "IV"], dtype=object)[women.stage]
    letters = np.select([women.stage == s for s in (1, 2, 3, 4)], [letter, second, third, fourth], "")
    out = roman + letters.astype(object)
    out = np.where(draws.flag(0.05, women.kind), "UNK Stage", out)
    return np.where(women.has_scheme, out, "NA").astype(object)


def stage_fields(women: Women, draws: Draws) -> Fields:
    """Return the stage in the fields of its era."""
    year = women.year
    t, n, m = recorded_tnm(women)
    stage = figo_of(t, n, m)
    summary = np.array(["", "Localized", "Regional", "Regional", "Distant"], dtype=object)[women.stage]
    summary = np.where(draws.flag(0.03, women.kind), "", summary)
    c4, m7 = _combined(m, np.zeros(m.size, dtype=bool)), _combined(m, draws.flag(0.4, women.kind))
    eod_t = np.where(t == "T1NOS", "T1", t).astype(object)
    return {
        "Derived AJCC Stage Group, 6th ed (2004-2015)": within(_sixth_edition(women, draws), year, 2004, 2015),
        "Derived AJCC Stage Group, 7th ed (2010-2015)": within(stage, year, 2010, 2015),
        "Derived AJCC T, 7th ed (2010-2015)": within(t, year, 2010, 2015),
        "Derived AJCC N, 7th ed (2010-2015)": within(n, year, 2010, 2015),
        "Derived AJCC M, 7th ed (2010-2015)": within(m, year, 2010, 2015),
        "Derived SEER Cmb Stg Grp (2016-2017)": within(_arabic(stage), year, 2016, 2017),
        "Derived SEER Combined T (2016-2017)": within(_combined(t, women.surgery), year, 2016, 2017),
        "Derived SEER Combined N (2016-2017)": within(_combined(n, women.examined > 0), year, 2016, 2017),
        "Derived SEER Combined M (2016-2017)": within(np.where(m == "M1", m7, c4), year, 2016, 2017),
        "Derived EOD 2018 T (2018+)": within(eod_t, year, 2018),
        "Derived EOD 2018 N (2018+)": within(n, year, 2018),
        "Derived EOD 2018 M (2018+)": within(m, year, 2018),
        "Derived EOD 2018 Stage Group Recode (2018+)": within(_arabic(stage), year, 2018),
        "Combined Summary Stage (2004+)": within(np.where(summary == "", "Unknown/unstaged", summary), year, 2004),
        "SEER historic stage A (1973-2015)": within(np.where(summary == "", "Unstaged", summary), year, 1973, 2015),
    }  # fmt: skip


def _size_field(women: Women, draws: Draws, *, words: bool) -> Texts:
    """Return the size in mm as three digits; unknown ones and some small ones by their special codes."""
    out = padded(women.size, 3)
    special = {**_UNKNOWN_SIZES, **({"991": 0.01, "994": 0.02} if words else {"998": 0.03})}
    return np.where(women.size_known, out, draws.pick(special, women.kind)).astype(object)


def _grade_fields(women: Women, draws: Draws) -> Fields:
    year, grade = women.year, np.minimum(women.grade, 3)
    digit = np.array(["9", "1", "2", "3"], dtype=object)[grade]
    letter = np.array(["9", "L", "L", "H"], dtype=object)[grade]
    path = np.where((women.kind == "stromal") & draws.flag(0.5, women.kind), letter, digit)
    return {
        "Grade Recode (thru 2017)": within(np.array(_GRADES, dtype=object)[women.grade], year, 0, 2017),
        "Grade Clinical (2018+)": within(np.where(draws.flag(0.12, women.kind), path, "9"), year, 2018),
        "Grade Pathological (2018+)": within(path, year, 2018),
    }


def _metastases(women: Women, draws: Draws) -> Fields:
    out: Fields = {}
    for organ, share in (("bone", 0.14), ("brain", 0.03), ("liver", 0.20), ("lung", 0.60)):
        yes = (women.m == "M1") & draws.flag(share, joined(women.m, women.kind))
        value = np.where(draws.flag(0.015, women.kind), "Unknown", np.where(yes, "Yes", "No"))
        out[f"SEER Combined Mets at DX-{organ} (2010+)"] = within(value, women.year, 2010)
    return out


def _node_fields(women: Women, draws: Draws) -> Fields:
    some = women.examined > 0
    vague = some & draws.flag(0.03, women.kind)
    examined = np.where(vague, "97", padded(women.examined, 2))
    positive = np.where(some, padded(np.maximum(women.positive, 0), 2), "98")
    positive = np.where(vague & (women.positive > 0), "97", positive)
    unknown = ~some & draws.flag(0.02, women.kind)
    return {
        "Regional nodes examined (1988+)": np.where(unknown, "99", examined).astype(object),
        "Regional nodes positive (1988+)": np.where(unknown, "99", positive).astype(object),
    }


def tumour_fields(women: Women, other_site: Mask, draws: Draws) -> Fields:
    """Return site, histology, grade, stage, size and nodes."""
    site = draws.pick(_SITES, women.kind)
    elsewhere = draws.pick(_ELSEWHERE, women.kind)
    recode = np.where(site == "C55.9-Uterus, NOS", "Uterus, NOS", "Corpus Uteri")
    names = {"C53.9-Cervix uteri": "Cervix Uteri", "C56.9-Ovary": "Ovary"}
    away = np.array([names.get(text, "Other Female Genital Organs") for text in elsewhere], dtype=object)
    year = women.year
    return {
        "Primary Site - labeled": np.where(other_site, elsewhere, site).astype(object),
        "Site recode ICD-O-3/WHO 2008": np.where(other_site, away, recode).astype(object),
        "Histologic Type ICD-O-3": np.array([text[:4] for text in women.histology], dtype=object),
        "ICD-O-3 Hist/behav": women.histology,
        "Behavior code ICD-O-3": np.full(women.age.size, "Malignant", dtype=object),
        **_grade_fields(women, draws),
        **stage_fields(women, draws),
        "CS tumor size (2004-2015)": within(_size_field(women, draws, words=True), year, 2004, 2015),
        "Tumor Size Summary (2016+)": within(_size_field(women, draws, words=False), year, 2016),
        **_node_fields(women, draws),
        **_metastases(women, draws),
    }


def treatment_fields(women: Women, draws: Draws) -> Fields:
    """Return surgery, radiotherapy and chemotherapy."""
    kind, surgery, both = women.kind, women.surgery, women.surgery & women.radiation
    none = draws.pick({"00": 0.96, "99": 0.04}, kind)
    radiation = np.where(women.radiation, draws.pick(_RADIATION, kind), draws.pick(_NO_RADIATION, kind))
    after = np.where(surgery & women.chemotherapy, draws.pick(_SYSTEMIC_ORDER, kind), _NO_SYSTEMIC)
    operation = draws.pick(_SURGERY, kind)
    reason = np.where(surgery, "Surgery performed", draws.pick(_REASONS, kind))
    order = np.where(both, draws.pick(_RADIATION_ORDER, kind), _NO_RADIATION_ORDER)
    return {
        "RX Summ--Surg Prim Site (1998+)": np.where(surgery, operation, none).astype(object),
        "Reason no cancer-directed surgery": reason.astype(object),
        "Radiation recode": radiation.astype(object),
        "RX Summ--Surg/Rad Seq": order.astype(object),
        "Chemotherapy recode (yes, no/unk)": np.where(women.chemotherapy, "Yes", "No/Unknown").astype(object),
        "RX Summ--Systemic/Sur Seq (2007+)": within(after.astype(object), women.year, 2007),
    }


def person_fields(women: Women, under_18: Mask, facts: Mapping[str, Any], draws: Draws) -> Fields:
    """Return who the woman is."""
    young = (10 + np.floor(8 * draws.uniform(women.age.size))).astype(np.int64)
    age = np.where(under_18, young, women.age)
    shown = np.where(age >= 90, "90+ years", np.array([f"{a:02d} years" for a in age], dtype=object))
    insurance = draws.pick(facts["marginals"]["insurance"], women.kind)
    return {
        "Age recode with single ages and 90+": shown.astype(object),
        "Sex": np.full(women.age.size, "Female", dtype=object),
        "Year of diagnosis": np.array([str(year) for year in women.year], dtype=object),
        "Race recode (White, Black, Other)": women.race,
        "Marital status at diagnosis": women.marital,
        "Insurance Recode (2007+)": within(insurance, women.year, 2007),
    }
