from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from edgebench.agent.sampling import collect, invokes_per_sample, warm_up

US, MS, S = 1_000, 1_000_000, 1_000_000_000


class Model:
    """A model on a clock of its own: invoke number i takes ``cost_ns(i)``, setting inputs takes nothing."""

    def __init__(self, cost_ns: Callable[[int], float]) -> None:
        self.cost_ns = cost_ns
        self.now_ns = 0
        self.invokes = 0

    def sample(self, count: int) -> int:
        begin_ns = self.now_ns
        for _ in range(count):
            self.now_ns += int(self.cost_ns(self.invokes))
            self.invokes += 1
        return self.now_ns - begin_ns

    def clock(self) -> int:
        return self.now_ns


def test_warm_up_lasts_a_second() -> None:
    model = Model(lambda i: 10 * MS)
    warm = warm_up(model.sample, model.clock, block_s=2.0)
    assert warm.is_stable
    assert 1.0 * S <= model.now_ns <= 1.2 * S
    assert warm.invokes == model.invokes


def test_warm_up_of_a_short_block_is_no_longer_than_the_block() -> None:
    model = Model(lambda i: MS)
    assert warm_up(model.sample, model.clock, block_s=0.1).is_stable
    assert 0.1 * S <= model.now_ns < 0.15 * S


def test_warm_up_goes_on_while_windows_differ() -> None:
    model = Model(lambda i: 20 * MS * 0.95 ** min(i // 10, 10))
    warm = warm_up(model.sample, model.clock, block_s=2.0)
    assert warm.is_stable
    assert model.invokes == 121

    slowing = Model(lambda i: 20 * MS * 1.03 ** (i // 10))
    assert not warm_up(slowing.sample, slowing.clock, block_s=2.0).is_stable
    assert slowing.now_ns >= 10 * S


def test_two_per_cent_between_windows_is_stable() -> None:
    model = Model(lambda i: 20 * MS * 1.015 ** (i // 10))
    assert warm_up(model.sample, model.clock, block_s=2.0).is_stable


def test_warm_up_gives_up_after_ten_seconds() -> None:
    model = Model(lambda i: 3 * S)
    warm = warm_up(model.sample, model.clock, block_s=2.0)
    assert not warm.is_stable
    assert model.now_ns == 12 * S


def test_first_invoke_is_told_apart() -> None:
    model = Model(lambda i: 500 * MS if i == 0 else 10 * MS)
    assert warm_up(model.sample, model.clock, block_s=2.0).first_ns == 500 * MS


@pytest.mark.parametrize("invoke_ns", [100, 999, 7_000, 49_999])
def test_fast_invokes_are_grouped_to_a_millisecond(invoke_ns: int) -> None:
    group = invokes_per_sample(invoke_ns)
    assert MS <= group * invoke_ns < 1.3 * MS


def test_from_fifty_microseconds_each_invoke_is_a_sample() -> None:
    assert invokes_per_sample(50_000) == 1
    assert invokes_per_sample(3 * S) == 1


def test_group_follows_the_warm_speed_not_the_cold_one() -> None:
    model = Model(lambda i: 200 * US if i < 15 else 2 * US)
    warm = warm_up(model.sample, model.clock, block_s=0.5)
    assert warm.invokes_per_sample == 600


def test_block_lasts_as_long_as_asked() -> None:
    model = Model(lambda i: 10 * MS)
    samples = collect(model.sample, model.clock, block_s=2.0, group=1)
    assert samples == [10 * MS] * 200


def test_block_has_at_least_64_samples() -> None:
    model = Model(lambda i: 100 * MS)
    assert len(collect(model.sample, model.clock, block_s=2.0, group=1)) == 64


def test_block_ends_after_30_seconds() -> None:
    model = Model(lambda i: 4 * S)
    assert len(collect(model.sample, model.clock, block_s=2.0, group=1)) == 8


def test_samples_of_groups_are_per_invoke_and_none_is_dropped() -> None:
    model = Model(lambda i: 10 * US if i != 500 else 50 * MS)
    samples = collect(model.sample, model.clock, block_s=0.2, group=100)
    assert len(samples) >= 64
    assert samples.count(10 * US) == len(samples) - 1
    assert samples[5] == pytest.approx((99 * 10 * US + 50 * MS) / 100)
    assert model.invokes == 100 * len(samples)


def test_the_turns_of_another_process_are_no_part_of_a_block() -> None:
    model, turns = Model(lambda i: 2 * MS), []

    def pass_on() -> None:
        turns.append(model.now_ns)
        model.now_ns += 70 * MS

    samples_ns = collect(model.sample, model.clock, 1.0, 1, pass_on)
    assert set(samples_ns) == {2 * MS}
    assert len(samples_ns) == 500
    # Every 50 ms of sampling, 70 ms of the other and three invokes of which none counts.
    assert len(turns) == 19
    assert {later - earlier for earlier, later in itertools.pairwise(turns)} == {(50 + 70 + 6) * MS}
    assert model.now_ns == 1 * S + 19 * (70 + 6) * MS


def test_a_model_slower_than_a_turn_runs_once_a_turn() -> None:
    model, turns = Model(lambda i: 400 * MS), []
    samples_ns = collect(model.sample, model.clock, 1.0, 1, lambda: turns.append(model.now_ns))
    assert sum(samples_ns) == 64 * 400 * MS
    assert len(turns) == 63
