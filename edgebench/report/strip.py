"""The block strip: a one-line architecture read as groups of named parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

POOLINGS = frozenset({"max", "avg", "min", "none"})
ATTENTION = re.compile(r"(SE|ECA|CBAM)\d*\+?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One word of a drawing. ``kind`` is block, attention or pooling."""

    label: str
    kind: str


def read_strip(architecture: str) -> tuple[tuple[Part, ...], ...]:
    """Read ``fire2 3 SE8 | max | 4 5``: groups between bars, parts between spaces.

    Words of no known kind are blocks, so that any template's drawing can be shown.
    """
    groups = (group.split() for group in architecture.split("|"))
    return tuple(
        tuple(Part(label=word, kind=_kind(word)) for word in words) for words in groups if words
    )


def _kind(word: str) -> str:
    if word.lower() in POOLINGS:
        return "pooling"
    return "attention" if ATTENTION.fullmatch(word) else "block"
