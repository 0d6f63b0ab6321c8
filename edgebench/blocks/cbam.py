"""Convolutional block attention module."""

from __future__ import annotations

import keras

from edgebench.blocks.squeeze_excite import reduced_units


def cbam(
    x: keras.KerasTensor,
    ratio: int = 16,
    *,
    initializer: str = "he_normal",
    name: str = "cbam",
) -> keras.KerasTensor:
    """Scale each channel, then each position, by weights in 0..1 computed from means and maxima.

    Channels: one biased two-layer perceptron reads the spatial means and the spatial maxima, and its two answers
    are added. Positions: a 7x7 convolution from 2 maps to 1, without bias, and a batch norm.

    Args:
        x: Input with C channels.
        ratio: Reduction r of the perceptron's hidden layer, 1..C; it has C // r units.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, C)

    Output shape:
        The same, with 2C(C/r) + C/r + C + 98 + 2 trainable parameters and 2 moving ones.

    Raises:
        InputError: ``ratio`` is not in 1..C.

    Source: Woo et al. 2018, "CBAM", arXiv:1807.06521, section 3; the batch norm is in the authors' code.
    """
    x = _attend_to_channels(x, ratio, initializer, f"{name}_channel")
    return _attend_to_positions(x, initializer, f"{name}_spatial")


def _attend_to_channels(
    x: keras.KerasTensor, ratio: int, initializer: str, name: str
) -> keras.KerasTensor:
    channels = x.shape[-1]
    reduce = keras.layers.Dense(
        reduced_units(channels, ratio, name),
        activation="relu",
        kernel_initializer=initializer,
        name=f"{name}_reduce",
    )
    expand = keras.layers.Dense(channels, kernel_initializer=initializer, name=f"{name}_expand")
    means = keras.layers.GlobalAveragePooling2D(name=f"{name}_mean")(x)
    maxima = keras.layers.GlobalMaxPooling2D(name=f"{name}_max")(x)
    weights = keras.layers.Add(name=f"{name}_sum")([expand(reduce(means)), expand(reduce(maxima))])
    weights = keras.layers.Activation("sigmoid", name=f"{name}_sigmoid")(weights)
    weights = keras.layers.Reshape((1, 1, channels), name=f"{name}_weights")(weights)
    return keras.layers.Multiply(name=f"{name}_scale")([x, weights])


def _attend_to_positions(x: keras.KerasTensor, initializer: str, name: str) -> keras.KerasTensor:
    maps = [keras.ops.mean(x, axis=-1, keepdims=True), keras.ops.max(x, axis=-1, keepdims=True)]
    weights = keras.layers.Concatenate(name=f"{name}_maps")(maps)
    weights = keras.layers.Conv2D(
        1,
        7,
        padding="same",
        use_bias=False,
        kernel_initializer=initializer,
        name=f"{name}_conv",
    )(weights)
    weights = keras.layers.BatchNormalization(name=f"{name}_norm")(weights)
    weights = keras.layers.Activation("sigmoid", name=f"{name}_sigmoid")(weights)
    return keras.layers.Multiply(name=f"{name}_scale")([x, weights])
