"""Workbooks and the files of SAS, Stata and SPSS; what they can hide is a finding."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from reporter.errors import FindingsError
from reporter.intake.read import read_table
from reporter.intake.readers.request import ReadOptions

NOON = dt.datetime.fromisoformat("2016-01-02T12:00:00")
ROWS = [
    ["编号", "手术日期", "size", "alive"],
    [1, dt.date(2015, 3, 1), 5.5, True],
    ["007", NOON, 0.1, None],
]
WORDS = [["1", "2015-03-01", "5.5", "TRUE"], ["007", "2016-01-02T12:00:00", "0.1", ""]]


def workbook(folder: Path, rows: list[list[object]] = ROWS, name: str = "t.xlsx"):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book, folder / name


def read(path: Path, **options: object):
    return read_table(path.name, path.parent, options=ReadOptions(**options))


def replace_part(path: Path, part: str, old: str, new: str) -> None:
    """Change the XML of one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part].decode()
    parts[part] = parts[part].decode().replace(old, new).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    book, path = workbook(tmp_path)
    book.save(path)
    found = read(path)
    assert list(found.table.columns) == ROWS[0] and found.table.to_numpy().tolist() == WORDS
    assert not found.findings and not found.synthetic and len(found.sha256) == 64
    assert found.notes == ("t.xlsx: sheet 'Sheet', headers in row 1.",)


def test_sheet_and_header_row(tmp_path: Path) -> None:
    book, path = workbook(tmp_path, [["notes"]])
    sheet = book.create_sheet("病人")
    for row in [["exported 2020"], [], *ROWS]:
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    book.save(path)
    for key in ("病人", 2):
        assert read(path, sheet=key, header_row=3).table.to_numpy().tolist() == WORDS
    with pytest.raises(FindingsError, match=r"(?s)cells '.3'.*without a header in row 1"):
        read(path, sheet="病人")
    with pytest.raises(FindingsError, match="no sheet '病'"):
        read(path, sheet="病")
    with pytest.raises(FindingsError, match="no_header"):
        read(path, sheet=2, header_row=99)
    with pytest.raises(FindingsError, match="no rows"):
        read(path)
    book["Sheet"].append([1])
    book.save(path)
    assert [f.code for f in read(path).findings] == ["other_sheets"]


def test_synthetic_by_its_properties(tmp_path: Path) -> None:
    book, path = workbook(tmp_path)
    book.properties.title = "SYNTHETIC patients"
    book.save(path)
    assert read(path).synthetic


def test_formulas(tmp_path: Path) -> None:
    book, path = workbook(tmp_path)
    book.active["C2"] = "=1+4.5"
    book.save(path)
    with pytest.raises(FindingsError, match="'C2' hold formulas without a stored value"):
        read(path)
    replace_part(path, SHEET, "<f>1+4.5</f><v></v>", "<f>1+4.5</f><v>5.5</v>")
    found = read(path)
    assert found.table.to_numpy().tolist() == WORDS
    assert [(f.code, f.severity) for f in found.findings] == [("formulas", "warning")] and "C2" in found.findings[
        0
    ].message


def test_merged_and_hidden_cells(tmp_path: Path) -> None:
    book, path = workbook(tmp_path)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.save(path)
    found = read(path)
    assert found.table.to_numpy().tolist() == WORDS
    assert "1 rows (3)" in found.findings[0].message and "columns C" in found.findings[0].message
    book.active.merge_cells("A2:A3")
    book.save(path)
    with pytest.raises(FindingsError, match="merged in the table: 'A2:A3'"):
        read(path)


@pytest.mark.parametrize(
    ("header", "code"), [(["a", "a"], "repeated_column"), (["a", None], "unnamed_column"), ([" ", None], "empty_table")]
)
def test_headers_of_a_workbook(tmp_path: Path, header: list[object], code: str) -> None:
    book, path = workbook(tmp_path, [header, ["1", "2"]])
    book.save(path)
    with pytest.raises(FindingsError, match=code):
        read(path)


def test_one_cell_at_the_far_corner(tmp_path: Path) -> None:
    book, path = workbook(tmp_path, [["a"]])
    book.active["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(FindingsError, match="'XFD1048576' stand in columns without a header"):
        read(path)


def test_a_workbook_that_unpacks_to_much(tmp_path: Path) -> None:
    book, path = workbook(tmp_path)
    book.save(path)
    replace_part(path, SHEET, "<sheetData>", "<sheetData>" + " " * (128 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(FindingsError, match=r"file_bomb.*|unpack to 13\d+ bytes, most of them 'xl/worksheets"):
        read(path)


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted_file",
            "password",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "renamed_file", "format before 2007"),
        (b"id,x\n1,2\n", "not_a_table", "not an Excel workbook"),
        (b"PAR1 and more", "renamed_file", "rename it to .parquet"),
        (b"PK\x03\x04 cut off", "damaged_file", "cannot be unpacked"),
        (b"", "empty_table", "empty"),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, raw: bytes, code: str, words: str) -> None:
    (tmp_path / "t.xlsx").write_bytes(raw)
    with pytest.raises(FindingsError) as error:
        read(tmp_path / "t.xlsx")
    assert error.value.findings[0].code == code and words in error.value.findings[0].message


FRAME = pd.DataFrame({
    "id": ["a", "b", "c"], "sex": [1.0, 2.0, None], "nodes": [0.0, 98.0, 3.0],
    "day": [dt.date(2000, 2, 29), None, dt.date(1969, 12, 31)],
})  # fmt: skip
LABELS = {"sex": {1: "Male", 2: "Female"}, "nodes": {98: "none examined"}}
TEXT = [["a", "Male", "0", "2000-02-29"], ["b", "Female", "none examined", ""], ["c", "", "3", "1969-12-31"]]


def test_spss(tmp_path: Path) -> None:
    pyreadstat.write_sav(FRAME, tmp_path / "t.sav", variable_value_labels=LABELS)
    found = read(tmp_path / "t.sav")
    assert list(found.table.columns) == list(FRAME) and found.table.to_numpy().tolist() == TEXT and not found.findings


def test_values_that_spss_declares_as_missing(tmp_path: Path) -> None:
    pyreadstat.write_sav(
        FRAME, tmp_path / "t.sav", variable_value_labels=LABELS, missing_ranges={"nodes": [{"lo": 98, "hi": 99}]}
    )
    found = read(tmp_path / "t.sav")
    assert found.table["nodes"].tolist() == ["0", "", "3"]
    assert [f.code for f in found.findings] == ["user_missing"] and "nodes (98 to 99)" in found.findings[0].message


def test_stata(tmp_path: Path) -> None:
    whole = FRAME.assign(sex=pd.array([1, 2, None], dtype="Int32"))
    pyreadstat.write_dta(
        whole, tmp_path / "t.dta", variable_value_labels={"sex": LABELS["sex"]}, file_label="SYNTHETIC rows"
    )
    found = read(tmp_path / "t.dta")
    assert found.table.to_numpy().tolist() == [[*TEXT[0][:2], "0", TEXT[0][3]], [*TEXT[1][:2], "98", ""], TEXT[2]]
    assert found.synthetic


def test_a_value_without_a_label(tmp_path: Path) -> None:
    pyreadstat.write_sav(FRAME, tmp_path / "t.sav", variable_value_labels={"sex": {1: "Male"}})
    found = read(tmp_path / "t.sav")
    assert found.table["sex"].tolist() == ["Male", "2", ""] and [f.code for f in found.findings] == ["unlabelled_value"]


@pytest.mark.parametrize("kind", ["sas7bdat", "dta", "sav"])
def test_damaged_files_of_statistics_programs(tmp_path: Path, kind: str) -> None:
    heads = {
        "sas7bdat": bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"),
        "dta": b"<stata_dta>",
        "sav": b"$FL2",
    }
    path = tmp_path / f"t.{kind}"
    path.write_bytes(heads[kind] + bytes(range(256)) * 9)
    with pytest.raises(FindingsError, match=r"not_a_table|damaged_file|too_large"):
        read(path)
    path.write_bytes(b"id,x\n1,2\n")
    with pytest.raises(FindingsError, match="not_a_table"):
        read(path)


def test_lifelines() -> None:
    found = read_table("lifelines:rossi", Path())
    assert found.table.shape == (432, 9) and found.table["week"].iloc[0] == "20" and len(found.sha256) == 64
    with pytest.raises(FindingsError, match=r"no data set 'rosi'\. Did you mean 'rossi'"):
        read_table("lifelines:rosi", Path())
    with pytest.raises(FindingsError, match="remove sheet"):
        read_table("lifelines:rossi", Path(), options=ReadOptions(sheet=1))
