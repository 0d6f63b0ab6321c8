"""Scores: the weighted product orders as MnasNet's does, and one objective stands for itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.objectives import (
    OBJECTIVE_KINDS,
    infeasible_score,
    oracle_score,
    points,
    scalar_score,
    sense,
)
from edgebench.objectives.score import single_objective
from edgebench.records import Goal, Objective

ACCURACY = Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5)
BYTES = Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6)
LATENCY = Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0)
ALL = (ACCURACY, BYTES, LATENCY)
ROW = {"val_accuracy": 0.9, "param_bytes": 1e6, "latency_ms": 10.0}


def test_losses_have_one_row_a_trial_and_one_column_an_objective() -> None:
    table = points(ALL, [ROW, {**ROW, "val_accuracy": 0.8}])
    np.testing.assert_array_equal(table, [[-0.9, 1e6, 10.0], [-0.8, 1e6, 10.0]])
    assert points(ALL, []).shape == (0, 3)
    assert sense(ACCURACY, 0.9) == -0.9


def test_the_front_has_no_score() -> None:
    assert scalar_score("pareto", ALL, ROW) is None


def test_weighted_is_the_product_of_powers() -> None:
    expected = (0.9 / 0.5) * (1e6 / 4e6) ** -0.07 * (10 / 20) ** -0.07
    assert scalar_score("weighted", ALL, ROW) == pytest.approx(expected)


def test_weights_are_those_of_the_objectives() -> None:
    heavy = Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0, weight=0.5)
    mild = Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5, weight=2.0)
    expected = (0.9 / 0.5) ** 2 * (10 / 20) ** -0.5
    assert scalar_score("weighted", (mild, heavy), ROW) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.1, 100)), min_size=2, max_size=6))
def test_weighted_orders_as_mnasnet_does(rows: list[tuple[float, float]]) -> None:
    def mnasnet(accuracy: float, latency_ms: float, target_ms: float = 80.0) -> float:
        return accuracy * (latency_ms / target_ms) ** -0.07

    def ours(accuracy: float, latency_ms: float) -> float:
        values = {"val_accuracy": accuracy, "latency_ms": latency_ms}
        score = scalar_score("weighted", (ACCURACY, LATENCY), values)
        assert score is not None
        return score

    for a, b in itertools.combinations(rows, 2):
        if mnasnet(*a) > mnasnet(*b) * (1 + 1e-9):
            assert ours(*a) > ours(*b)


def test_a_value_of_nothing_still_has_a_weighted_score() -> None:
    assert scalar_score("weighted", ALL, {**ROW, "val_accuracy": 0.0}) == pytest.approx(0, abs=1e-9)
    assert np.isfinite(scalar_score("weighted", ALL, {**ROW, "latency_ms": 0.0}))


@pytest.mark.parametrize(("kind", "score"), [("accuracy", 0.9), ("latency", -10.0), ("size", -1e6)])
def test_one_objective_is_maximised_alone(kind: str, score: float) -> None:
    assert scalar_score(kind, ALL, ROW) == score
    assert kind in OBJECTIVE_KINDS


@pytest.mark.parametrize(
    ("kind", "metric"),
    [("accuracy", "test_accuracy"), ("latency", "latency_p90_ms"), ("size", "macs")],
)
def test_a_kind_is_the_suites_own_objective_of_it(kind: str, metric: str) -> None:
    own = [
        Objective(metric="test_accuracy", goal=Goal.MAX, reference=0.0),
        Objective(metric="latency_p90_ms", goal=Goal.MIN, reference=1.0),
        Objective(metric="macs", goal=Goal.MIN, reference=1.0),
    ]
    assert single_objective(kind, own).metric == metric


@pytest.mark.parametrize(
    ("kind", "metric", "goal"),
    [
        ("accuracy", "val_accuracy", Goal.MAX),
        ("latency", "latency_ms", Goal.MIN),
        ("size", "param_bytes", Goal.MIN),
    ],
)
def test_a_kind_that_the_suite_lacks_has_its_usual_metric(
    kind: str, metric: str, goal: Goal
) -> None:
    found = single_objective(kind, [])
    assert (found.metric, found.goal) == (metric, goal)


@pytest.mark.parametrize("kind", OBJECTIVE_KINDS)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "val_accuracy": st.floats(0.0, 1.0),
                "param_bytes": st.floats(0.0, 1e9),
                "latency_ms": st.floats(0.0, 1e4),
            }
        ),
        min_size=2,
        max_size=2,
    ),
    violation=st.floats(1e-9, 1e9),
)
def test_an_oracles_number_orders_as_the_score_does_and_puts_the_infeasible_last(
    kind: str, rows: list[dict[str, float]], violation: float
) -> None:
    meant = [scalar_score("weighted" if kind == "pareto" else kind, ALL, row) for row in rows]
    told = [oracle_score(kind, ALL, row) for row in rows]
    assert min(told) >= 0.0 > infeasible_score(violation) >= -1.0
    if meant[0] < meant[1]:
        assert told[0] <= told[1]
    if meant[0] == meant[1]:
        assert told[0] == told[1]


def test_the_infeasible_are_ordered_by_how_far_they_miss() -> None:
    assert infeasible_score(0.1) > infeasible_score(1.0) > infeasible_score(10.0)
