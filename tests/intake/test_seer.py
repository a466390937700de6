"""SEER*Stat exports: every option of the .dic gives the same table."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from reporter.errors import FindingsError
from reporter.intake.read import SourceTable, read_table
from reporter.intake.readers.origin import is_seer
from reporter.intake.readers.request import ReadOptions

NAMES = ("Patient ID", "Radiation recode", "Survival months", "Sex", "Income")
OTHER = "Radiation, NOS  method or source not specified"
FORMATS = {
    "Radiation recode": {"0": "None/Unknown", "1": "Beam radiation", "5": OTHER},
    "Sex": {"1": "Male", "2": "Female"},
    "Survival months": {"9999": "Unknown"},
}  # fmt: skip
CODES = [
    ["00000017", "5", "0012", "2", "1234"],
    ["00000018", "00", "9999", "2", ""],
    ["00000019", "1", "0003", "01", "7"],
]
LABELS = [
    ["00000017", OTHER, "0012", "Female", "1234"],
    ["00000018", "None/Unknown", "Unknown", "Female", ""],
    ["00000019", "Beam radiation", "0003", "Male", "7"],
]
DELIMITERS = {"tab": "\t", "comma": ",", "semi-colon": ";", "space": " "}


def write(
    folder: Path, formatting: str, delimiter: str, *, header: bool, ends: str, missing: str, packed: bool
) -> None:
    """Write an export as SEER*Stat does: text that is not a number in quotes, unless labels are asked without."""
    sign = {"period": ".", "space": " "}.get(missing, missing.strip('"'))
    quoted = formatting == "quotedlabels" or DELIMITERS[delimiter] in " ,"

    def cell(text: str) -> str:
        text = text or sign
        return f'"{text}"' if quoted and not text.isdigit() and text != sign else text

    rows = [[cell(name) for name in NAMES]] if header else []
    rows += [[cell(c) for c in row] for row in (CODES if formatting == "numeric" else LABELS)]
    text = "".join(DELIMITERS[delimiter].join(row) + ends for row in rows).encode("cp1252")
    (folder / ("export.txt.gz" if packed else "export.txt")).write_bytes(gzip.compress(text) if packed else text)
    system = "DOS/Windows" if ends == "\r\n" else "UNIX"
    options = {
        "GZipped": str(packed).lower(), "Variable format": formatting, "File format": system,
        "Field delimiter": delimiter, "Missing character": missing,
        "Fields with delimiter in quotes": str(quoted).lower(), "Remove thousands separators": "true",
        "Flags included": "false", "Variable names included": str(header).lower(),
        "Column Variables as Stats": "false",
    }  # fmt: skip
    blocks = [
        "[System]\nOutput filename=export.txt\nDatabase name=Incidence - SEER Research Data",
        "[Session Options]\nType=Case Listing",
        "\n".join(["[Export Options]", *(f"{key}={value}" for key, value in options.items())]),
        "[Variables]\n" + "\n".join(f"Var{i}Name={n}\nVar{i}Base=x" for i, n in enumerate(NAMES, start=1)),
    ]
    blocks += [f"[Format={n}]\n" + "\n".join(f'{c}="{x}"' for c, x in f.items()) for n, f in FORMATS.items()]
    (folder / "export.dic").write_bytes("\n\n".join(blocks).replace("\n", "\r\n").encode("cp1252"))


def export(folder: Path, **changes: object) -> None:
    given: dict[str, object] = {"header": True, "ends": "\r\n", "missing": "period", "packed": False}
    chosen = {**given, **changes}
    write(folder, str(chosen.pop("formatting", "quotedlabels")), str(chosen.pop("delimiter", "tab")), **chosen)  # type: ignore[arg-type]


def cells(found: SourceTable) -> list[list[str]]:
    return found.table[list(NAMES)].to_numpy().tolist()


@pytest.mark.parametrize("formatting", ["quotedlabels", "labels", "numeric"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize(
    ("header", "ends", "missing"),
    [(True, "\r\n", "period"), (False, "\n", '"NA"'), (False, "\r\n", "period"), (True, "\n", "space")],
)
def test_all_export_options(
    tmp_path: Path, formatting: str, delimiter: str, header: bool, ends: str, missing: str
) -> None:
    # A missing value that is the delimiter cannot be written.
    missing = "period" if missing == delimiter == "space" else missing
    export(tmp_path, formatting=formatting, delimiter=delimiter, header=header, ends=ends, missing=missing)
    found = read_table("export.txt", tmp_path)
    assert cells(found) == LABELS and not found.findings
    assert found.origin == "seer" and not found.synthetic


@pytest.mark.parametrize("source", ["export.dic", "export.txt.gz"])
def test_either_file_of_a_packed_pair(tmp_path: Path, source: str) -> None:
    export(tmp_path, formatting="numeric", packed=True)
    assert cells(read_table(source, tmp_path)) == LABELS


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "export.dic"
    text = path.read_bytes().decode("cp1252")
    assert old in text
    path.write_bytes(text.replace(old, new).encode("cp1252"))


def test_another_dic_and_a_synthetic_database(tmp_path: Path) -> None:
    export(tmp_path)
    edit(tmp_path, "Incidence - SEER", "SYNTHETIC - SEER")
    (tmp_path / "export.dic").rename(tmp_path / "other.dic")
    found = read_table("export.txt", tmp_path, options=ReadOptions(dic="other.dic"))
    assert cells(found) == LABELS and found.synthetic and found.origin == "seer"


def test_thousands_separators(tmp_path: Path) -> None:
    export(tmp_path)
    edit(tmp_path, "separators=true", "separators=false")
    path = tmp_path / "export.txt"
    path.write_bytes(path.read_bytes().replace(b"1234", b'"1,234"'))
    assert cells(read_table("export.txt", tmp_path)) == LABELS


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("Var5Name=Income", "Var5Name=Wages", "dic_mismatch", "header has 'Income', which export.dic does not name"),
        ("Var5Name=Income", "Var7Name=Income", "invalid_dic", "no Var5Name"),
        ("Var5Name=Income", "Var4Name=Income", "invalid_dic", "Var4Name twice"),
        ("Flags included=false", "Flags included=true", "not_available", "export without flags"),
        ("as Stats=false", "as Stats=true", "not_available", "case listings"),
        ("Variable format=quotedlabels", "Variable format=words", "invalid_dic", "got 'words'. Allowed: quotedlabels"),
        ("[Variables]", "[Life Page Variables]", "invalid_dic", "export a case listing"),
        ("[System]", "no section", "invalid_dic", "line 1: got 'no section'"),
        ("[Format=Sex]", "[Format=Gender]", "invalid_dic", "'Gender', which [Variables] does not name"),
    ],
)
def test_a_dic_that_does_not_fit(tmp_path: Path, old: str, new: str, code: str, words: str) -> None:
    export(tmp_path)
    edit(tmp_path, old, new)
    with pytest.raises(FindingsError) as error:
        read_table("export.txt", tmp_path)
    assert any(f.code == code and words in f.message for f in error.value.findings), error.value


def test_rows_of_another_length_than_the_dic(tmp_path: Path) -> None:
    export(tmp_path, header=False)
    edit(tmp_path, "Var5Name=Income", "Var5Name=Income\r\nVar6Name=Race")
    with pytest.raises(FindingsError, match=r"(?s)has 5 cells, the header has 6.*names 6 variables"):
        read_table("export.txt", tmp_path)


def test_codes_that_the_dic_does_not_list(tmp_path: Path) -> None:
    export(tmp_path, formatting="numeric")
    edit(tmp_path, '1="Male"', '7="Male"')
    found = read_table("export.txt", tmp_path)
    assert found.table["Sex"].tolist() == ["Female", "Female", "01"]
    assert [(f.code, f.severity, f.n_rows) for f in found.findings] == [("dic_mismatch", "warning", 1)]
    assert "'Sex' has '01' in 1 rows" in found.findings[0].message


def test_options_that_the_dic_decides(tmp_path: Path) -> None:
    export(tmp_path)
    for options in (ReadOptions(delimiter=","), ReadOptions(header_row=2), ReadOptions(decimal=",")):
        with pytest.raises(FindingsError, match="invalid_source"):
            read_table("export.txt", tmp_path, options=options)


def test_a_text_without_a_dic_is_a_table_of_text(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("id\tx\n1\ta,b\n", encoding="utf-8")
    found = read_table("t.txt", tmp_path)
    assert found.table["x"].tolist() == ["a,b"] and not found.origin


HEADERS = (
    "Patient ID", "Age recode with single ages and 100+", "Sex", "Year of diagnosis",
    "Race recode (White, Black, Other)", "Survival months", "Vital status recode (study cutoff used)",
    "SEER cause-specific death classification",
)  # fmt: skip


def test_seers_own_csv_is_recognised_by_its_headers(tmp_path: Path) -> None:
    rows = [HEADERS, ["1"] * len(HEADERS)]
    (tmp_path / "t.csv").write_text("".join(",".join(f'"{c}"' for c in r) + "\n" for r in rows), encoding="utf-8")
    assert read_table("t.csv", tmp_path).origin == "seer"


@pytest.mark.parametrize(
    "names",
    [
        ["Age.recode.with.single.ages.and.90.", "Race.recode..White..Black..Other.", "Survival.months",
         "Derived.AJCC.T..7th.ed..2010.2015.", "RX.Summ..Surg.Prim.Site..1998.."],
        ["SEERcausespecificdeathclassifi", "Vitalstatusrecodestudycutoffus", "Survivalmonths", "CStumorsize20042015",
         "Radiationrecode"],
    ],
)  # fmt: skip
def test_spellings_of_other_programs(names: list[str]) -> None:
    assert is_seer(names) and not is_seer(names[:4])


def test_a_hospital_table_is_not_seer() -> None:
    assert not is_seer(
        ["id", "age", "sex", "survival_months", "status", "grade", "stage", "chemo", "radiation", "size"]
    )
