"""A network of fire modules as data: what the SqueezeNet templates decide before any layer exists."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby


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

    def __str__(self) -> str:
        mark = "" if self.bypass == "none" else "b"
        attention = f" {self.attention}" if self.attention else ""
        return f"{self.number}{mark}{attention}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A 3x3 pool of stride 2 without padding; ``kind`` is max or avg, ``after`` the fire before it."""

    kind: str
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirePlan:
    """A stem (convolution of stride 2, max pool), then fires and pools; the head is always the same."""

    stem_filters: int
    stem_kernel: int
    stages: tuple[Fire | Pool, ...]

    @property
    def smallest_side(self) -> int:
        """The least height and width that leave one position after the last pool."""
        side = 1
        for _ in range(1 + sum(isinstance(stage, Pool) for stage in self.stages)):
            side = 2 * side + 1
        return 2 * side - 1

    def __str__(self) -> str:
        """Return a line such as ``fire2 3b SE16+ | max | 4-7``.

        ``b`` is a bypass, ``SE16`` attention of ratio 16 after that fire, ``+`` its skip, ``| max |`` a pool.
        """
        parts: list[str] = []
        for is_plain, run in groupby(self.stages, lambda s: isinstance(s, Fire) and s.is_plain):
            stages = list(run)
            if is_plain and len(stages) > 2:
                parts.append(f"{stages[0]}-{stages[-1]}")
            else:
                parts += [f"| {s.kind} |" if isinstance(s, Pool) else str(s) for s in stages]
        return "fire" + " ".join(parts).removesuffix(" |")
