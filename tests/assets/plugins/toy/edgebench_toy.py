"""One of each thing that a distribution can add to edgebench, as small as it can be."""

from __future__ import annotations

import io

import keras
import keras_tuner
import numpy as np

from edgebench.devices import LocalDevice


class ToyMLP(keras_tuner.HyperModel):
    """One hidden layer of a searched width."""

    def __init__(self, input_shape, classes):
        super().__init__()
        self.shape, self.classes = input_shape, classes

    def build(self, hp):
        inputs = keras.Input(self.shape, name="image")
        x = keras.layers.Flatten(name="flat")(inputs)
        x = keras.layers.Dense(hp.Choice("units", [4, 8, 16]), activation="relu", name="hidden")(x)
        x = keras.layers.Dense(self.classes, activation="softmax", name="classes")(x)
        return keras.Model(inputs, x)


def blobs():
    """Two classes of images: dark ones and light ones."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = rng.random((120, 6, 6, 1)) * 0.5 + 0.5 * y[:, None, None, None]
    return x.astype(np.float32), y


class ToyOracle(keras_tuner.oracles.RandomSearchOracle):
    """Draws candidates at random."""


class ToyBoard(LocalDevice):
    """This machine, by another way to it."""


class ToyExporter:
    """Writes the weights of dense layers, in order, as `ToyRuntime` reads them."""

    suffix = ".toy"
    runtime = "toy-runtime"

    def convert(self, model, examples):
        assert examples, "training examples come along"
        arrays = model.get_weights()
        file = io.BytesIO()
        np.savez(
            file, shape=model.inputs[0].shape[1:], **{f"w{i:02}": a for i, a in enumerate(arrays)}
        )
        return file.getvalue()
