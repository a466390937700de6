"""A sheet to draw on: SVG 1.1 with presentation attributes only, 1 user unit = 1 pt."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from reporter.report.document import Inline, Run
from reporter.report.figures.metrics import FLAG_MARK, FontMetrics, as_inline, printable

INK = "#1A2230"
MUTED = "#5B6675"
HAIR = "#C9D0D9"
FAINT = "#E8ECF1"
NAVY = "#0B3C6F"
ORANGE = "#D9762B"
ORANGE_TEXT = "#A8530F"
WHITE = "#FFFFFF"
FAMILY = "Reporter Sans, Reporter Hei, sans-serif"
SIZE = 7.6

_FOUR = ("#10204A", "#A02C5A", "#2E86AB", "#E08A2F")
PALETTES: tuple[tuple[str, ...], ...] = (
    (NAVY,),
    (NAVY, ORANGE),
    ("#12284C", "#1F7A8C", "#E07A2F"),
    _FOUR,
    (*_FOUR, "#4C7A34"),
    (*_FOUR, "#4C7A34", "#7468B5"),
)
DASHES = ("", "5 2", "1.5 1.5", "7 2 1.5 2", "3 1.2", "9 2.4")
_TEXT_TWINS = {
    ORANGE: ORANGE_TEXT,
    "#E07A2F": ORANGE_TEXT,
    "#E08A2F": "#96580B",
    "#2E86AB": "#1E6C8E",
    "#7468B5": "#5C4FA0",
}


def text_color(color: str) -> str:
    """Return the darker twin of a line colour that has contrast 4.5:1 on white."""
    return _TEXT_TWINS.get(color, color)


def num(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Canvas:
    """Collects SVG elements and closes them into one self-contained drawing.

    Parameters
    ----------
    width, height
        Size in points; `height` may be set later.
    fonts
        Widths of the bundled faces, so that every text starts at a computed place.
    """

    def __init__(self, width: float, height: float, title: str, description: str, fonts: FontMetrics) -> None:
        self.width = width
        self.height = height
        self.fonts = fonts
        self._title = title
        self._description = description
        self._parts: list[str] = []

    def line(
        self, x1: float, y1: float, x2: float, y2: float, color: str = INK, width: float = 0.7, dash: str = ""
    ) -> None:
        """Draw a straight line."""
        self.path(f"M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}", stroke=color, width=width, dash=dash)

    def path(
        self, d: str, *, stroke: str = "", width: float = 0.7, fill: str = "none", opacity: float = 1.0, dash: str = ""
    ) -> None:
        """Draw a path; `opacity` is that of the fill."""
        if not d:
            return
        more = f' stroke="{stroke}" stroke-width="{num(width)}"' if stroke else ""
        more += f' stroke-dasharray="{dash}"' if dash else ""
        more += f' fill-opacity="{num(opacity)}"' if opacity < 1 else ""
        self._parts.append(f'<path d="{d}" fill="{fill}"{more}/>')

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str = WHITE, stroke: str = "", radius: float = 0.0
    ) -> None:
        """Draw a rectangle."""
        more = f' stroke="{stroke}" stroke-width="0.7"' if stroke else ""
        more += f' rx="{num(radius)}"' if radius else ""
        place = f'x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}"'
        self._parts.append(f'<rect {place} fill="{fill}"{more}/>')

    def circle(self, x: float, y: float, radius: float, fill: str, stroke: str = "", width: float = 0.7) -> None:
        """Draw a circle."""
        more = f' stroke="{stroke}" stroke-width="{num(width)}"' if stroke else ""
        self._parts.append(f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(radius)}" fill="{fill}"{more}/>')

    def polygon(self, points: Iterable[tuple[float, float]], fill: str = INK) -> None:
        """Draw a filled polygon."""
        d = "L".join(f"{num(x)} {num(y)}" for x, y in points)
        self.path(f"M{d}Z", fill=fill)

    def text(
        self,
        x: float,
        y: float,
        content: str | Inline,
        size: float = SIZE,
        color: str = INK,
        *,
        anchor: str = "start",
        weight: int = 400,
        rotate: int = 0,
        label: bool = False,
    ) -> None:
        """Write a string or runs; `anchor` is start, middle or end of its measured width; `label` marks a label."""
        runs = as_inline(content)
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        start = x - share * self.fonts.inline_width(runs, size, weight) if share else x
        turn = f' transform="rotate({rotate} {num(x)} {num(y)})"' if rotate else ""
        heavy = f' font-weight="{weight}"' if weight != 400 else ""
        place = f'x="{num(start)}" y="{num(y)}" font-size="{num(size)}" fill="{color}"{heavy}{turn}'
        if len(runs) == 1 and not runs[0].flag:
            self._parts.append(f"<text {place}{_attributes(runs[0], label)}>{escape(printable(runs[0].text))}</text>")
            return
        spans = "".join(_span(run) for run in runs)
        self._parts.append(f'<text {place} xml:space="preserve"{_mark(label)}>{spans}</text>')

    def finish(self) -> str:
        """Return the drawing as an SVG element with its title and description."""
        width, height = num(self.width), num(self.height)
        size = f'width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}"'
        words = f"<title>{escape(printable(self._title))}</title><desc>{escape(printable(self._description))}</desc>"
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FAMILY}">'
        return head + words + "".join(self._parts) + "</svg>"


def _mark(label: bool) -> str:
    return ' data-label="label"' if label else ""


def _attributes(run: Run, label: bool) -> str:
    more = f' data-stat="{escape(printable(run.address))}"' if run.address else _mark(label or run.is_label)
    more += ' font-style="italic"' if run.italic else ""
    return more + (' font-weight="600"' if run.strong else "")


def _span(run: Run) -> str:
    flag = f'<tspan fill="{ORANGE_TEXT}" font-weight="600">{FLAG_MARK}</tspan>' if run.flag else ""
    return f'<tspan xml:space="preserve"{_attributes(run, label=False)}>{escape(printable(run.text))}</tspan>{flag}'
