"""A network of fire modules as data: what the SqueezeNet templates decide before any layer exists."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from edgebench.errors import UnknownNameError
from edgebench.records import DrawnBlock
from edgebench.templates.drawing import BlockChain, shape_label

MERGE_POINTS = ("conv1", *(f"fire{number}" for number in range(2, 10)), "end")
HEAD = (("dropout", "drop"), ("conv10", "conv"), ("global pool", "pool"), ("softmax", "output"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Channel attention after a fire. ``ratio`` is None where the kind has none."""

    kind: str
    ratio: int | None
    skip: bool = False

    def __str__(self) -> str:
        return f"{self.kind.upper()}{self.ratio or ''}{'+' if self.skip else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """One fire module. ``number`` counts from 2, as in the SqueezeNet paper."""

    number: int
    squeeze: int
    bypass: str = "none"
    attention: Attention | None = None

    @property
    def is_plain(self) -> bool:
        return self.bypass == "none" and self.attention is None

    def draw(self, chain: BlockChain, source: str) -> str:
        tip = chain.add(f"fire{self.number}", "conv", source)
        if self.bypass != "none":
            label = "bypass" if self.bypass == "simple" else "bypass 1x1"
            tip = chain.add(label, "join", tip, source)
        if self.attention:
            ratio = f"({self.attention.ratio})" if self.attention.ratio else ""
            tip = chain.add(f"{self.attention.kind.upper()}{ratio}", "attention", tip)
            if self.attention.skip:
                tip = chain.add("skip", "join", tip, source)
        return tip

    def __str__(self) -> str:
        mark = "" if self.bypass == "none" else "b"
        attention = f" {self.attention}" if self.attention else ""
        return f"{self.number}{mark}{attention}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A 3x3 pool of stride 2 without padding; ``kind`` is max or avg, ``after`` the fire before it."""

    kind: str
    after: int

    def draw(self, chain: BlockChain, source: str) -> str:
        return chain.add(f"{self.kind} pool", "pool", source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Where the branches of several inputs become one trunk; ``kind`` is add, concat or average."""

    kind: str


Stage = Fire | Pool | Merge


@dataclass(frozen=True, slots=True, kw_only=True)
class FirePlan:
    """A stem (convolution of stride 2, max pool), then fires and pools; the head is always the same.

    With several inputs, the stem and the stages up to the one `Merge` stand once a branch.
    """

    stem_filters: int
    stem_kernel: int
    stages: tuple[Stage, ...]

    @property
    def smallest_side(self) -> int:
        """The least height and width that leave one position after the last pool."""
        side = 1
        for _ in range(1 + sum(isinstance(stage, Pool) for stage in self.stages)):
            side = 2 * side + 1
        return 2 * side - 1

    def merged(self, at: str, kind: str) -> FirePlan:
        """Return the plan with its branches merged at one point.

        Args:
            at: ``conv1`` (after the stem), ``fireN`` (after that fire and its attention, before a pool) or ``end``
                (after the last stage). A fire that this plan lacks counts as ``end``.
            kind: How: ``add``, ``concat`` or ``average``.

        Raises:
            UnknownNameError: ``at`` is none of these.
        """
        if at not in ("conv1", "end") and not re.fullmatch(r"fire\d+", at):
            raise UnknownNameError("a merge point", at, MERGE_POINTS)
        cut = 0 if at == "conv1" else len(self.stages)
        for position, stage in enumerate(self.stages, 1):
            if isinstance(stage, Fire) and at == f"fire{stage.number}":
                cut = position
        stages = (*self.stages[:cut], Merge(kind=kind), *self.stages[cut:])
        return dataclasses.replace(self, stages=stages)

    def blocks(self, input_shapes: Sequence[Sequence[int]]) -> list[DrawnBlock]:
        """Return the network over these inputs as blocks, its head included."""
        chain = BlockChain()
        tips = []
        for shape in input_shapes:
            conv = chain.add("conv1", "conv", chain.add(shape_label(shape), "input"))
            tips.append(chain.add("max pool", "pool", conv))
        for stage in self.stages:
            if isinstance(stage, Merge):
                tips = [chain.add(stage.kind, "join", *tips)]
            else:
                tips = [stage.draw(chain, tip) for tip in tips]
        (tip,) = tips
        for label, kind in HEAD:
            tip = chain.add(label, kind, tip)
        return chain.blocks

    def __str__(self) -> str:
        """Return a line such as ``fire2 3b SE16+ | add | max | 4-7``.

        ``b`` is a bypass, ``SE16`` attention of ratio 16 after that fire, ``+`` its skip, ``| max |`` a pool,
        ``| add |`` the merge of several inputs.
        """
        groups: list[str] = [] if isinstance(next(iter(self.stages), None), Fire) else ["conv1"]
        prefix = "fire"
        for is_fire, run in groupby(self.stages, lambda stage: isinstance(stage, Fire)):
            if is_fire:
                groups.append(prefix + _drawn(run))
                prefix = ""
            else:
                groups += [stage.kind for stage in run if not isinstance(stage, Fire)]
        return " | ".join(groups)


def _drawn(fires: Iterable[Stage]) -> str:
    """Draw fires side by side; more than two plain ones in a row as ``4-7``."""
    parts: list[str] = []
    for is_plain, run in groupby(fires, lambda fire: isinstance(fire, Fire) and fire.is_plain):
        drawn = [str(fire) for fire in run]
        parts += [f"{drawn[0]}-{drawn[-1]}"] if is_plain and len(drawn) > 2 else drawn
    return " ".join(parts)
