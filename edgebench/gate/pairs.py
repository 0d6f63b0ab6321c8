"""Pairs of blocks on one device: the baseline's file and the other one, each in a fresh process, the two taking turns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgebench import stats
from edgebench.gate.verdicts import Pair, Series
from edgebench.profiling import MeasurePlan, TimedBlock


class PairTimer(Protocol):
    """What times a block of each of two files; `edgebench.profiling.Profiler` does."""

    def pair(
        self, first: Path, second: Path, plan: MeasurePlan
    ) -> tuple[TimedBlock, TimedBlock]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Two files that are run against each other, both by the same plan; ``runtime`` is told, with its version."""

    name: str
    base: Path
    head: Path
    plan: MeasurePlan
    runtime: str = ""


class PairTaker:
    """Takes pairs of several contests on one device, a pair of each in turn; who has the first turn goes ABBA.

    All blocks are pinned to the cores that the first was given. A pair with an invalid block is run again once; if it is invalid
    again, its contest ends. Noisy blocks are kept.

    Args:
        timer: Times the pairs.
        contests: Who is run against whom.
        told: Called before each pair with the contest's name, how many pairs of this go are done, and of how many.
    """

    def __init__(
        self,
        timer: PairTimer,
        contests: Collection[Contest],
        told: Callable[[str, int, int], None] = lambda name, done, of: None,
    ) -> None:
        self._timer, self._told = timer, told
        self._contests = {contest.name: contest for contest in contests}
        self._taken = dict.fromkeys(self._contests, 0)
        self._cores: tuple[int, ...] = ()

    def __call__(self, names: Collection[str], count: int) -> Mapping[str, Series]:
        """Take ``count`` pairs of each named contest; what `edgebench.gate.verdicts.decide` asks for."""
        pairs: dict[str, list[Pair]] = {name: [] for name in names}
        invalid: dict[str, tuple[str, ...]] = {}
        for done in range(count):
            for name, found in pairs.items():
                if name not in invalid:
                    self._told(name, done, count)
                    pair, reasons = self._pair(self._contests[name])
                    if reasons:
                        invalid[name] = reasons
                    else:
                        found.append(pair)
        return {
            name: Series(pairs=tuple(found), invalid_reasons=invalid.get(name, ()))
            for name, found in pairs.items()
        }

    def _pair(self, contest: Contest) -> tuple[Pair, tuple[str, ...]]:
        """Return a pair, and why it does not count."""
        base_first = self._taken[contest.name] % 2 == 0
        self._taken[contest.name] += 1
        paths = (contest.base, contest.head) if base_first else (contest.head, contest.base)
        blocks, reasons = self._blocks(*paths, contest.plan)
        if reasons:
            blocks, reasons = self._blocks(*paths, contest.plan)
        base, head = blocks if base_first else reversed(blocks)
        pair = Pair(
            base_ns=stats.median(base.block.samples_ns),
            head_ns=stats.median(head.block.samples_ns),
            base_first=base_first,
            noisy=bool(base.block.reasons) + bool(head.block.reasons),
        )
        return pair, reasons

    def _blocks(
        self, first: Path, second: Path, plan: MeasurePlan
    ) -> tuple[tuple[TimedBlock, TimedBlock], tuple[str, ...]]:
        """Return a block of each, and why either is invalid."""
        blocks = self._timer.pair(first, second, replace(plan, cores=plan.cores or self._cores))
        self._cores = self._cores or blocks[0].environment.affinity or ()
        reasons = [reason for block in blocks for reason in block.invalid_reasons]
        return blocks, tuple(dict.fromkeys(reasons))
