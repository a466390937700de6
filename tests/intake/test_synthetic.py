"""The synthetic cohorts: the same bytes for the same seed, what the readers make of them, blanks outside the years."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from scipy.stats import binomtest

from reporter.cli.main import main
from reporter.intake.read import read_table
from reporter.intake.synthetic.balance import Score, balanced_exponential
from reporter.intake.synthetic.draws import Draws, cut, ranked
from reporter.intake.synthetic.seer_files import export_dictionary, export_text
from reporter.resources import data_folder

SHIPPED = data_folder() / "uterine_sarcoma"
NAMES = ("uterine_sarcoma_SYNTHETIC.txt", "uterine_sarcoma_SYNTHETIC.dic", "hospital_SYNTHETIC.xlsx")


def made(out: Path, *words: str) -> dict[str, bytes]:
    assert main(["synthesize", "uterine_sarcoma", "--out", str(out), *words]) == 0
    return {name: (out / name).read_bytes() for name in NAMES}


def export_rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(raw.decode("ascii").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def small_export(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made(tmp_path_factory.mktemp("small"), "--rows", "500", "--seed", "3")


@pytest.mark.slow
def test_the_shipped_tables_are_those_of_the_shipped_seed(tmp_path: Path) -> None:
    for name, raw in made(tmp_path).items():
        assert raw == (SHIPPED / name).read_bytes(), name


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    small_export: dict[str, bytes], tmp_path: Path
) -> None:
    assert made(tmp_path / "again", "--rows", "500", "--seed", "3") == small_export
    other = made(tmp_path / "other", "--rows", "500", "--seed", "4")
    assert all(other[name] != small_export[name] for name in (NAMES[0], NAMES[2]))


def test_a_field_is_filled_in_its_years_and_blank_outside_them(small_export: dict[str, bytes]) -> None:
    rows = export_rows(small_export[NAMES[0]])
    assert len(rows) == 500
    fields = 0
    for header in rows[0]:
        found = re.search(r"\((?:(\d{4})-(\d{4})|(\d{4})\+|thru (\d{4}))\)$", header)
        if found is None:
            continue
        fields += 1
        first = int(found[1] or found[3] or 0)
        last = int(found[2] or found[4] or 9999)
        for row in rows:
            inside = first <= int(row["Year of diagnosis"]) <= last
            assert (row[header] != "Blank(s)") == inside, (header, row)
    assert fields >= 20


def test_the_traps_of_real_exports_are_there() -> None:
    rows = export_rows((SHIPPED / NAMES[0]).read_bytes())
    columns = {header: {row[header] for row in rows} for header in rows[0]}
    assert "Radiation, NOS  method or source not specified" in columns["Radiation recode"]
    assert {"No/Unknown", "Yes"} == columns["Chemotherapy recode (yes, no/unk)"]
    assert {"Unknown", "0000", "0062"} <= columns["Survival months"]
    assert {"98", "00"} <= columns["Regional nodes positive (1988+)"]
    assert {"050", "999", "990", "Blank(s)"} <= columns["CS tumor size (2004-2015)"]
    assert "p1B" in columns["Derived SEER Combined T (2016-2017)"]
    assert len({row["Patient ID"] for row in rows}) < len(rows)
    assert all(len(number) == 8 for number in columns["Patient ID"])


def test_both_tables_say_that_they_are_synthetic() -> None:
    export = read_table(NAMES[0], SHIPPED)
    hospital = read_table(NAMES[2], SHIPPED)
    assert export.synthetic and export.origin == "seer" and len(export.table) == 4000
    assert hospital.synthetic and len(hospital.table) == 160
    assert not [finding for table in (export, hospital) for finding in table.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["uterine"], "Did you mean 'uterine_sarcoma'"),
        (["uterine_sarcoma", "--rows", "10"], "rows are 400 to 200000"),
        (["uterine_sarcoma", "--seed", "-1"], "a seed 0 or more"),
    ],
)
def test_what_cannot_be_made_is_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synthesize", *words, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_tables_that_are_there_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / NAMES[2]).write_bytes(b"mine")
    assert main(["synthesize", "uterine_sarcoma", "--out", str(tmp_path), "--rows", "400"]) == 2
    assert NAMES[2] in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[2]]


def test_the_dictionary_lists_the_variables_in_their_order_and_every_label() -> None:
    fields = {
        "Patient ID": np.array(["00000001", "00000002"], dtype=object),
        "Vital status recode (study cutoff used)": np.array(["Dead", "Alive"], dtype=object),
        "Sex": np.array(["Female", "Female"], dtype=object),
    }
    text = export_dictionary(fields, "x.txt").decode("ascii").split("\r\n")
    assert [line for line in text if re.match(r"Var\d+Name", line)] == [
        "Var1Name=Patient ID",
        "Var2Name=Vital status recode (study cutoff used)",
        "Var3Name=Sex",
    ]
    block = text.index("[Format=Vital status recode (study cutoff used)]")
    assert text[block + 1 : block + 3] == ["1=Alive", "4=Dead"]
    assert "[Format=Patient ID]" not in text
    assert export_text(fields).split(b"\r\n")[1] == b"00000001\tDead\tFemale"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_even_draws_cover_each_group(seed: int, sizes: list[int]) -> None:
    group = np.repeat(np.arange(len(sizes)), sizes)
    drawn = Draws(seed).even(group)
    for name, size in enumerate(sizes):
        own = np.sort(drawn[group == name])
        assert (np.floor(own * size) == np.arange(size)).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_balancing_keeps_the_draws_of_a_group_and_lowers_the_score(seed: int) -> None:
    draws = Draws(seed)
    group = np.repeat(np.array(["a", "b"], dtype=object), 80)
    design = np.column_stack((np.ones(160), draws.normal(160), draws.uniform(160) < 0.3)).astype(float)
    score = Score(design, 0.2 + draws.uniform(160))
    balanced = balanced_exponential([score], group, draws)
    plain = -np.log(Draws(seed + 1).even(group))

    def distance(draw: np.ndarray) -> float:
        return float(((design.T @ score.residual(draw, np.arange(160))) ** 2).sum())

    assert distance(balanced) < 2.0
    assert (balanced > 0).all()
    for name in ("a", "b"):
        quantile = np.sort(np.exp(-balanced[group == name]))
        assert (np.floor(quantile * 80) == np.arange(80)).all()
    assert distance(balanced) <= distance(plain) + 2.0


def test_ranks_and_shares_by_hand() -> None:
    group = np.array([0, 0, 1, 1, 1])
    assert ranked(np.array([5.0, 1.0, 2.0, 9.0, 4.0]), group).tolist() == [0.75, 0.25, 1 / 6, 5 / 6, 0.5]
    assert cut(np.array([0.0, 0.24, 0.26, 0.99]), [1, 2, 1]).tolist() == [0, 0, 1, 2]


def hospital_cells() -> dict[str, list[object]]:
    book = load_workbook(SHIPPED / NAMES[2], read_only=True)
    header, *rows = book.active.iter_rows(values_only=True)
    return {str(name): [row[i] for row in rows] for i, name in enumerate(header)}


@pytest.mark.parametrize(
    ("column", "value", "share"),
    [
        ("病理类型", "平滑肌肉瘤", 0.406),
        ("病理类型", "低级别子宫内膜间质肉瘤", 0.361),
        ("病理类型", "高级别子宫内膜间质肉瘤", 0.103),
        ("绝经", "是", 0.329),
        ("手术方式", "全子宫+双附件切除术", 0.80),
    ],
)
def test_the_hospital_is_like_the_published_one(column: str, value: str, share: float) -> None:
    # BMC Cancer 2022, 10.1186/s12885-022-10129-x: 155 women; exact binomial interval.
    cells = hospital_cells()[column]
    low, high = binomtest(round(share * 155), 155).proportion_ci()
    assert low <= cells.count(value) / sum(cell is not None for cell in cells) <= high


def test_the_hospital_has_its_own_units_and_words() -> None:
    cells = hospital_cells()
    ages = [age for age in cells["年龄(岁)"] if isinstance(age, int)]
    assert len(ages) == 160 and abs(np.mean(ages) - 49.3) < 1.5
    sizes = [size for size in cells["肿瘤最大径(cm)"] if isinstance(size, int | float)]
    assert 5 < np.median(sizes) < 10 and 0 < len(sizes) < 160
    assert set(cells["化疗"]) == {"是", "否", None}
    assert "\N{ROMAN NUMERAL ONE}B" in cells["FIGO分期(2009)"]
    spans = [(start, end) for start, end in zip(cells["诊断日期"], cells["末次随访日期"], strict=True) if end]
    assert all(start <= end for start, end in spans)
    inside = ("\N{ROMAN NUMERAL ONE}A", "\N{ROMAN NUMERAL ONE}B")
    together = zip(cells["病理类型"], cells["FIGO分期(2009)"], cells["肿瘤最大径(cm)"], strict=True)
    by_size = [(stage, size) for kind, stage, size in together if "间质肉瘤" in str(kind) and stage in inside and size]
    assert by_size
    assert all((float(str(size)) <= 5) == str(stage).endswith("A") for stage, size in by_size)
