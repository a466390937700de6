"""Lines of the keys of a TOML file, which the standard parser does not keep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

Path = tuple[str | int, ...]

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_HEADER = re.compile(r"\s*(\[\[?)(.*?)(\]\]?)\s*(#.*)?$")
_STRING = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*$')


def _key(text: str) -> tuple[tuple[str, ...], int]:
    """Return the dotted key that starts `text` and where it ends; no parts when there is none."""
    parts: list[str] = []
    at = 0
    while True:
        found = _PART.match(text, at)
        if found is None:
            return (), 0
        parts.append(next(group for group in found.groups() if group is not None))
        at = found.end()
        if not text.startswith(".", at):
            return tuple(parts), at
        at += 1


def _depth_after(value: str) -> tuple[int, str]:
    """Return open brackets and the quote of a string left open in `value`."""
    bare = ""
    at = 0
    while found := _STRING.search(value, at):
        bare += value[at : found.start()]
        at = found.end()
        if found.group() in ('"""', "'''"):
            end = value.find(found.group(), at)
            if end < 0:
                return 0, found.group()
            at = end + 3
    bare += value[at:]
    return sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}"), ""


class _Scanner:
    """State while walking over the lines of one file."""

    def __init__(self) -> None:
        self.prefix: Path = ()
        self.depth = 0
        self.quote = ""
        self.counts: Counter[Path] = Counter()

    def _resolve(self, parts: tuple[str, ...], *, array: bool) -> Path:
        """Return the path of a header: tables inside an array of tables belong to its last entry."""
        path: Path = ()
        for position, part in enumerate(parts):
            path = (*path, part)
            if array and position == len(parts) - 1:
                self.counts[path] += 1
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _skip(self, line: str) -> bool:
        """Tell whether the line continues a value that began above."""
        if self.quote:
            if self.quote not in line:
                return True
            line, self.quote = line.split(self.quote, 1)[1], ""
        elif self.depth <= 0:
            return False
        change, self.quote = _depth_after(line)
        self.depth += change
        return True

    def scan(self, line: str) -> Path | None:
        """Return the path that this line defines, or None."""
        if self._skip(line):
            return None
        header = _HEADER.match(line)
        if header and line.lstrip().startswith("["):
            parts, _ = _key(header.group(2))
            self.prefix = self._resolve(parts, array=header.group(1) == "[[")
            return self.prefix
        parts, end = _key(line)
        if not parts or not line.startswith("=", end):
            return None
        self.depth, self.quote = _depth_after(line[end + 1 :])
        return (*self.prefix, *parts)


def _paths(text: str) -> Iterator[tuple[Path, int]]:
    scanner = _Scanner()
    for number, line in enumerate(text.splitlines(), 1):
        path = scanner.scan(line)
        if path:
            yield path, number


def key_lines(text: str) -> dict[Path, int]:
    """Return the line of each table header and key; entries of arrays of tables carry their index."""
    lines: dict[Path, int] = {}
    for path, number in _paths(text):
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], number)
        lines[path] = min(lines[path], number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of its nearest parent that has one; 1 when none has."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1
