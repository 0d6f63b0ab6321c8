"""Every way through the gate's looks, by pairs that are scripted, and its risk, by pairs that are drawn."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import pytest

from edgebench.gate import Pair, Ruling, Series, Verdict, decide
from edgebench.gate.verdicts import Take

MARGIN = 0.05
SLOWER, FASTER, SAME, EDGE = 1.20, 0.80, 1.0, 1.05


class Script:
    """Answers each request with pairs of a ratio; a text in place of a ratio is why a block was invalid."""

    def __init__(self, **ratios: list[float | str]) -> None:
        self._ratios = {name: list(each) for name, each in ratios.items()}
        self.asked: list[tuple[list[str], int]] = []

    def __call__(self, names: Collection[str], count: int) -> Mapping[str, Series]:
        self.asked.append((sorted(names), count))
        return {name: self._series(self._ratios[name].pop(0), count) for name in names}

    def _series(self, ratio: float | str, count: int) -> Series:
        if isinstance(ratio, str):
            return Series(pairs=pairs(SAME, 3), invalid_reasons=(ratio,))
        return Series(pairs=pairs(ratio, count))

    def all_taken(self) -> bool:
        return not any(self._ratios.values())


def pairs(ratio: float, count: int) -> tuple[Pair, ...]:
    """Return pairs around a ratio, as many above as below, none like another."""
    spread = [(-1) ** n * (1 + n // 2) * 1e-4 for n in range(count)]
    return tuple(Pair(base_ns=1e6, head_ns=1e6 * ratio * (1 + s)) for s in spread)


@pytest.mark.parametrize(
    ("ratios", "asked", "verdict"),
    [
        ([SAME], [10], Verdict.PASS),
        ([FASTER], [10], Verdict.IMPROVED),
        ([0.97], [10], Verdict.PASS),
        ([SLOWER, SLOWER], [10, 10], Verdict.REGRESSED),
        ([SLOWER, EDGE], [10, 10], Verdict.INCONCLUSIVE),
        ([EDGE, EDGE], [10, 10], Verdict.INCONCLUSIVE),
        ([EDGE, SAME], [10, 10], Verdict.PASS),
        ([EDGE, FASTER], [10, 10], Verdict.PASS),
        ([EDGE, SLOWER, SLOWER], [10, 10, 20], Verdict.REGRESSED),
        ([EDGE, SLOWER, EDGE], [10, 10, 20], Verdict.INCONCLUSIVE),
        ([EDGE, SLOWER, FASTER], [10, 10, 20], Verdict.PASS),
        (["throttled"], [10], Verdict.ENVIRONMENT),
        ([SLOWER, "throttled"], [10, 10], Verdict.ENVIRONMENT),
        ([EDGE, "throttled"], [10, 10], Verdict.ENVIRONMENT),
        ([EDGE, SLOWER, "throttled"], [10, 10, 20], Verdict.ENVIRONMENT),
    ],
)
def test_a_way_through_the_looks(
    ratios: list[float | str], asked: list[int], verdict: Verdict
) -> None:
    script = Script(x=ratios)
    ruling = decide(script, {"x": MARGIN})["x"]
    assert ruling.verdict is verdict
    assert [count for _, count in script.asked] == asked
    assert script.all_taken()
    assert len(ruling.looks) == len(asked)
    is_unfit = verdict is Verdict.ENVIRONMENT
    assert ruling.invalid_reasons == (("throttled",) if is_unfit else ())
    assert len(ruling.pairs) == (sum(asked[:-1]) + 3 if is_unfit else sum(asked))


def test_one_that_cannot_be_measured_leaves_the_others_be() -> None:
    script = Script(
        hot=["throttled"], steady=[SAME], slow=[SLOWER, SLOWER], torn=[EDGE, EDGE], lost=[EDGE, "gone"]
    )  # fmt: skip
    rulings = decide(script, dict.fromkeys(["hot", "steady", "slow", "torn", "lost"], MARGIN))
    assert {name: ruling.verdict.value for name, ruling in rulings.items()} == {
        "hot": "ENVIRONMENT",
        "steady": "PASS",
        "slow": "REGRESSED",
        "torn": "INCONCLUSIVE",
        "lost": "ENVIRONMENT",
    }
    assert script.asked == [
        (["hot", "lost", "slow", "steady", "torn"], 10),
        (["slow"], 10),
        (["lost", "torn"], 10),
    ]


def test_all_are_corrected_for_all() -> None:
    asked: list[int] = []

    def take(names: Collection[str], count: int) -> Mapping[str, Series]:
        asked.append(count)
        # The first ten of x have a p-value of 2**-9: under half of .01, and over a fifth of that.
        ratios = [1.2 + n / 1000 for n in range(count)]
        if len(asked) == 1:
            ratios[0] = 1.0499
        odd = Series(pairs=tuple(Pair(base_ns=1.0, head_ns=ratio) for ratio in ratios))
        return {name: odd if name == "x" else Series(pairs=pairs(SAME, count)) for name in names}

    assert decide(take, {"x": MARGIN})["x"].verdict is Verdict.REGRESSED
    assert asked == [10, 10]
    asked.clear()
    assert decide(take, dict.fromkeys("abxcd", MARGIN))["x"].verdict is Verdict.REGRESSED
    assert asked == [10, 10, 20]


@pytest.mark.parametrize(
    ("names", "verdict", "asked"),
    [("x", Verdict.REGRESSED, [10, 10, 20]), ("abxcd", Verdict.INCONCLUSIVE, [10, 10])],
)
def test_those_that_are_decided_still_count(names: str, verdict: Verdict, asked: list[int]) -> None:
    # The first ten have a p-value of .04, all twenty one of .0036: under half of .01, and over a fifth of that.
    signed = [-rank if rank in {10, 12, 13} else rank for rank in range(1, 21)]
    looks = [signed[:10], signed[10:], list(range(1, 21))]
    counts: list[int] = []

    def take(called: Collection[str], count: int) -> Mapping[str, Series]:
        counts.append(count)
        logs = [math.log(1.05) + rank / 1000 for rank in looks[len(counts) - 1]]
        odd = Series(pairs=tuple(Pair(base_ns=1.0, head_ns=math.exp(each)) for each in logs))
        return {name: odd if name == "x" else Series(pairs=pairs(SAME, count)) for name in called}

    rulings = decide(take, dict.fromkeys(names, MARGIN))
    assert rulings["x"].verdict is verdict
    assert counts == asked
    assert {rulings[name].verdict for name in names if name != "x"} <= {Verdict.PASS}


def test_many_benchmarks_take_more_pairs() -> None:
    names = [f"b{n}" for n in range(20)]
    script = Script(**{name: [SAME] for name in names})
    rulings = decide(script, dict.fromkeys(names, MARGIN))
    assert [count for _, count in script.asked] == [12]
    assert {ruling.verdict for ruling in rulings.values()} == {Verdict.PASS}


def test_each_has_its_own_margin() -> None:
    script = Script(tight=[1.1, 1.1], loose=[1.1])
    rulings = decide(script, {"tight": 0.05, "loose": 0.20})
    assert rulings["tight"].verdict is Verdict.REGRESSED
    assert rulings["loose"].verdict is Verdict.PASS


def test_a_margin_of_nothing_is_one() -> None:
    assert decide(Script(x=[SAME, SAME]), {"x": 0.0})["x"].verdict is Verdict.INCONCLUSIVE
    assert decide(Script(x=[1.01, 1.01]), {"x": 0.0})["x"].verdict is Verdict.REGRESSED
    assert decide(Script(x=[0.99]), {"x": 0.0})["x"].verdict is Verdict.IMPROVED


def test_a_ratio_is_of_all_pairs() -> None:
    ruling = decide(Script(x=[SLOWER, SLOWER]), {"x": MARGIN})["x"]
    assert ruling.ratio is not None
    assert ruling.ratio.value == pytest.approx(1.2, abs=1e-4)
    assert ruling.ratio.low < 1.2 < ruling.ratio.high
    assert Ruling(verdict=Verdict.ENVIRONMENT, looks=()).ratio is None


def drawn(rng: np.random.Generator, ratio: float, noise: float) -> Take:
    """Return pairs whose log ratios scatter with heavy tails, evenly about that of ``ratio``."""

    def take(names: Collection[str], count: int) -> Mapping[str, Series]:
        found = {}
        for name in names:
            logs = math.log(ratio) + noise * rng.standard_t(3, count)
            found[name] = Series(pairs=tuple(Pair(base_ns=1.0, head_ns=math.exp(x)) for x in logs))
        return found

    return take


def share_red(ratio: float, *, benchmarks: int, gates: int, alpha: float) -> float:
    rng, red = np.random.default_rng(20), 0
    margins = {f"b{n}": MARGIN for n in range(benchmarks)}
    for _ in range(gates):
        rulings = decide(drawn(rng, ratio, 0.02), margins, alpha)
        red += any(ruling.verdict is Verdict.REGRESSED for ruling in rulings.values())
    return red / gates


def test_red_is_as_rare_as_promised_at_the_margin_and_sure_well_past_it() -> None:
    # With the usual alpha too few are red to tell anything, so most are drawn with a large one.
    assert share_red(1.05, benchmarks=1, gates=400, alpha=0.2) <= 0.05
    assert share_red(1.05, benchmarks=4, gates=100, alpha=0.2) <= 0.10
    assert share_red(1.05, benchmarks=1, gates=300, alpha=0.01) <= 0.01
    assert share_red(1.00, benchmarks=1, gates=100, alpha=0.01) == 0.0
    assert share_red(1.12, benchmarks=1, gates=100, alpha=0.01) >= 0.90
