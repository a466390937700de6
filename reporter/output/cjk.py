"""Chinese faces: found on the machine, cut down to the characters that reports use, and embedded."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from reporter.errors import ReporterError
from reporter.report.language import catalogue_path

FAMILY = "Reporter Hei"
INSTALL = "apt-get install fonts-noto-cjk"
_FIRST_CJK = "\u2e80"
_LAST = "\uffff"
_ASK = ("fc-list", "-f", "%{file}\t%{index}\t%{family}\t%{weight}\t%{variable}\n", ":lang=zh-cn")
_PREFERRED = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Noto Serif CJK SC", "WenQuanYi")
_ASCII = frozenset(map(chr, (*range(0x20, 0x7F), 0xA0)))
# Fontconfig's weights of a regular and a bold face.
_REGULAR, _BOLD = 80.0, 200.0
# Where Debian's package puts its collection, for a machine without fontconfig's tools; face 2 is the Simplified one.
_NOTO = Path("/usr/share/fonts/opentype/noto")
_NOTO_SIMPLIFIED = 2
_ASKING_S = 20.0


@dataclass(frozen=True)
class CjkFace:
    """A face of a font file on this machine; `weight` is that of the style sheet."""

    path: Path
    index: int
    weight: int


@dataclass(frozen=True)
class _Listed:
    path: Path
    index: int
    family: str
    weight: float


def needs_cjk(text: str) -> bool:
    """Return whether a text has characters that the Latin faces lack and a Chinese face may have."""
    return any(_FIRST_CJK <= char <= _LAST for char in text)


def _listed() -> list[_Listed]:
    try:
        done = subprocess.run(_ASK, capture_output=True, text=True, timeout=_ASKING_S, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = []
    for line in done.stdout.splitlines():
        parts = line.split("\t")
        if len(parts) == 5 and parts[4] != "True" and parts[3].replace(".", "", 1).isdigit():
            found.append(_Listed(Path(parts[0]), int(parts[1]), parts[2], float(parts[3])))
    return found


def _rank(face: _Listed) -> int:
    return next((i for i, name in enumerate(_PREFERRED) if name in face.family), len(_PREFERRED))


def _from_list(listed: list[_Listed]) -> tuple[CjkFace, ...]:
    if not listed:
        return ()
    best = min(_rank(face) for face in listed)
    family = sorted((face for face in listed if _rank(face) == best), key=lambda face: (str(face.path), face.index))
    regular = min(family, key=lambda face: abs(face.weight - _REGULAR))
    bold = min(family, key=lambda face: abs(face.weight - _BOLD))
    return (CjkFace(regular.path, regular.index, 400), CjkFace(bold.path, bold.index, 600))


@lru_cache(maxsize=1)
def cjk_faces() -> tuple[CjkFace, ...]:
    """Return a regular and a bold face with Simplified Chinese; empty when this machine has none."""
    found = _from_list(_listed())
    if found:
        return found
    names = (("NotoSansCJK-Regular.ttc", 400), ("NotoSansCJK-Bold.ttc", 600))
    files = [(_NOTO / name, weight) for name, weight in names]
    if all(path.is_file() for path, _ in files):
        return tuple(CjkFace(path, _NOTO_SIMPLIFIED, weight) for path, weight in files)
    return ()


def require_cjk() -> None:
    """Raise ReporterError when this machine has no Chinese font: a page would show boxes instead of words."""
    if not cjk_faces():
        raise ReporterError(
            f"A report in Chinese needs a font with Chinese characters, and none was found. Install one: {INSTALL}. "
            "Nothing was written; --lang en needs none."
        )


@lru_cache(maxsize=1)
def _usual_characters() -> frozenset[str]:
    """Return the characters of the Chinese catalogue: with them, most reports share one cut of the font."""
    path = catalogue_path("zh")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(char for char in text if char > "\u00ff")


@lru_cache(maxsize=8)
def _cut(face: CjkFace, characters: frozenset[str]) -> bytes:
    """Return the face with these characters alone; the same characters give the same bytes."""
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables = [*options.drop_tables, "BASE", "VORG", "vhea", "vmtx"]
    try:
        with TTFont(face.path, fontNumber=face.index, lazy=True, recalcTimestamp=False) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=sorted(ord(char) for char in characters))
            cutter.subset(font)
            out = BytesIO()
            font.save(out)
    except (OSError, TTLibError) as error:
        raise ReporterError(f"{face.path}: the font cannot be read ({error}). Install another: {INSTALL}.") from error
    return out.getvalue()


def cjk_rules(text: str) -> str:
    """Return the ``@font-face`` rules with the Chinese faces a text needs, cut and embedded; empty when it needs none.

    On a machine without such a font the rules are empty too: see `require_cjk`.
    """
    if not needs_cjk(text):
        return ""
    # ASCII too: a space beside a Chinese word is set in the Chinese face.
    characters = _usual_characters() | {char for char in text if char > "\u00ff"} | _ASCII
    rules = []
    for face in cjk_faces():
        data = base64.b64encode(_cut(face, frozenset(characters))).decode("ascii")
        rules.append(
            f'@font-face{{font-family:"{FAMILY}";font-weight:{face.weight};font-style:normal;'
            f'src:url("data:font/otf;base64,{data}")}}'
        )
    return "\n".join(rules)
