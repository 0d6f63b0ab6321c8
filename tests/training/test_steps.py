"""A model that its template compiled is trained as it is compiled."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from edgebench.datasets import Part
from edgebench.records import TrainingPlan
from edgebench.training import KerasStepper, Stepper, fit, prepare, stepper_for
from edgebench.training.tensorflow_step import ELEMENTWISE


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
    assert stepper.train(examples.inputs, examples.y) == pytest.approx(expected, rel=1e-5)
    trainee = prepare(model, optimizer="sgd", learning_rate=1.0, seed=0)
    fit(trainee, examples, examples, TrainingPlan(max_epochs=1, batch_size=8, patience=1))
    moved = any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert moved is moves


def deep() -> keras.Model:
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    x = keras.layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(0.1))(
        inputs
    )
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def after(make: Callable[[keras.Model], Stepper], steps: int = 5) -> list[np.ndarray]:
    model, examples = deep(), part()
    stepper = make(model)
    for _ in range(steps):
        stepper.train(examples.inputs, examples.y)
    return model.get_weights()


@pytest.mark.parametrize("rule", [rule.__name__ for rule in ELEMENTWISE])
def test_all_weights_as_one_vector_end_as_keras_moves_them(rule: str) -> None:
    def optimizer() -> keras.Optimizer:
        return keras.optimizers.get({"class_name": rule, "config": {"learning_rate": 0.05}})

    expected = after(lambda model: KerasStepper(model, optimizer()))
    found = after(lambda model: stepper_for(model, optimizer()))
    assert not np.array_equal(found[0], deep().get_weights()[0])
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("options", [{"clipnorm": 0.01}, {"use_ema": True}, {"weight_decay": 0.1}])
def test_what_depends_on_whole_variables_is_left_to_keras(options: dict[str, float]) -> None:
    def optimizer() -> keras.Optimizer:
        return keras.optimizers.Adam(0.05, **options)

    assert len(stepper_for(deep(), optimizer()).variables) == len(
        KerasStepper(deep(), optimizer()).variables
    )
    for a, b in zip(
        after(lambda model: stepper_for(model, optimizer())),
        after(lambda model: KerasStepper(model, optimizer())),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5)
