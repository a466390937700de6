"""Exports of SEER*Stat: the shipped dictionaries say what the fields mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporter.intake.headers import headers_of
from reporter.pipeline.init.draft import Endpoint, Entry, Step
from reporter.pipeline.init.profile import Profile
from reporter.spec.dictionaries import read_dictionary

UTERUS = re.compile(r"C5[45]|Corpus Uteri|Uterus", re.IGNORECASE)

_USED = (
    "age", "sex", "race", "marital", "site", "histology", "figo", "summary_stage", "grade_group", "tumor_size",
    "hysterectomy", "chemotherapy", "radiation", "year", "first_primary", "confirmation", "reporting_source",
)  # fmt: skip
_FOR_FIGO = ("t_stage", "n_stage", "m_stage")
_NOT_A_COVARIATE = {
    "site": "where the tumour is", "year": "a calendar year", "first_primary": "for the selection",
    "confirmation": "for the selection", "reporting_source": "for the selection", "t_stage": "part of the FIGO stage",
    "n_stage": "part of the FIGO stage", "m_stage": "part of the FIGO stage",
    "hysterectomy": "a treatment", "chemotherapy": "a treatment that may begin after time zero",
    "radiation": "a treatment that may begin after time zero", "marital": "not of the disease",
}  # fmt: skip
_AFTER_START = ("chemotherapy", "radiation")


@dataclass(frozen=True)
class Registry:
    """What an export offers: dictionaries, columns, selection steps and endpoints."""

    dictionaries: tuple[str, ...]
    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    endpoints: tuple[Endpoint, ...]
    id: str | None
    left_out: tuple[tuple[str, str], ...]


def _headers(key: str, headers: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return the headers of the table that a key of the dictionaries reads."""
    known: Mapping[str, object] = {}
    for name in names:
        known = {**known, **read_dictionary(name).get(key, {})}
    spellings = known.get("headers", [])
    return [h for variants in spellings for h in headers_of(variants, headers)] if isinstance(spellings, list) else []


def _of_uterus(columns: Sequence[Profile]) -> bool:
    """Tell whether most tumours are of the corpus uteri."""
    for column in columns:
        if headers_of(["Primary Site - labeled", "Primary Site", "Site recode ICD-O-3/WHO 2008"], [column.header]):
            found = sum(n for word, n in zip(column.words, column.counts, strict=True) if UTERUS.match(word))
            return found > column.n / 2
    return False


def _entries(keys: Iterable[str], found: Mapping[str, list[str]], dictionaries: Sequence[str]) -> list[Entry]:
    entries = []
    for key in keys:
        if key == "figo" and "figo_2009" not in dictionaries:
            continue
        if key not in ("figo",) and not found.get(key):
            continue
        spec: dict[str, object] = {"per": 10} if key in ("age", "tumor_size") else {}
        checks = []
        if key in _AFTER_START:
            spec["after_start"] = True
        if key == "grade_group":
            checks.append('Unknown grades are missing; unknown_level = "Unknown" makes them a level of their own.')
        entries.append(Entry(key, key, spec, tuple(checks), (), _NOT_A_COVARIATE.get(key, "")))
    return entries


def _steps(found: Mapping[str, list[str]], keys: Iterable[str], uterus: bool, id_name: str | None) -> list[Step]:
    keys = set(keys)
    steps = []
    if "age" in keys:
        steps.append(Step({"label": "Aged 18 or older", "column": "age", "min": 18}))
    if uterus and "site" in keys:
        steps.append(Step({"label": "Tumour of the uterus (C54, C55)", "column": "site", "not_in": ["Other site"]}))
    if id_name and found.get("record"):
        spec = {"label": "First record of the patient", "column": found["record"][0], "first_of": id_name}
        steps.append(Step(spec, ("Of several tumours of a patient the first stays.",)))
    if "first_primary" in keys:
        check = "Cause of death is attributed to the first tumour alone; without this step css loses the others."
        steps.append(Step({"label": "First malignant primary", "column": "first_primary", "in": ["Yes"]}, (check,)))
    if found.get("survival_months"):
        known = {"label": "Survival time known", "column": "survival_months", "not_missing": True}
        steps.append(Step(known, ("min = 1 instead leaves out who died in the month of diagnosis.",)))
    return steps


def _endpoints(found: Mapping[str, list[str]]) -> list[Endpoint]:
    if not found.get("survival_months") or not found.get("vital_status"):
        return []
    time = Entry("survival_months", "survival_months", {}, why_not="part of an outcome")
    vital = Entry("vital_status", "vital_status", {}, why_not="part of an outcome")
    shared = {"unit": "months", "time": "survival_months"}
    used = frozenset(found["survival_months"] + found["vital_status"])
    overall: dict[str, Any] = {"label": "Overall survival", **shared, "event": "vital_status", "event_values": ["Dead"],
               "censored_values": ["Alive"]}  # fmt: skip
    endpoints = [Endpoint("os", overall, used, (time, vital))]
    if found.get("cause_specific") and found.get("other_cause"):
        causes = tuple(Entry(key, key, {}, why_not="part of an outcome") for key in ("cause_specific", "other_cause"))
        spec: dict[str, Any] = {"label": "Death from the cancer", **shared, "event": "cause_specific",
                "event_values": ["Dead of this cancer"], "censored_values": ["Alive or dead of other cause"],
                "competing": {"other": {"column": "other_cause", "values": ["Dead of another cause"]}}}  # fmt: skip
        headers = used | set(found["cause_specific"]) | set(found["other_cause"])
        endpoints.append(Endpoint("css", spec, frozenset(headers), (time, *causes)))
    return endpoints


def read_registry(columns: Sequence[Profile]) -> Registry:
    """Return what an export of SEER*Stat offers.

    Parameters
    ----------
    columns
        All columns of the table.
    """
    headers = [column.header for column in columns]
    uterus = _of_uterus(columns)
    dictionaries = ["seer", *(["icd_o_3_uterine_sarcoma"] if uterus else [])]
    wanted = (*_USED, *_FOR_FIGO, "survival_months", "vital_status", "cause_specific", "other_cause", "patient_id")
    found = {key: _headers(key, headers, dictionaries) for key in wanted}
    found["record"] = headers_of(["Record number recode"], headers)
    if uterus and all(found[key] for key in (*_FOR_FIGO, "histology", "year")):
        dictionaries.append("figo_2009")
    keys = (*_USED, *(_FOR_FIGO if "figo_2009" in dictionaries else ()))
    keys = tuple(key for key in keys if uterus or key not in ("site", "histology", "hysterectomy", "figo"))
    id_name = found["patient_id"][0] if found["patient_id"] else None
    entries = _entries(keys, found, dictionaries)
    known = {entry.key for entry in entries}
    read = {header for key in (*known, *wanted) for header in found.get(key, [])} | set(found["record"])
    rest = tuple((h, "not used here; the dictionary may know it") for h in headers if h not in read)
    return Registry(
        tuple(dictionaries), tuple(entries), tuple(_steps(found, known, uterus, id_name)), tuple(_endpoints(found)),
        id_name, rest,
    )  # fmt: skip
