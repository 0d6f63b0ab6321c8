from __future__ import annotations

import pytest

from edgebench.templates.fire_plan import Attention, Fire, FirePlan, Pool


def plan(*stages: Fire | Pool) -> FirePlan:
    return FirePlan(stem_filters=96, stem_kernel=3, stages=stages)


def plain(number: int) -> Fire:
    return Fire(number=number, squeeze=16)


def test_marks_and_runs_are_drawn() -> None:
    attended = Fire(
        number=3,
        squeeze=16,
        bypass="simple",
        attention=Attention(kind="se", ratio=16, skip=True),
    )
    drawn = plan(plain(2), attended, Pool(kind="avg", after=3), *map(plain, (4, 5, 6)))
    assert str(drawn) == "fire2 3b SE16+ | avg | 4-6"


def test_two_plain_fires_and_a_last_pool_are_drawn_as_they_are() -> None:
    assert str(plan(plain(2), plain(3), Pool(kind="max", after=3))) == "fire2 3 | max"


@pytest.mark.parametrize(("pools", "side"), [(0, 5), (1, 13), (2, 29)])
def test_smallest_side_leaves_one_position(pools: int, side: int) -> None:
    stages = [Pool(kind="max", after=2)] * pools

    def last_side(size: int) -> int:
        size = -(-size // 2)
        for _ in range(1 + pools):
            size = (size - 3) // 2 + 1
        return size

    assert plan(plain(2), *stages).smallest_side == side
    assert last_side(side) == 1
    assert last_side(side - 1) < 1
