"""A candidate's blocks as an SVG picture: boxes in lines, arrows between, skips above, folded like a text."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgebench.records import DrawnBlock
from edgebench.templates.layout import Cell, Wire, connect, cut, place

PAGE_WIDTH = 980
BOX_HEIGHT = 28
ROW_HEIGHT = 48
TRACK_HEIGHT = 24
BAND_GAP = 28
GAP = 22
MARGIN = 4
LIFT = 10
LETTER_WIDTH = 7
MOST_LETTERS = 40
KINDS = ("input", "conv", "pool", "attention", "join", "dense", "drop", "resize", "output")
AHEAD, DOWN = "m-5,-3l5,3l-5,3", "m-3,-5l3,5l3,-5"
STYLE = """
.blocks{font:12px system-ui,sans-serif}
.blocks .ground{fill:var(--paper,#fff)}
.blocks .wires{fill:none;stroke:var(--quiet,#59616b)}
.blocks g rect{fill:var(--paper,#fff);stroke:var(--accent,#0b66c3)}
.blocks text{fill:var(--ink,#1b1f24);text-anchor:middle}
.blocks .input rect,.blocks .output rect{fill:var(--band,#eceff2);stroke:var(--quiet,#59616b)}
.blocks .pool rect,.blocks .resize rect{stroke:var(--quiet,#59616b);stroke-dasharray:5 3}
.blocks .join rect{stroke:var(--quiet,#59616b)}
.blocks .drop rect{stroke:var(--quiet,#59616b);stroke-dasharray:1 3}
.blocks .attention rect{fill:var(--accent,#0b66c3)}
.blocks .attention text{fill:var(--paper,#fff)}
@media screen and (prefers-color-scheme:dark){.blocks{--paper:#14171b;--ink:#e8eaed;--quiet:#a3abb5;\
--accent:#6cb1ff;--band:#23282f}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Some columns of the drawing with the places of its columns and rows, in pixels from the top left."""

    columns: range
    lefts: Mapping[int, int]
    tops: Mapping[float, int]

    @property
    def bottom(self) -> int:
        return max(self.tops.values()) + BOX_HEIGHT

    def height_of(self, wire: Wire) -> int:
        """Return how far down a wire runs along its row."""
        return self.tops[wire.row] + (-LIFT if wire.is_arc else BOX_HEIGHT // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a block stands, in pixels from the top left."""

    left: int
    top: int
    width: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def middle(self) -> int:
        return self.top + BOX_HEIGHT // 2


def draw_svg(blocks: Sequence[DrawnBlock], title: str, width: int = PAGE_WIDTH) -> str:
    """Return the drawing as one SVG element that needs nothing else and has no ids, so that a page can hold many.

    Lines of blocks run from left to right, one under the other; a branch joins the line of what merges it. What a
    block reads from further back comes in an arc over the boxes between. What is wider than ``width`` goes on in the
    next band below: a wire that leaves at the right comes in again at the left, in the same order.

    Colours are the page's variables ``--paper``, ``--ink``, ``--quiet``, ``--accent`` and ``--band`` where it
    has them, else light or dark as the reader's system is.

    Args:
        blocks: Each after those that it reads; at least one.
        title: What the picture shows, for those who cannot see it.
        width: The most pixels from side to side, at least 400.
    """
    cells = place(blocks)
    wires = connect(cells)
    widths = _column_widths(cells)
    bands = _bands(cells, wires, widths, width)
    ends = [band.lefts[band.columns[-1]] + widths[band.columns[-1]] for band in bands]
    edge = max(ends) + (GAP if len(bands) > 1 else 0)
    boxes = {
        name: Box(left=band.lefts[cell.column], top=band.tops[cell.row], width=widths[cell.column])
        for band in bands
        for name, cell in cells.items()
        if cell.column in band.columns
    }
    shown = html.escape(title)
    size = edge + MARGIN, bands[-1].bottom + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="blocks" role="img" aria-label="{shown}" '
            f'width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}">',
            f"<style>{STYLE}</style>",
            '<rect class="ground" width="100%" height="100%"/>',
            '<g class="wires">',
            *(f'<path d="{_path(wire, bands, boxes, edge)}"/>' for wire in wires),
            "</g>",
            *(_drawn(cells[name].block, box) for name, box in boxes.items()),
            "</svg>",
        ]
    )


def _column_widths(cells: Mapping[str, Cell]) -> list[int]:
    widths = [0] * (1 + max(cell.column for cell in cells.values()))
    for cell in cells.values():
        needed = len(_label(cell.block)) * LETTER_WIDTH + 14
        widths[cell.column] = max(widths[cell.column], needed)
    return widths


def _bands(
    cells: Mapping[str, Cell], wires: Sequence[Wire], widths: Sequence[int], width: int
) -> list[Band]:
    """Return the bands from the top down. All but the first begin with room for the wires that come in."""
    crossings = [
        sum(wire.start.column < column <= wire.end.column for wire in wires)
        for column in range(len(widths))
    ]
    bands: list[Band] = []
    for columns in cut([each + GAP for each in widths], crossings, width - 2 * MARGIN - GAP):
        lefts, left = {}, MARGIN + (GAP if bands else 0)
        for column in columns:
            lefts[column] = left
            left += widths[column] + GAP
        top = bands[-1].bottom + BAND_GAP if bands else MARGIN
        bands.append(Band(columns=columns, lefts=lefts, tops=_tops(columns, cells, wires, top)))
    return bands


def _tops(
    columns: range, cells: Mapping[str, Cell], wires: Sequence[Wire], top: int
) -> dict[float, int]:
    """Return where each row of a band begins; one that wires only pass is low, one with nothing in it not there."""
    boxed = {cell.row for cell in cells.values() if cell.column in columns}
    passing = [wire for wire in wires if _runs_in(columns, wire)]
    first, *others = sorted(boxed | {wire.row for wire in passing})
    has_arc = any(wire.is_arc and wire.row == first for wire in passing)
    tops = {first: top + (LIFT if has_arc else 0)}
    for before, row in pairwise((first, *others)):
        is_low = before not in boxed and row - before >= 1
        step = TRACK_HEIGHT if is_low else int(ROW_HEIGHT * min(1.0, row - before))
        tops[row] = tops[before] + step
    return tops


def _runs_in(columns: range, wire: Wire) -> bool:
    return wire.start.column < columns.stop and wire.end.column >= columns.start


def _path(wire: Wire, bands: Sequence[Band], boxes: Mapping[str, Box], edge: int) -> str:
    start, end = boxes[wire.start.block.name], boxes[wire.end.block.name]
    steps = []
    for band in (band for band in bands if _runs_in(band.columns, wire)):
        height = band.height_of(wire)
        begins, ends = (cell.column in band.columns for cell in (wire.start, wire.end))
        steps.append(_departure(wire, start, height) if begins else f"M{MARGIN},{height}")
        steps.append(_arrival(wire, end, height) if ends else f"H{edge}{AHEAD}")
    return "".join(steps)


def _departure(wire: Wire, box: Box, height: int) -> str:
    if wire.is_arc:
        return f"M{box.left + 3 * box.width // 4},{box.top}V{height}"
    return f"M{box.right},{box.middle}{_bend(box.right, box.middle, height)}"


def _arrival(wire: Wire, box: Box, height: int) -> str:
    if wire.is_arc:
        return f"H{box.left + box.width // 4}V{box.top}{DOWN}"
    if height == box.middle:
        return f"H{box.left}{AHEAD}"
    return f"H{box.left - GAP}{_bend(box.left - GAP, height, box.middle)}{AHEAD}"


def _bend(left: int, start: int, end: int) -> str:
    """Return the way from one height to another across a gap; nothing between equal heights."""
    middle = left + GAP // 2
    return "" if start == end else f"C{middle},{start} {middle},{end} {left + GAP},{end}"


def _drawn(block: DrawnBlock, box: Box) -> str:
    kind = block.kind if block.kind in KINDS else "other"
    radius = BOX_HEIGHT // 2 if kind == "join" else 4
    return (
        f'<g class="{kind}">'
        f'<rect x="{box.left}" y="{box.top}" width="{box.width}" height="{BOX_HEIGHT}" rx="{radius}"/>'
        f'<text x="{box.left + box.width // 2}" y="{box.middle + 4}">{html.escape(_label(block))}</text></g>'
    )


def _label(block: DrawnBlock) -> str:
    is_long = len(block.label) > MOST_LETTERS
    return block.label[: MOST_LETTERS - 1] + "\N{HORIZONTAL ELLIPSIS}" if is_long else block.label
