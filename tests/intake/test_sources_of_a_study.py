"""The keys of reading in a study file: each one acts, or is refused where it cannot."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.pipeline.check import check_study
from reporter.spec.load import load_study
from tests.conftest import StudyFolder

SOURCE = 'source = "patients.csv"'


def rows_of(small: StudyFolder) -> list[list[str]]:
    return list(csv.reader(io.StringIO(small.table())))


def frame_of_study(small: StudyFolder):
    path = small.write()
    return build_cohorts(load_study(path)).frames["development", "os"]


def same_as_csv(small: StudyFolder, changed: str, expected) -> None:
    small.replace(SOURCE, changed)
    found = frame_of_study(small)
    assert found.ids == expected.ids and (found.time == expected.time).all() and (found.event == expected.event).all()
    for name, column in expected.columns.items():
        assert found.columns[name].levels == column.levels and (found.columns[name].values == column.values).all()


def test_a_workbook_gives_the_frame_of_the_csv(small: StudyFolder) -> None:
    expected = frame_of_study(small)
    book = openpyxl.Workbook()
    sheet = book.create_sheet("病人")
    for row in [["exported"], *([int(c) if c.isdigit() else c for c in row] for row in rows_of(small))]:
        sheet.append(row)
    book.save(small.folder / "patients.xlsx")
    same_as_csv(small, 'source = "patients.xlsx"\nsheet = "病人"\nheader_row = 2', expected)


def test_a_text_in_another_encoding_gives_the_frame_of_the_csv(small: StudyFolder) -> None:
    expected = frame_of_study(small)
    lines = [";".join(row) for row in rows_of(small)]
    (small.folder / "p.tsv").write_text("病人\n" + "\n".join(lines), encoding="gb18030")
    keys = 'source = "p.tsv"\nencoding = "gb18030"\ndelimiter = ";"\nheader_row = 2\ndecimal = ","'
    same_as_csv(small, keys, expected)
    said: list[str] = []
    assert check_study(small.write(), say=said.append) == 0
    assert said[0].startswith("note: p.tsv was read as GB18030 text")


def test_the_validation_cohort_is_read_by_its_own_keys(small: StudyFolder) -> None:
    (small.folder / "v.csv").write_text("|".join(rows_of(small)[0]) + "\n", encoding="utf-8")
    with (small.folder / "v.csv").open("a", encoding="utf-8") as file:
        file.writelines("|".join(row) + "\n" for row in rows_of(small)[1:])
    small.text += '\n[validation]\nsource = "v.csv"\ndelimiter = "|"\n'
    built = build_cohorts(load_study(small.write()))
    assert built.frames["validation", "os"].n == built.frames["development", "os"].n


def test_warnings_of_reading_reach_the_check(small: StudyFolder) -> None:
    book = openpyxl.Workbook()
    for row in rows_of(small):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(small.folder / "patients.xlsx")
    small.replace(SOURCE, 'source = "patients.xlsx"')
    built = build_cohorts(load_study(small.write()))
    assert [f.code for f in built.findings if f.severity == "warning"][:1] == ["hidden_cells"]
    assert any("hidden in the sheet" in text for text in built.infos[0].findings)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('source = "p.csv"\nsheet = 1', "'data.sheet' is for .xlsx, .xlsm; source is 'p.csv'"),
        ('source = "p.xlsx"\ndecimal = ","', "'data.decimal' is for .csv"),
        ('source = "p.xlsx"\nsheet = 0', "sheets count from 1"),
        ('source = "r:survival/lung"\nheader_row = 2', "'data.header_row' is for"),
        ('source = "p.csv"\ndic = "p.dic"', "'data.dic' is for .txt"),
        ('source = "p.csv"\nencoding = "latin-1"', "encoding"),
        ('source = "p.csv"\ndelimiter = ","\ndecimal = ","', "both a comma"),
        ('source = "p.xls"', "allowed are .csv"),
        ('source = "p.xlsx.gz"', "allowed are .csv"),
        ('source = "lifelines:a b"', "lifelines:name"),
        ('source = "csv"', "allowed are .csv"),
    ],
)
def test_keys_that_do_not_fit_the_source(small: StudyFolder, lines: str, words: str) -> None:
    small.replace(SOURCE, lines)
    with pytest.raises(FindingsError) as error:
        load_study(small.write())
    assert words in str(error.value)


def test_a_source_of_lifelines(small: StudyFolder) -> None:
    path = small.folder / "s.toml"
    path.write_text(
        'schema = 1\n[study]\nid = "r"\ntitle = "r"\n[data]\nsource = "lifelines:rossi"\n[columns.age]\n'
        'kind = "numeric"\n'
        '[endpoints.a]\nunit = "days"\ntime = "week"\nevent = "arrest"\nevent_values = [1]\nhorizons = [20]\n'
        '[analysis]\ncovariates = ["age"]\n',
        encoding="utf-8",
    )
    frame = build_cohorts(load_study(path)).frames["development", "a"]
    assert frame.n == 432 and int(frame.event.sum()) == 114


def test_nothing_is_left_of_a_folder_without_a_table(small: StudyFolder, tmp_path: Path) -> None:
    small.replace(SOURCE, 'source = "none.xlsx"')
    with pytest.raises(FindingsError, match=r"there is no file 'none\.xlsx'"):
        build_cohorts(load_study(small.write()))
