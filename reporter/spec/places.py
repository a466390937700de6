"""Where in a study file a finding stands."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.spec.lines import Path, line_of


@dataclass(frozen=True)
class Places:
    """The file and the lines of its keys."""

    file: str
    lines: dict[Path, int]

    def at(self, path: Path) -> str:
        """Return ``file:line`` of a key, or of its nearest parent."""
        return f"{self.file}:{line_of(self.lines, path)}"
