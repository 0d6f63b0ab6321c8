"""A candidate's blocks as an SVG picture: boxes in lines, arrows between, skips above."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgebench.records import DrawnBlock
from edgebench.templates.drawing import Lane, lanes

BOX_HEIGHT = 28.0
ROW_HEIGHT = 60.0
GAP = 22.0
MARGIN = 12.0
LIFT = 11.0
LETTER_WIDTH = 7.0
FILLS = {
    "input": "#e2e8f0",
    "conv": "#bfdbfe",
    "pool": "#bbf7d0",
    "attention": "#fde68a",
    "join": "#fecaca",
    "dense": "#ddd6fe",
    "drop": "#f1f5f9",
    "resize": "#a7f3d0",
    "output": "#e2e8f0",
}
OTHER_FILL = "#ffffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a block stands, in pixels from the top left."""

    block: DrawnBlock
    left: float
    top: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def middle(self) -> float:
        return self.top + BOX_HEIGHT / 2


def draw_svg(blocks: Sequence[DrawnBlock], title: str) -> str:
    """Return the drawing as one SVG element that needs nothing else.

    Lines of blocks run from left to right, one under the other; a branch joins the line of what merges it. What a
    block reads from further back comes in an arc over the boxes between.

    Args:
        blocks: Each after those that it reads; at least one.
        title: What the picture shows, for those who cannot see it.
    """
    drawn = lanes(blocks)
    boxes = {box.block.name: box for box in _boxes(blocks, drawn)}
    width = max(box.right for box in boxes.values()) + MARGIN
    height = max(box.top for box in boxes.values()) + BOX_HEIGHT + MARGIN
    shown = html.escape(title)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{shown}" '
            f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" '
            'font-family="system-ui, sans-serif" font-size="12">',
            f"<title>{shown}</title>",
            '<defs><marker id="edgebench-arrow" viewBox="0 0 6 6" refX="6" refY="3" '
            'markerWidth="6" markerHeight="6" orient="auto">'
            '<path d="M0,0 L6,3 L0,6 z" fill="#64748b"/></marker></defs>',
            '<g fill="none" stroke="#64748b" marker-end="url(#edgebench-arrow)">',
            *_wires(drawn, boxes),
            "</g>",
            *(_drawn(box) for box in boxes.values()),
            "</svg>",
        ]
    )


def _boxes(blocks: Sequence[DrawnBlock], drawn: Sequence[Lane]) -> Iterator[Box]:
    columns: dict[str, int] = {}
    for block in blocks:
        columns[block.name] = 1 + max((columns[name] for name in block.inputs), default=-1)
    widths: dict[int, float] = {}
    for block in blocks:
        column = columns[block.name]
        widths[column] = max(widths.get(column, 0.0), len(block.label) * LETTER_WIDTH + 14)
    lefts = {0: MARGIN}
    for column in range(len(widths) - 1):
        lefts[column + 1] = lefts[column] + widths[column] + GAP
    for row, lane in zip(_rows(drawn, columns), drawn, strict=True):
        for block in lane.blocks:
            column = columns[block.name]
            yield Box(
                block=block,
                left=lefts[column],
                top=MARGIN + LIFT + (row + block.level) * ROW_HEIGHT,
                width=widths[column],
            )


def _rows(drawn: Sequence[Lane], columns: Mapping[str, int]) -> list[float]:
    """Return the row of each line: near the lines it comes from, and over no other."""
    lane_of = {block.name: i for i, lane in enumerate(drawn) for block in lane.blocks}
    rows: list[float] = []
    for index, lane in enumerate(drawn):
        parents = [lane_of[name] for name in lane.sources]
        wanted = 0.0
        if parents:
            above = [rows[parent] for parent in parents]
            joins_inputs = not any(drawn[parent].sources for parent in parents)
            wanted = sum(above) / len(above) if joins_inputs else min(above)
        others = [
            rows[other] for other in range(index) if _side_by_side(drawn[other], lane, columns)
        ]
        rows.append(
            next(row for row in _near(wanted) if all(abs(row - other) >= 1 for other in others))
        )
    return rows


def _near(row: float) -> Iterator[float]:
    yield row
    distance = 1
    while True:
        yield row + distance
        if row >= distance:
            yield row - distance
        distance += 1


def _side_by_side(one: Lane, other: Lane, columns: Mapping[str, int]) -> bool:
    first, last = ([columns[lane.blocks[end].name] for lane in (one, other)] for end in (0, -1))
    return max(first) <= min(last)


def _wires(drawn: Sequence[Lane], boxes: Mapping[str, Box]) -> Iterator[str]:
    for lane in drawn:
        before = ""
        for block in lane.blocks:
            box = boxes[block.name]
            own = {b.name for b in lane.blocks}
            for name in block.inputs:
                is_arc = name in own and name != before
                path = _arc(boxes[name], box) if is_arc else _link(boxes[name], box)
                yield f'<path d="{path}"/>'
            before = block.name


def _link(start: Box, end: Box) -> str:
    if start.middle == end.middle:
        return f"M{start.right:g},{start.middle:g} H{end.left:g}"
    between = end.left - GAP / 2
    return (
        f"M{start.right:g},{start.middle:g} H{between - GAP / 2:g} C{between:g},{start.middle:g} "
        f"{between:g},{end.middle:g} {end.left:g},{end.middle:g}"
    )


def _arc(start: Box, end: Box) -> str:
    out, into = start.left + 0.75 * start.width, end.left + 0.25 * end.width
    over = min(start.top, end.top) - LIFT
    return f"M{out:g},{start.top:g} V{over:g} H{into:g} V{end.top:g}"


def _drawn(box: Box) -> str:
    block = box.block
    fill = FILLS.get(block.kind, OTHER_FILL)
    middle = box.left + box.width / 2
    return (
        f'<g class="{html.escape(block.kind)}">'
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{BOX_HEIGHT:g}" rx="4" '
        f'fill="{fill}" stroke="#475569"/>'
        f'<text x="{middle:g}" y="{box.middle + 4:g}" text-anchor="middle" fill="#0f172a">'
        f"{html.escape(block.label)}</text></g>"
    )
