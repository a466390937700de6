"""The rules of the benchmark: what is missed is said, and what is reached is not."""

from __future__ import annotations

from pathlib import Path

from tests.bench import __main__ as bench
from tests.bench import peers
from tests.bench.data import make_cohort, variables
from tests.bench.rules import Measured, missed


def at(engine: str, task: str, n: int, seconds: float, peak: float | None = None) -> Measured:
    return Measured(engine, task, n, seconds, 5, peak)


def test_what_is_reached_is_not_said() -> None:
    found = [
        at("reporter", "cox", 10**5, 0.05, 40.0),
        at("R survival", "cox", 10**5, 1.0),
        at("lifelines", "cox", 10**5, 0.5),
    ]
    assert missed(found, {10**5: 16.0}) == []


def test_each_rule_bites() -> None:
    found = [
        at("reporter", "cox", 10**5, 0.05, 50.0), at("R survival", "cox", 10**5, 0.4), at("quick", "cox", 10**5, 0.04),
        at("reporter", "cox", 10**6, 0.7, 300.0), at("R survival", "cox", 10**6, 20.0),
        at("reporter", "concordance", 10**6, 0.3), at("R survival", "concordance", 10**6, 1.0),
    ]  # fmt: skip
    said = missed(found, {10**5: 16.0, 10**6: 160.0})
    assert [text.split(":")[0] for text in said] == [
        "cox, 100,000 rows", "concordance, 1,000,000 rows", "cox, 100,000 rows", "cox", "cox, 100,000 rows",
    ]  # fmt: skip


def test_no_time_is_a_miss_for_this_project_and_for_r() -> None:
    found = [Measured(name, "cox", 10**5, None, 0, None, "gone") for name in ("reporter", "R survival", "lifelines")]
    assert missed(found, {}) == [
        "cox, 100,000 rows: no time of reporter (gone)", "cox, 100,000 rows: no time of R survival (gone)",
    ]  # fmt: skip


def test_cohort_is_like_a_registry() -> None:
    x, time, event, group = make_cohort(20_000)
    assert x.shape == (20_000, 20)
    assert sorted(j for columns in variables() for j in columns) == list(range(20))
    assert time.min() == 0 and time.max() == 240 and (time % 1 == 0).all()
    assert 0.35 < 1 - event.mean() < 0.45
    assert set(group) == {0, 1, 2, 3}


def test_what_does_not_install_is_named_without_addresses() -> None:
    said = "WARNING: an old installer\nERROR: No matching distribution found for x from https://index.example/simple\n"
    assert peers.reason(said) == "No matching distribution found for x from …"
    assert peers.reason("") == "no reason given"


def test_missed_ratio_is_the_exit_code(monkeypatch, tmp_path, capsys) -> None:
    def python(_: Path, engine: str, *__: object) -> list[Measured]:
        failed = Measured("lifelines", "ph_test", 1000, None, 0, None, "no result within 150 s")
        return [at(engine, "cox", 1000, 0.02, 5.0), *([failed] if engine == "lifelines" else [])]

    for r_seconds, code in ((0.01, 1), (0.03, 0)):
        monkeypatch.setattr(bench, "measure_python", python)
        monkeypatch.setattr(bench, "measure_r", lambda *_, r=r_seconds: [at("R survival", "cox", 1000, r)])
        here = {"R survival": "3.5", "reporter": "1", "lifelines": "2"}
        absent = ["rust-survival (does not install: none)"]
        monkeypatch.setattr(bench, "engines", lambda h=here, a=absent: (h, dict.fromkeys(h, Path("python")), a))
        monkeypatch.setattr("sys.argv", ["bench", "--sizes", "1000", "--out", str(tmp_path)])
        assert bench.main() == code
        said = capsys.readouterr().out
        assert ("Missed: cox, 1,000 rows: 2.000 of R's time; allowed 1." in said) == (code == 1)
        assert "Not measured: rust-survival (does not install: none)." in said
        assert "Failed: lifelines, ph_test, 1,000 rows: no result within 150 s." in said
        assert (tmp_path / "bench.md").read_text(encoding="utf-8") == said
