"""Tables of text: encodings, delimiters, strictness; Arrow and Python read the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.errors import FindingsError
from reporter.intake.columnar import as_frame
from reporter.intake.read import read_table
from reporter.intake.readers.delimited import Grammar, _by_arrow, _read_header, parse_delimited
from reporter.intake.readers.request import MAX_LINE_BYTES, SMALL_BYTES, ReadOptions
from reporter.intake.readers.text import find_encoding

CHINESE = "编号,病理类型,是否化疗,生存月数\n1,平滑肌肉瘤,是,12\n2,低级别子宫内膜间质肉瘤,否,30\n"
WESTERN = "id,name,klinik\n1,Müller,Köln\n2,André,Besançon\n3,Zoë,Århus\n"


@pytest.mark.parametrize(
    ("text", "codec", "said"),
    [
        (CHINESE, "utf-8", ""), (CHINESE, "utf-8-sig", ""), (CHINESE, "gb18030", "GB18030"),
        (CHINESE, "utf-16", "UTF-16"), (CHINESE, "utf-16-le", "UTF-16 (little"), (CHINESE, "utf-16-be", "UTF-16 (big"),
        (WESTERN, "cp1252", "Windows-1252"), (WESTERN, "utf-16-le", "UTF-16 (little"), (WESTERN, "utf-8", ""),
    ],
)  # fmt: skip
def test_encodings(tmp_path: Path, text: str, codec: str, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode(codec))
    found = read_table("t.csv", tmp_path)
    rows = [line.split(",") for line in text.splitlines()]
    assert [list(found.table.columns), *found.table.to_numpy().tolist()] == rows
    assert not found.findings
    assert (said in found.notes[0] and "encoding" in found.notes[0]) if said else not found.notes


def test_the_asked_encoding_decides(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(WESTERN.encode("cp1252"))
    for asked in ("utf-8", "utf-16"):
        with pytest.raises(FindingsError, match="not_text"):
            read_table("t.csv", tmp_path, options=ReadOptions(encoding=asked))
    found = read_table("t.csv", tmp_path, options=ReadOptions(encoding="windows-1252"))
    assert found.table["name"].tolist() == ["Müller", "André", "Zoë"] and "as asked" in found.notes[0]


def test_a_single_name_is_not_taken_for_chinese() -> None:
    # FC 6C is a character of GB18030's extension; FC E4 side by side would be one of GB/T 2312.
    assert find_encoding("name\nMüller\n".encode("cp1252"), "t") == "cp1252"
    assert find_encoding("姓名\n".encode("gb18030"), "t") == "gb18030"


@pytest.mark.parametrize(
    ("options", "text", "cells"),
    [
        (ReadOptions(), "id;x\n1;2,5\n", ["1", "2,5"]),
        (ReadOptions(decimal=","), "id;x\n1;2,5\n", ["1", "2.5"]),
        (ReadOptions(decimal=","), 'id;"a,b"\n1;-,5e3\n', ["1", "-.5e3"]),
        (ReadOptions(decimal=","), "id;x\n1;1,5 cm\n", ["1", "1,5 cm"]),
        (ReadOptions(delimiter="|"), "id|x\n1|2,5\n", ["1", "2,5"]),
        (ReadOptions(delimiter=" "), 'id x\n1 "a b"\n', ["1", "a b"]),
        (ReadOptions(header_row=3), "a title, a date\n\nid,x\n1,2\n", ["1", "2"]),
        (ReadOptions(), "# SYNTHETIC patients\nid,x\n1,2\n", ["1", "2"]),
    ],
)
def test_how_cells_are_written(tmp_path: Path, options: ReadOptions, text: str, cells: list[str]) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    found = read_table("t.csv", tmp_path, options=options)
    assert found.table.iloc[0].tolist() == cells
    assert found.synthetic is text.startswith("# SYN")


def test_a_comma_and_a_point_in_one_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id;x\n1;2,5\n2;1.234\n", encoding="utf-8")
    with pytest.raises(FindingsError, match=r"'x' has numbers with a comma \('2,5'\) and with a point \('1\.234'\)"):
        read_table("t.csv", tmp_path, options=ReadOptions(decimal=","))


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (b"id,x\n1,2\n3\n", "ragged_row", "line 3 has 1 cells, the header has 2"),
        (b'id,x\n1,"a\n\nb"\n3\n', "ragged_row", "line 5 has 1 cells"),
        (b'id,x\n1,2\n3,"4\n5,6\n', "not_a_table", "row of line 3 is not closed"),
        (b'id,x\n1,"2"3\n', "not_a_table", "line 2: "),
        (b"id,x,id\n1,2,3\n", "repeated_column", "2 columns named 'id'"),
        (b"id,x\n1,\x002\n", "nul_byte", "line 2 holds a NUL byte"),
        (b"id,x\n", "empty_table", "no rows"),
        (b"", "empty_table", "empty"),
        (b"id,x\n1," + b"y" * 200_000 + b"\n", "not_a_table", "line 2 is longer than 131072"),
        (b"id,x\n1," + b"y" * (MAX_LINE_BYTES + 9) + b"\n", "long_line", "line 2 is longer"),
        (b"PK\x03\x04 [Content_Types].xml", "renamed_file", "an Excel workbook; rename it to .xlsx"),
        (b"<html><table>", "renamed_file", "a web page"),
        (b"%PDF-1.7", "renamed_file", "a PDF"),
        (b"id,x\n1,\x81\xff\x81\n", "not_text", "line 2 is not text"),
        (b"\xef\xbb\xbfid,x\n1,\xc3\n", "not_text", "line 2 is not UTF-8 text, which its first bytes say"),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
def test_what_is_no_table(tmp_path: Path, monkeypatch, raw: bytes, code: str, words: str, fast: bool) -> None:
    if fast:
        monkeypatch.setattr("reporter.intake.readers.parse.SMALL_BYTES", 1)
    (tmp_path / "t.csv").write_bytes(raw)
    with pytest.raises(FindingsError) as error:
        read_table("t.csv", tmp_path)
    assert error.value.findings[0].code == code and words in error.value.findings[0].message


def test_packed(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CHINESE.encode("gb18030")))
    assert read_table("t.csv.gz", tmp_path).table["是否化疗"].tolist() == ["是", "否"]
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CHINESE.encode())[:-12])
    with pytest.raises(FindingsError, match="damaged_file"):
        read_table("t.csv.gz", tmp_path)


def outcome(raw: bytes, grammar: Grammar, fast: bool) -> object:
    try:
        return as_frame(parse_delimited(raw, grammar, place="t", fast=fast)).astype(object).to_numpy().tolist()
    except FindingsError as error:
        return error.findings


PIECES = st.sampled_from(["a", "7", '"', '""', ",", "\n", "\r\n", "\r", " ", "é", ";", '"a,b"', '"x\ny"', ",\n"])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=30).map("".join), st.booleans())
def test_arrow_reads_what_python_reads(body: str, quoting: bool) -> None:
    """Where Arrow is used, its cells are those of Python's csv; an error of either is an error of both."""
    raw, grammar = ("a,b\n" + body).encode(), Grammar(",", quoting)
    _, start, _ = _read_header(raw, grammar, 1, "t")
    columns = _by_arrow(raw, start, 2, grammar)
    expected, found = (outcome(raw, grammar, fast) for fast in (False, True))
    assert found == expected
    assert columns is None or not len(columns[0]) or isinstance(expected, list)


def test_arrow_is_used_for_plain_and_for_quoted_text() -> None:
    for raw in (b"a,b\n1,2\n3,4\n", b'a,b\r\n1,"x,""y"""\r\n\r\n"3\n4",4'):
        columns = _by_arrow(raw, raw.index(b"\n") + 1, 2, Grammar(","))
        assert columns is not None and len(columns[0]) == 2
    assert columns[1].to_pylist()[0] == 'x,"y"'


@pytest.mark.parametrize(("name", "codec"), [("t.csv", "gb18030"), ("t.csv", "utf-8-sig"), ("t.csv.gz", "utf-16")])
def test_a_large_table_goes_through_the_child(tmp_path: Path, name: str, codec: str) -> None:
    header, *lines = CHINESE.splitlines(keepends=True)
    raw = (header + "".join(lines) * 90_000).encode(codec)
    assert len(raw) > SMALL_BYTES
    (tmp_path / name).write_bytes(gzip.compress(raw, 1) if name.endswith(".gz") else raw)
    found = read_table(name, tmp_path, by_distinct=True)
    assert found.table.shape == (180_000, 4) and list(found.table.columns) == header.strip().split(",")
    assert [",".join(row) + "\n" for row in found.table.iloc[-2:].astype(object).to_numpy()] == lines
    assert len(found.notes) == (codec != "utf-8-sig")


def test_an_error_of_a_large_table_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,x\n" + b"1,2\n" * (1 << 20) + b'3,"4\n')
    with pytest.raises(FindingsError, match=f"row of line {(1 << 20) + 2} is not closed"):
        read_table("t.csv", tmp_path)


def test_a_compressed_text_that_unpacks_to_much(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"1" * (130 << 20), 9))
    with pytest.raises(FindingsError, match="file_bomb"):
        read_table("t.csv.gz", tmp_path)
