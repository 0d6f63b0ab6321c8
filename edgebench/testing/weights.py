"""Weights for a test: seeded, and such that every layer shows in the output."""

from __future__ import annotations

import math

import keras
import numpy as np
import numpy.typing as npt

RELU_GAIN = 1.6
OTHER_GAIN = 1.2
OPEN_GATE = 2.0


def spread_weights(model: keras.Model, seed: int = 0) -> None:
    """Overwrite all weights, moving statistics too, so that a signal keeps its size from layer to layer.

    Untrained networks hide mistakes: their biases and moving means are 0, and what passes many of their layers fades.
    Equal graphs get equal weights for equal seeds.
    """
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            value = _drawn(layer, weight.name, tuple(weight.shape), rng)
            weight.assign(value.astype(np.float32))


def _drawn(
    layer: keras.Layer, name: str, shape: tuple[int, ...], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    if "variance" in name:
        return rng.uniform(0.5, 1.5, shape)
    if len(shape) < 2:
        mean = 1.0 if name == "gamma" else OPEN_GATE if activation == "sigmoid" else 0.0
        return rng.normal(mean, 0.1, shape)
    is_depthwise = type(layer).__name__.startswith("Depthwise")
    fan_in = math.prod(shape[:-2] if is_depthwise else shape[:-1])
    gain = RELU_GAIN if activation == "relu" else OTHER_GAIN
    return rng.normal(0.0, math.sqrt(gain / fan_in), shape)
