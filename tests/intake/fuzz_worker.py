"""Parses one file after another for the fuzz test: python fuzz_worker.py FOLDER, then a suffix a line on stdin."""

from __future__ import annotations

import gzip
import io
import json
import signal
import sys
import traceback
import zipfile
from pathlib import Path

from reporter.errors import FindingsError

DIC = """[System]
Database name=SYNTHETIC

[Export Options]
Variable format=numeric
Field delimiter=tab
Missing character=period
Variable names included=false

[Variables]
Var1Name=Patient ID
Var2Name=Sex
Var3Name=Survival months

[Format=Sex]
1=Male
2="Female "

[Format=Survival months]
9999=Unknown
"""
SECONDS = 60
OWN = ("csv", "tsv", "txt", "csv.gz", "dic")


def parts_of(raw: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """Return a workbook of such parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    return stream.getvalue()


def write_valid(folder: Path) -> None:
    """Write a valid file of each kind; of a SAS data set only the beginning, as nothing here can write one."""
    import datetime as dt

    import openpyxl
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame({"id": ["a", "b", "c"], "x": [1.5, None, 3.0], "sex": [1.0, 2.0, 2.0]})
    csv = 'id,x,名\n1,"2,5",是\n2,,否\n3,"a""b",é\n'
    (folder / "valid.csv").write_text(csv, encoding="gb18030")
    (folder / "valid.csv.gz").write_bytes(gzip.compress(csv.encode()))
    (folder / "valid.tsv").write_text("id\tx\n1\t2\n2\té\n", encoding="utf-16")
    (folder / "valid.txt").write_bytes(b"00000017\t1\t0012\r\n00000018\t2\t9999\r\n")
    (folder / "valid.dic").write_text(DIC, encoding="cp1252", newline="\r\n")
    (folder / "seer.txt").write_bytes((folder / "valid.txt").read_bytes())
    (folder / "seer.dic").write_bytes((folder / "valid.dic").read_bytes())
    frame.to_parquet(folder / "valid.parquet")
    frame.to_feather(folder / "valid.feather")
    pyreadstat.write_sav(frame, folder / "valid.sav", variable_value_labels={"sex": {1: "Male", 2: "Female"}},
                         missing_ranges={"x": [3.0]})  # fmt: skip
    pyreadstat.write_dta(frame, folder / "valid.dta", variable_value_labels={"sex": {1: "Male", 2: "Female"}})
    (folder / "valid.sas7bdat").write_bytes(
        bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011") + bytes.fromhex("22220032022201") * 600
    )
    book = openpyxl.Workbook()
    for row in (["id", "日", "x"], [1, dt.date(2020, 2, 29), 0.1], ["2", None, True]):
        book.active.append(row)
    book.save(folder / "valid.xlsx")


def outcome(folder: Path, suffix: str) -> str:
    """Parse FOLDER/t.SUFFIX as the child does; a .dic beside good data, and data beside a good .dic."""
    from reporter.intake.columnar import as_frame
    from reporter.intake.read import ReadOptions, _request
    from reporter.intake.readers.parse import parse, parse_or_refuse

    pairs = {"dic": ("seer.txt", "t.dic"), "txt": ("t.txt", "seer.dic")}
    source, dic = pairs.get(suffix, (f"t.{suffix}", None))
    try:
        request = _request(source, folder, "data.source", ReadOptions(dic=dic))
        # The project's own parsers must not need the net that catches what those of others raise.
        read = parse if suffix in OWN else parse_or_refuse
        as_frame(read(request).table)
    except (FindingsError, MemoryError):
        return "findings"
    except Exception:  # noqa: BLE001 anything else is what the test looks for
        return traceback.format_exc()
    return "table"


def main(folder: Path) -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        signal.alarm(SECONDS)
        said = outcome(folder, line.strip())
        signal.alarm(0)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))
    main(Path(sys.argv[1]))
