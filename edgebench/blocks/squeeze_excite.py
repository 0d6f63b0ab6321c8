"""Squeeze-and-excitation, and the skip connection around it."""

from __future__ import annotations

import keras

from edgebench.errors import InputError


def squeeze_excite(
    x: keras.KerasTensor,
    ratio: int = 16,
    *,
    initializer: str = "he_normal",
    name: str = "se",
) -> keras.KerasTensor:
    """Scale each channel by a weight in 0..1 computed from the means of all channels.

    Args:
        x: Input with C channels.
        ratio: Reduction r of the hidden layer, 1..C; it has C // r units.
        initializer: Keras initializer of both kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, C)

    Output shape:
        The same, with 2C(C/r) + C/r + C parameters (both dense layers are biased).

    Raises:
        InputError: ``ratio`` is not in 1..C.

    Source: Hu et al. 2018, "Squeeze-and-Excitation Networks", arXiv:1709.01507, section 3.
    """
    channels = x.shape[-1]
    weights = keras.layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
    weights = keras.layers.Dense(
        reduced_units(channels, ratio, name),
        activation="relu",
        kernel_initializer=initializer,
        name=f"{name}_reduce",
    )(weights)
    weights = keras.layers.Dense(
        channels, activation="sigmoid", kernel_initializer=initializer, name=f"{name}_expand"
    )(weights)
    weights = keras.layers.Reshape((1, 1, channels), name=f"{name}_weights")(weights)
    return keras.layers.Multiply(name=f"{name}_scale")([x, weights])


def projected_skip(
    source: keras.KerasTensor, x: keras.KerasTensor, *, name: str = "skip"
) -> keras.KerasTensor:
    """Add ``source`` to ``x``; where channels differ, through a biased 1x1 convolution and a batch norm.

    Args:
        source: What to add, with c channels; height and width as ``x``.
        x: Input with C channels.
        name: Prefix of the layer names.

    Output shape:
        As ``x``, with no parameters when c = C, else (c + 1)C + 2C trainable and 2C moving ones.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, the skip around SE; the projection is
    always he_normal, as there.
    """
    channels = x.shape[-1]
    if source.shape[-1] != channels:
        source = keras.layers.Conv2D(
            channels, 1, kernel_initializer="he_normal", name=f"{name}_project"
        )(source)
        source = keras.layers.BatchNormalization(name=f"{name}_norm")(source)
    return keras.layers.Add(name=f"{name}_add")([source, x])


def reduced_units(channels: int, ratio: int, name: str) -> int:
    """Return the units of a bottleneck of ``channels`` at ``ratio``, checked."""
    if not 1 <= ratio <= channels:
        raise InputError(
            f"{name} cannot reduce {channels} channels {ratio} times",
            remedy=f"use a ratio from 1 to {channels}",
        )
    return channels // ratio
