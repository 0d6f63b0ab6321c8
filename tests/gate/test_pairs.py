"""Pairs of blocks from a scripted timer, and from the profiler with a device in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.gate import Contest, PairTaker, PairTimer
from edgebench.profiling import MeasurePlan, Profiler, TimedBlock
from edgebench.records import Block, Environment

BASE, HEAD = Path("base.tflite"), Path("head.tflite")


def timed(
    median_ns: float,
    *,
    invalid: Sequence[str] = (),
    noisy: Sequence[str] = (),
    cores: tuple[int, ...] | None = (2, 3),
) -> TimedBlock:
    return TimedBlock(
        block=Block(
            samples_ns=(median_ns, median_ns - 1, median_ns + 1),
            init_ns=1,
            first_ns=1,
            warmup_invokes=10,
            reasons=tuple(noisy),
        ),
        environment=Environment(
            runtime="litert", runtime_version="2.3.0", delegate=None, threads=1, affinity=cores
        ),
        model_sha256="",
        invalid_reasons=tuple(invalid),
    )


class ScriptedTimer:
    """Returns blocks in their order, and keeps what it was asked."""

    def __init__(self, *blocks: TimedBlock) -> None:
        self._blocks = list(blocks)
        self.asked: list[tuple[str, MeasurePlan]] = []

    def pair(self, first: Path, second: Path, plan: MeasurePlan) -> tuple[TimedBlock, TimedBlock]:
        return self._block(first, plan), self._block(second, plan)

    def _block(self, model: Path, plan: MeasurePlan) -> TimedBlock:
        self.asked.append((model.stem, plan))
        return self._blocks.pop(0) if self._blocks else timed(1e6 + len(self.asked))

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.asked]


def contest(name: str = "x", base: Path = BASE, head: Path = HEAD, **plan: object) -> Contest:
    return Contest(name=name, base=base, head=head, plan=MeasurePlan(blocks=1, **plan))  # type: ignore[arg-type]


def test_pairs_run_there_and_back() -> None:
    timer = ScriptedTimer()
    series = PairTaker(timer, [contest()])(["x"], 4)["x"]
    assert timer.order == ["base", "head", "head", "base", "base", "head", "head", "base"]
    assert [pair.base_first for pair in series.pairs] == [True, False, True, False]
    # Each block was a nanosecond slower than the one before.
    assert [pair.head_ns - pair.base_ns for pair in series.pairs] == [1, -1, 1, -1]
    assert series.invalid_reasons == ()


def test_the_turns_go_on_where_the_last_pairs_left_off() -> None:
    timer = ScriptedTimer()
    take = PairTaker(timer, [contest()])
    take(["x"], 1)
    take(["x"], 2)
    assert timer.order == ["base", "head", "head", "base", "base", "head"]


def test_contests_take_turns() -> None:
    timer = ScriptedTimer()
    first = contest("a", Path("a0"), Path("a1"))
    second = contest("b", Path("b0"), Path("b1"))
    take = PairTaker(timer, [first, second])
    take(["a", "b"], 2)
    assert timer.order == ["a0", "a1", "b0", "b1", "a1", "a0", "b1", "b0"]
    assert set(take(["b"], 1)) == {"b"}


def test_a_pair_with_an_invalid_block_is_run_again_once() -> None:
    timer = ScriptedTimer(timed(9.0), timed(9.0, invalid=["throttled"]), timed(2.0), timed(3.0))
    series = PairTaker(timer, [contest()])(["x"], 1)["x"]
    assert timer.order == ["base", "head", "base", "head"]
    assert [(pair.base_ns, pair.head_ns) for pair in series.pairs] == [(2.0, 3.0)]
    assert series.invalid_reasons == ()


def test_a_pair_that_is_invalid_twice_ends_its_contest_alone() -> None:
    timer = ScriptedTimer(
        *[timed(1.0)] * 4,
        timed(1.0, invalid=["too_hot"]),
        timed(1.0),
        timed(1.0, invalid=["throttled", "too_hot"]),
        timed(1.0, invalid=["too_hot"]),
    )
    take = PairTaker(timer, [contest("a"), contest("b")])
    taken = take(["a", "b"], 3)
    assert len(taken["a"].pairs) == 1
    assert taken["a"].invalid_reasons == ("throttled", "too_hot")
    assert len(taken["b"].pairs) == 3
    assert taken["b"].invalid_reasons == ()


def test_noisy_blocks_are_kept_and_counted() -> None:
    timer = ScriptedTimer(
        timed(1.0, noisy=["drift", "bimodal"]), timed(1.0), timed(1.0, noisy=["drift"]),
        timed(1.0, noisy=["drift"]), timed(1.0), timed(1.0),
    )  # fmt: skip
    series = PairTaker(timer, [contest()])(["x"], 3)["x"]
    assert [pair.noisy for pair in series.pairs] == [1, 2, 0]


def test_all_blocks_run_on_the_cores_that_the_first_was_given() -> None:
    timer = ScriptedTimer(timed(1.0, cores=(1,)), timed(1.0, cores=(1,)), timed(1.0, cores=(0,)))
    PairTaker(timer, [contest("a"), contest("b", threads=2)])(["a", "b"], 1)
    assert [plan.cores for _, plan in timer.asked] == [(), (), (1,), (1,)]
    assert [plan.threads for _, plan in timer.asked] == [1, 1, 2, 2]


def test_cores_that_a_plan_names_stay() -> None:
    timer = ScriptedTimer()
    PairTaker(timer, [contest(cores=(5,))])(["x"], 1)
    assert [plan.cores for _, plan in timer.asked] == [(5,), (5,)]


def test_a_device_that_tells_no_cores_is_not_pinned() -> None:
    timer = ScriptedTimer(*[timed(1.0, cores=None)] * 4)
    PairTaker(timer, [contest()])(["x"], 2)
    assert {plan.cores for _, plan in timer.asked} == {()}


def test_each_pair_is_told_before_it_runs() -> None:
    heard: list[tuple[str, int, int]] = []
    take = PairTaker(ScriptedTimer(), [contest()], lambda *words: heard.append(words))
    take(["x"], 2)
    assert heard == [("x", 0, 2), ("x", 1, 2)]


def scripted(folder: Path) -> PairTimer:
    del folder
    return ScriptedTimer(*[timed(1e6), timed(2e6), timed(2e6), timed(1e6)])


def profiled(folder: Path) -> PairTimer:
    (folder / "base.tflite").write_text("1.0")
    (folder / "head.tflite").write_text("2.0")
    return Profiler(FakeDevice(simulated_agent(float)))


@pytest.mark.parametrize("make", [scripted, profiled])
def test_what_times_blocks_can_take_pairs(
    make: Callable[[Path], PairTimer], tmp_path: Path
) -> None:
    take = PairTaker(make(tmp_path), [contest("x", tmp_path / BASE, tmp_path / HEAD)])
    series = take(["x"], 2)["x"]
    assert [round(pair.head_ns / pair.base_ns, 6) for pair in series.pairs] == [2.0, 2.0]
    assert series.invalid_reasons == ()
    assert [pair.noisy for pair in series.pairs] == [0, 0]
