"""What the proposer makes of what it knows, on problems whose answer is known."""

from __future__ import annotations

import random

import keras_tuner
import numpy as np
import pytest

from edgebench.records import Goal
from edgebench.tuning.proposer import Observation, Proposer
from edgebench.tuning.surrogate import Scale, Surrogate
from edgebench.tuning.walk import Walk, key_of

GOALS = {"accuracy": Goal.MAX, "size": Goal.MIN}
REFERENCE = {"accuracy": 0.2, "size": 10.0}


def space():
    hp = keras_tuner.HyperParameters()
    for edge in range(5):
        hp.Choice(f"edge{edge}", ["none", "pool", "conv", "wide"])
    return hp


def metrics(values):
    kinds = list(values.values())
    size = sum({"none": 0.2, "pool": 0.3, "conv": 1.0, "wide": 1.8}[kind] for kind in kinds)
    gain = sum({"none": 0.0, "pool": 0.4, "conv": 1.5, "wide": 2.0}[kind] for kind in kinds)
    if kinds[0] == "none":
        return {"accuracy": 0.1, "size": size}
    return {"accuracy": 1.0 - 0.7 * np.exp(-0.4 * gain), "size": size}


def observed(count, seed=0):
    walk, rng = Walk(space()), random.Random(seed)
    found = [walk.sample(rng) for _ in range(count)]
    return [Observation(values=values, metrics=metrics(values)) for values in found]


def propose(observations, running=(), **given):
    proposer = Proposer(space(), GOALS, **given)
    taken = {key_of(o.values) for o in observations} | {key_of(v) for v in running}
    return proposer.propose(observations, list(running), REFERENCE, taken)


def test_it_keeps_away_from_what_never_learns():
    observations = observed(24)
    assert any(o.metrics["accuracy"] == 0.1 for o in observations)
    for _ in range(8):
        values = propose(observations, cheap=lambda v: {"size": metrics(v)["size"]})
        assert values["edge0"] != "none"
        observations.append(Observation(values=values, metrics=metrics(values)))


def test_what_failed_counts_as_not_worth_having():
    observations = [
        Observation(values=o.values, metrics={}, is_dead=True)
        if o.metrics["accuracy"] == 0.1
        else o
        for o in observed(24)
    ]
    assert propose(observations)["edge0"] != "none"


def test_with_fewer_than_three_worth_having_it_draws_at_random():
    dead = [Observation(values=o.values, metrics={}, is_dead=True) for o in observed(6)]
    values = propose(dead)
    assert key_of(values) not in {key_of(o.values) for o in dead}


def test_what_runs_is_not_proposed_again_and_moves_the_next():
    observations = observed(20)
    running = []
    for _ in range(4):
        running.append(propose(observations, running))
    assert len({key_of(v) for v in running}) == 4
    sizes = [metrics(values)["size"] for values in running]
    assert max(sizes) - min(sizes) > 0.5


def test_cheap_is_asked_at_most_as_often_as_said_and_remembered():
    asked = []

    def cheap(values):
        asked.append(key_of(values))
        return {"size": metrics(values)["size"], "colour": 3.0}

    proposer = Proposer(space(), GOALS, cheap=cheap, cheap_calls=10)
    observations = observed(15)
    for _ in range(3):
        before = len(asked)
        taken = {key_of(o.values) for o in observations}
        values = proposer.propose(observations, [], REFERENCE, taken)
        assert len(asked) - before <= 11
        observations.append(Observation(values=values, metrics=metrics(values)))
    assert len(set(asked)) == len(asked)


def test_one_seed_and_one_history_give_one_proposal():
    observations = observed(15)
    assert propose(observations, seed=3) == propose(observations, seed=3)


def test_it_needs_fewer_trials_than_chance_for_the_same_front():
    def volume(observations):
        from edgebench.tuning.pareto_oracle import ParetoOracle

        oracle = ParetoOracle(
            {name: goal.value for name, goal in GOALS.items()},
            hyperparameters=space(), reference=REFERENCE, max_trials=None,
        )  # fmt: skip
        for i, seen in enumerate(observations):
            trial = oracle.adopt(f"w{i}", seen.values)
            oracle.update_trial(trial.trial_id, seen.metrics)
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
        return oracle.hypervolume()

    guided = observed(8)
    for _ in range(16):
        values = propose(guided)
        guided.append(Observation(values=values, metrics=metrics(values)))
    assert volume(guided) > volume(observed(60, seed=1))


def test_a_short_training_is_learnt_from_but_bounds_no_front():
    whole = observed(15)
    flattering = [
        Observation(values=o.values, metrics={**o.metrics, "accuracy": 0.999}, fidelity=0.25)
        for o in observed(5, seed=9)
    ]
    values = propose([*whole, *flattering])
    assert key_of(values) not in {key_of(o.values) for o in (*whole, *flattering)}


@pytest.mark.parametrize("lowest", [0.01, -3.0])
def test_a_scale_leads_there_and_back(lowest):
    losses = np.array([lowest, 0.2, 0.5, 0.9])
    scale = Scale.of(losses)
    assert scale.to_losses(scale.to_targets(losses)) == pytest.approx(losses)
    assert np.all(np.diff(scale.to_targets(losses)) > 0)


def test_a_surrogate_is_surer_of_what_it_knows():
    rng = np.random.default_rng(0)
    vectors = rng.random((30, 3))
    targets = vectors.sum(axis=1)
    belief = Surrogate(0).fit(vectors, targets).believe(np.vstack([vectors, vectors + 5.0]))
    assert belief.mean[:30] == pytest.approx(targets, abs=0.15)
    assert np.median(belief.variance[30:]) > 4 * np.median(belief.variance[:30])
