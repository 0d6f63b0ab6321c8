from __future__ import annotations

import random

import keras_tuner
import numpy as np
import pytest

from edgebench.templates import discover_space, load_template
from edgebench.templates.hyperparameters import is_choice
from edgebench.testing.oracles import example_space
from edgebench.tuning.features import Features
from edgebench.tuning.walk import Walk, key_of


def squeezenet():
    shapes = ((32, 32, 3),)
    return discover_space(load_template("squeezenet-se-auto", input_shapes=shapes, classes=10))


@pytest.mark.parametrize("make", [example_space, squeezenet])
def test_samples_and_edits_hold_exactly_the_active_names(make):
    space, rng = make(), random.Random(0)
    walk = Walk(space)
    values = walk.sample(rng)
    for _ in range(300):
        values = walk.edit(values, rng) if rng.random() < 0.7 else walk.sample(rng)
        space.settle(values)
        assert set(values) == set(space.values)
        assert space.values == values
        for entry in space.space:
            if entry.name in values and type(entry).__name__ != "Fixed" and space.is_active(entry):
                assert is_choice(entry, values[entry.name])


def test_samples_reach_every_choice():
    walk, rng = Walk(example_space()), random.Random(1)
    samples = [walk.sample(rng) for _ in range(400)]
    assert {s["depth"] for s in samples} == {1, 2, 3, 4, 5}
    assert {s.get("width") for s in samples} == {8, 16, 32, None}
    assert {s.get("bypass") for s in samples} == {True, False, None}
    rates = np.log10([s["rate"] for s in samples])
    assert abs(np.median(rates) + 2.5) < 0.3


def test_an_edit_changes_something_and_keeps_most():
    walk, rng = Walk(squeezenet()), random.Random(2)
    values = walk.sample(rng)
    neighbours = [walk.edit(values, rng) for _ in range(200)]
    assert np.mean([key_of(n) != key_of(values) for n in neighbours]) > 0.95
    shared = [len(set(n.items()) & set(values.items())) for n in neighbours]
    assert np.median(shared) >= len(values) - 3


def test_a_space_with_nothing_to_choose_has_one_candidate():
    hp = keras_tuner.HyperParameters()
    hp.Fixed("width", 8)
    walk = Walk(hp)
    assert walk.edit(walk.sample(random.Random(0)), random.Random(0)) == {"width": 8}


def test_values_are_told_apart_by_their_vectors():
    space, rng = example_space(), random.Random(3)
    walk, features = Walk(space), Features(space)
    candidates = list({key_of(v): v for v in (walk.sample(rng) for _ in range(200))}.values())
    vectors = features.vectors(candidates)
    assert vectors.shape == (len(candidates), len(features))
    assert len({row.tobytes() for row in vectors}) == len(candidates)


def test_inactive_names_are_nought_and_scales_run_from_0_to_1():
    hp = keras_tuner.HyperParameters()
    hp.Boolean("deep")
    hp.Float("rate", 1e-4, 1.0, sampling="log")
    hp.Int("units", 10, 100)
    with hp.conditional_scope("deep", [True]):
        hp.Choice("ratio", [8, 16, 32])
    features = Features(hp)
    low, high = features.vectors(
        [
            {"deep": False, "rate": 1e-4, "units": 10},
            {"deep": True, "rate": 1.0, "units": 100, "ratio": 16},
        ]
    )
    middle = features.vectors([{"deep": False, "rate": 1e-2, "units": 55}])[0]
    assert low.max() == high.max() == 1.0
    assert middle[(middle > 0) & (middle < 1)] == pytest.approx([0.5, 0.5])
    assert high.sum() - low.sum() == pytest.approx(2 + 3 - 0.5)


def test_names_with_equal_choices_are_counted():
    hp = keras_tuner.HyperParameters()
    for edge in range(4):
        hp.Choice(f"edge{edge}", ["conv", "pool", "none"])
    features = Features(hp)
    one, other = (
        {f"edge{i}": kind for i, kind in enumerate(kinds)}
        for kinds in (("conv", "conv", "pool", "none"), ("none", "pool", "conv", "conv"))
    )
    counted = features.vectors([one, other])[:, -3:]
    assert counted.tolist() == [[2.0, 1.0, 1.0], [2.0, 1.0, 1.0]]
