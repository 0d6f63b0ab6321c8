"""Where the blocks of a drawing stand: in columns and rows, joined by wires, cut into bands that fit a width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgebench.records import DrawnBlock
from edgebench.templates.drawing import Lane, lanes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a block stands before the drawing is cut. A row may lie halfway between two others."""

    block: DrawnBlock
    column: int
    row: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What one block reads of another: along ``row``, through the middle of its boxes or, in an arc, over them."""

    start: Cell
    end: Cell
    row: float
    is_arc: bool


def place(blocks: Sequence[DrawnBlock]) -> dict[str, Cell]:
    """Return the cell of each block by its name, in the order of the lines of blocks.

    A block stands in the first column after all that it reads; no two stand in one place.

    Args:
        blocks: Each after those that it reads.
    """
    drawn = lanes(blocks)
    columns: dict[str, int] = {}
    for block in blocks:
        columns[block.name] = 1 + max((columns[name] for name in block.inputs), default=-1)
    return {
        block.name: Cell(block=block, column=columns[block.name], row=row + block.level)
        for row, lane in zip(_rows(drawn, columns), drawn, strict=True)
        for block in lane.blocks
    }


def connect(cells: Mapping[str, Cell]) -> list[Wire]:
    """Return a wire for everything that is read: straight where no box is in its way, else an arc."""
    return [
        _wire(cells[name], cell, cells) for cell in cells.values() for name in cell.block.inputs
    ]


def cut(columns: Sequence[float], crossings: Sequence[int], width: float) -> list[range]:
    """Return the columns in bands: the fewest that fit, cut where the fewest wires cross, then the most even.

    Args:
        columns: The width of each, its gap included.
        crossings: How many wires come into each column from an earlier one, or pass over its left end.
        width: What fits in a band; a column that is wider stands alone.
    """
    best: list[tuple[tuple[int, int, float], tuple[int, ...]]] = [((0, 0, 0.0), ())]
    for end in range(1, len(columns) + 1):
        found = []
        used = 0.0
        for start in reversed(range(end)):
            used += columns[start]
            if used > width and start < end - 1:
                break
            (bands, crossed, unevenness), starts = best[start]
            cost = (bands + 1, crossed + crossings[start], unevenness + used * used)
            found.append((cost, (*starts, start)))
        best.append(min(found))
    starts = best[-1][1]
    return [
        range(start, end) for start, end in zip(starts, (*starts[1:], len(columns)), strict=True)
    ]


def _wire(start: Cell, end: Cell, cells: Mapping[str, Cell]) -> Wire:
    between = [cell for cell in cells.values() if start.column < cell.column < end.column]
    taken = {cell.row for cell in between}
    for row in (start.row, end.row):
        if row not in taken:
            return Wire(start=start, end=end, row=row, is_arc=False)
    upper = min(start.row, end.row)
    over = min(row for row in (*taken, upper) if upper - 1 < row <= upper)
    return Wire(start=start, end=end, row=over, is_arc=True)


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
