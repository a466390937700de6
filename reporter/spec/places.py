"""Where in a study file a finding stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from reporter.errors import Finding
from reporter.spec.lines import Path, line_of

_KEY = re.compile(r"(data|columns|cohort|endpoints|analysis|phenotypes|validation|checks)(\.[\w-]+)*")


@dataclass(frozen=True)
class Places:
    """The file and the lines of its keys."""

    file: str
    lines: dict[Path, int]

    def located(self, finding: Finding) -> Finding:
        """Put ``file:line`` before the dotted key at which a finding of the data stands."""
        key = _KEY.match(finding.place)
        if key is None or not self.file:
            return finding
        path = tuple(int(part) - 1 if part.isdigit() else part for part in key.group().split("."))
        return replace(finding, place=f"{self.at(path)}: {finding.place}")

    def at(self, path: Path) -> str:
        """Return ``file:line`` of a key, or of its nearest parent."""
        return f"{self.file}:{line_of(self.lines, path)}"
