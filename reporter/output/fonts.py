"""The font faces of a page: which files are bundled, and how a style sheet names them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reporter.errors import ReporterError
from reporter.output.cjk import cjk_rules
from reporter.resources import templates_folder

FONT_SCHEME = "font:"


@dataclass(frozen=True)
class Face:
    """A font file and the family, weight and style it stands for."""

    family: str
    weight: int
    style: str
    stem: str


_LATIN = (
    Face("Reporter Sans", 400, "normal", "ReporterSans-Regular"),
    Face("Reporter Sans", 600, "normal", "ReporterSans-SemiBold"),
    Face("Reporter Sans", 700, "normal", "ReporterSans-Bold"),
    Face("Reporter Sans", 400, "italic", "ReporterSans-Italic"),
    Face("Reporter Serif", 400, "normal", "ReporterSerif-Regular"),
    Face("Reporter Serif", 600, "normal", "ReporterSerif-SemiBold"),
    Face("Reporter Serif", 400, "italic", "ReporterSerif-Italic"),
)


def fonts_folder() -> Path:
    """Folder of the bundled fonts."""
    return templates_folder() / "fonts"


def missing_faces(folder: Path) -> tuple[str, ...]:
    """Return the Latin font files that a folder lacks."""
    names = (f"{face.stem}.ttf" for face in _LATIN)
    return tuple(name for name in names if not (folder / name).is_file())


def latin_faces() -> tuple[Face, ...]:
    """Return the faces of every page; ReporterError when the package lacks a file."""
    missing = missing_faces(fonts_folder())
    if missing:
        raise ReporterError(f"{fonts_folder()}: no {missing[0]}. Install the package again.")
    return _LATIN


def font_url(face: Face) -> str:
    """Return the address under which the PDF writer serves a face from disk."""
    return f"{FONT_SCHEME}{face.stem}.ttf"


def font_data(face: Face) -> str:
    """Return a face as a ``data:`` URI; the woff2 file is taken where there is one beside the ttf."""
    packed = fonts_folder() / f"{face.stem}.woff2"
    path, kind = (packed, "woff2") if packed.is_file() else (fonts_folder() / f"{face.stem}.ttf", "ttf")
    return f"data:font/{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def font_rules(text: str, source: Callable[[Face], str]) -> str:
    """Return the ``@font-face`` rules for a text; `source` says where a Latin face is, Chinese ones are embedded."""
    rules = [
        f'@font-face{{font-family:"{f.family}";font-weight:{f.weight};font-style:{f.style};src:url("{source(f)}")}}'
        for f in latin_faces()
    ]
    return "\n".join((*rules, cjk_rules(text))).rstrip("\n")
