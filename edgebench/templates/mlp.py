"""mlp-auto: a searched multi-layer perceptron, for landmark vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import keras
import keras_tuner

from edgebench.errors import InputError
from edgebench.records import DrawnBlock
from edgebench.templates.base import Template
from edgebench.templates.drawing import BlockChain, shape_label
from edgebench.templates.scopes import registered_values, scope
from edgebench.templates.terms import Shapes

UNITS = (16, 32, 64, 128, 256, 512)


class MLPAuto(Template):
    """Dense layers with relu, dropout, and a dense softmax over the classes.

    Inputs of any shape are flattened, several are joined. Hyperparameters: ``layers`` 4..10 (default 4), and for each
    layer i ``units_i``, a power of two from 16 to 512 (default 128).

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, on 468 x 3 landmarks. Deviation: softmax where
    the authors' code has relu under a cross-entropy.
    """

    name = "mlp-auto"
    input_count = None
    usual_input_shapes: Shapes = ((468, 3),)
    usual_classes = 8

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        hp.Int("layers", 4, 10, default=4)
        counts = registered_values(hp, "layers")
        if counts[0] < 1:
            raise InputError(f"layers cannot be {counts[0]}", remedy="use 1 or more")
        for layer in range(1, counts[-1] + 1):
            with scope(hp, layers=[count for count in counts if count >= layer]):
                hp.Choice(f"units_{layer}", list(UNITS), default=128)

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        vectors = [keras.layers.Flatten(name=f"{x.name}_vector")(x) for x in inputs]
        x = vectors[0] if len(vectors) == 1 else keras.layers.Concatenate(name="vector")(vectors)
        for layer, units in enumerate(_units(values), 1):
            x = keras.layers.Dense(
                units,
                activation="relu",
                kernel_initializer=self.options["initializer"],
                name=f"dense{layer}",
            )(x)
        x = keras.layers.Dropout(values["dropout"], name="dropout")(x)
        return keras.layers.Dense(
            self.classes,
            activation="softmax",
            kernel_initializer=self.options["initializer"],
            name="classes",
        )(x)

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        chain = BlockChain()
        tips = [chain.add(shape_label(shape), "input") for shape in self.input_shapes]
        tip = tips[0] if len(tips) == 1 else chain.add("concat", "join", *tips)
        for units in _units(values):
            tip = chain.add(f"dense {units}", "dense", tip)
        tip = chain.add("dropout", "drop", tip)
        chain.add("softmax", "output", tip)
        return chain.blocks

    def describe(self, values: Mapping[str, Any]) -> str:
        """Return a line such as ``dense 512 128x3``: units of equal layers in a row stand once."""
        runs = [(units, len(list(run))) for units, run in groupby(_units(values))]
        return f"dense {' '.join(f'{u}x{n}' if n > 1 else str(u) for u, n in runs)}"


def _units(values: Mapping[str, Any]) -> list[int]:
    return [int(values[f"units_{layer}"]) for layer in range(1, values["layers"] + 1)]
