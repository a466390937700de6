"""The rules of the benchmark: what is missed is said, and what is reached is not."""

from __future__ import annotations

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


def test_cohort_is_like_a_registry() -> None:
    x, time, event, group = make_cohort(20_000)
    assert x.shape == (20_000, 20)
    assert sorted(j for columns in variables() for j in columns) == list(range(20))
    assert time.min() == 0 and time.max() == 240 and (time % 1 == 0).all()
    assert 0.35 < 1 - event.mean() < 0.45
    assert set(group) == {0, 1, 2, 3}
