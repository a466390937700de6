"""Text widths from the advance tables of the bundled fonts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

from reporter.errors import ReporterError
from reporter.report.document import Inline, Run
from reporter.resources import templates_folder

FLAG_MARK = "†"
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_PIECES = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+\s*|\s+")
_ENDS_WORD = re.compile(rf"[\s{_WIDE}]$")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Return the text with characters that XML forbids replaced by U+FFFD."""
    return _CONTROL.sub("\ufffd", text)


def plain_text(runs: Inline) -> str:
    """Return the words of the runs without marks."""
    return "".join(run.text for run in runs)


def as_inline(content: str | Inline) -> Inline:
    """Return a string as one run; numerals in it are labels, for numbers of the results come as runs."""
    if isinstance(content, str):
        return (Run(printable(content), is_label=any(char.isdigit() for char in content)),)
    return tuple(replace(run, text=printable(run.text)) if _CONTROL.search(run.text) else run for run in content)


class FontMetrics:
    """Advance widths of the bundled faces, read when first asked and kept by this object.

    Parameters
    ----------
    folder
        Folder of the font files; by default the package's own.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else templates_folder() / "fonts"
        self._faces: dict[str, dict[int, float]] = {}

    def _face(self, stem: str) -> dict[int, float]:
        if stem not in self._faces:
            self._faces[stem] = _read_advances(self._folder / f"{stem}.ttf")
        return self._faces[stem]

    def width(self, text: str, size: float, *, weight: int = 400, italic: bool = False) -> float:
        """Return the width in points of `text` set in the sans face at `size` points, without kerning."""
        style = "Italic" if italic and weight < 600 else {400: "Regular", 600: "SemiBold", 700: "Bold"}[weight]
        face = self._face(f"ReporterSans-{style}")
        return size * sum(face[ord(c)] if ord(c) in face else _assumed(c) for c in text)

    def run_width(self, run: Run, size: float, weight: int = 400) -> float:
        """Return the width in points of a run, its flag mark included."""
        text = run.text + (FLAG_MARK if run.flag else "")
        return self.width(text, size, weight=max(weight, 600) if run.strong else weight, italic=run.italic)

    def inline_width(self, content: str | Inline, size: float, weight: int = 400) -> float:
        """Return the width in points of a string or of runs."""
        return sum(self.run_width(run, size, weight) for run in as_inline(content))

    def wrap(self, content: str | Inline, width: float, size: float, weight: int = 400) -> list[Inline]:
        """Break text into lines no wider than `width` points, at spaces, between Chinese characters, else anywhere."""
        lines: list[list[Run]] = [[]]
        used = 0.0
        for word in _words(as_inline(content)):
            for part in self._fitting(word, width, size, weight):
                length = self.inline_width(_stripped(part), size, weight)
                if used > 0 and used + length > width:
                    lines.append([])
                    used = 0.0
                lines[-1].extend(part)
                used += self.inline_width(tuple(part), size, weight)
        return [_stripped(line) for line in lines]

    def _fitting(self, word: list[Run], width: float, size: float, weight: int) -> list[list[Run]]:
        if self.inline_width(_stripped(word), size, weight) <= width:
            return [word]
        parts: list[list[Run]] = [[]]
        used = 0.0
        for run in word:
            for char in run.text:
                length = self.run_width(replace(run, text=char, flag=""), size, weight)
                if used > 0 and used + length > width:
                    parts.append([])
                    used = 0.0
                _append_char(parts[-1], run, char)
                used += length
        return parts

    def shorten(self, lines: list[Inline], count: int) -> list[Inline]:
        """Keep the first `count` lines; the last of them ends in an ellipsis when more were there."""
        if len(lines) <= count:
            return lines
        kept = lines[:count]
        last = kept[-1]
        kept[-1] = (*last[:-1], replace(last[-1], text=last[-1].text[:-1].rstrip() + "…"))
        return kept


def _append_char(part: list[Run], run: Run, char: str) -> None:
    if part and replace(part[-1], text="") == replace(run, text=""):
        part[-1] = replace(run, text=part[-1].text + char)
    else:
        part.append(replace(run, text=char))


def _words(runs: Inline) -> list[list[Run]]:
    words: list[list[Run]] = [[]]
    for run in runs:
        pieces = [run.text] if run.address else _PIECES.findall(run.text)
        for piece in pieces:
            words[-1].append(replace(run, text=piece))
            if _ENDS_WORD.search(piece):
                words.append([])
    return [word for word in words if word]


def _stripped(runs: list[Run]) -> Inline:
    kept = list(runs)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return _merged(kept)


def _merged(runs: list[Run]) -> Inline:
    out: list[Run] = []
    for run in runs:
        if out and not run.address and replace(out[-1], text="") == replace(run, text=""):
            out[-1] = replace(run, text=out[-1].text + run.text)
        else:
            out.append(run)
    return tuple(out)


def _assumed(char: str) -> float:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0.0
    return 1.0 if unicodedata.east_asian_width(char) in {"W", "F"} else 0.6


def _read_advances(path: Path) -> dict[int, float]:
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    try:
        with TTFont(path, lazy=True) as font:
            metrics = font["hmtx"].metrics
            per_em = font["head"].unitsPerEm
            return {code: metrics[glyph][0] / per_em for code, glyph in font.getBestCmap().items()}
    except (OSError, TTLibError) as error:
        raise ReporterError(f"{path}: the bundled font cannot be read ({error}). Install the package again.") from error
