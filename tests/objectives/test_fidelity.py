"""Who goes on at a rung: no better one is passed over, limits come first, and few enough go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.objectives import (
    Standing,
    along_line,
    better_count,
    dominates,
    hopeful,
    next_promoted,
    ranked,
    standing_at,
)
from edgebench.records import Constraint, Goal, Metric, Objective, Status, Trial

OBJECTIVES = (
    Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
    Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6),
)
STANDINGS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.5, 1.0]),
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
    ),
    max_size=14,
).map(
    lambda rows: [
        Standing(trial_id=f"t{i:03}", violation=violation, losses=tuple(map(float, losses)))
        for i, (violation, losses) in enumerate(rows)
    ]
)


@given(STANDINGS)
def test_all_are_ranked_once(standings: list[Standing]) -> None:
    assert sorted(ranked(standings), key=lambda s: s.trial_id) == standings


@given(STANDINGS)
def test_nobody_ranks_behind_one_that_is_worse_in_all(standings: list[Standing]) -> None:
    order = ranked(standings)
    for place, worse in enumerate(order):
        for better in order[place + 1 :]:
            assert better.violation >= worse.violation
            if better.violation == worse.violation:
                assert not dominates(better.losses, worse.losses)


@given(STANDINGS, st.integers(2, 4), st.data())
def test_promotion_is_of_the_best_share(
    standings: list[Standing], factor: int, data: st.DataObject
) -> None:
    ids = [standing.trial_id for standing in standings]
    waiting = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    chosen = next_promoted(standings, waiting, factor)
    places = len(standings) // factor
    share = [standing.trial_id for standing in ranked(standings)[:places]]
    if chosen is None:
        assert not set(share) & waiting
    else:
        assert chosen in waiting
        assert better_count(chosen, standings) == share.index(chosen)
        assert not set(share[: share.index(chosen)]) & waiting


@given(STANDINGS, st.integers(2, 4))
def test_as_many_go_on_as_the_share_allows(standings: list[Standing], factor: int) -> None:
    waiting = {standing.trial_id for standing in standings}
    promoted = []
    while (chosen := next_promoted(standings, waiting, factor)) is not None:
        waiting.remove(chosen)
        promoted.append(chosen)
    assert len(promoted) == len(standings) // factor


@pytest.mark.parametrize("scale", [2.0, 10.0])
def test_who_adds_most_goes_first_even_where_none_beats_the_reference(scale: float) -> None:
    losses = [(0.0, 1.0), (0.15, 0.85), (0.2, 0.8), (0.8, 0.1), (1.0, 0.0)]
    front = [
        Standing(trial_id=f"t{i}", violation=0.0, losses=(a * scale, b * scale))
        for i, (a, b) in enumerate(losses)
    ]
    assert [s.trial_id for s in ranked(front)][:2] == ["t3", "t2"]


TRIAL = Trial(
    trial_id="t001",
    status=Status.COMPLETED,
    hyperparameters={},
    metrics=(
        Metric(name="param_bytes", value=2e6),
        Metric(name="val_accuracy", value=0.8),
    ),
    history=(0.3, 0.6, 0.5, 0.8),
)


@pytest.mark.parametrize(("epochs", "accuracy"), [(1, 0.3), (2, 0.6), (3, 0.6), (4, 0.8)])
def test_a_trial_stands_by_its_best_accuracy_so_far(epochs: int, accuracy: float) -> None:
    standing = standing_at(epochs, TRIAL, "pareto", OBJECTIVES, ())
    assert standing is not None
    assert standing.losses == pytest.approx(((1 - accuracy) / 0.9, 0.5))


def test_limits_are_held_against_what_it_was_then() -> None:
    limits = [Constraint.parse("val_accuracy>=0.6"), Constraint.parse("param_bytes<=1000000")]
    early, late = (standing_at(e, TRIAL, "pareto", OBJECTIVES, limits) for e in (1, 4))
    assert early is not None
    assert late is not None
    assert early.violation == pytest.approx(0.5 + 1.0)
    assert late.violation == pytest.approx(1.0)


def test_one_score_is_one_loss() -> None:
    standing = standing_at(1, TRIAL, "accuracy", OBJECTIVES, ())
    assert standing is not None
    assert standing.losses == (-0.3,)


def test_who_did_not_come_so_far_does_not_stand_there() -> None:
    paused = replace(TRIAL, status=Status.RUNNING)
    untrained = replace(TRIAL, status=Status.INFEASIBLE, history=())
    pruned = replace(TRIAL, status=Status.PRUNED)
    for trial in (paused, untrained, pruned):
        assert standing_at(5, trial, "pareto", OBJECTIVES, ()) is None
    over = standing_at(5, TRIAL, "pareto", OBJECTIVES, ())
    assert over is not None
    assert over.losses == pytest.approx((0.2 / 0.9, 0.5))


def test_what_a_device_did_not_give_stands_at_its_reference() -> None:
    latency = Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0)
    lacking = replace(TRIAL, missing={"latency_ms": "it went away"})
    found = standing_at(1, lacking, "pareto", (*OBJECTIVES, latency), ())
    assert found is not None
    assert found.losses[2] == 1.0
    assert standing_at(1, TRIAL, "pareto", (*OBJECTIVES, latency), ()) is None


def standing(trial_id: str, *losses: float) -> Standing:
    return Standing(trial_id=trial_id, violation=0.0, losses=losses)


PAIRS = [
    (standing("a", 0.8, 0.1), standing("a", 0.4, 0.1)),
    (standing("b", 0.6, 0.3), standing("b", 0.3, 0.3)),
    (standing("c", 0.4, 0.5), standing("c", 0.2, 0.5)),
]


def test_who_would_be_dominated_at_its_end_is_without_hope() -> None:
    behind, small, good = (
        standing("d", 0.9, 0.7),
        standing("e", 0.9, 0.05),
        standing("f", 0.2, 0.45),
    )
    assert hopeful([behind, small, good], PAIRS) == [small, good]


def test_before_three_have_ended_all_have_hope() -> None:
    behind = standing("d", 0.7, 0.4)
    assert hopeful([behind], PAIRS[:2]) == [behind]


def test_where_the_end_is_hard_to_foretell_more_have_hope() -> None:
    behind = standing("d", 0.9, 0.7)
    unruly = [
        (before, standing(before.trial_id, end, before.losses[1]))
        for (before, _), end in zip(PAIRS, (0.2, 0.9, 0.1), strict=True)
    ]
    assert hopeful([behind], PAIRS) == []
    assert hopeful([behind], unruly) == [behind]


def test_a_line_through_pairs_foretells_the_others() -> None:
    before, after = np.array([0.2, 0.4, 0.8]), np.array([0.1, 0.2, 0.4])
    foretold, variance = along_line(np.tile(before, 50), np.tile(after, 50), np.array([0.6]))
    assert foretold == pytest.approx([0.3], abs=0.01)
    assert variance < 1e-4
    assert along_line(np.array([0.5]), np.array([0.3]), np.array([0.6])) == (
        pytest.approx([0.4]),
        0.0,
    )
