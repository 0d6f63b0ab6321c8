"""A candidate as blocks: in words for a terminal, and laid out for a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records import DrawnBlock

ARROW = "->"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Blocks in one line. ``sources`` are the blocks, of other lanes, that its first block reads."""

    blocks: tuple[DrawnBlock, ...]
    sources: tuple[str, ...]


class BlockChain:
    """Blocks in the making, each named after its label and reading the one before it."""

    def __init__(self) -> None:
        self._blocks: list[DrawnBlock] = []

    @property
    def blocks(self) -> list[DrawnBlock]:
        return list(self._blocks)

    def add(self, label: str, kind: str, *inputs: str, level: int = 0, name: str = "") -> str:
        """Append a block that reads ``inputs``, and return its name, by default its label, made unique."""
        name = name or label
        taken = {block.name for block in self._blocks}
        number = 2
        unique = name
        while unique in taken:
            unique, number = f"{name} {number}", number + 1
        self._blocks.append(
            DrawnBlock(name=unique, label=label, kind=kind, inputs=inputs, level=level)
        )
        return unique


def shape_label(shape: Sequence[int]) -> str:
    """Return what is written on an input of this shape."""
    return f"input {'x'.join(map(str, shape))}"


def lanes(blocks: Sequence[DrawnBlock]) -> list[Lane]:
    """Return the blocks as lines: one for each input, for each fork, and for what follows a merge.

    A block goes on in the line of its first input when that is the line's last block so far. One that reads the last
    blocks of several lines ends them all and starts a new one.
    """
    found: list[list[DrawnBlock]] = []
    ends: dict[str, int] = {}
    for block in blocks:
        ended = [ends[name] for name in block.inputs if name in ends]
        if len(ended) == 1 and block.inputs[0] in ends:
            lane = ended[0]
        else:
            lane = len(found)
            found.append([])
        for name in block.inputs:
            ends.pop(name, None)
        found[lane].append(block)
        ends[block.name] = lane
    return [Lane(blocks=tuple(line), sources=line[0].inputs) for line in found]


def draw_text(blocks: Sequence[DrawnBlock], width: int = 100) -> str:
    """Return the drawing in words, such as ``input 32x32x3 -> conv1 -> max pool -> fire2 -> SE(16) -> skip``.

    Several lines of blocks get a letter each, and one that merges others starts with their letters.

    Args:
        blocks: Each after those that it reads.
        width: Columns, at least 20.
    """
    drawn = lanes(blocks)
    lane_of = {block.name: i for i, lane in enumerate(drawn) for block in lane.blocks}
    label_of = {block.name: block.label for block in blocks}
    last = {lane.blocks[-1].name for lane in drawn}
    lines = []
    for index, lane in enumerate(drawn):
        head = f"{_letter(index)}:" if len(drawn) > 1 else ""
        sources = [
            _letter(lane_of[name]) + ("" if name in last else f" ({label_of[name]})")
            for name in sorted(lane.sources, key=lane_of.__getitem__)
        ]
        steps = [", ".join(sources)] if sources else []
        steps += [block.label for block in lane.blocks]
        # A block and its arrow stay together when the line is wrapped.
        words = [step.replace(" ", "\0") for step in steps]
        text = f" {ARROW}\0".join(words)
        wrapped = textwrap.wrap(
            f"{head} {text}".strip(),
            width,
            subsequent_indent="   " if head else "  ",
            break_on_hyphens=False,
        )
        lines += [line.replace("\0", " ") for line in wrapped]
    return "\n".join(lines)


def _letter(index: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    prefix = _letter(index // len(LETTERS) - 1) if index >= len(LETTERS) else ""
    return prefix + LETTERS[index % len(LETTERS)]
