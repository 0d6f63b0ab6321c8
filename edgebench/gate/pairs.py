"""Pairs of blocks on one device: the baseline's file and the other one, in turns, each block in a fresh process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgebench import stats
from edgebench.gate.verdicts import Pair, Series
from edgebench.profiling import MeasurePlan, TimedBlock


class BlockTimer(Protocol):
    """What times a block; `edgebench.profiling.Profiler` does."""

    def block(self, model: Path, plan: MeasurePlan) -> TimedBlock: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Two files that are run against each other, both by the same plan; ``runtime`` is told, with its version."""

    name: str
    base: Path
    head: Path
    plan: MeasurePlan
    runtime: str = ""


class PairTaker:
    """Takes pairs of several contests on one device, a pair of each in turn; the order within pairs goes ABBA.

    All blocks are pinned to the cores that the first was given. An invalid block is run again once; if it is invalid again, its
    contest ends. Noisy blocks are kept.

    Args:
        timer: Times a block.
        contests: Who is run against whom.
        told: Called before each pair with the contest's name, how many pairs of this go are done, and of how many.
    """

    def __init__(
        self,
        timer: BlockTimer,
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
        if base_first:
            base, head = self._block(contest.base, contest), self._block(contest.head, contest)
        else:
            head, base = self._block(contest.head, contest), self._block(contest.base, contest)
        pair = Pair(
            base_ns=stats.median(base.block.samples_ns),
            head_ns=stats.median(head.block.samples_ns),
            base_first=base_first,
            noisy=bool(base.block.reasons) + bool(head.block.reasons),
        )
        return pair, tuple(dict.fromkeys((*base.invalid_reasons, *head.invalid_reasons)))

    def _block(self, path: Path, contest: Contest) -> TimedBlock:
        plan = replace(contest.plan, cores=contest.plan.cores or self._cores)
        block = self._timer.block(path, plan)
        if block.invalid_reasons:
            block = self._timer.block(path, plan)
        self._cores = self._cores or block.environment.affinity or ()
        return block
