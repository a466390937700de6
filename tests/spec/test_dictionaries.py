"""The shipped dictionaries: headers, codes, special codes, and how a study is laid over them."""

from __future__ import annotations

import itertools
import re

import pytest

from reporter.errors import FindingsError
from reporter.intake.headers import headers_of, is_header_of, plain
from reporter.report.sections.references import WORKS
from reporter.spec.check import _level_problems
from reporter.spec.check_mapping import mapping_problems
from reporter.spec.columns import ColumnSpec, same_value
from reporter.spec.dictionaries import dictionary_names, read_dictionary, read_rule, rule_names
from reporter.spec.load import load_study

SEER = read_dictionary("seer")
FIELDS = tuple(dict.fromkeys(tuple(group) for entry in SEER.values() for group in entry.get("headers", ())))
VARIANTS = [(header, group) for group in FIELDS for header in group]


def make_names(header: str) -> str:
    """R's make.names."""
    name = re.sub(r"[^A-Za-z0-9._]", ".", header)
    return f"X{name}" if name[0].isdigit() else name


def janitor(header: str) -> str:
    """R's janitor::clean_names, as it spells these headers."""
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", header.lower())).strip("_")


def spss(header: str) -> str:
    """SPSS: signs dropped, cut where the name gets long."""
    return re.sub(r"[^A-Za-z0-9]", "", header)[:30]


MANGLED = {"as exported": str, "make.names": make_names, "janitor": janitor, "spss": spss, "upper": str.upper}


@pytest.mark.parametrize("mangle", MANGLED)
def test_every_header_is_found_under_its_field_alone(mangle: str) -> None:
    wrong = []
    for header, own in VARIANTS:
        seen = MANGLED[mangle](header)
        found = [group for group in FIELDS if is_header_of(seen, group)]
        if found != [own]:
            wrong.append((seen, [group[0] for group in found]))
    assert not wrong


@pytest.mark.parametrize(
    ("seen", "field"),
    [
        ("Age.recode.with.single.ages.and.100.", "age"),
        ("age_recode_with_single_ages_and_90", "age"),
        ("SEERcausespecificdeathclassifi", "cause_specific"),
        ("seer_cause_specific_death_classification", "cause_specific"),
        ("Vitalstatusrecodestudycutoffus", "vital_status"),
        ("RX_Summ_Surg_Prim_Site_1998", "surgery"),
        ("RX.Summ..Surg.Prim.Site..1998..", "surgery"),
        ("RX Summ--Surg Prim Site (1998-2022)", "surgery"),
        ("Derived.AJCC.T..7th.ed..2010.2015.", "t_stage"),
        ("Derived SEER Combined T (2016+)", "t_stage"),
        ("Race.recode..White..Black..Other.", "race"),
        ("Chemotherapy.recode..yes..no.unk.", "chemotherapy"),
        ("Chemotherapy recode (yes, no/unk) (2004+)", "chemotherapy"),
        ("ICD.O.3.Hist.behav", "histology"),
        ("Grade Recode (thru 2017)", "grade"),
        ("Grade", "grade"),
        ("Radiation sequence with surgery", "radiation_sequence"),
        ("Radiation recode (2003+)", "radiation"),
        ("SEER Combined Summary Stage 2000 (2004+)", "summary_stage"),
        ("Survival months", "survival_months"),
    ],
)
def test_headers_as_seen_in_the_wild(seen: str, field: str) -> None:
    assert any(is_header_of(seen, group) for group in SEER[field]["headers"])


def test_what_is_not_a_header() -> None:
    assert not is_header_of("RX Summ--Surg Prim Site 2023 (2023+)", SEER["surgery"]["headers"][0])
    assert not is_header_of("Survival months flag", SEER["survival_months"]["headers"][0])
    assert not is_header_of("生存月数", SEER["survival_months"]["headers"][0])
    assert not is_header_of("Grade Clinical (2018+)", SEER["grade"]["headers"][0])
    assert not is_header_of("Derived AJCC T, 6th ed (2004-2015)", SEER["t_stage"]["headers"][0])
    assert not is_header_of("seer", SEER["cause_specific"]["headers"][0])
    assert headers_of(["Sex"], ["SEX", "Sex", "sexes"]) == ["SEX", "Sex"]
    assert plain("年龄") == ""


@pytest.mark.parametrize("name", dictionary_names())
def test_every_entry_is_a_valid_column_with_both_names(name: str) -> None:
    for key, entry in read_dictionary(name).items():
        labels = entry["label"]
        assert set(labels) == {"en", "zh"} and labels["en"].strip() and re.search(r"[\u4e00-\u9fff]", labels["zh"]), key
        spec = ColumnSpec.model_validate({**entry, "label": labels["en"]})
        assert not [*_level_problems(spec), *mapping_problems(spec)], key
        assert all(spec.missing_reasons.get(word) for word in spec.missing), key
        both = set(map(str, spec.codes)) & set(spec.missing)
        assert not both, (key, both)


LABELS = {
    "race": {"Other (American Indian/AK Native, Asian/Pacific Islander)": "Other", "Black": "Black"},
    "marital": {"Married (including common law)": "Married", "2": "Married", "5": "Widowed", "3": "Separated"},
    "radiation": {
        "Radiation, NOS  method or source not specified": "Yes",
        "Radiation, NOS method or source not specified": "Yes",
        "None/Unknown": "None or unknown",
        "Refused (1988+)": "None or unknown",
    },
    "chemotherapy": {"Yes": "Yes", "No/Unknown": "No or unknown"},
    "surgery": {
        "00": "None", "26": "Local destruction or excision", "31": "Subtotal hysterectomy", "40": "Total hysterectomy",
        "50": "Total hysterectomy with adnexa", "64": "Radical or extended hysterectomy", "65": "Hysterectomy, NOS",
        "79": "Pelvic exenteration", "90": "Surgery, NOS",
    },
    "node_status": {"00": "Negative", "01": "Positive", "90": "Positive", "97": "Positive", "98": "Not examined"},
    "vital_status": {"Alive": "Alive", "Dead": "Dead"},
    "cause_specific": {
        "Dead (attributable to this cancer dx)": "Dead of this cancer", "0": "Alive or dead of other cause",
    },
    "grade_group": {
        "Well differentiated; Grade I": "Low", "Undifferentiated; anaplastic; Grade IV": "High", "H": "High",
    },
    "t_stage": {"T1NOS": "T1", "c1A": "T1a", "p3B": "T3b", "T1c": "T1c", "p4": "T4"},
    "m_stage": {"c0": "M0", "p1": "M1", "M0": "M0"},
}  # fmt: skip
ABSENT = {
    "tumor_size": {
        "000": "no mass", "888": "not applicable", "989": "not a size", "990": "microscopic", "991": "upper bound",
        "995": "upper bound", "996": "by site", "998": "by site", "999": "unknown", "Blank(s)": "not recorded",
    },
    "nodes_positive": {"98": "no nodes examined", "99": "unknown", "126": "not recorded"},
    "nodes_examined": {"98": "number unknown", "95": "aspiration"},
    "survival_months": {"9999": "unknown", "Unknown": "unknown"},
    "cause_specific": {"Dead (missing/unknown COD)": "cause of death unknown", "N/A not first tumor": "first"},
    "radiation": {"Recommended, unknown if administered": "unknown"},
    "t_stage": {"TX": "unknown", "cX": "unknown", "NA": "not applicable", "Blank(s)": "not recorded"},
    "grade": {"Unknown": "unknown", "B-cell; pre-B; B-precursor": "lymphoid"},
}  # fmt: skip


@pytest.mark.parametrize("field", LABELS)
def test_labels_and_codes_become_clinical_groups(field: str) -> None:
    spec = ColumnSpec.model_validate({**SEER[field], "label": field})
    for cell, level in LABELS[field].items():
        same = {group for code, group in spec.codes.items() if same_value(code, cell)}
        assert same == {level}, (cell, same)


@pytest.mark.parametrize("field", ABSENT)
def test_special_codes_are_missing_for_a_reason(field: str) -> None:
    spec = ColumnSpec.model_validate({**SEER[field], "label": field})
    for cell, words in ABSENT[field].items():
        key = cell if cell in spec.missing else str(int(cell))
        assert key in spec.missing and words in spec.missing_reasons[key], cell


def test_dead_is_read_from_its_label_alone() -> None:
    assert not {"0", "1", "4"} & set(SEER["vital_status"]["codes"])
    assert "98" not in SEER["node_status"]["missing"]


# The rule ----------------------------------------------------------------------------------------------------------

SARCOMA, ADENO, CARCINO = "8890/3: Leiomyosarcoma, NOS", "8933/3", "癌肉瘤"
T, N, M = ("1", "1a", "1b", "1c", "2", "2a", "2b", "3", "3a", "3b", "4", "X"), ("0", "1", "2", "X"), ("0", "1", "X")


def by_hand(kind: str, t: str, n: str, m: str) -> tuple[str, str]:
    """Stage and sub-stage as the tables of FIGO 2009 are read; ``-`` where there is none."""
    if m == "1":
        return "IV", "IVB"
    if m == "X" or t == "X":
        return "-", "-"
    if t == "4":
        return "IV", "IVA"
    if (t == "1c" and kind != "adeno") or (kind == "carcino" and t in ("2a", "2b")) or (kind != "carcino" and n == "2"):
        return "-", "-"
    if n in ("1", "2"):
        return "III", {"carcino": f"IIIC{n}"}.get(kind, "IIIC")
    if t.startswith("3"):
        return "III", {"3a": "IIIA", "3b": "IIIB"}.get(t, "-") if n == "0" else "-"
    if n == "X":
        return "-", "-"
    stage = {"1": "I", "2": "II"}[t[0]]
    if t == "2" and kind == "carcino":
        return stage, "II"
    return stage, stage + t[1:].upper() if t[1:] else "-"


@pytest.mark.parametrize(("kind", "cell"), [("sarcoma", SARCOMA), ("adeno", ADENO), ("carcino", CARCINO)])
def test_figo_2009_of_every_combination(kind: str, cell: str) -> None:
    rule = read_rule("figo_2009")
    given = rule.inputs
    for t, n, m in itertools.product(T, N, M):
        found = {
            "histology": given["histology"].category(cell), "t": given["t"].category(f"T{t}"),
            "n": given["n"].category(f"N{n}"), "m": given["m"].category(f"M{m}"),
        }  # fmt: skip
        for detail, wanted in zip(("stage", "substage"), by_hand(kind, t, n, m), strict=True):
            level, reason = rule.value(found, detail)
            assert (level or "-") == wanted, (kind, t, n, m, detail, level, reason)
            assert bool(level) != bool(reason)
            assert not level or level in rule.levels[detail]


@pytest.mark.parametrize(
    ("spelling", "category"),
    [
        ("T1a", "1a"),
        ("c1A", "1a"),
        ("p1B", "1b"),
        ("T1NOS", "1"),
        ("pT3a", "3a"),
        ("cT4", "4"),
        ("1c", "1c"),
        ("T2 ", "2"),
    ],
)
def test_spellings_of_t(spelling: str, category: str) -> None:
    assert read_rule("figo_2009").inputs["t"].category(spelling) == (category, "")


@pytest.mark.parametrize("name", rule_names())
def test_every_rule_can_be_cited(name: str) -> None:
    assert name in WORKS and read_rule(name).source


def test_what_a_rule_cannot_read() -> None:
    given = read_rule("figo_2009").inputs
    assert given["t"].category("T9") == ("not known to the rule", "")
    assert given["t"].category("ypT1a")[0] == "?" and "treatment" in given["t"].category("ypT1a")[1]
    assert given["m"].category("") == ("?", "M category missing")
    assert given["year"].category("soon") == ("not known to the rule", "")
    assert given["histology"].category("8897/1") == ("none", "")


def test_50_mm_is_ia_and_the_sixth_edition_is_not_restaged() -> None:
    rule = read_rule("figo_2009")
    given = {
        "histology": ("sarcoma", ""), "t": ("1", ""), "n": ("0", ""), "m": ("0", ""),
    }  # fmt: skip
    size = rule.inputs["size"].category
    assert rule.value({**given, "size": size("50")}, "substage") == ("IA", "")
    assert rule.value({**given, "size": size("51")}, "substage") == ("IB", "")
    assert rule.value({**given, "size": size("")}, "substage") == ("", "substage not recorded")
    assert rule.value({**given, "year": rule.inputs["year"].category("2009")}, "stage")[0] == ""
    assert "6th edition" in rule.value({**given, "year": rule.inputs["year"].category("2009")}, "stage")[1]
    assert rule.value({**given, "year": rule.inputs["year"].category("2010")}, "stage") == ("I", "")
    assert rule_names() == ("figo_2009",)


# A study laid over a dictionary -------------------------------------------------------------------------------------


def study(small, columns: str = "", dictionary: str = '"seer"', more: str = ""):
    small.replace('id = "id"', f'id = "id"\ndictionary = {dictionary}')
    small.replace("[endpoints.os]", f"{columns}\n[endpoints.os]")
    small.text += more
    return load_study(small.write())


def test_kind_label_unit_codes_and_missing_come_from_the_dictionary(small) -> None:
    found = study(small, "[columns.tumor_size]\nper = 10\n[columns.marital]\nlabel = 'Married'").columns
    assert (found["tumor_size"].kind, found["tumor_size"].unit, found["tumor_size"].per) == ("numeric", "mm", 10)
    assert found["tumor_size"].label == "Tumour size" and found["tumor_size"].missing_reasons["999"] == "unknown"
    assert found["marital"].label == "Married" and found["marital"].codes["2"] == "Married"


def test_codes_are_laid_over_cells_and_levels_of_the_dictionary(small) -> None:
    found = study(
        small,
        '[columns.grade]\ncodes = {I = "Low", II = "Low", III = "High", IV = "High", "New grade" = "High"}\n'
        '[columns.radiation]\ncodes = {"Refused (1988+)" = "No", "Recommended, unknown if administered" = "No"}\n'
        'levels = ["No", "None or unknown", "Yes"]\nmissing = ["Beam radiation", true, 7.0]',
    ).columns
    assert found["grade"].declared_levels == ("Low", "High")
    assert found["grade"].codes["Poorly differentiated; Grade III"] == "High"
    assert found["grade"].codes["New grade"] == "High" and "I" not in found["grade"].codes
    radiation = found["radiation"]
    assert radiation.codes["Refused (1988+)"] == "No" and radiation.codes["None/Unknown"] == "None or unknown"
    assert "Recommended, unknown if administered" not in radiation.missing
    assert {"Beam radiation", "TRUE", "7"} <= set(radiation.missing)


def test_a_new_origin_drops_what_belongs_to_the_old_one(small) -> None:
    found = study(
        small,
        '[columns.chemotherapy]\nkind = "binary"\ncases = [{when = [{column = "age", min = 50}], value = "Yes"}, '
        '{when = [], value = "No"}]\n[columns.tumor_size]\nsource = "size of tumour"',
    ).columns
    assert found["chemotherapy"].codes == {} and found["chemotherapy"].headers == ()
    assert found["chemotherapy"].missing == ()
    assert found["tumor_size"].headers == () and "999" in found["tumor_size"].missing


def test_several_dictionaries_and_languages(small) -> None:
    small.replace('title = "A small study"', 'title = "x"\nlanguages = ["zh"]')
    found = study(
        small, "[columns.histology]\n[columns.t_stage]\n[columns.n_stage]\n[columns.m_stage]\n[columns.year]\n"
        "[columns.figo]", '["seer", "icd_o_3_uterine_sarcoma", "figo_2009"]',
    ).columns  # fmt: skip
    assert found["histology"].headers[0] == ("ICD-O-3 Hist/behav, malignant",)
    assert found["histology"].codes["平滑肌肉瘤"] == "Leiomyosarcoma" and found["histology"].label == "组织学类型"
    assert found["figo"].levels == ("I", "II", "III", "IV")


def test_another_table_is_not_read_by_the_dictionary_of_the_first(small) -> None:
    more = (
        '\n[validation]\nsource = "patients.csv"\n[validation.columns.tumor_size]\nsource = "大小"\n'
        'unit_in_file = "cm"\n[validation.columns.grade]\nsource = "分级"\ncodes = {1 = "I", 2 = "II", 3 = "III"}\n'
    )
    found = study(small, "[columns.tumor_size]\nmissing = [777]\n[columns.grade]\n[columns.marital]", more=more)
    assert found.validation is not None
    there = found.validation.columns
    assert there["tumor_size"].missing == ("777",) and there["tumor_size"].unit_in_file == "cm"
    assert there["tumor_size"].source == ("大小",) and there["tumor_size"].unit == "mm"
    assert there["grade"].codes == {"1": "I", "2": "II", "3": "III"}
    assert there["grade"].levels == ("I", "II", "III", "IV")
    assert there["marital"].codes == {} and there["marital"].headers == () and there["marital"].missing == ()


def test_the_validation_table_can_have_the_same_dictionary(small) -> None:
    more = '\n[validation]\nsource = "patients.csv"\nid = "patient_id"\ndictionary = "seer"\n'
    found = study(small, "[columns.tumor_size]\n[columns.grade]", more=more)
    assert found.validation is not None
    assert found.validation.columns["grade"].codes == found.columns["grade"].codes
    assert found.validation.columns["tumor_size"].missing == found.columns["tumor_size"].missing
    assert found.validation.data.id_headers == (("Patient ID",),)


@pytest.mark.parametrize(
    ("dictionary", "columns", "words"),
    [
        ('"ser"', "", "data.dictionary: there is no dictionary 'ser'. Did you mean 'seer'? Shipped: figo_2009, icd_o"),
        ('["seer", "x"]', "", "there is no dictionary 'x'"),
        ('"seer"', "[columns.colour]", "the key 'columns.colour.kind' is missing"),
        ('"seer"', '[columns.grade]\nlevels = ["I", "II"]', "'III' is not one of the levels"),
        ("3", "", "dictionary"),
    ],
)
def test_what_is_refused(small, dictionary: str, columns: str, words: str) -> None:
    with pytest.raises(FindingsError, match=re.escape(words)):
        study(small, columns, dictionary)
