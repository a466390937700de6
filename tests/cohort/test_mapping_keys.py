"""Keys that say how cells become values: origin, units, numbers, special codes, cases, rules, dates, first rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reporter.cohort.build import build_cohorts
from reporter.cohort.table import map_table
from reporter.errors import FindingsError
from reporter.intake.resolve import Resolver
from reporter.spec.columns import ColumnOverride, ColumnSpec
from reporter.spec.conditions import ValueTest
from reporter.spec.load import load_study


def spec(**keys: object) -> ColumnSpec:
    return ColumnSpec.model_validate(keys)


def table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=str)


def mapped(frame: pd.DataFrame, **columns: ColumnSpec):
    """Return values (levels as words, None where missing) by column, reasons, and findings."""
    found, findings = map_table(frame, columns)
    values = {
        name: [None if np.isnan(v) else column.levels[int(v)] if column.levels else float(v) for v in column.values]
        for name, column in found.items()
    }
    return values, {name: column.missing_reasons.tolist() for name, column in found.items()}, findings


def test_source_renames_and_the_first_header_with_a_value_wins() -> None:
    frame = table(**{"大小": ["12", "999", ""], "other size": ["1", "34", "999"], "third": ["", "", "7"]})
    values, _, findings = mapped(
        frame,
        one=spec(kind="numeric", source="大小", missing=["999"]),
        first=spec(kind="numeric", source=["大小", "other size", "third"], missing=["999"]),
    )
    assert not findings
    assert values == {"one": [12, None, None], "first": [12, 34, 7]}


def test_the_reason_of_a_field_that_says_why_comes_before_blank() -> None:
    frame = table(a=["Blank(s)", "", "TX"], b=["Unknown", "Blank(s)", "Blank(s)"])
    reasons = {"Blank(s)": "not recorded", "Unknown": "unknown", "TX": "TX"}
    _, why, _ = mapped(frame, x=spec(kind="categorical", source=["a", "b"], levels=["I"], missing=reasons))
    assert why["x"] == ["unknown", "not recorded", "TX"]


@pytest.mark.parametrize(
    ("cells", "keys", "values"),
    [
        (["062 years", "90+ years", "Unknown"], {"number": "first", "missing": ["Unknown"]}, [62, 90, None]),
        (["00 years"], {"number": "first"}, [0]),
        (["0062", "9999", ""], {"missing": ["9999"]}, [62, None, None]),
        (["999 years"], {"number": "first", "missing": ["999"]}, [None]),
        (["4.5", "12", "1.1", "5.0"], {"unit_in_file": "cm", "unit": "mm"}, [45, 120, 11, 50]),
        (["3", "0", "-7"], {"unit_in_file": "mm", "unit": "cm"}, [0.3, 0, -0.7]),
        (["30.4375"], {"unit_in_file": "days", "unit": "months"}, [1]),
        (["3.5×2.0×1.0cm"], {"number": "first", "unit_in_file": "cm", "unit": "mm"}, [35]),
        (["1500"], {"unit_in_file": "g", "unit": "kg"}, [1.5]),
        (["2"], {"unit_in_file": "years", "unit": "months"}, [24]),
        (["12"], {"unit_in_file": "months", "unit": "days"}, [365.25]),
        (["990", "12", "No node examined"], {"codes": {"990": 1, "No node examined": 0}}, [1, 12, 0]),
        (["990"], {"codes": {"990": 1}, "unit_in_file": "cm", "unit": "mm"}, [10]),
    ],
)
def test_numbers(cells, keys, values) -> None:
    found, _, findings = mapped(table(x=cells), x=spec(kind="numeric", **keys))
    assert not findings and found["x"] == values


@pytest.mark.parametrize("cell", ["-5 years", "1,234 mm", "about", "1.2.3 cm", "12,5"])
def test_a_cell_without_one_plain_number_is_a_finding(cell: str) -> None:
    _, _, findings = mapped(table(x=["1", cell]), x=spec(kind="numeric", number="first"))
    assert [finding.code for finding in findings] == ["not_a_number"] and cell in findings[0].message


def test_a_number_that_no_longer_fits_in_the_unit_of_the_column_is_a_finding() -> None:
    _, _, findings = mapped(table(x=["1e308", "2"]), x=spec(kind="numeric", unit="mm", unit_in_file="cm"))
    assert [finding.code for finding in findings] == ["not_a_number"]


def test_numbers_of_columns_that_hold_numbers() -> None:
    frame = pd.DataFrame({"x": np.array([1.5, 999.0, 990.0, np.nan])})
    column = spec(kind="numeric", missing={"999": "unknown"}, codes={"990": 1}, unit_in_file="cm", unit="mm")
    values, why, _ = mapped(frame, x=column)
    assert values["x"] == [15, None, 10, None] and why["x"] == ["", "unknown", "", ""]


def test_bins_of_converted_numbers_with_special_codes() -> None:
    size = spec(kind="categorical", bins=[50, 100], unit="mm", unit_in_file="cm", codes={"990": 0.1}, missing=["999"])
    values, _, _ = mapped(table(x=["5", "5.1", "10.1", "990", "999"]), x=size)
    assert values["x"] == ["<=50", "50-100", ">100", "<=50", None]


def test_missing_words_have_reasons() -> None:
    reasons = {"98": "no nodes examined", "99": "unknown"}
    values, why, _ = mapped(table(x=["98", "099", "3", ""]), x=spec(kind="numeric", missing=reasons))
    assert values["x"] == [None, None, 3, None] and why["x"] == ["no nodes examined", "unknown", "", ""]


def test_reasons_follow_the_rows() -> None:
    found, _ = map_table(table(x=["9", "1", "9"]), {"x": spec(kind="numeric", missing={"9": "unknown"})})
    assert found["x"].take(np.array([2, 1])).missing_reasons.tolist() == ["unknown", ""]


def test_unknown_level() -> None:
    column = spec(kind="categorical", codes={"1": "I"}, missing=["Unknown"], unknown_level="Unknown")
    values, why, findings = mapped(table(x=["1", "Unknown", ""]), x=column)
    assert values["x"] == ["I", "Unknown", "Unknown"] and not findings and set(why["x"]) == {""}
    values, _, findings = mapped(table(x=["1", "7"]), x=column)
    assert values["x"] == ["I", None] and findings[0].code == "unknown_code"
    binned = spec(kind="ordinal", bins=[5], unknown_level="?", missing=["99"])
    values, _, findings = mapped(table(x=["1", "99", "8", "x"]), x=binned)
    assert values["x"] == ["<=5", "?", ">5", None] and findings[0].code == "not_a_number"
    free = spec(kind="categorical", unknown_level="?")
    assert mapped(table(x=["b", "", "a"]), x=free)[0]["x"] == ["b", "?", "a"]


def test_patterns_are_for_cells_that_codes_do_not_name() -> None:
    rules = [{"matches": r"\d{4}/3.*", "level": "Other"}]
    column = spec(kind="categorical", codes={"8890/3": "LMS"}, patterns=rules)
    values, _, findings = mapped(table(x=["8890/3", "8380/3: x", "what"]), x=column)
    assert values["x"] == ["LMS", "Other", None] and "'what'" in findings[0].message


def test_a_note_of_the_dictionary_stands_in_the_finding() -> None:
    column = spec(kind="binary", codes={"Alive": "Alive", "Dead": "Dead"}, note="Export the labels.")
    _, _, findings = mapped(table(x=["Alive", "4"]), x=column)
    assert findings[0].message.endswith("Export the labels.")


def test_range_is_a_warning_and_keeps_the_values() -> None:
    values, _, findings = mapped(table(x=["12", "300"]), x=spec(kind="numeric", range=[0, 120], unit="years"))
    assert values["x"] == [12, 300]
    assert (findings[0].code, findings[0].severity, findings[0].n_rows) == ("out_of_range", "warning", 1)
    assert "0 to 120 years" in findings[0].message


def case(value: str, *when: dict[str, object]) -> dict[str, object]:
    return {"value": value, "when": list(when)}


def test_cases_over_mapped_and_raw_columns() -> None:
    frame = table(
        radiation=["Beam", "None", "None", "Refused", "Rec"], seq=["after", "after", "no", "no", ""],
        age=["50", "60", "", "70", "80"],
    )  # fmt: skip
    columns = {
        "age": spec(kind="numeric"),
        "rt": spec(kind="categorical", source="radiation",
                   codes={"Beam": "Given", "None": "None", "Refused": "None", "Rec": "Unknown"}),
        "treated": spec(kind="binary", missing={"?": "unknown if given"}, levels=["No", "Yes"], cases=[
            case("Yes", {"column": "rt", "in": ["Given"]}),
            case("Yes", {"column": "seq", "equals": "after"}, {"column": "age", "min": 55}),
            case("?", {"column": "radiation", "matches": "^R.c"}),
            case("No", {"column": "radiation", "equals": "Refused"}),
        ]),
    }  # fmt: skip
    values, why, findings = mapped(frame, **columns)
    assert not findings
    assert values["treated"] == ["Yes", "Yes", None, "No", None]
    assert why["treated"] == ["", "", "no case applies", "", "unknown if given"]


def test_a_case_reads_its_own_header() -> None:
    column = spec(kind="categorical", cases=[case("low", {"column": "x", "max": 5}), case("high")])
    values, _, findings = mapped(table(x=["1", "9", ""]), x=column)
    assert values["x"] == ["low", "high", "high"] and not findings


def test_numeric_cases_and_no_case() -> None:
    cases = [case("0", {"column": "a", "equals": "none"}), case("", {"column": "a", "equals": "?"})]
    column = spec(kind="numeric", cases=cases)
    values, why, _ = mapped(table(a=["none", "?", "x"]), n=column)
    assert values["n"] == [0, None, None] and why["n"] == ["", "", "no case applies"]


FIGO = {"rule": "figo_2009", "t": "t", "n": "n", "m": "m", "histology": "h"}


def test_a_rule_gives_levels_and_reasons() -> None:
    frame = table(
        t=["T1a", "T1b", "TX", "T3a", "T1a", "T2b"], n=["N0", "N0", "N0", "NX", "NX", "N0"], m=["M0"] * 5 + ["M1"],
        h=["8890/3"] * 4 + ["8933/3", "8380/3"],
    )  # fmt: skip
    figo = spec(kind="ordinal", levels=["I", "II", "III", "IV"], derive=FIGO)
    values, why, findings = mapped(frame, figo=figo)
    assert [finding.code for finding in findings] == ["derivation"] and "8380/3" in findings[0].message
    frame["h"] = ["8890/3"] * 4 + ["8933/3", "8897/1"]
    values, why, findings = mapped(frame, figo=figo)
    assert not findings and values["figo"] == ["I", "I", None, "III", None, None]
    assert why["figo"][2].startswith("T category unknown") and why["figo"][4].startswith("N category unknown")
    assert why["figo"][5] == "FIGO 2009 has no stage for this histology"


def test_a_rule_reads_mapped_columns_and_gives_their_reasons() -> None:
    frame = table(T=["a", "z"], n=["0", "0"], m=["0", "0"], h=["8890", "8890"], size=["5.0", "9"])
    columns = {
        "t": spec(kind="categorical", source="T", codes={"a": "T1"}, missing={"z": "never staged"}),
        "size": spec(kind="numeric", unit="mm", unit_in_file="cm"),
        "figo": spec(kind="ordinal", levels=["IA", "IB"], derive={**FIGO, "size": "size", "detail": "substage"}),
    }
    values, why, findings = mapped(frame, **columns)
    assert not findings and values["figo"] == ["IA", None]
    assert why["figo"] == ["", "T category: never staged"]
    columns["size"] = spec(kind="numeric", unit="cm")
    assert "must be in mm" in mapped(frame, **columns)[2][0].message
    _, _, findings = mapped(frame.drop(columns="n"), **columns)
    assert any("'n' is not in the table" in finding.message for finding in findings)


def test_codes_regroup_what_a_rule_gives() -> None:
    frame = table(t=["T1a", "T4", "T2"], n=["0"] * 3, m=["0"] * 3, h=["8890"] * 3)
    column = spec(kind="binary", codes={"I": "Early", "II": "Early", "III": "Late", "IV": "Late"}, derive=FIGO)
    assert mapped(frame, figo=column)[0]["figo"] == ["Early", "Late", "Early"]


def test_headers_of_a_dictionary_and_ambiguity() -> None:
    column = spec(kind="numeric", headers=[["Age (2004+)", "Age now"], ["Old age"]])
    assert mapped(table(**{"AGE..2004..": ["7"]}), age=column)[0]["age"] == [7]
    assert mapped(table(age=["8"]), age=column)[0]["age"] == [8]
    _, _, findings = mapped(pd.DataFrame({"Age": ["7"], "age_now": ["7"]}), age=column)
    assert findings[0].code == "ambiguous_header" and "'Age', 'age_now'" in findings[0].message
    _, _, findings = mapped(table(x=["7"]), age=column)
    assert "under any spelling of 'Age (2004+)', 'Old age'" in findings[0].message


def test_dates_in_a_format() -> None:
    frame = table(d=["2013/4/5", "2013-04-05", "", "5.4.2013"])
    resolver = Resolver(frame, {"d": spec(kind="date", format="%Y/%m/%d")})
    found, findings = resolver.mapped("d")
    assert found is not None and found.values[0] == found.values[1] == 15800 and np.isnan(found.values[2])
    assert findings[0].code == "not_a_date" and "%Y/%m/%d" in findings[0].todo
    values, _ = resolver.values(ValueTest(column="d", min=pd.Timestamp("2013-01-01").date()), "x")
    assert values is not None


def test_a_condition_sees_the_mapped_number() -> None:
    resolver = Resolver(table(a=["062 years", "9 years"]), {"age": spec(kind="numeric", source="a", number="first")})
    values, _ = resolver.values(ValueTest.model_validate({"column": "age", "in": [62]}), "x")
    assert values is not None and values.words.distinct[:2] == ["62", "9"]


# In a study ----------------------------------------------------------------------------------------------------------


def frame_of(small, name: str = "os"):
    return build_cohorts(load_study(small.write())).frames["development", name]


def findings_of(small) -> str:
    with pytest.raises(FindingsError) as caught:
        build_cohorts(load_study(small.write()))
    return str(caught.value)


def test_endpoints_read_mapped_columns(small) -> None:
    plain = frame_of(small)
    small.text = small.text.replace('time = "months"', 'time = "生存月数"').replace(
        'event = "status"', 'event = "结局"'
    )
    small.replace('event_values = ["Dead"]', 'event_values = ["死亡"]')
    small.replace(
        "[endpoints.os]",
        '[columns."生存月数"]\nkind = "numeric"\nunit = "months"\nsource = "months"\nnumber = "first"\n'
        '[columns."结局"]\nkind = "binary"\nsource = "status"\ncodes = {Alive = "存活", Dead = "死亡"}\n[endpoints.os]',
    )
    for row in small.rows:
        row["months"] = f"{int(row['months']):04d} months" if row["months"].isdigit() else row["months"]
    if "censored_values" in small.text:
        small.text = small.text.replace('censored_values = ["Alive"]', 'censored_values = ["存活"]')
    same = frame_of(small)
    assert same.time.tolist() == plain.time.tolist() and same.event.tolist() == plain.event.tolist()


def test_a_value_that_is_a_level_and_a_cell_is_a_finding(small) -> None:
    small.text = small.text.replace('event = "status"', 'event = "dead"').replace('["Dead"]', '["1"]')
    small.text = small.text.replace('censored_values = ["Alive"]\n', "")
    dead = '[columns.dead]\nkind = "binary"\nsource = "flag"\ncodes = {1 = "0", 2 = "1"}'
    small.replace("[endpoints.os]", f"{dead}\n[endpoints.os]")
    for row in small.rows:
        row["flag"] = "2" if row["status"] == "Dead" else "1"
    assert "are levels and also cells of the file" in findings_of(small)


def test_cells_that_share_a_level_with_the_event_are_events_too(small) -> None:
    plain = frame_of(small).event.tolist()
    small.set("status", "DEAD", range(1, 4))
    small.replace('event = "status"', 'event = "vital"')
    vital = '[columns.vital]\nkind = "binary"\nsource = "status"\n'
    codes = 'codes = {Alive = "Alive", Dead = "Dead", DEAD = "Dead"}'
    small.replace("[endpoints.os]", f"{vital}{codes}\n[endpoints.os]")
    assert frame_of(small).event.tolist() == plain


def first_of(small) -> None:
    step = '[[cohort.include]]\nlabel = "first record"\ncolumn = "record"\nfirst_of = "id"'
    small.replace("[endpoints.os]", f"{step}\n[endpoints.os]")


def test_the_first_row_of_each_patient(small) -> None:
    plain = frame_of(small)
    again = [{**row, "record": "2", "age": "99"} for row in small.rows[:5]]
    small.rows = [*again, *({**row, "record": "1"} for row in small.rows)]
    first_of(small)
    built = build_cohorts(load_study(small.write()))
    assert built.frames["development", "os"].ids == plain.ids
    assert built.frames["development", "os"].columns["age"].values.tolist() == plain.columns["age"].values.tolist()
    step = next(step for step in built.infos[0].steps if step.label == "first record")
    assert step.n_removed == 5


def test_identifiers_twice_are_judged_among_the_selected_rows(small) -> None:
    small.rows = [*({**row, "record": "1"} for row in small.rows), {**small.rows[0], "record": "1", "age": "3"}]
    frame_of(small)
    small.rows[-1]["age"] = "50"
    assert "more than one row" in findings_of(small)
    first_of(small)
    assert "have several rows with the smallest 'record'" in findings_of(small)


RULE = 'derive = {rule = "figo_2009", t = "a", n = "b", m = "c", histology = "d"'


def x(text: str) -> str:
    """A column x with these keys."""
    return f"[columns.x]\n{text}"


def when(test: str, value: str = "b", before: str = "") -> str:
    """A column x with one case."""
    return x(f'kind = "categorical"\n{before}cases = [{{when = [{{{test}}}], value = "{value}"}}]')


def step(text: str, action: str = "include") -> str:
    return f'[[cohort.{action}]]\nlabel = "x"\n{text}'


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (x('kind = "numeric"\nsource = "a"\ncases = [{value = 1}]'), "one origin; keep one of source and cases"),
        (x('kind = "numeric"\nunit_in_file = "cm"\nunit = "kg"'), "'cm' does not convert into unit = 'kg'"),
        (x('kind = "categorical"\nnumber = "first"'), "only a numeric column or one with bins"),
        (x('kind = "numeric"\nnumber = "last"'), "got 'last'"),
        (x('kind = "numeric"\ncodes = {990 = "small"}'), "'990' gives 'small'"),
        (x('kind = "numeric"\nrange = [5, 1]'), "got [5.0, 1.0]"),
        (x('kind = "date"\nformat = "%d/%m"'), "got '%d/%m'; a date needs %Y, %m and %d"),
        (x('kind = "numeric"\nformat = "%Y"'), "only a date column can have this"),
        (x('kind = "numeric"\nunknown_level = "?"'), "only a column with levels can have this"),
        (
            x('kind = "categorical"\ncases = [{value = "a"}, {when = [{column = "age", min = 1}], value = "b"}]'),
            "case 1 always holds and hides those after it",
        ),
        (when('column = "age"'), "on 'age' tests nothing"),
        (when('column = "age", min = 1', before='levels = ["a"]\n'), "case 1: 'b' is not one of ['a']"),
        (when('column = "age", matches = "("'), "not a regular expression"),
        (
            when('column = "y", min = 1')
            + '\n[columns.y]\nkind = "categorical"\ncases = [{when = [{column = "x", min = 1}], value = "b"}]',
            "it is made of itself: x <- y <- x",
        ),
        (x('kind = "ordinal"\nderive = {rule = "figo_2008"}'), "Did you mean 'figo_2009'?"),
        (x('kind = "ordinal"\nderive = {rule = "figo_2009", t = "a", n = "b", m = "c"}'), "the rule needs histology"),
        (x(f'kind = "ordinal"\n{RULE}, q = "e"}}'), "unknown key 'q'. The rule reads histology, t, n, m, year, size"),
        (x(f'kind = "ordinal"\n{RULE}, detail = "x"}}'), "detail: got 'x'; allowed: stage, substage"),
        (x(f'kind = "numeric"\n{RULE}}}'), "the rule gives levels"),
        (
            x(f'kind = "ordinal"\n{RULE}}}').replace('t = "a"', 't = "Derived AJCC T, 6th ed (2004-2015)"'),
            "t reads 'Derived AJCC T, 6th ed (2004-2015)', whose edition the rule figo_2009 cannot read",
        ),
        (step('column = "survival_months"\nmin = 1'), "The dictionary seer knows it"),
        (x('kind = "ordinal"\npatterns = [{matches = "(", level = "a"}]'), "not a regular expression"),
        (
            '[columns.months]\nkind = "numeric"\nunit = "days"',
            "endpoints.os.unit: got 'months', but columns.months.unit is 'days'",
        ),
        ('[columns.months]\nkind = "categorical"', "'months' has kind 'categorical'; a time is numeric"),
        (step('column = "age"\nfirst_of = "id"', "exclude"), "write it under [[cohort.include]]"),
        (step('column = "age"\nfirst_of = "id"\nmin = 1'), "first_of stands alone; put min"),
        (x('kind = "categorical"\nsource = "nowhere"'), "column 'nowhere' is not in patients.csv"),
        (when('column = "nowhere", equals = 1'), "column 'nowhere' is not in patients.csv"),
        (when('column = "sex", equals = "Malle"'), "'Malle' is not a level of 'sex'. Did you mean 'Male'?"),
        (step('column = "age"\nfirst_of = "nowhere"'), "column 'nowhere' is not in"),
        (step('column = "stage"\nfirst_of = "id"'), ""),
    ],
)
def test_what_is_refused(small, columns: str, words: str) -> None:
    small.replace("[endpoints.os]", f"{columns}\n[endpoints.os]")
    if not words:
        frame_of(small)
        return
    assert words in findings_of(small)


def test_overrides_of_the_validation_cohort() -> None:
    here = spec(kind="numeric", unit="mm", missing={"999": "unknown"}, number="first")
    there = ColumnOverride.model_validate({"source": "大小", "unit_in_file": "cm", "missing": ["99"]}).applied_to(here)
    assert (there.source, there.unit_in_file, there.missing, there.missing_reasons) == (("大小",), "cm", ("99",), {})
    assert there.number == "first"
    made = spec(kind="binary", cases=[case("Yes", {"column": "a", "min": 1}), case("No")])
    there = ColumnOverride.model_validate({"source": "化疗", "codes": {"是": "Yes", "否": "No"}}).applied_to(made)
    assert there.cases == () and there.levels == ("Yes", "No") and there.codes["是"] == "Yes"
    assert mapped(pd.DataFrame({"化疗": ["是", "否", ""]}), x=there)[0]["x"] == ["Yes", "No", None]


def test_a_column_of_the_validation_table_alone(small) -> None:
    for row in small.rows:
        row["begin"], row["finish"] = "2010/01/01", f"2012/02/{1 + len(row['id']) % 9:02d}"
    small.text += (
        '\n[validation]\nsource = "patients.csv"\n[validation.columns.begun]\nkind = "date"\nsource = "begin"\n'
        'format = "%Y/%m/%d"\n[validation.columns.ended]\nkind = "date"\nsource = "finish"\nformat = "%Y/%m/%d"\n'
        '[validation.columns.old]\nkind = "binary"\ncases = [{when = [{column = "age", min = 60}], value = "Yes"}, '
        '{when = [], value = "No"}]\n[[validation.cohort.include]]\nlabel = "old"\ncolumn = "old"\nequals = "Yes"\n'
        '[validation.endpoints.os]\nstart = "begun"\nend = "ended"\nevent = "status"\nevent_values = ["Dead"]\n'
    )
    frame = build_cohorts(load_study(small.write())).frames["validation", "os"]
    assert set(np.unique(frame.time)) == {764 / (365.25 / 12)} and "old" not in frame.columns
    assert frame.columns["age"].values.min() >= 60
    begun = "[validation.columns.begun]\nkind"
    small.replace(begun, f"[validation.columns.age]\nkind = 'numeric'\n{begun}")
    assert "only a column that [columns] does not have" in findings_of(small)
    small.replace("[validation.columns.age]\nkind = 'numeric'\n", "[validation.columns.x]\nsource = 'age'\n")
    assert "column 'x' is not declared" in findings_of(small)
