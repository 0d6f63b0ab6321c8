"""Fronts and volumes against brute force over small whole numbers, where ties and twins are common."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebench.objectives import (
    certain_members,
    crowding_distance,
    dominates,
    front_indices,
    hypervolume,
    normalise,
)
from edgebench.records import Goal

SIDE = 4


def losses(most: int = 12, dimensions: tuple[int, int] = (1, 4)) -> st.SearchStrategy[np.ndarray]:
    """Up to ``most`` points with coordinates 0..SIDE, the last of which is the reference's edge."""
    return st.integers(*dimensions).flatmap(
        lambda width: st.lists(
            st.tuples(*[st.integers(0, SIDE)] * width), max_size=most
        ).map(lambda rows: np.array(rows, dtype=np.float64).reshape(-1, width))
    )  # fmt: skip


def front_by_definition(table: np.ndarray) -> list[int]:
    rows = [tuple(row) for row in table]
    beaten = {
        i
        for i, a in enumerate(rows)
        for b in rows
        if all(y <= x for x, y in zip(a, b, strict=True)) and a != b
    }
    return [i for i, row in enumerate(rows) if i not in beaten and row not in rows[:i]]


def volume_by_counting(table: np.ndarray, reference: float = SIDE) -> int:
    """Count the unit cells below the reference whose lower corner some point does not exceed."""
    cells = itertools.product(range(int(reference)), repeat=table.shape[1])
    return sum(any((row <= cell).all() for row in table) for cell in cells)


def volume_by_inclusion_and_exclusion(table: np.ndarray, reference: np.ndarray) -> float:
    total = 0.0
    for size in range(1, len(table) + 1):
        for chosen in itertools.combinations(table, size):
            sides = np.clip(reference - np.max(chosen, axis=0), 0, None)
            total += (-1) ** (size + 1) * float(sides.prod())
    return total


@given(losses())
def test_front_is_what_nothing_dominates(table: np.ndarray) -> None:
    assert front_indices(table) == front_by_definition(table)


@given(losses())
def test_every_point_is_on_the_front_or_behind_a_member(table: np.ndarray) -> None:
    members = front_indices(table)
    for row in table:
        assert any((table[i] <= row).all() for i in members)


def test_of_twins_the_first_is_kept() -> None:
    table = np.array([[2.0, 2.0], [1.0, 3.0], [1.0, 3.0], [2.0, 2.0], [3.0, 3.0]])
    assert front_indices(table) == [0, 1]


@given(losses(most=8), st.integers(0, 7), st.integers(0, 7))
def test_dominance_is_a_strict_order(table: np.ndarray, i: int, j: int) -> None:
    if len(table) > max(i, j):
        a, b = table[i].tolist(), table[j].tolist()
        assert not dominates(a, a)
        assert not (dominates(a, b) and dominates(b, a))
        assert dominates(a, b) == ((table[i] <= table[j]).all() and a != b)


@given(losses())
def test_hypervolume_counts_the_cells_it_covers(table: np.ndarray) -> None:
    assert hypervolume(table, [SIDE] * table.shape[1]) == volume_by_counting(table)


@settings(max_examples=50)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.tuples(*[st.floats(-2, 2, allow_subnormal=False)] * width), min_size=1, max_size=6
        )
    )
)
def test_hypervolume_of_real_points(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows)
    reference = np.full(table.shape[1], 1.5)
    inside = table[(table < reference).all(axis=1)]
    expected = volume_by_inclusion_and_exclusion(inside, reference)
    assert hypervolume(table, reference.tolist()) == pytest.approx(expected, abs=1e-9)


@given(losses(), st.randoms(use_true_random=False))
def test_hypervolume_heeds_neither_order_nor_dominated_points(table: np.ndarray, random) -> None:
    corner = [SIDE] * table.shape[1]
    rows = table.tolist()
    random.shuffle(rows)
    shuffled = np.array(rows).reshape(table.shape)
    expected = hypervolume(table, corner)
    assert hypervolume(shuffled, corner) == expected
    assert hypervolume(table[front_indices(table)], corner) == expected


@given(losses(most=8), st.lists(st.integers(0, SIDE), min_size=4, max_size=4))
def test_hypervolume_never_shrinks_with_a_point(table: np.ndarray, extra: list[int]) -> None:
    width = table.shape[1]
    grown = np.vstack([table, np.array(extra[:width], dtype=np.float64)])
    before, after = hypervolume(table, [SIDE] * width), hypervolume(grown, [SIDE] * width)
    assert after >= before
    is_new = not any((row <= grown[-1]).all() for row in table)
    assert (after > before) == (is_new and (grown[-1] < SIDE).all())


def test_hypervolume_of_one_point_is_its_box() -> None:
    assert hypervolume(np.array([[0.5, 0.25, 0.0]]), [1.0, 1.0, 2.0]) == 0.5 * 0.75 * 2.0


def test_a_point_on_or_past_the_reference_adds_nothing() -> None:
    beyond = np.array([[1.0, 0.0], [2.0, -9.0]])
    assert hypervolume(beyond, [1.0, 1.0]) == 0.0
    assert hypervolume(np.empty((0, 2)), [1.0, 1.0]) == 0.0


def test_hypervolume_of_hundreds_of_points_in_three_objectives() -> None:
    """A front on the plane x + y + z = 1 has a volume known in closed form: the grid's steps."""
    steps = 20
    grid = [
        (i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)
    ]  # fmt: skip
    table = np.array(grid) / steps
    free = sum(1 for cell in itertools.product(range(steps), repeat=3) if sum(cell) < steps)
    assert hypervolume(table, [1.0, 1.0, 1.0]) == pytest.approx(1 - free / steps**3, abs=1e-12)


def test_certain_members_are_those_that_no_interval_endangers() -> None:
    low = np.array([[1.0, 4.0], [2.0, 2.0], [3.5, 1.0]])
    high = np.array([[1.5, 5.0], [4.0, 2.0], [3.5, 1.0]])
    assert certain_members([0, 1, 2], low, high) == [True, False, True]


def test_exact_numbers_make_a_certain_front() -> None:
    table = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [1.0, 2.0]])
    assert certain_members(front_indices(table), table, table) == [True, True]


@given(losses(most=6, dimensions=(1, 3)), st.data())
def test_a_certain_member_survives_every_truth(table: np.ndarray, data: st.DataObject) -> None:
    def at_random(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        parts = [
            data.draw(st.integers(int(a), int(b)))
            for a, b in zip(lower.ravel(), upper.ravel(), strict=True)
        ]
        return np.array(parts, dtype=np.float64).reshape(lower.shape)

    low = at_random(np.zeros_like(table), table)
    high = at_random(table, np.full_like(table, SIDE))
    members = front_indices(table)
    truth = at_random(low, high)
    for member, certain in zip(members, certain_members(members, low, high), strict=True):
        if certain:
            assert not any(dominates(row, truth[member]) for row in truth.tolist())


def test_normalised_losses_lie_between_the_ideal_and_the_reference() -> None:
    table = np.array([[-1.0, 0.0], [-0.5, 20.0], [-0.75, 5.0]])
    found = normalise(table, [Goal.MAX, Goal.MIN], [0.5, 20.0])
    np.testing.assert_allclose(found, [[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])


@pytest.mark.parametrize(
    ("goal", "reference", "room"),
    [(Goal.MAX, 5.0, 5.0), (Goal.MIN, 0.0, 1.0), (Goal.MIN, -8.0, 8.0), (Goal.MAX, -1.0, 2.0)],
)
def test_a_reference_beyond_the_ideal_is_its_own_scale(
    goal: Goal, reference: float, room: float
) -> None:
    worst = reference if goal is Goal.MIN else -reference
    found = normalise(np.array([[worst], [worst - room]]), [goal], [reference])
    np.testing.assert_allclose(found, [[1.0], [0.0]])


@given(losses(), st.floats(0.1, 10))
def test_normalising_keeps_the_front(table: np.ndarray, reference: float) -> None:
    width = table.shape[1]
    scaled = normalise(table, [Goal.MIN] * width, [reference] * width)
    assert front_indices(scaled) == front_indices(table)


def test_crowding_distance_of_the_paper() -> None:
    table = np.array([[1.0, 5.0], [2.0, 3.0], [4.0, 2.0], [5.0, 1.0]])
    expected = [np.inf, 3 / 4 + 3 / 4, 3 / 4 + 2 / 4, np.inf]
    np.testing.assert_allclose(crowding_distance(table), expected)


def test_crowding_distance_does_not_depend_on_order() -> None:
    table = np.array([[4.0, 2.0], [1.0, 5.0], [5.0, 1.0], [2.0, 3.0]])
    np.testing.assert_allclose(crowding_distance(table), [1.25, np.inf, np.inf, 1.5])


def test_crowding_distance_where_nothing_differs() -> None:
    assert crowding_distance(np.empty((0, 2))).shape == (0,)
    assert np.isinf(crowding_distance(np.array([[1.0, 1.0]]))).all()
    assert not np.isnan(crowding_distance(np.ones((4, 2)))).any()
