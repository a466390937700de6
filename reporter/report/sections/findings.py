"""What the checks of the data found: warnings by cohort, in few lines."""

from __future__ import annotations

import re

from reporter.report.document import Block, Bullets, Inline, Paragraph, Run
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words

MOST = 12
"""Findings of one cohort that are shown; ``reporter check`` lists all."""

_FINDING = re.compile(r"(?:warning: )?(?P<said>.*?)(?: \[\w+\])?", re.DOTALL)


def _said(text: str) -> Inline:
    """Return a finding without its severity and code."""
    found = _FINDING.fullmatch(text)
    return (words(found["said"] if found else text),)


def finding_blocks(context: Context) -> tuple[Block, ...]:
    """Return the warnings of the checks, those of one cohort together; nothing where there are none."""
    _ = context.gettext
    blocks: list[Block] = []
    for info in context.results.cohorts:
        found = tuple(dict.fromkeys(info.findings))
        if not found:
            continue
        intro = _("What the checks of the data found ({cohort}):")
        blocks.append(Paragraph(fill(intro, cohort=words(context.cohort_label(info.name).lower()))))
        items = [_said(text) for text in found[:MOST]]
        if len(found) > MOST:
            more = Run(count(len(found) - MOST), is_label=True)
            items.append(fill(_("{n} more, which reporter check lists."), n=more))
        blocks.append(Bullets(tuple(items)))
    return tuple(blocks)
