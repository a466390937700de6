"""Method cards: every kind of options has one, and what it says of the code is what the code does."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reporter.cli.main import main
from reporter.cohort.build import build_cohorts
from reporter.errors import ReporterError
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.method_cards import HEADINGS, MethodCard, methods_folder, option_classes, page_of, read_card
from reporter.pipeline.plan import plan_analyses, plan_phenotypes, plan_structure
from reporter.report.sections.references import WORKS
from reporter.resources import r_scripts_folder
from reporter.results.tree import AnalysisNode
from reporter.spec.load import load_study
from reporter.spec.study import AnalysisSpec
from reporter.verification.declared import why_not_checkable
from reporter.verification.tolerances import tolerance_of

ROOT = Path(__file__).parents[2]
KINDS = tuple(option_classes())
ORACLES = {
    (row["data"], row["quantity"]): row["published"]
    for row in csv.DictReader((ROOT / "tests" / "data" / "oracles.csv").read_text(encoding="utf-8").splitlines())
}


def test_every_card_belongs_to_a_kind() -> None:
    assert {path.stem for path in methods_folder().iterdir()} == set(KINDS)


@pytest.fixture(params=KINDS)
def card(request: pytest.FixtureRequest) -> MethodCard:
    return read_card(request.param)


def test_options_stand_with_their_defaults(card: MethodCard) -> None:
    page, found = " ".join(page_of(card).split()), option_classes()[card.kind]
    for name, field in found.model_fields.items():
        if name == "kind":
            continue
        asked = AnalysisSpec.model_fields.get(name)
        if asked is not None:
            default = "none" if asked.default in ("", (), None) else str(asked.default).strip("()").rstrip(",")
            said = f"{default} ([analysis] {name})"
        elif field.is_required():
            said = "from the study"
        else:
            value = field.default
            said = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            said = said or "none"
        assert f"- {name}: {said}." in page


def test_the_r_file_has_the_check(card: MethodCard) -> None:
    script = r_scripts_folder() / f"{card.kind}.R"
    assert f"check_{card.kind} <- function(frames, cohort, endpoint, options)" in script.read_text(encoding="utf-8")
    assert f"{script.name}, check_{card.kind}: {card.r_call}" in page_of(card)


def test_every_tolerance_stands_with_its_reason(card: MethodCard) -> None:
    page = " ".join(page_of(card).split())
    for analysis, stats in card.statistics.items():
        for stat in stats:
            tolerance, why_not = tolerance_of(analysis, stat), why_not_checkable(analysis, stat)
            start = f"- {tolerance.name}: {tolerance.words}; {tolerance.why}. For "
            if why_not:
                assert why_not in page
            else:
                named = page.partition(start)[2].partition(". -")[0]
                assert f"{analysis}/{stat}" in named.rstrip(".").split(" ##")[0].rstrip(".").split(", "), stat


def test_what_it_cites_exists(card: MethodCard) -> None:
    assert set(card.works) <= set(WORKS)
    assert card.tests, "a case worked by hand"
    for oracle in card.oracles:
        assert ORACLES[oracle.data, oracle.quantity] == oracle.published
    for test in card.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
    assert tuple(card.text) == HEADINGS


ASKED = """[analysis]
quantiles = [0.25]
rmst = 5
conditional = [1]
tests = ["gehan", {fleming_harrington = [1, 0]}]
pairwise = "holm"
horizon_differences = true
ph_sensitivity = ["rank"]
diagnostics = true
landmark = 1
term_tests = true
"""
COMPETING = """time = "rtime"
event = "recur"
event_values = [1]
censored_values = [0]
competing = {death = {column = "death", values = [1]}}
"""


def studies(folder: Path, source: Path) -> Iterator[Path]:
    """Two studies of the shipped cohorts that ask for nearly everything, one with competing events."""
    for name in ("rotterdam.csv", "gbsg.csv"):
        shutil.copy(source.parent / name, folder)
    text = source.read_text(encoding="utf-8")
    text = text.replace('groups = ["hormon", "size", "grade"]', 'groups = ["size"]').replace("[analysis]\n", ASKED)
    many = 'covariates = ["age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon"]'
    text = text.replace(many, 'covariates = ["age", "size", "nodes", "hormon"]')
    spline = 'kind = "numeric"\ntransform = {winsorize = 19, spline = [0, 1, 9]}\n'
    at = text.index("[columns.nodes]")
    text = text[:at] + text[at:].replace('kind = "numeric"\n', spline, 1)
    first, start, end = folder / "all.toml", text.index("events = ["), text.index('report_unit = "years"')
    first.write_text(text, encoding="utf-8")
    yield first
    second = text[:start] + COMPETING + text[end : text.index("[phenotypes]")]
    (folder / "competing.toml").write_text(f'{second}\n[validation]\nsource = "rotterdam.csv"\n', encoding="utf-8")
    yield folder / "competing.toml"


def nodes_of(path: Path) -> Iterator[AnalysisNode]:
    study = load_study(path)
    frames = build_cohorts(study).frames
    for item in plan_analyses(study, frames):
        yield from run_planned(item, frames)
    clustering = plan_phenotypes(study, frames)
    if clustering is not None:
        from reporter.pipeline.phenotypes import add_phenotypes, search_structure

        found, trial = add_phenotypes(clustering, dict(frames)), plan_structure(study, clustering)
        if trial is not None:
            few = trial.options.model_copy(update={"replicates": 20, "resamples": 3, "sample": 100})
            found = search_structure(replace(trial, options=few), found, dict(frames), lambda _words: None)
        yield from found.nodes if found is not None else ()


def test_cards_name_every_number_of_a_report(tmp_path: Path, rotterdam: Path) -> None:
    seen, lacking = set(), set()
    for path in studies(tmp_path, rotterdam):
        for node in nodes_of(path):
            assert not node.failed, node.failed
            seen.add(node.options.kind)
            said = set(read_card(node.options.kind).statistics.get(node.analysis, ()))
            stats = {found.stat for row in node.rows for found in row.stats}
            stats |= {column.stat for curve in node.curves for column in curve.columns}
            lacking |= {f"{node.options.kind}.md: {node.analysis}/{stat}" for stat in stats - said}
    assert not lacking
    assert len(seen) > 20


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(KINDS)
    assert main(["methods", "rmst"]) == 0
    assert capsys.readouterr().out == page_of(read_card("rmst")) + "\n"
    assert main(["methods", "rsmt"]) == 2
    assert "Did you mean 'rmst'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("+++\ntitle", "title"), "between two lines of"),
        (("shown =", "show ="), "keys are"),
        (("## Formula", "## Formulas"), "headings are"),
    ],
)
def test_a_card_that_is_not_whole_is_refused(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    text = (methods_folder() / "rmst.md").read_text(encoding="utf-8")
    (tmp_path / "rmst.md").write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ReporterError, match=said):
        read_card("rmst", tmp_path)
    with pytest.raises(ReporterError, match="no method card"):
        read_card("cox", tmp_path)
