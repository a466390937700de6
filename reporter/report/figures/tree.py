"""Decision tree with wrapped names."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.document import Inline
from reporter.report.figures.canvas import INK, MUTED, SIZE, WHITE, Canvas, num
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.models import TreeFigure, TreeNode

_LINE = 9.2
_PAD = 4.0
_WIDEST = 132.0
_TONES = ("#F2CDA9", "#F9E6D3", "#EDF2F7", "#DCE6F0", "#C5D6E8", "#A9C3DC")


@dataclass
class _Placed:
    """A node with its measured box; `depth` counts from the root."""

    node: TreeNode
    depth: int
    left: float
    slot: float
    width: float
    lines: list[tuple[Inline, int]]
    label: list[Inline]
    children: list[_Placed]
    is_left: bool

    @property
    def centre(self) -> float:
        return self.left + self.slot / 2

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 2 * _PAD - 1


def _leaves(node: TreeNode) -> int:
    return sum(_leaves(b.node) for b in node.branches) or 1


def _place(
    node: TreeNode, label: str, depth: int, left: float, share: float, fonts: FontMetrics, is_left: bool
) -> _Placed:
    slot = share * _leaves(node)
    width = min(slot - 6, _WIDEST)
    lines: list[tuple[Inline, int]] = []
    for i, line in enumerate(node.lines):
        weight = 600 if i == 0 else 400
        lines += [(part, weight) for part in fonts.wrap(line, width - 2 * _PAD, SIZE, weight)]
    widest = max((fonts.inline_width(line, SIZE, weight) for line, weight in lines), default=0.0)
    width = min(width, max(widest + 2 * _PAD, 44.0))
    children, start = [], left
    for i, branch in enumerate(node.branches):
        child = _place(branch.node, branch.label, depth + 1, start, share, fonts, i == 0)
        children.append(child)
        start += child.slot
    words = fonts.wrap(label, slot / 2 - 6, SIZE - 0.4) if label else []
    return _Placed(node, depth, left, slot, width, lines, words, children, is_left)


def _flat(placed: _Placed) -> list[_Placed]:
    return [placed, *(p for child in placed.children for p in _flat(child))]


def _tops(nodes: list[_Placed]) -> list[float]:
    """Return the upper edge of each depth."""
    tops = [2.0]
    for depth in range(max(n.depth for n in nodes)):
        tallest = max(n.height for n in nodes if n.depth == depth)
        words = max(len(n.label) for n in nodes if n.depth == depth + 1)
        tops.append(tops[-1] + tallest + 16 + words * (_LINE - 0.6))
    return tops


def draw_tree(figure: TreeFigure, fonts: FontMetrics | None = None) -> str:
    """Draw a decision tree from its root; every text stays in the slot of its node."""
    metrics = fonts or FontMetrics()
    share = min(figure.width / _leaves(figure.root), 150.0)
    left = (figure.width - share * _leaves(figure.root)) / 2
    nodes = _flat(_place(figure.root, "", 0, left, share, metrics, False))
    tops = _tops(nodes)
    canvas = Canvas(figure.width, 0.0, figure.title, figure.description, metrics)
    for node in nodes:
        _draw_branches(canvas, node, tops)
    for node in nodes:
        _draw_node(canvas, node, tops[node.depth])
    canvas.height = max(tops[n.depth] + n.height for n in nodes) + 2
    return canvas.finish()


def _draw_branches(canvas: Canvas, node: _Placed, tops: list[float]) -> None:
    for child in node.children:
        start, end = tops[node.depth] + node.height, tops[child.depth]
        bend = end - len(child.label) * (_LINE - 0.6) - 6
        canvas.path(f"M{num(node.centre)} {num(start)}V{num(bend)}H{num(child.centre)}V{num(end)}", stroke=INK)
        for i, line in enumerate(child.label):
            base = bend + 8.4 + i * (_LINE - 0.6)
            x = child.centre - 4 if child.is_left else child.centre + 4
            canvas.text(x, base, line, SIZE - 0.4, MUTED, anchor="end" if child.is_left else "start", label=True)


def _draw_node(canvas: Canvas, node: _Placed, top: float) -> None:
    tone = node.node.tone
    fill = WHITE if tone is None else _TONES[min(tone, len(_TONES) - 1)]
    canvas.rect(node.centre - node.width / 2, top, node.width, node.height, fill, INK, 2.0)
    for i, (line, weight) in enumerate(node.lines):
        canvas.text(node.centre, top + _PAD + 6.8 + i * _LINE, line, anchor="middle", weight=weight)
