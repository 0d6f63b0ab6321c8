"""From pairs to verdicts: two looks, each at half of the risk, and a slower file is believed only when it is slower once more.

`decide` asks for pairs and judges them; it times nothing itself, so that real pairs, resampled ones and those of a test go the
same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgebench.gate.statistics import Ratio, above_p, below_p, hodges_lehmann, holm, pairs_needed


class Verdict(StrEnum):
    """What a gate says of one benchmark; enums are add-only."""

    PASS = "PASS"  # noqa: S105
    IMPROVED = "IMPROVED"
    INCONCLUSIVE = "INCONCLUSIVE"
    REGRESSED = "REGRESSED"
    ENVIRONMENT = "ENVIRONMENT"
    INCOMPARABLE = "INCOMPARABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The medians of two blocks, one run right after the other, in nanoseconds an invoke.

    ``noisy`` of the two are marked; they are kept, for pairs are made for noise.
    """

    base_ns: float
    head_ns: float
    base_first: bool = True
    noisy: int = 0

    @property
    def log_ratio(self) -> float:
        return math.log(self.head_ns / self.base_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Pairs taken in one go. ``invalid_reasons`` say why there are no more: a block was invalid, and so was its second try."""

    pairs: tuple[Pair, ...]
    invalid_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the pairs of one benchmark came to.

    ``looks`` are the pairs in the order they were taken: the first look's, those of a second look or those taken once more
    because the file seemed slower. ``ratio`` is of all of them; None where there is no pair.
    """

    verdict: Verdict
    looks: tuple[Series, ...]
    invalid_reasons: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(pair for series in self.looks for pair in series.pairs)

    @property
    def ratio(self) -> Ratio | None:
        return hodges_lehmann([pair.log_ratio for pair in self.pairs]) if self.pairs else None


Take = Callable[[Collection[str], int], Mapping[str, Series]]


@dataclass(slots=True)
class _Case:
    """A benchmark that is being judged."""

    margin: float
    looks: list[Series] = field(default_factory=list)
    verdict: Verdict | None = None

    def log_ratios(self, last: int | None = None) -> list[float]:
        taken = self.looks if last is None else self.looks[-last:]
        return [pair.log_ratio for series in taken for pair in series.pairs]


def decide(take: Take, margins: Mapping[str, float], alpha: float = 0.01) -> dict[str, Ruling]:
    """Judge benchmarks by pairs of blocks.

    A first look at N pairs of each; who is neither slower nor surely not gets N more and a second look at all of them. Who is
    slower is run once more, with as many fresh pairs as showed it: slower again is REGRESSED. Surely less than the margin
    slower is PASS, surely faster by the margin IMPROVED, all else INCONCLUSIVE. A file that is slower by the margin or less is
    called REGRESSED with a probability of at most ``alpha``, over all benchmarks and both looks.

    Args:
        take: Gets names and a number, returns so many fresh pairs of each.
        margins: How much slower each benchmark may be, as a share: .05 for 5 %.
        alpha: The risk.

    Raises:
        Whatever ``take`` raises.
    """
    cases = {name: _Case(margin) for name, margin in margins.items()}
    count = pairs_needed(len(cases), alpha)
    _extend(cases, list(cases), take, count)
    _look(cases, take, count, alpha)
    undecided = [name for name, case in cases.items() if case.verdict is None]
    if undecided:
        _extend(cases, undecided, take, count)
        _look(cases, take, 2 * count, alpha)
    return {
        name: Ruling(
            verdict=case.verdict or Verdict.INCONCLUSIVE,
            looks=tuple(case.looks),
            invalid_reasons=case.looks[-1].invalid_reasons,
        )
        for name, case in cases.items()
    }


def _extend(cases: Mapping[str, _Case], names: Collection[str], take: Take, count: int) -> None:
    for name, series in take(names, count).items() if names else ():
        cases[name].looks.append(series)
        if series.invalid_reasons:
            cases[name].verdict = Verdict.ENVIRONMENT


def _look(cases: Mapping[str, _Case], take: Take, count: int, alpha: float) -> None:
    """Judge all that are open by the pairs they have; run those that seem slower once more."""
    is_open = {name: case for name, case in cases.items() if case.verdict is None}
    slower = _fallen(
        cases, is_open, alpha, lambda case: above_p(case.log_ratios(), 1 + case.margin)
    )
    _pass(cases, is_open.keys() - slower, alpha)
    _extend(cases, [name for name in is_open if name in slower], take, count)
    again = {name: cases[name] for name in slower if cases[name].verdict is None}
    confirmed = _fallen(
        cases, again, alpha, lambda case: above_p(case.log_ratios(last=1), 1 + case.margin)
    )
    for name in confirmed:
        cases[name].verdict = Verdict.REGRESSED
    _pass(cases, again.keys() - confirmed, alpha)
    for name in again:
        cases[name].verdict = cases[name].verdict or Verdict.INCONCLUSIVE


def _pass(cases: Mapping[str, _Case], names: Collection[str], alpha: float) -> None:
    chosen = {name: cases[name] for name in names}
    within = _fallen(cases, chosen, alpha, lambda case: below_p(case.log_ratios(), 1 + case.margin))
    faster = _fallen(
        cases, chosen, alpha, lambda case: below_p(case.log_ratios(), 1 / (1 + case.margin))
    )
    for name in within:
        cases[name].verdict = Verdict.IMPROVED if name in faster else Verdict.PASS


def _fallen(
    cases: Mapping[str, _Case],
    chosen: Mapping[str, _Case],
    alpha: float,
    p_of: Callable[[_Case], float],
) -> frozenset[str]:
    """Return which of the chosen fall at half of the risk, corrected for all benchmarks of the gate."""
    p_values = dict.fromkeys(cases, 1.0) | {name: p_of(case) for name, case in chosen.items()}
    return holm(p_values, alpha / 2.0)
