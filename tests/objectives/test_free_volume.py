from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.objectives import FreeVolume, by_volume, front_indices, hypervolume

LOSS = st.integers(0, 12).map(lambda n: n / 10)


@st.composite
def fronts_and_points(draw):
    dimensions = draw(st.integers(1, 4))
    row = st.lists(LOSS, min_size=dimensions, max_size=dimensions)
    front = np.array(draw(st.lists(row, max_size=7)), dtype=float).reshape(-1, dimensions)
    points = np.array(draw(st.lists(row, min_size=1, max_size=5)), dtype=float)
    return front, points.reshape(-1, dimensions)


@given(fronts_and_points())
def test_the_gain_is_what_a_point_adds_to_the_hypervolume(drawn):
    front, points = drawn
    corner = [1.0] * points.shape[1]
    before = hypervolume(front, corner)
    expected = [hypervolume(np.vstack([front, point]), corner) - before for point in points]
    gained = FreeVolume(front, lowest=np.zeros(points.shape[1])).gain(points)
    assert gained == pytest.approx(expected, abs=1e-12)


def test_losses_below_zero_gain_more_where_the_box_is_said_to_reach_there():
    volume = FreeVolume(np.array([[0.5, 0.5]]), lowest=[-1.0, 0.0])
    assert volume.gain(np.array([[-1.0, 0.0], [0.0, 0.0]])) == pytest.approx([1.75, 0.75])


def test_points_may_come_in_any_shape():
    points = np.random.default_rng(0).random((3, 4, 2))
    volume = FreeVolume(np.array([[0.5, 0.5]]), lowest=[0.0, 0.0])
    assert volume.gain(points).shape == (3, 4)
    assert volume.gain(points)[1, 2] == volume.gain(points[1, 2])


def test_a_large_front_is_thinned_to_its_least_crowded_members(monkeypatch):
    monkeypatch.setattr("edgebench.objectives.free_volume.MOST_CELLS", 10_000)
    rng = np.random.default_rng(1)
    front = rng.dirichlet(np.ones(5), size=24)
    front = front[front_indices(front)]
    points = rng.random((6, 5)) * 0.5
    thinned = FreeVolume(front, lowest=np.zeros(5)).gain(points)
    corner = [1.0] * 5
    before = hypervolume(front, corner)
    exact = [hypervolume(np.vstack([front, p]), corner) - before for p in points]
    assert (thinned >= np.array(exact) - 1e-9).all()


@given(fronts_and_points())
def test_each_row_adds_most_to_those_before_it(drawn):
    _, rows = drawn
    corner = [1.0] * rows.shape[1]
    order = by_volume(rows)
    assert sorted(order) == list(range(len(rows)))
    for place, row in enumerate(order):
        volumes = [hypervolume(rows[[*order[:place], other]], corner) for other in order[place:]]
        assert hypervolume(rows[order[: place + 1]], corner) == pytest.approx(max(volumes)), row


def test_an_end_of_the_front_that_is_not_worth_having_comes_last():
    assert by_volume(np.array([[0.0, 1.5], [0.3, 0.4], [0.2, 0.9]])) == [1, 2, 0]
