"""Whatever the study file or the table holds: a result or a ReporterError, never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporter.cohort.build import build_cohorts
from reporter.errors import ReporterError
from reporter.spec.load import load_study
from tests.conftest import STUDY, StudyFolder, patients

fuzz = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
TABLE = StudyFolder(Path(), STUDY, patients(12)).table()
LINES = STUDY.splitlines()
ROTTERDAM = (Path(__file__).parents[2] / "data" / "rotterdam" / "study.toml").read_text(encoding="utf-8").splitlines()
VALUES = st.sampled_from(
    ("1", "-1", "0", "1e400", "nan", "true", '""', '"age"', '"x"', "[]", '["age"]', "[1, 2]", "{}", "{a = 1}", "[[1]]",
     "2020-01-01", '"r:survival/nothing"', '"\\u0000"', '["I", "I"]', "[3, 1]", '{1 = "I"}', "999999999999999999999")
)  # fmt: skip


def build(study: bytes, table: bytes) -> None:
    """Build the cohorts; a ReporterError is a good end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.toml"
        path.write_bytes(study)
        (Path(folder) / "patients.csv").write_bytes(table)
        try:
            built = build_cohorts(load_study(path))
        except ReporterError:
            return
        for frame in built.frames.values():
            assert frame.n == len(frame.ids) and frame.event.any() and (frame.time >= 0).all()


@st.composite
def changed_lines(draw: st.DrawFn, lines: list[str]) -> bytes:
    """Drop, double, swap or retype lines of a study file."""
    now = list(lines)
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(now) - 1))
        what = draw(st.sampled_from(("drop", "double", "value", "key", "swap")))
        if what == "drop":
            del now[i]
        elif what == "double":
            now.insert(i, now[i])
        elif what == "swap":
            j = draw(st.integers(0, len(now) - 1))
            now[i], now[j] = now[j], now[i]
        elif " = " in now[i]:
            key, _, value = now[i].partition(" = ")
            now[i] = f"{key} = {draw(VALUES)}" if what == "value" else f"{key[:-1]} = {value}"
        if not now:
            break
    return "\n".join(now).encode()


@fuzz
@given(changed_lines(LINES))
def test_changed_studies(study: bytes) -> None:
    build(study, TABLE.encode())


@settings(fuzz, max_examples=60)
@given(changed_lines(ROTTERDAM))
def test_changed_rotterdam_without_its_tables(study: bytes) -> None:
    build(study, TABLE.encode())


@fuzz
@given(st.data())
def test_changed_tables(data: st.DataObject) -> None:
    raw = bytearray(TABLE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(raw) - 1))
        raw[i : i + data.draw(st.integers(0, 3))] = data.draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from((b",", b"\n", b'"', b"-", b"1e400", b"\x00", b"\r", b"\xef\xbb\xbf", b";", b"nan")),
            )
        )
    build(STUDY.encode(), bytes(raw))


@settings(fuzz, max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ("", "1", "2", "I", "III", "Dead", "Alive", "0", "-0", "1e308", "5e-324", "1e-9", "Unknown")
            ),
            min_size=6,
            max_size=6,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_tables_of_odd_cells(rows: list[list[str]]) -> None:
    text = "id,age,sex,stage,months,status\n" + "".join(
        ",".join([str(i), *row[1:]]) + "\n" for i, row in enumerate(rows)
    )
    build(STUDY.replace("min = 18", "min = 0").encode(), text.encode())


@settings(fuzz, max_examples=60)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes(study: bytes, table: bytes) -> None:
    build(study, table)
    build(STUDY.encode(), table)
