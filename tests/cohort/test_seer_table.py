"""The derivations of a registry study of uterine sarcoma, on a small table made by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.spec.load import load_study

HEADERS = {
    "id": "Patient ID", "age": "Age recode with single ages and 90+", "year": "Year of diagnosis",
    "site": "Primary Site - labeled", "histology": "ICD-O-3 Hist/behav, malignant",
    "confirmed": "Diagnostic Confirmation", "first": "First malignant primary indicator",
    "grade": "Grade Recode (thru 2017)", "cs_size": "CS tumor size (2004-2015)", "size": "Tumor Size Summary (2016+)",
    "t7": "Derived AJCC T, 7th ed (2010-2015)", "n7": "Derived AJCC N, 7th ed (2010-2015)",
    "m7": "Derived AJCC M, 7th ed (2010-2015)", "tc": "Derived SEER Combined T (2016-2017)",
    "nc": "Derived SEER Combined N (2016-2017)", "mc": "Derived SEER Combined M (2016-2017)",
    "surgery": "RX Summ--Surg Prim Site (1998+)", "radiation": "Radiation recode",
    "rad_seq": "RX Summ--Surg/Rad Seq", "chemo": "Chemotherapy recode (yes, no/unk)",
    "sys_seq": "RX Summ--Systemic/Sur Seq (2007+)", "nodes": "Regional nodes positive (1988+)",
    "months": "Survival months", "vital": "Vital status recode (study cutoff used)",
    "css": "SEER cause-specific death classification", "other": "SEER other cause of death classification",
}  # fmt: skip
BLANK, NO_RAD = "Blank(s)", "No radiation and/or cancer-directed surgery"
NO_SYS = "No systemic therapy and/or surgical procedures"
CANCER, OTHER = "Dead (attributable to this cancer dx)", "Dead (attributable to causes other than this cancer dx)"
PLAIN = {
    "age": "62 years", "year": "2012", "site": "C54.9-Corpus uteri", "histology": "8890/3: Leiomyosarcoma, NOS",
    "confirmed": "Positive histology", "first": "Yes", "grade": "Poorly differentiated; Grade III", "cs_size": "080",
    "size": BLANK, "t7": "T1b", "n7": "N0", "m7": "M0", "tc": BLANK, "nc": BLANK, "mc": BLANK, "surgery": "50",
    "radiation": "None/Unknown", "rad_seq": NO_RAD, "chemo": "No/Unknown", "sys_seq": NO_SYS, "nodes": "98",
    "months": "0024", "vital": "Alive", "css": "Alive or dead of other cause", "other": "Alive or dead due to cancer",
}  # fmt: skip
LATER = {"year": "2016", "cs_size": BLANK, "t7": BLANK, "n7": BLANK, "m7": BLANK}
DIED = {"vital": "Dead", "css": CANCER}

# Each patient: what differs from PLAIN, and what must come out (a missing value is None).
PATIENTS: list[tuple[dict[str, str], dict[str, object]]] = [
    ({**DIED, "cs_size": "050", "t7": "T1a"}, {"figo": "I", "size": 50, "grade": "High", "rt": "No", "chemo": "No"}),
    ({**DIED, "t7": "T2NOS", "grade": "Well differentiated; Grade I"}, {"figo": "II", "grade": "Low"}),
    ({**DIED, "n7": "N1", "radiation": "Radiation, NOS  method or source not specified"}, {"figo": "III", "rt": "Yes"}),
    ({"t7": "T3a", "n7": "NX", "grade": "Unknown"}, {"figo": "III", "grade": "Gx"}),
    ({**DIED, "t7": "T4", "cs_size": "990"}, {"figo": "IV", "size": None}),
    ({"m7": "M1", "t7": "TX", "cs_size": "999", "chemo": "Yes"}, {"figo": "IV", "size": None, "chemo": "Yes"}),
    ({**LATER, **DIED, "tc": "c1A", "nc": "p0", "mc": "c0", "size": "051"}, {"figo": "I", "size": 51, "nodes": None}),
    ({**LATER, "tc": "p3B", "nc": "p0", "mc": "c0", "size": "989"}, {"figo": "III", "size": None}),
    ({"n7": "NX", "radiation": "Refused (1988+)", "rad_seq": "Sequence unknown, but both were given"},
     {"figo": None, "rt": "No"}),
    ({**DIED, "t7": "TX", "radiation": "Recommended, unknown if administered"}, {"figo": None, "rt": None}),
    ({"rad_seq": "Radiation after surgery", "sys_seq": "Systemic therapy after surgery"}, {"rt": "Yes", "chemo": None}),
    ({"vital": "Dead", "other": OTHER, "nodes": "02", "surgery": "40"}, {"nodes": 2, "figo": "I"}),
    ({**DIED, "histology": "8931/3: Endometrial stromal sarcoma, low grade", "nodes": "00"}, {"nodes": 0, "figo": "I"}),
]  # fmt: skip
EXCLUDED = [
    {"year": "2009", "t7": BLANK, "n7": BLANK, "m7": BLANK}, {"age": "17 years"},
    {"histology": "8380/3: Endometrioid adenocarcinoma, NOS"}, {"histology": "8980/3: Carcinosarcoma, NOS"},
    {"confirmed": "Clinical diagnosis only"}, {"first": "No"}, {"surgery": "00"}, {"months": "Unknown"},
    {"months": "0001"}, {"site": "C49.5-Connective, subcutaneous and other soft tissues of pelvis"},
]  # fmt: skip

STUDY = """
schema = 1
[study]
id = "seer"
title = "Uterine sarcoma"
[data]
source = "seer.csv"
id = "patient_id"
deidentify = false
dictionary = ["seer", "icd_o_3_uterine_sarcoma", "figo_2009"]
[columns.age]
[columns.year]
[columns.site]
[columns.histology]
[columns.confirmation]
[columns.first_primary]
[columns.grade_group]
kind = "categorical"
codes = {Unknown = "Gx"}
levels = ["Low", "High", "Gx"]
[columns.tumor_size]
[columns.nodes_positive]
[columns.t_stage]
[columns.n_stage]
[columns.m_stage]
[columns.figo]
[columns.surgery]
[columns.rt]
label = "Radiotherapy"
kind = "binary"
levels = ["No", "Yes"]
missing = {"?" = "unknown if administered"}
cases = [
    {when = [{column = "Radiation recode", equals = "Recommended, unknown if administered"}], value = "?"},
    {when = [{column = "Radiation recode", equals = "Refused (1988+)"}], value = "No"},
    {when = [
        {column = "Radiation recode", equals = "None/Unknown"},
        {column = "RX Summ--Surg/Rad Seq", equals = "No radiation and/or cancer-directed surgery"},
    ], value = "No"},
    {when = [], value = "Yes"},
]
[columns.chemo]
label = "Chemotherapy"
kind = "binary"
levels = ["No", "Yes"]
cases = [
    {when = [{column = "Chemotherapy recode (yes, no/unk)", equals = "Yes"}], value = "Yes"},
    {when = [
        {column = "RX Summ--Systemic/Sur Seq (2007+)", equals = "No systemic therapy and/or surgical procedures"},
    ], value = "No"},
]
[columns.survival_months]
[columns.vital_status]
[columns.cause_specific]
[columns.other_cause]
[[cohort.include]]
label = "Diagnosed 2010-2016"
column = "year"
min = 2010
max = 2016
[[cohort.include]]
label = "18 or older"
column = "age"
min = 18
[[cohort.exclude]]
label = "Other site"
column = "site"
in = ["Other site"]
[[cohort.include]]
label = "Sarcoma"
column = "Histologic form"
matches = "^889[016]|^893[015]"
[[cohort.include]]
label = "Positive histology"
column = "confirmation"
equals = "Histology"
[[cohort.include]]
label = "First malignant primary"
column = "first_primary"
equals = "Yes"
[[cohort.include]]
label = "Hysterectomy"
column = "surgery"
in = ["Total hysterectomy", "Total hysterectomy with adnexa", "Radical or extended hysterectomy"]
[[cohort.include]]
label = "More than one month"
column = "survival_months"
min = 2
[endpoints.os]
time = "survival_months"
event = "vital_status"
event_values = ["Dead"]
unit = "months"
[endpoints.css]
time = "survival_months"
event = "cause_specific"
event_values = ["Dead of this cancer"]
competing = {other = {column = "other_cause", values = ["Dead of another cause"]}}
unit = "months"
[analysis]
groups = ["rt"]
covariates = ["age"]
""".replace("Histologic form", HEADERS["histology"])


def write(
    folder: Path, changes: dict[int, dict[str, str]] | None = None, headers: dict[str, str] | None = None
) -> Path:
    """Write table and study file; patient i is 50 + i years old."""
    names = headers or HEADERS
    rows = [{**PLAIN, "age": f"{50 + i:02d} years", **one} for i, (one, _) in enumerate(PATIENTS)]
    rows += [{**PLAIN, **one} for one in EXCLUDED]
    for i, one in (changes or {}).items():
        rows[i] |= one
    with (folder / "seer.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", *PLAIN])
        writer.writerow({key: names[key] for key in ["id", *PLAIN]})
        writer.writerows({"id": f"{i + 1:08d}", **row} for i, row in enumerate(rows))
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def value(frame, name: str, i: int) -> object:
    column = frame.columns[name]
    number = column.values[i]
    return None if np.isnan(number) else column.levels[int(number)] if column.levels else float(number)


NAMES = {
    "figo": "figo", "size": "tumor_size", "grade": "grade_group", "rt": "rt", "chemo": "chemo",
    "nodes": "nodes_positive",
}  # fmt: skip


def test_every_patient_is_read_as_by_hand(tmp_path) -> None:
    built = build_cohorts(load_study(write(tmp_path)))
    frame = built.frames["development", "os"]
    assert frame.ids == tuple(f"{i + 1:08d}" for i in range(len(PATIENTS)))
    for i, (_, wanted) in enumerate(PATIENTS):
        assert value(frame, "age", i) == 50 + i
        for key, expected in wanted.items():
            assert value(frame, NAMES[key], i) == expected, (i, key)
    assert frame.time.tolist() == [24.0] * len(PATIENTS)
    assert frame.event.tolist() == [one.get("vital") == "Dead" for one, _ in PATIENTS]


def test_cancer_specific_death_and_the_competing_one(tmp_path) -> None:
    frame = build_cohorts(load_study(write(tmp_path))).frames["development", "css"]
    assert frame.cause is not None
    assert frame.cause.tolist() == [2 if "other" in one else int("css" in one) for one, _ in PATIENTS]


def test_the_report_knows_from_what_a_stage_was_derived(tmp_path) -> None:
    infos = {info.name: info for info in build_cohorts(load_study(write(tmp_path))).columns}
    assert infos["figo"].rule == "figo_2009"
    labels = ("T category", "N category", "M category", "Histology", "Year of diagnosis")
    assert infos["figo"].derived_from == labels and infos["age"].derived_from == () and infos["age"].rule == ""


def test_every_step_removes_who_it_must(tmp_path) -> None:
    built = build_cohorts(load_study(write(tmp_path)))
    removed = {step.label: step.n_removed for step in built.infos[0].steps}
    assert [removed[label] for label in (
        "Diagnosed 2010-2016", "18 or older", "Other site", "Sarcoma", "Positive histology", "First malignant primary",
        "Hysterectomy", "More than one month",
    )] == [1, 1, 1, 2, 1, 1, 1, 2]  # fmt: skip


def test_why_values_are_missing(tmp_path) -> None:
    columns = build_cohorts(load_study(write(tmp_path))).frames["development", "os"].columns
    assert columns["tumor_size"].missing_reasons[[4, 5, 7]].tolist() == [
        "microscopic focus only", "unknown", "989 mm or more: not a size",
    ]  # fmt: skip
    assert columns["nodes_positive"].missing_reasons[0] == "no nodes examined"
    assert columns["figo"].missing_reasons[[8, 9]].tolist() == [
        "N category: unknown (NX)", "T category: unknown (TX)",
    ]  # fmt: skip
    assert columns["chemo"].missing_reasons[10] == "no case applies"
    assert columns["rt"].missing_reasons[9] == "unknown if administered"


def test_mangled_headers_give_the_same_cohort(tmp_path) -> None:
    raw = ("histology", "radiation", "rad_seq", "chemo", "sys_seq")
    mangled = {
        key: name if key in raw else "".join(c if c.isalnum() else "." for c in name) for key, name in HEADERS.items()
    }
    frames = [
        build_cohorts(load_study(write(tmp_path, headers=given))).frames["development", "os"]
        for given in (None, mangled)
    ]
    for name, column in frames[0].columns.items():
        assert np.array_equal(column.values, frames[1].columns[name].values, equal_nan=True), name
    assert frames[0].ids == frames[1].ids


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vital": "4"}, "The number for dead differs by release"),
        ({"vital": "0"}, "The number for dead differs by release"),
        ({"t7": "T7"}, "has 'T7' in 1 rows, which the dictionary does not know"),
        ({"nodes": "several"}, "must hold numbers, got 'several'"),
        ({"chemo": "Yes", "grade": "Grade III"}, "'Grade III'"),
        ({"months": "-4"}, "negative time"),
    ],
)
def test_what_the_dictionary_does_not_know_stops_the_run(tmp_path, change: dict[str, str], words: str) -> None:
    with pytest.raises(FindingsError, match=words):
        build_cohorts(load_study(write(tmp_path, {0: change})))


def test_two_spellings_of_a_field_are_refused(tmp_path) -> None:
    path = write(tmp_path)
    text = (tmp_path / "seer.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{text[0]},Survival.months", *(f"{line},0099" for line in text[1:])]
    (tmp_path / "seer.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(FindingsError, match=r"'Survival months', 'Survival.months' of seer.csv are spellings"):
        build_cohorts(load_study(path))
