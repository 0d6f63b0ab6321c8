"""The trunk of MobileNetV2 as data: its inverted residuals in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STAGES = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
"""Filters, blocks, strides of the first block: stages 1 to 7."""

EXPANSION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """One inverted residual. ``number`` counts from 1 in its stage; ``expansion`` None means no widening."""

    stage: int
    number: int
    filters: int
    strides: int
    expansion: int | None
    repeats: int = 1

    @property
    def name(self) -> str:
        return f"b{self.stage}_{self.number}"

    def __str__(self) -> str:
        return f"{self.name}{f'x{self.repeats}' if self.repeats > 1 else ''}"


def plan_bottlenecks(
    repeats: Mapping[str, int], *, first_expansion: int | None
) -> tuple[Bottleneck, ...]:
    """Return the 17 blocks.

    Args:
        repeats: How often a block runs, by its name; the others run once.
        first_expansion: Widening of the first block; the others have `EXPANSION`.
    """
    return tuple(
        Bottleneck(
            stage=stage,
            number=number,
            filters=filters,
            strides=strides if number == 1 else 1,
            expansion=first_expansion if stage == 1 else EXPANSION,
            repeats=repeats.get(f"b{stage}_{number}", 1),
        )
        for stage, (filters, blocks, strides) in enumerate(STAGES, 1)
        for number in range(1, blocks + 1)
    )


def repeated_blocks(blocks: Sequence[Bottleneck]) -> str:
    """Return the blocks that run more than once, such as ``b3_3x2 b5_3x3``; empty where none does."""
    return " ".join(str(block) for block in blocks if block.repeats > 1)
