"""The contract must hold for good templates of any kind, and fail, in clear words, for bad ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import keras_tuner
import pytest

from edgebench.templates import TEMPLATES, register_template
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract


class Compiled(keras_tuner.HyperModel):
    """A plain HyperModel: ``units`` acts in the graph, ``rate`` in its own optimizer."""

    def __init__(self, input_shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.shape, self.classes = input_shape, classes

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        inputs = keras.Input(self.shape)
        x = keras.layers.Flatten()(inputs)
        if hp.Boolean("deep"):
            x = keras.layers.Dense(hp.Choice("units", [4, 8]), activation="relu")(x)
        x = keras.layers.Dense(self.classes, activation="softmax")(x)
        model = keras.Model(inputs, x)
        rate = hp.Choice("rate", [1e-2, 1e-3])
        model.compile(self.optimizer(rate), loss="sparse_categorical_crossentropy")
        return model

    def optimizer(self, rate: float) -> keras.optimizers.Optimizer:
        return keras.optimizers.SGD(rate)


class DeadRate(Compiled):
    """The optimizer does not hear of the rate that is searched."""

    def optimizer(self, rate: float) -> keras.optimizers.Optimizer:
        return keras.optimizers.SGD(0.01)


class Own(Template):
    """A template on which the bad ones vary."""

    name = "own"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        hp.Choice("units", [4, 8])
        hp.Choice("penalty", [0.0, 1e-4])

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        x = keras.layers.Flatten()(inputs[0])
        penalty = keras.regularizers.L2(values["penalty"])
        x = keras.layers.Dense(
            values["units"], activation="relu", kernel_regularizer=penalty, name="hidden"
        )(x)
        x = keras.layers.Dropout(values["dropout"])(x)
        return keras.layers.Dense(self.classes, activation="softmax", name="classes")(x)


class Dead(Own):
    """``colour`` names a layer and does nothing else."""

    name = "dead"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        super().space(hp)
        hp.Choice("colour", ["red", "green", "blue"])

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        x = super().graph(inputs, values)
        return keras.layers.Activation("linear", name=f"painted_{values['colour']}")(x)


class DeadDropout(Own):
    """Dropout is registered and left out of the graph."""

    name = "dead-dropout"

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        return super().graph(inputs, {**values, "dropout": 0.5})


class Unlearning(Own):
    """Half of the network has no say in the answer."""

    name = "unlearning"

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        x = super().graph(inputs, values)
        silent = keras.layers.Dense(self.classes, name="silent")(keras.layers.Flatten()(inputs[0]))
        return keras.layers.Add()([x, keras.layers.Rescaling(0.0)(silent)])


CLASSES = {"own": Own, "plain": Compiled, "dead-rate": DeadRate, "dead": Dead,
           "dead-dropout": DeadDropout, "unlearning": Unlearning}  # fmt: skip


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgebench.templates.registry.TEMPLATES", dict(TEMPLATES))
    for name, cls in CLASSES.items():
        register_template(name, cls)


class TestOwnTemplate(TemplateContract):
    name = "own"
    input_shapes = ((6, 6, 1),)


class TestPlainHyperModel(TemplateContract):
    name = "plain"
    input_shapes = ((6, 6, 1),)


def contract_of(template: str) -> TemplateContract:
    contract = TemplateContract()
    contract.name = template
    contract.input_shapes = ((6, 6, 1),)
    return contract


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (
            "dead",
            "hyperparameter colour is dead: neither the graph nor the training changes when it goes "
            "from red to green or blue",
        ),
        ("dead-rate", "hyperparameter rate is dead: .* from 0.01 to 0.001"),
        ("dead-dropout", r"hyperparameter dropout is dead: .* from 0.0 to 0.8"),
    ],
)
def test_a_dead_hyperparameter_fails_the_contract(template: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        contract_of(template).test_every_hyperparameter_acts()


def test_a_silent_layer_fails_the_contract() -> None:
    with pytest.raises(AssertionError, match="layer silent learns nothing"):
        contract_of("unlearning").test_one_step_of_training_moves_every_layer()
