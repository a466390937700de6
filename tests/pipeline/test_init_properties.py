"""Whatever a small table holds, `reporter init` writes a study file that is accepted, or says what is open."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError, ReporterError
from reporter.pipeline.init import init_study
from reporter.spec.load import load_study

HEADERS = (
    "id", "age", "sex", "stage", "OS_MONTHS", "OS_STATUS", "days_to_death", "days_to_last_followup", "vital_status",
    "生存月数", "死亡", "姓名", "date of diagnosis", "last follow up date", "x=y", 'a "quote"', "phenotype", "a.b",
    "#c", "[columns.x]", "start", "stop", "visit", "recur", "rtime", "%", "é", "\\", "Age",
)  # fmt: skip
CELLS = (
    st.sampled_from(("0", "1")), st.sampled_from(("1", "2", "9", "")), st.integers(-3, 4000).map(str),
    st.integers(0, 90).map(str), st.sampled_from(("dead", "alive", "Unknown", "死亡", "失访")),
    st.sampled_from(("Stage I", "stage iia", "IVB", "Ⅲ", "TX")), st.sampled_from(("1", "2.5", "<1", ">9", "n/a", "4+")),
    st.dates().map(str), st.sampled_from(("a", "b", " c", "NA")), st.just("k"),
    st.sampled_from(('"', "'", "\\", "#", "]", "\u2028", "\x85", "1E400", "nan", " ", "\uff10\uff11", "\u202e")),
    st.text(st.characters(exclude_characters="\x00\r\n", exclude_categories=("Cs",)), max_size=4),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and up to 40 rows; three in four tables have a time and a status."""
    n = draw(st.integers(1, 40))
    headers = draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=5, unique=True))
    columns = [draw(st.lists(draw(st.sampled_from(CELLS)), min_size=n, max_size=n)) for _ in headers]
    if draw(st.integers(0, 3)):
        headers += ["time", "status"]
        columns.append(draw(st.lists(st.integers(0, 2000).map(str), min_size=n, max_size=n)))
        columns.append(draw(st.lists(st.sampled_from(("0", "1")), min_size=n, max_size=n)))
    return [headers, *(list(row) for row in zip(*columns, strict=True))]


@given(tables())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_small_table(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as name:
        folder, said = Path(name), list[str]()
        with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        out = folder / "study.toml"
        try:
            assert init_study(str(folder / "t.csv"), out, say=said.append) == 0
        except ReporterError:
            assert sorted(path.name for path in folder.iterdir()) == ["t.csv"]
            return
        assert sorted(path.name for path in folder.iterdir()) == ["study.toml", "t.csv"]
        if any(line.startswith("warning: no time and event") for line in said):
            try:
                load_study(out)
            except FindingsError as stopped:
                assert [finding.code for finding in stopped.findings] == ["missing_key"]  # noqa: PT017
                return
            raise AssertionError("a study without endpoints was accepted")
        study = load_study(out)
        if not any(line.startswith("still to be done") for line in said):
            assert build_cohorts(study).frames
