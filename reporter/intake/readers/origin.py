"""Recognise a table of SEER*Stat by its headers, as exported or as other programs spell them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Headers that only SEER*Stat writes; variants by release share the beginning.
_HEADERS = (
    "Age recode with single ages", "Age recode with <1 year olds", "Race recode (White, Black, Other)",
    "Race recode (W, B, AI, API)", "Race and origin recode (NHW, NHB, NHAIAN, NHAPI, Hispanic)",
    "Marital status at diagnosis", "Primary Site - labeled", "Site recode ICD-O-3/WHO 2008",
    "Histologic Type ICD-O-3", "ICD-O-3 Hist/behav", "Histology recode - broad groupings", "Behavior code ICD-O-3",
    "Behavior recode for analysis", "Grade (thru 2017)", "Grade Recode (thru 2017)", "Grade Pathological (2018+)",
    "Derived AJCC Stage Group", "Derived AJCC T", "Derived AJCC N", "Derived AJCC M", "Derived SEER Combined T",
    "Derived SEER Combined N", "Derived SEER Combined M", "Derived SEER Cmb Stg Grp", "Derived EOD 2018",
    "SEER Combined Summary Stage 2000", "Combined Summary Stage", "Summary stage 2000", "SEER historic stage A",
    "CS tumor size", "Tumor Size Summary", "Tumor Size Over Time Recode", "CS extension", "CS lymph nodes",
    "CS mets at dx", "Regional nodes examined", "Regional nodes positive", "RX Summ--Surg Prim Site",
    "RX Summ--Scope Reg LN Sur", "RX Summ--Surg/Rad Seq", "RX Summ--Systemic/Sur Seq",
    "Reason no cancer-directed surgery", "Radiation recode", "Chemotherapy recode", "SEER Combined Mets at DX",
    "Survival months", "Survival months flag", "Vital status recode", "SEER cause-specific death classification",
    "SEER other cause of death classification", "COD to site recode", "COD to site rec KM",
    "First malignant primary indicator", "Diagnostic Confirmation", "Type of Reporting Source",
    "Insurance Recode (2007+)", "Median household income inflation adj", "Rural-Urban Continuum Code",
)  # fmt: skip
_ENOUGH = 5
# SPSS and Stata cut names; a shorter beginning could be another field.
_CUT = 28


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_PLAIN = tuple(sorted({_plain(header) for header in _HEADERS}))


def _known(name: str) -> str | None:
    plain = _plain(name)
    for header in _PLAIN:
        if plain == header or (len(header) >= 10 and plain.startswith(header)):
            return header
        if len(plain) >= _CUT and header.startswith(plain):
            return header
    return None


def is_seer(names: Iterable[str]) -> bool:
    """Tell whether at least five headers are different fields of SEER*Stat."""
    return len({found for found in map(_known, names) if found}) >= _ENOUGH
