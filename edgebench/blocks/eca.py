"""Efficient channel attention."""

from __future__ import annotations

import math

import keras


def eca_kernel_size(channels: int) -> int:
    """Return the kernel for ``channels``: |log2(C)/2 + 1/2|, cut to a whole number, then made odd upwards."""
    size = int(abs(math.log2(channels) / 2 + 0.5))
    return size if size % 2 else size + 1


def eca(
    x: keras.KerasTensor, *, initializer: str = "he_normal", name: str = "eca"
) -> keras.KerasTensor:
    """Scale each channel by a weight in 0..1 computed from the means of its neighbours.

    Args:
        x: Input with C channels.
        initializer: Keras initializer of the kernel.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, C)

    Output shape:
        The same, with ``eca_kernel_size(C)`` parameters (no bias).

    Source: Wang et al. 2020, "ECA-Net", arXiv:1910.03151, section 3.2 and equation 12 (gamma 2, b 1).
    """
    channels = x.shape[-1]
    weights = keras.layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
    weights = keras.layers.Reshape((channels, 1), name=f"{name}_means")(weights)
    weights = keras.layers.Conv1D(
        1,
        eca_kernel_size(channels),
        padding="same",
        use_bias=False,
        activation="sigmoid",
        kernel_initializer=initializer,
        name=f"{name}_conv",
    )(weights)
    weights = keras.layers.Reshape((1, 1, channels), name=f"{name}_weights")(weights)
    return keras.layers.Multiply(name=f"{name}_scale")([x, weights])
