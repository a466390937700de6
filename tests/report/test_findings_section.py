"""The warnings of the checks in the report: few lines, by cohort."""

from __future__ import annotations

from reporter.report.document import Bullets, Paragraph
from reporter.report.figures.metrics import FontMetrics
from reporter.report.language import Language
from reporter.report.sections.context import Context
from reporter.report.sections.findings import MOST, finding_blocks


def _blocks(small, found: tuple[str, ...]):
    results = small()
    first, *rest = (info.model_copy(update={"findings": ()}) for info in results.cohorts)
    changed = results.model_copy(update={"cohorts": (first.model_copy(update={"findings": found}), *rest)})
    return finding_blocks(Context(changed, Language("en"), FontMetrics(), {}))


def test_nothing_is_said_of_clean_tables(small) -> None:
    assert _blocks(small, ()) == ()


def test_findings_stand_without_severity_and_code_under_their_cohort(small) -> None:
    intro, bullets = _blocks(small, ("warning: columns.age: 2 values above 100 [range]",))
    assert isinstance(intro, Paragraph) and isinstance(bullets, Bullets)
    assert "(development cohort)" in "".join(run.text for run in intro.runs)
    assert [run.text for item in bullets.items for run in item] == ["columns.age: 2 values above 100"]


def test_many_findings_are_counted(small) -> None:
    _, bullets = _blocks(small, tuple(f"warning: columns.c{i}: odd [x]" for i in range(MOST + 3)))
    assert len(bullets.items) == MOST + 1
    assert "".join(run.text for run in bullets.items[-1]) == "3 more, which reporter check lists."
