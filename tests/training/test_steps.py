"""A model that its template compiled is trained as it is compiled."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from edgebench.datasets import Part
from edgebench.records import TrainingPlan
from edgebench.training import KerasStepper, fit, stepper_for


def network() -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(3, name="logits")(inputs))


def part() -> Part:
    rng = np.random.default_rng(0)
    return Part(x=rng.random((16, 4), dtype=np.float32), y=rng.integers(0, 3, 16))


@pytest.mark.parametrize(("own_rate", "moves"), [(0.0, False), (0.1, True)])
def test_its_own_optimizer_and_loss_are_used(own_rate: float, moves: bool) -> None:
    keras.utils.set_random_seed(0)
    model = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(own_rate), loss)
    before = model.get_weights()
    stepper = stepper_for(model, keras.optimizers.SGD(1.0))
    assert isinstance(stepper, KerasStepper)
    examples = part()
    expected = float(loss(examples.y, model.predict_on_batch(examples.x)))
    assert stepper.train(examples.x, examples.y) == pytest.approx(expected, rel=1e-5)
    fit(
        model,
        examples,
        examples,
        TrainingPlan(max_epochs=1, batch_size=8, patience=1),
        optimizer="sgd",
        learning_rate=1.0,
        seed=0,
    )
    moved = any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert moved is moves
